//! Stored documents in their wire form.

use serde::Serialize;
use vigiles_engine::Correlation;
use vigiles_engine::rule::Rule;
use vigiles_model as model;
use vigiles_runtime::documents::{self, Versioned};
use vigiles_store::{Document, StoreError};

use super::NameOf;
use super::alarm::Alarm;
use super::asset::Asset;
use super::incident::Incident;
use super::kind::Kind;
use super::playbook::Playbook;
use super::zone::Zone;

/// Looks up what a wire form needs beyond its document.
pub struct Lookup<'a> {
    /// The unit of a kind.
    pub unit: &'a dyn Fn(&model::KindId) -> String,
    /// The name of a rule.
    pub rule_name: &'a dyn Fn(&model::RuleId) -> String,
    /// What an actor is called.
    pub name_of: NameOf<'a>,
}

/// A stored document in its wire form: the shape that its own route answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Wire {
    /// An alarm.
    Alarm(Box<Alarm>),
    /// An incident.
    Incident(Box<Incident>),
    /// An asset.
    Asset(Box<Asset>),
    /// A zone.
    Zone(Box<Zone>),
    /// A kind.
    Kind(Box<Kind>),
    /// A rule.
    Rule(Box<Rule>),
    /// A playbook.
    Playbook(Box<Playbook>),
    /// A correlation rule.
    Correlation(Box<Correlation>),
}

/// The wire form of a document of the engine; none for the other kinds.
pub fn wire(document: &Document, lookup: &Lookup<'_>) -> Result<Option<Wire>, StoreError> {
    let wire = match document.kind {
        documents::ALARM => {
            let alarm: model::Alarm = documents::read(document)?;
            Wire::Alarm(Box::new(Alarm::new(&alarm, lookup.unit, (lookup.rule_name)(&alarm.rule))))
        }
        documents::INCIDENT => {
            let incident: model::Incident = documents::read(document)?;
            Wire::Incident(Box::new(Incident::new(&incident, lookup.name_of)))
        }
        documents::ASSET => {
            let stored: Versioned<model::Asset> = documents::read(document)?;
            Wire::Asset(Box::new(Asset::new(&stored.document, stored.version)))
        }
        documents::ZONE => {
            let stored: Versioned<model::Zone> = documents::read(document)?;
            Wire::Zone(Box::new(Zone::new(&stored.document, stored.version)))
        }
        documents::KIND => {
            let stored: Versioned<model::ObservationKind> = documents::read(document)?;
            Wire::Kind(Box::new(Kind::new(&stored.document, stored.version)))
        }
        documents::RULE => {
            let stored = documents::rule(document)?;
            Wire::Rule(Box::new(Rule { version: stored.version, ..stored.document }))
        }
        documents::PLAYBOOK => {
            let stored: Versioned<model::Playbook> = documents::read(document)?;
            Wire::Playbook(Box::new(Playbook::new(&stored.document, stored.version)))
        }
        documents::CORRELATION => {
            let stored: Versioned<Correlation> = documents::read(document)?;
            Wire::Correlation(Box::new(Correlation { version: stored.version, ..stored.document }))
        }
        _ => return Ok(None),
    };
    Ok(Some(wire))
}
