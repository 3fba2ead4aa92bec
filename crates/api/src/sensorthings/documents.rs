//! What SensorThings says beyond the platform's own documents, as it is stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vigiles_model::AgencyId;
use vigiles_runtime::documents;
use vigiles_store::{Draft, Expect, Kind, Write};

use crate::problem::Problem;

/// Beside an asset.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ThingExtra {
    /// Properties that are no texts; texts are attributes of the asset.
    #[serde(default)]
    pub(super) properties: Map<String, Value>,
    #[serde(default)]
    pub(super) location: LocationExtra,
    /// By kind.
    #[serde(default)]
    pub(super) datastreams: BTreeMap<String, DatastreamExtra>,
}

/// Beside the place of an asset.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct LocationExtra {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) properties: Map<String, Value>,
}

/// Beside an asset's kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct DatastreamExtra {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) observation_type: Option<String>,
    pub(super) unit_of_measurement: Option<Value>,
    pub(super) sensor: Option<String>,
    #[serde(default)]
    pub(super) properties: Map<String, Value>,
}

/// An ObservedProperty: beside a kind, or by itself until a Datastream gives it a unit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct PropertyDocument {
    pub(super) name: String,
    pub(super) definition: String,
    pub(super) description: String,
    #[serde(default)]
    pub(super) properties: Map<String, Value>,
}

/// A Sensor (`place` is its metadata) or a FeatureOfInterest (`place` is its feature).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct OwnDocument {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) encoding: String,
    pub(super) content: Value,
    #[serde(default)]
    pub(super) properties: Map<String, Value>,
}

/// A document as a write.
pub(super) fn put<T: Serialize>(
    kind: Kind,
    id: &str,
    agency: Option<AgencyId>,
    body: &T,
    expect: Expect,
) -> Result<Write, Problem> {
    let body = serde_json::to_string(body).map_err(|e| Problem::internal(&e))?;
    // One time for all, so that lists are in order of their ids.
    let time = vigiles_model::Timestamp(0);
    let document = Draft { kind, id: id.to_owned(), agency, state: String::new(), place: None, time, body };
    Ok(Write::Put { document, expect })
}

/// What a writer believes of a document that was read at a version; 0 where there was none.
pub(super) const fn expect(version: u64) -> Expect {
    if version == 0 { Expect::Absent } else { Expect::Version(version) }
}

/// The store's kind of the documents of a set of its own.
pub(super) const SENSOR: Kind = documents::STA_SENSOR;
pub(super) const FEATURE: Kind = documents::STA_FEATURE;
