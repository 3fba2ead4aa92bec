//! Observations, and the answer to a delivery of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_model as model;

use super::place::Place;
use super::time::Time;
use super::words::{Origin, Quality};

/// A reading: a finite number, true or false, or a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Value {
    /// A finite number in the unit.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A text or category.
    Text(String),
}

impl From<&model::Value> for Value {
    fn from(value: &model::Value) -> Self {
        match value {
            model::Value::Number(n) => Self::Number(*n),
            model::Value::Boolean(b) => Self::Boolean(*b),
            model::Value::Text(t) => Self::Text(t.to_string()),
        }
    }
}

/// What an asset or a feed saw.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Observation {
    /// From the content: a redelivery has the id of the first delivery.
    pub id: String,
    /// What was measured.
    pub kind: String,
    /// The feed or device that delivered it.
    pub source: String,
    /// The asset it belongs to.
    pub asset: Option<String>,
    /// Phenomenon time.
    pub time: Time,
    /// When the platform took it.
    pub arrived: Time,
    /// Where.
    pub place: Option<Place>,
    /// The reading.
    pub value: Value,
    /// UCUM unit of the reading; empty where it has none.
    pub unit: String,
    /// How far to trust it.
    pub quality: Quality,
    /// Live, replayed or simulated.
    pub origin: Origin,
    /// Further named texts.
    pub attributes: BTreeMap<String, String>,
}

impl Observation {
    /// The wire form, with the unit of its kind.
    pub fn new(observation: &model::Observation, unit: &str) -> Self {
        Self {
            id: observation.id.to_string(),
            kind: observation.kind.to_string(),
            source: observation.source.to_string(),
            asset: observation.asset.as_ref().map(ToString::to_string),
            time: observation.time.into(),
            arrived: observation.arrived.into(),
            place: observation.place.as_ref().map(Place::from),
            value: Value::from(&observation.value),
            unit: unit.to_owned(),
            quality: observation.quality.into(),
            origin: observation.origin.into(),
            attributes: observation.attributes.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect(),
        }
    }
}

/// An observation as a source delivers it: only kind and value are needed. For the document only; the
/// door reads it straight from the bytes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    /// A registered kind, such as `air.pm25`.
    pub kind: String,
    /// The reading, in `unit` or else in the unit of its kind.
    pub value: Value,
    /// UCUM code; converted to the unit of the kind.
    pub unit: Option<String>,
    /// The feed or device; the token's own where absent.
    pub source: Option<String>,
    /// The asset it belongs to.
    pub asset: Option<String>,
    /// Phenomenon time; the time of arrival where absent.
    pub time: Option<Time>,
    /// Where; the asset's place where absent.
    pub place: Option<Place>,
    /// What the sender thinks of it.
    pub quality: Option<Quality>,
    /// Live, replayed or simulated.
    pub origin: Option<Origin>,
    /// Further named texts.
    pub attributes: Option<BTreeMap<String, String>>,
}

/// One observation or an array of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Deliveries {
    /// One.
    One(Box<Delivery>),
    /// Several.
    Many(Vec<Delivery>),
}

/// What became of a delivery; what was accepted is durable.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Receipt {
    /// Observations that are durable now.
    pub accepted: usize,
    /// Observations that had been delivered before.
    pub duplicates: usize,
    /// Observations dropped because of overload, as their kind allows.
    pub shed: usize,
    /// How many were refused.
    pub refused: usize,
    /// The first hundred of those refused.
    pub rejected: Vec<Rejected>,
}

/// One observation that was refused.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Rejected {
    /// Its place in the delivery, from 0.
    pub index: usize,
    /// The field.
    pub path: String,
    /// What is wrong with it and how to mend it.
    pub message: String,
}

/// A row of a chart: Unix milliseconds, then smallest, mean and largest value.
pub type SeriesPoint = (i64, f64, f64, f64);

/// One asset's readings of one kind, thinned out for a chart.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Series {
    /// The asset.
    pub asset: String,
    /// The kind.
    pub kind: String,
    /// UCUM unit of the values.
    pub unit: String,
    /// Rows of Unix milliseconds, smallest, mean and largest value, oldest first.
    #[schema(value_type = Vec<Vec<f64>>)]
    pub points: Vec<SeriesPoint>,
}
