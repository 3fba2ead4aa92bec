//! Configuration documents: kinds, assets, zones, rules, playbooks, with their versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vigiles_model::playbook::{MAX_TEXT_BYTES, OutwardKinds};
use vigiles_model::{
    Asset, AssetId, CorrelationId, Geometry, KindId, ObservationKind, Playbook, PlaybookId, RuleId, Zone, ZoneId,
};

use crate::budget::Budget;
use crate::command::{CommandError, ConfigDocument, ConfigKind};
use crate::correlation::{Correlation, MAX_CORRELATIONS};
use crate::rule::{Detector, Diagnostic, Rule, stored};

const MAX_ASSETS: usize = 200_000;
const MAX_RULES: usize = 20_000;
const MAX_OTHERS: usize = 5_000;

impl ConfigKind {
    /// Why there can be no further document of this sort beside so many; none where there can.
    pub fn no_room(self, found: usize) -> Option<String> {
        let most = match self {
            Self::Asset => MAX_ASSETS,
            Self::Rule => MAX_RULES,
            Self::Correlation => MAX_CORRELATIONS,
            Self::Kind | Self::Zone | Self::Playbook => MAX_OTHERS,
        };
        let word = self.as_str();
        (found >= most).then(|| format!("there are {most} documents of sort {word} already, the most there can be"))
    }
}

/// All documents.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(crate) kinds: BTreeMap<KindId, ObservationKind>,
    pub(crate) assets: BTreeMap<AssetId, Asset>,
    pub(crate) zones: BTreeMap<ZoneId, Zone>,
    #[serde(deserialize_with = "stored::by_id")]
    pub(crate) rules: BTreeMap<RuleId, Rule>,
    pub(crate) playbooks: BTreeMap<PlaybookId, Playbook>,
    #[serde(with = "pairs")]
    pub(crate) versions: BTreeMap<(ConfigKind, String), u64>,
    /// How far the versions of deleted documents had come: one of that id that comes later goes on from there, so that no
    /// version ever means two documents.
    #[serde(default, with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) retired: BTreeMap<(ConfigKind, String), u64>,
    #[serde(default)]
    pub(crate) correlations: BTreeMap<CorrelationId, Correlation>,
    /// What the rules cost; made from them.
    #[serde(skip)]
    pub(crate) budget: Budget,
    /// The task kinds that act outward; handed in where the platform is put together.
    #[serde(skip)]
    pub(crate) task_kinds: OutwardKinds,
}

/// A map whose keys are no texts, as a list of pairs.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::command::ConfigKind;

    type Versions = BTreeMap<(ConfigKind, String), u64>;

    pub(super) fn serialize<S: Serializer>(map: &Versions, to: S) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Versions, D::Error> {
        Ok(Vec::deserialize(from)?.into_iter().collect())
    }
}

impl Config {
    /// The name of an asset; its id where it is not known.
    pub(crate) fn asset_name(&self, id: &AssetId) -> String {
        self.assets.get(id).map_or_else(|| id.to_string(), |a| a.name.clone())
    }

    /// The version of a document; 0 where there is none.
    pub(crate) fn version(&self, what: ConfigKind, id: &str) -> u64 {
        self.versions.get(&(what, id.to_owned())).copied().unwrap_or(0)
    }

    /// Stores a document that is in order and returns it with its new version.
    pub(crate) fn put(&mut self, mut document: ConfigDocument) -> Result<(ConfigDocument, u64), CommandError> {
        self.check(&document)?;
        if let ConfigDocument::Kind(kind) = &document {
            self.check_meaning(kind)?;
        }
        let (what, id) = (document.what(), document.id().to_owned());
        let known = self.version(what, &id);
        if known == 0 {
            self.check_room(what)?;
        }
        let key = (what, id);
        let version = known.max(self.retired.remove(&key).unwrap_or(0)) + 1;
        match &mut document {
            ConfigDocument::Rule(rule) => rule.version = version,
            ConfigDocument::Playbook(playbook) => {
                playbook.put_in_order(&self.task_kinds);
                playbook.version = version;
            }
            ConfigDocument::Correlation(correlation) => correlation.version = version,
            ConfigDocument::Kind(_) | ConfigDocument::Asset(_) | ConfigDocument::Zone(_) => {}
        }
        self.versions.insert(key, version);
        match document.clone() {
            ConfigDocument::Kind(d) => drop(self.kinds.insert(d.id.clone(), *d)),
            ConfigDocument::Asset(d) => drop(self.assets.insert(d.id.clone(), *d)),
            ConfigDocument::Zone(d) => drop(self.zones.insert(d.id.clone(), *d)),
            ConfigDocument::Rule(d) => {
                self.budget.put(&d, &unit_in(&self.kinds));
                self.rules.insert(d.id.clone(), *d);
            }
            ConfigDocument::Playbook(d) => drop(self.playbooks.insert(d.id.clone(), *d)),
            ConfigDocument::Correlation(d) => drop(self.correlations.insert(d.id.clone(), *d)),
        }
        Ok((document, version))
    }

    /// The numbers stored under a kind mean what it said when they came: a change would relabel the past.
    fn check_meaning(&self, new: &ObservationKind) -> Result<(), CommandError> {
        let Some(old) = self.kinds.get(&new.id) else { return Ok(()) };
        let refuse = |field: &str, old: &str| {
            let why = format!(
                "the {field} of kind `{}` stays {old:?}: its stored observations mean it; register a new kind instead",
                new.id
            );
            Err(CommandError::NotAllowed { why })
        };
        if old.unit != new.unit {
            return refuse("unit", &old.unit);
        }
        if old.value_type != new.value_type {
            return refuse("value type", old.value_type.as_str());
        }
        Ok(())
    }

    /// Deletes a document that nothing refers to.
    pub(crate) fn delete(&mut self, what: ConfigKind, id: &str) -> Result<(), CommandError> {
        if self.version(what, id) == 0 {
            return Err(CommandError::NotFound { what: what.as_str().to_owned(), id: id.to_owned() });
        }
        if let Some(rule) = self.rules.values().find(|rule| refers(rule, what, id)) {
            return Err(CommandError::NotAllowed {
                why: format!("rule `{}` refers to {} `{id}`", rule.id, what.as_str()),
            });
        }
        if let Some(rule) = self.correlations.values().find(|rule| names_kind(rule, what, id)) {
            return Err(CommandError::NotAllowed {
                why: format!("correlation rule `{}` refers to kind `{id}`", rule.id),
            });
        }
        if let Some((key, version)) = self.versions.remove_entry(&(what, id.to_owned())) {
            self.retired.insert(key, version);
        }
        match what {
            ConfigKind::Kind => self.kinds.retain(|k, _| k.as_str() != id),
            ConfigKind::Asset => self.assets.retain(|k, _| k.as_str() != id),
            ConfigKind::Zone => self.zones.retain(|k, _| k.as_str() != id),
            ConfigKind::Rule => {
                self.budget.delete(id);
                self.rules.retain(|k, _| k.as_str() != id);
            }
            ConfigKind::Playbook => self.playbooks.retain(|k, _| k.as_str() != id),
            ConfigKind::Correlation => self.correlations.retain(|k, _| k.as_str() != id),
        }
        Ok(())
    }

    /// One more version of a deleted document: that it is gone.
    pub(crate) fn retire(&mut self, what: ConfigKind, id: &str) -> u64 {
        let version = self.retired.entry((what, id.to_owned())).or_insert(0);
        *version += 1;
        *version
    }

    fn check_room(&self, what: ConfigKind) -> Result<(), CommandError> {
        let found = match what {
            ConfigKind::Kind => self.kinds.len(),
            ConfigKind::Asset => self.assets.len(),
            ConfigKind::Zone => self.zones.len(),
            ConfigKind::Rule => self.rules.len(),
            ConfigKind::Playbook => self.playbooks.len(),
            ConfigKind::Correlation => self.correlations.len(),
        };
        what.no_room(found).map_or(Ok(()), |why| Err(CommandError::NotAllowed { why }))
    }

    fn check(&self, document: &ConfigDocument) -> Result<(), CommandError> {
        match document {
            ConfigDocument::Kind(kind) => check_kind(kind),
            ConfigDocument::Asset(asset) => {
                text("name", &asset.name)?;
                text("class", &asset.class)?;
                geometry("place", &asset.place)
            }
            ConfigDocument::Zone(zone) => {
                text("name", &zone.name)?;
                match zone.area {
                    Geometry::Polygon(_) => geometry("area", &zone.area),
                    Geometry::Point(_) | Geometry::Line(_) => Err(invalid("area", "expected a polygon")),
                }
            }
            ConfigDocument::Rule(rule) => self.check_rule(rule),
            ConfigDocument::Playbook(playbook) => crate::playbook::check(playbook, &self.task_kinds),
            ConfigDocument::Correlation(rule) => first(rule.check(&|kind| self.kinds.contains_key(kind))),
        }
    }

    fn check_rule(&self, rule: &Rule) -> Result<(), CommandError> {
        first(rule.check_logged(&unit_in(&self.kinds)))?;
        first(self.budget.check(rule, &unit_in(&self.kinds)))?;
        if let Detector::Geofence(g) = &rule.detector
            && let Some((i, zone)) = g.zones.iter().enumerate().find(|(_, z)| !self.zones.contains_key(*z))
        {
            return Err(invalid(&format!("detector.geofence.zones[{i}]"), &format!("there is no zone `{zone}`")));
        }
        match rule.incident.as_ref().and_then(|i| i.playbook.as_ref()) {
            Some(playbook) if !self.playbooks.contains_key(playbook) => {
                Err(invalid("incident.playbook", &format!("there is no playbook `{playbook}`")))
            }
            _ => Ok(()),
        }
    }
}

/// Refuses a document with the first of its faults.
fn first(faults: impl IntoIterator<Item = Diagnostic>) -> Result<(), CommandError> {
    let Some(d) = faults.into_iter().next() else { return Ok(()) };
    let why = match d.at {
        Some((line, column)) => format!("line {line}, column {column}: {}", d.message),
        None => d.message,
    };
    Err(CommandError::Invalid { field: d.field, why })
}

/// Whether the correlation rule is about an observation kind of this id.
fn names_kind(rule: &Correlation, what: ConfigKind, id: &str) -> bool {
    let kinds = rule.first.kinds.iter().chain(&rule.other_side().kinds);
    what == ConfigKind::Kind && kinds.into_iter().any(|kind| kind.as_str() == id)
}

fn refers(rule: &Rule, what: ConfigKind, id: &str) -> bool {
    match what {
        ConfigKind::Kind => rule.kinds.iter().any(|k| k.as_str() == id),
        ConfigKind::Zone => matches!(&rule.detector, Detector::Geofence(g) if g.zones.iter().any(|z| z.as_str() == id)),
        ConfigKind::Playbook => {
            rule.incident.as_ref().and_then(|i| i.playbook.as_ref()).is_some_and(|p| p.as_str() == id)
        }
        ConfigKind::Asset | ConfigKind::Rule | ConfigKind::Correlation => false,
    }
}

fn check_kind(kind: &ObservationKind) -> Result<(), CommandError> {
    text("name", &kind.name)?;
    if kind.min.is_some_and(f64::is_nan) || kind.max.is_some_and(f64::is_nan) {
        return Err(invalid("min", "expected a number"));
    }
    match (kind.min, kind.max) {
        (Some(min), Some(max)) if min > max => {
            Err(invalid("min", &format!("expected at most the maximum {max}, found {min}")))
        }
        _ => Ok(()),
    }
}

/// Refuses an empty or overlong text.
pub(crate) fn text(field: &str, text: &str) -> Result<(), CommandError> {
    if text.trim().is_empty() {
        return Err(invalid(field, "expected a text, found nothing"));
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(invalid(field, &format!("expected at most {MAX_TEXT_BYTES} bytes, found {}", text.len())));
    }
    Ok(())
}

/// Refuses a geometry that is no place.
pub(crate) fn geometry(field: &str, geometry: &Geometry) -> Result<(), CommandError> {
    geometry.validate().map_err(|e| invalid(field, &e.to_string()))
}

pub(crate) fn invalid(field: &str, why: &str) -> CommandError {
    CommandError::Invalid { field: field.to_owned(), why: why.to_owned() }
}

/// The unit of a registered kind.
pub(crate) fn unit_in(kinds: &BTreeMap<KindId, ObservationKind>) -> impl Fn(&KindId) -> Option<String> {
    |kind| kinds.get(kind).map(|kind| kind.unit.clone())
}
