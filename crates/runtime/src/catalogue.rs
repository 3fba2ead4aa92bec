//! What the doors must know of the city: to admit an observation kinds, and assets with their places; to take a rule also
//! which zones and playbooks there are, and what the rules cost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use compact_str::CompactString;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use vigiles_engine::rule::{Extent, zone_steps};
use vigiles_engine::{Budget, ConfigDocument, ConfigKind, Diagnostic, Rule};
use vigiles_formats::observation::Registry;
use vigiles_model::kind::Overload;
use vigiles_model::{Asset, Geometry, KindId, ObservationKind, Zone};
use vigiles_store::{Change, Document, Kind, Store, StoreError};

use crate::documents::{self, Versioned};

/// The documents that it is made of; rules after the kinds, in whose units they are reckoned.
const KNOWN: [Kind; 5] = [documents::KIND, documents::ASSET, documents::ZONE, documents::PLAYBOOK, documents::RULE];

/// What is known at one moment.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    kinds: FxHashMap<String, ObservationKind>,
    assets: FxHashMap<String, KnownAsset>,
    /// How far each reaches, by id.
    zones: BTreeMap<String, Extent>,
    /// Ids.
    playbooks: BTreeSet<String>,
    /// Ids.
    rules: BTreeSet<String>,
    /// What the rules of each kind cost together.
    budget: Budget,
}

/// What is known of an asset.
#[derive(Debug, Clone)]
pub struct KnownAsset {
    /// Where it stands.
    pub place: Geometry,
    /// Its class.
    pub class: CompactString,
    /// The kinds it observes.
    pub observes: Vec<KindId>,
}

impl From<&Asset> for KnownAsset {
    fn from(asset: &Asset) -> Self {
        Self { place: asset.place.clone(), class: asset.class.as_str().into(), observes: asset.observes.clone() }
    }
}

impl Registry for Catalogue {
    fn kind(&self, id: &str) -> Option<&ObservationKind> {
        self.kinds.get(id)
    }

    fn asset_place(&self, id: &str) -> Option<&Geometry> {
        self.assets.get(id).map(|asset| &asset.place)
    }
}

impl Catalogue {
    /// Reads all that is to be known.
    pub fn load(store: &dyn Store) -> Result<Self, StoreError> {
        let mut catalogue = Self::default();
        for kind in KNOWN {
            documents::all(store, kind)?.iter().try_for_each(|document| catalogue.take(document, false))?;
        }
        Ok(catalogue)
    }

    /// Whether any kind may be dropped under overload.
    pub fn may_shed(&self) -> bool {
        self.kinds.values().any(|kind| kind.overload == Overload::Shed)
    }

    /// All kinds.
    pub fn kinds(&self) -> impl Iterator<Item = &ObservationKind> {
        self.kinds.values()
    }

    /// An asset.
    pub fn asset(&self, id: &str) -> Option<&KnownAsset> {
        self.assets.get(id)
    }

    /// Ids of all zones.
    pub fn zones(&self) -> impl Iterator<Item = &str> {
        self.zones.keys().map(String::as_str)
    }

    /// Whether there is a zone of this id.
    pub fn has_zone(&self, id: &str) -> bool {
        self.zones.contains_key(id)
    }

    /// Most steps that it takes to find the zones of a place.
    pub fn zone_steps(&self) -> u32 {
        zone_steps(&self.zones.values().copied().collect::<Vec<_>>())
    }

    /// Ids of all playbooks.
    pub fn playbooks(&self) -> &BTreeSet<String> {
        &self.playbooks
    }

    /// All assets, in no order.
    pub fn assets(&self) -> impl Iterator<Item = (&str, &KnownAsset)> {
        self.assets.iter().map(|(id, asset)| (id.as_str(), asset))
    }

    fn put(&mut self, document: &ConfigDocument) {
        match document {
            ConfigDocument::Kind(kind) => {
                self.kinds.insert(kind.id.to_string(), (**kind).clone());
            }
            ConfigDocument::Asset(asset) => {
                self.assets.insert(asset.id.to_string(), (&**asset).into());
            }
            ConfigDocument::Zone(zone) => drop(self.zones.insert(zone.id.to_string(), Extent::of(&zone.area))),
            ConfigDocument::Playbook(playbook) => drop(self.playbooks.insert(playbook.id.to_string())),
            ConfigDocument::Rule(rule) => self.put_rule(rule),
            ConfigDocument::Correlation(_) => {}
        }
    }

    fn put_rule(&mut self, rule: &Rule) {
        self.rules.insert(rule.id.to_string());
        self.budget.put(rule, &|kind: &KindId| self.kinds.get(kind.as_str()).map(|known| known.unit.clone()));
    }

    /// What is wrong with a rule beside those that there are: together they would cost too much.
    pub fn check_cost(&self, rule: &Rule) -> Option<Diagnostic> {
        self.budget.check(rule, &|kind: &KindId| self.kinds.get(kind.as_str()).map(|known| known.unit.clone()))
    }

    fn delete_rule(&mut self, id: &str) {
        self.rules.remove(id);
        self.budget.delete(id);
    }

    /// What is wrong with a rule that there is no room for.
    pub fn check_room(&self, rule: &Rule) -> Option<Diagnostic> {
        let is_new = !self.rules.contains(rule.id.as_str());
        let message = is_new.then(|| ConfigKind::Rule.no_room(self.rules.len())).flatten()?;
        Some(Diagnostic { field: "id".to_owned(), at: None, message })
    }

    /// Takes what was stored or deleted of what it is made of.
    fn take(&mut self, document: &Document, deleted: bool) -> Result<(), StoreError> {
        let id = document.id.clone();
        match (document.kind, deleted) {
            (documents::KIND, true) => drop(self.kinds.remove(&id)),
            (documents::KIND, false) => {
                let stored: Versioned<ObservationKind> = documents::read(document)?;
                self.kinds.insert(id, stored.document);
            }
            (documents::ASSET, true) => drop(self.assets.remove(&id)),
            (documents::ASSET, false) => {
                let stored: Versioned<Asset> = documents::read(document)?;
                self.assets.insert(id, (&stored.document).into());
            }
            (documents::ZONE, true) => drop(self.zones.remove(&id)),
            (documents::ZONE, false) => {
                let stored: Versioned<Zone> = documents::read(document)?;
                self.zones.insert(id, Extent::of(&stored.document.area));
            }
            (documents::PLAYBOOK, true) => drop(self.playbooks.remove(&id)),
            (documents::PLAYBOOK, false) => drop(self.playbooks.insert(id)),
            (documents::RULE, true) => self.delete_rule(&id),
            (documents::RULE, false) => self.put_rule(&documents::rule(document)?.document),
            _ => {}
        }
        Ok(())
    }

    fn delete(&mut self, what: ConfigKind, id: &str) {
        match what {
            ConfigKind::Kind => drop(self.kinds.remove(id)),
            ConfigKind::Asset => drop(self.assets.remove(id)),
            ConfigKind::Zone => drop(self.zones.remove(id)),
            ConfigKind::Playbook => drop(self.playbooks.remove(id)),
            ConfigKind::Rule => self.delete_rule(id),
            ConfigKind::Correlation => {}
        }
    }
}

/// The catalogue that doors read and the applier replaces.
#[derive(Debug, Default)]
pub struct CatalogueCell(RwLock<Arc<Catalogue>>);

impl CatalogueCell {
    /// Starts with a catalogue.
    pub fn new(catalogue: Catalogue) -> Self {
        Self(RwLock::new(Arc::new(catalogue)))
    }

    /// The catalogue as it is now.
    pub fn get(&self) -> Arc<Catalogue> {
        self.0.read().clone()
    }

    /// Takes over what another process changed, in the order of the feed.
    pub(crate) fn take_changes(&self, changes: &[Change]) -> Result<(), StoreError> {
        let mut concerned = changes.iter().filter(|change| KNOWN.contains(&change.document.kind)).peekable();
        if concerned.peek().is_none() {
            return Ok(());
        }
        let mut guard = self.0.write();
        let catalogue = Arc::make_mut(&mut guard);
        concerned.try_for_each(|change| catalogue.take(&change.document, change.deleted))
    }

    /// Takes over another catalogue.
    pub(crate) fn replace(&self, catalogue: Catalogue) {
        *self.0.write() = Arc::new(catalogue);
    }

    /// Takes over changes, all at once.
    pub fn change(&self, puts: &[ConfigDocument], deletes: &[(ConfigKind, String)]) {
        if puts.is_empty() && deletes.is_empty() {
            return;
        }
        let mut guard = self.0.write();
        let catalogue = Arc::make_mut(&mut guard);
        for document in puts {
            catalogue.put(document);
        }
        for (what, id) in deletes {
            catalogue.delete(*what, id);
        }
    }
}

#[cfg(test)]
mod tests {
    use vigiles_model::alarm::Severity;
    use vigiles_model::{AgencyId, RuleId};

    use super::*;

    fn rule(n: usize) -> Rule {
        let (id, agency) = (RuleId::new(format!("r-{n}")).unwrap(), AgencyId::new("city").unwrap());
        let detector = serde_json::from_str(r#"{"silent": {"after_s": 60}}"#).unwrap();
        let kinds = vec![KindId::new("air.pm25").unwrap()];
        let alarm = vigiles_engine::rule::AlarmText::new("t", Severity::Minor);
        Rule { enabled: false, ..Rule::new(id, agency, kinds, detector, alarm) }
    }

    #[test]
    fn there_is_room_for_so_many_rules_and_for_those_that_are_there() {
        let cell = CatalogueCell::default();
        let check = |n: usize, expected: Option<&str>| {
            let said = cell.get().check_room(&rule(n)).map(|fault| format!("{} {}", fault.field, fault.message));
            assert_eq!(said.as_deref(), expected, "{n}");
        };
        let put = |from: usize, to: usize| {
            let rules: Vec<_> = (from..to).map(|n| ConfigDocument::Rule(Box::new(rule(n)))).collect();
            cell.change(&rules, &[]);
        };
        put(0, 19_999);
        check(19_999, None);
        put(19_999, 20_000);
        check(20_000, Some("id there are 20000 documents of sort rule already, the most there can be"));
        check(7, None);
        cell.change(&[], &[(ConfigKind::Rule, "r-7".to_owned())]);
        check(20_000, None);
    }
}
