//! The kinds of documents that the platform keeps in the store, and how effects of the engine become writes.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vigiles_engine::rule::stored::{self, Stored};
use vigiles_engine::{ConfigDocument, ConfigKind, Rule};
use vigiles_model::alarm::Stage;
use vigiles_model::{Alarm, AlarmState, Asset, Geometry, Incident, Reality, Timestamp};
use vigiles_store::{Document, Draft, Expect, Kind, Query, Store, StoreError, Write};
use vigiles_trust::{Context, Resource};

use crate::directory;
use crate::trial::{Known, RuleTrial};

/// Alarms; the body is a [`vigiles_model::Alarm`].
pub const ALARM: Kind = Kind::new("alarm", Resource::Alarms);
/// Incidents; the body is a [`vigiles_model::Incident`].
pub const INCIDENT: Kind = Kind::new("incident", Resource::Incidents);
/// Observation kinds; the body is a [`Versioned`] `ObservationKind`, and so on for the next five.
pub const KIND: Kind = Kind::new("kind", Resource::Kinds);
/// Assets.
pub const ASSET: Kind = Kind::new("asset", Resource::Assets);
/// Zones.
pub const ZONE: Kind = Kind::new("zone", Resource::Zones);
/// Rules; their bodies are read by [`rule`].
pub const RULE: Kind = Kind::new("rule", Resource::Rules);
/// Playbooks.
pub const PLAYBOOK: Kind = Kind::new("playbook", Resource::Playbooks);
/// Correlation rules; who may write rules may write them.
pub const CORRELATION: Kind = Kind::new("correlation", Resource::Rules);

/// Exercises; the body is a [`crate::exercise::Run`].
pub const EXERCISE: Kind = Kind::new("exercise", Resource::Exercises);

/// Where assets stood and since when, kept for good; the body is an [`AssetPlace`].
pub const ASSET_PLACE: Kind = Kind::new("asset_place", Resource::Assets);

/// What SensorThings says of an asset beyond the asset itself: its Datastreams by kind, descriptions. Its id is the asset's.
pub const STA_THING: Kind = Kind::new("sensorthings_thing", Resource::Assets);
/// ObservedProperties beyond their kind, and those that have no kind yet.
pub const STA_PROPERTY: Kind = Kind::new("sensorthings_property", Resource::Kinds);
/// Sensors.
pub const STA_SENSOR: Kind = Kind::new("sensorthings_sensor", Resource::Assets);
/// FeaturesOfInterest.
pub const STA_FEATURE: Kind = Kind::new("sensorthings_feature", Resource::Assets);

/// Doors: processes that append to topics of their own.
pub const DOOR: Kind = Kind::new("door", Resource::System);

/// The kinds that the engine's effects write, those of SensorThings beside them, exercises and doors.
const OWN_KINDS: [Kind; 17] = [
    ALARM,
    INCIDENT,
    KIND,
    ASSET,
    ASSET_PLACE,
    ZONE,
    RULE,
    RULE_VERSION,
    RULE_TRIAL,
    PLAYBOOK,
    CORRELATION,
    EXERCISE,
    STA_THING,
    STA_PROPERTY,
    STA_SENSOR,
    STA_FEATURE,
    DOOR,
];

/// Every kind of document there is, for the opening of the store.
pub const KINDS: [Kind; OWN_KINDS.len() + directory::KINDS.len()] = {
    let mut all = [DOOR; OWN_KINDS.len() + directory::KINDS.len()];
    let mut i = 0;
    while i < all.len() {
        all[i] = if i < OWN_KINDS.len() { OWN_KINDS[i] } else { directory::KINDS[i - OWN_KINDS.len()] };
        i += 1;
    }
    all
};

/// Versions of rules, kept for good: an alarm names the one that raised it. The body is a [`RuleVersion`].
pub const RULE_VERSION: Kind = Kind::new("rule_version", Resource::Rules);

/// What conditions of rules were tried on, by their meaning; the body is a [`RuleTrial`].
pub const RULE_TRIAL: Kind = Kind::new("rule_trial", Resource::Rules);

/// The stored state of alarms of rules on trial, whether their condition holds or not.
pub const SHADOW: &str = "shadow";
/// The stored state of alarms of an exercise, whether their condition holds or not.
pub const DRILL: &str = "exercise";

/// A rule as it was from a moment on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleVersion {
    /// Id of the rule.
    pub rule: String,
    /// Its version.
    pub version: u64,
    /// Since when, in platform time.
    pub since: Timestamp,
    /// The rule.
    #[serde(deserialize_with = "stored::rule")]
    pub document: Rule,
    /// What this condition had been tried on when it was saved; none where it had not, or nobody knows.
    #[serde(default)]
    pub tried: Option<RuleTrial>,
    /// Why it went live although its condition was neither tried nor ran before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untried: Option<String>,
    /// Whether this is its end: the rule as it was last, with who deleted it as author, and why.
    #[serde(default)]
    pub deleted: bool,
}

/// Where an asset stood from a moment on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssetPlace {
    /// Id of the asset.
    pub asset: String,
    /// Since when, in platform time.
    pub since: Timestamp,
    /// Where.
    pub place: Geometry,
}

/// A configuration document with the version the engine gave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Versioned<T> {
    /// Counts up with every change; the ETag of the API.
    pub version: u64,
    /// The document.
    pub document: T,
}

/// Reads the body of a document.
pub fn read<T: DeserializeOwned>(document: &Document) -> Result<T, StoreError> {
    serde_json::from_str(&document.body).map_err(|e| StoreError::Damaged {
        file: "store".to_owned(),
        place: format!("{}/{}", document.kind.name(), document.id),
        what: e.to_string(),
    })
}

/// Reads the body of a rule's document.
pub fn rule(document: &Document) -> Result<Versioned<Rule>, StoreError> {
    let Versioned { version, document: Stored(rule) } = read(document)?;
    Ok(Versioned { version, document: rule })
}

/// All documents of a kind, page by page.
pub fn all(store: &dyn Store, kind: Kind) -> Result<Vec<Document>, StoreError> {
    matching(store, &Context::system("runtime"), Query::new(kind))
}

/// All documents that a query asks for, page by page.
pub(crate) fn matching(store: &dyn Store, ctx: &Context, query: Query) -> Result<Vec<Document>, StoreError> {
    let mut query = Query { limit: Query::MAX_LIMIT, ..query };
    let mut documents = Vec::new();
    loop {
        let page = store.list(ctx, &query)?;
        documents.extend(page.documents);
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => return Ok(documents),
        }
    }
}

/// The kind of a sort of configuration.
pub const fn config_kind(what: ConfigKind) -> Kind {
    match what {
        ConfigKind::Kind => KIND,
        ConfigKind::Asset => ASSET,
        ConfigKind::Zone => ZONE,
        ConfigKind::Rule => RULE,
        ConfigKind::Playbook => PLAYBOOK,
        ConfigKind::Correlation => CORRELATION,
    }
}

/// An alarm as a write.
pub fn alarm(alarm: &Alarm) -> Write {
    put(Draft {
        kind: ALARM,
        id: alarm.id.to_string(),
        agency: Some(alarm.agency.clone()),
        state: match (alarm.stage, alarm.state) {
            (Stage::Silent | Stage::Shadow, _) => SHADOW,
            _ if alarm.reality != Reality::Actual => DRILL,
            (Stage::Live, AlarmState::Active) => "active",
            (Stage::Live, AlarmState::Cleared) => "cleared",
        }
        .to_owned(),
        place: alarm.place.as_ref().map(vigiles_model::Geometry::bounding_box),
        time: alarm.raised,
        body: json(alarm),
    })
}

/// An incident as a write.
pub fn incident(incident: &Incident) -> Write {
    put(Draft {
        kind: INCIDENT,
        id: incident.id.to_string(),
        agency: Some(incident.agency.clone()),
        state: word(&incident.state),
        place: incident.place.as_ref().map(vigiles_model::Geometry::bounding_box),
        time: incident.opened,
        body: json(incident),
    })
}

/// A configuration document as a write. All share one time, so lists of them are in order of their ids.
pub fn config(document: &ConfigDocument, version: u64) -> Write {
    let (agency, place, body) = match document {
        ConfigDocument::Kind(d) => (None, None, versioned(version, d)),
        ConfigDocument::Asset(d) => (Some(d.agency.clone()), Some(d.place.bounding_box()), versioned(version, d)),
        ConfigDocument::Zone(d) => (Some(d.agency.clone()), Some(d.area.bounding_box()), versioned(version, d)),
        ConfigDocument::Rule(d) => (Some(d.agency.clone()), None, versioned(version, d)),
        ConfigDocument::Playbook(d) => (None, None, versioned(version, d)),
        ConfigDocument::Correlation(d) => (None, None, versioned(version, d)),
    };
    put(Draft {
        kind: config_kind(document.what()),
        id: document.id().to_owned(),
        agency,
        state: String::new(),
        place,
        time: Timestamp(0),
        body,
    })
}

/// The version of a rule as a write.
pub fn rule_version(rule: &Rule, version: u64, since: Timestamp, known: &Known) -> Write {
    put_rule_version(&RuleVersion {
        rule: rule.id.to_string(),
        version,
        since,
        document: rule.clone(),
        tried: known.tried.clone(),
        untried: known.untried.clone(),
        deleted: false,
    })
}

/// The last version of a rule, that it is deleted, as a write.
pub fn rule_deletion(last: &Rule, at: Timestamp) -> Write {
    put_rule_version(&RuleVersion {
        rule: last.id.to_string(),
        version: last.version,
        since: at,
        document: last.clone(),
        tried: None,
        untried: None,
        deleted: true,
    })
}

fn put_rule_version(version: &RuleVersion) -> Write {
    put(Draft {
        kind: RULE_VERSION,
        id: rule_version_id(&version.rule, version.version),
        agency: Some(version.document.agency.clone()),
        state: String::new(),
        place: None,
        time: version.since,
        body: json(version),
    })
}

/// A new place of an asset as a write.
pub fn asset_place(asset: &Asset, since: Timestamp) -> Write {
    let body = AssetPlace { asset: asset.id.to_string(), since, place: asset.place.clone() };
    put(Draft {
        kind: ASSET_PLACE,
        id: format!("{},{}", asset.id, since.0),
        agency: Some(asset.agency.clone()),
        state: String::new(),
        place: Some(asset.place.bounding_box()),
        time: since,
        body: json(&body),
    })
}

/// The id of the document of a rule's version.
pub fn rule_version_id(rule: &str, version: u64) -> String {
    format!("{rule}@{version}")
}

/// The deletion of a configuration document.
pub fn delete(what: ConfigKind, id: &str) -> Write {
    Write::Delete { kind: config_kind(what), id: id.to_owned(), expect: Expect::Any }
}

/// The word serde writes for an enum without fields.
pub fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

fn put(document: Draft) -> Write {
    Write::Put { document, expect: Expect::Any }
}

fn versioned<T: Serialize>(version: u64, document: &T) -> String {
    json(&Versioned { version, document })
}

pub(crate) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("the words of the model have only text keys and finite numbers")
}
