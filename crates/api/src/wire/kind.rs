//! Observation kinds.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_model as model;

use super::words::{Overload, ValueType};

/// What is measured, in which unit and range, kept how long.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Such as `air.pm25`: domain first.
    #[schema(value_type = String)]
    pub id: model::KindId,
    /// Name for people.
    pub name: String,
    /// The quantity measured, in words.
    pub quantity: String,
    /// UCUM code that the platform can read; empty for booleans and texts.
    #[serde(default)]
    pub unit: String,
    /// The type of the value.
    pub value_type: ValueType,
    /// Lowest plausible value.
    #[serde(default)]
    pub min: Option<f64>,
    /// Highest plausible value.
    #[serde(default)]
    pub max: Option<f64>,
    /// How long history keeps it, in seconds.
    #[schema(minimum = 1)]
    pub retention_s: u32,
    /// Whether it may name or show a person.
    #[serde(default)]
    pub personal: bool,
    /// What happens when the platform cannot keep up; `wait` where absent.
    #[serde(default = "wait")]
    pub overload: Overload,
    /// Counts up with every change; ignored on the way in.
    #[serde(default)]
    pub version: u64,
}

fn wait() -> Overload {
    Overload::Wait
}

impl Kind {
    /// The wire form at a version.
    pub fn new(kind: &model::ObservationKind, version: u64) -> Self {
        Self {
            id: kind.id.clone(),
            name: kind.name.clone(),
            quantity: kind.quantity.clone(),
            unit: kind.unit.clone(),
            value_type: kind.value_type.into(),
            min: kind.min,
            max: kind.max,
            retention_s: u32::try_from(kind.retention.as_millis() / 1000).unwrap_or(u32::MAX),
            personal: kind.personal,
            overload: kind.overload.into(),
            version,
        }
    }
}

impl From<Kind> for model::ObservationKind {
    fn from(kind: Kind) -> Self {
        Self {
            id: kind.id,
            name: kind.name,
            quantity: kind.quantity,
            unit: kind.unit,
            value_type: kind.value_type.into(),
            min: kind.min,
            max: kind.max,
            retention: model::Duration::from_secs(i64::from(kind.retention_s)),
            personal: kind.personal,
            overload: kind.overload.into(),
        }
    }
}
