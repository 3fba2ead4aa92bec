//! The registry entry of an observation kind: what is measured, in which unit and range, kept how long.

use serde::{Deserialize, Serialize};

use crate::observation::Value;
use crate::{Duration, KindId};

/// The type every value of a kind has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    /// A finite number in the unit of the kind.
    Number,
    /// True or false.
    Boolean,
    /// Free text or a category.
    Text,
}

impl ValueType {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Text => "text",
        }
    }
}

/// What the door does with observations of a kind when the platform cannot keep up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overload {
    /// The source waits (flow control, 429). Nothing is dropped.
    #[default]
    Wait,
    /// The newest are dropped, counted and shown. For high-rate telemetry whose next reading replaces the last.
    Shed,
}

/// An observation kind. An observation of a kind that is not registered is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObservationKind {
    /// Such as `air.pm25`: domain first.
    pub id: KindId,
    /// Name for people.
    pub name: String,
    /// The quantity measured, in words.
    pub quantity: String,
    /// UCUM code; empty for booleans and texts.
    pub unit: String,
    /// The type of the value.
    pub value_type: ValueType,
    /// Lowest plausible value; below it the reading is kept with quality `implausible` and judged by no rule.
    pub min: Option<f64>,
    /// Highest plausible value.
    pub max: Option<f64>,
    /// How long history keeps it.
    pub retention: Duration,
    /// Whether it may name or show a person: shown with the kind; give it a short retention.
    pub personal: bool,
    /// What happens when the platform cannot keep up.
    #[serde(default)]
    pub overload: Overload,
}

impl ObservationKind {
    /// Whether the value has the type of this kind.
    pub fn accepts(&self, value: &Value) -> bool {
        matches!(
            (self.value_type, value),
            (ValueType::Number, Value::Number(_))
                | (ValueType::Boolean, Value::Boolean(_))
                | (ValueType::Text, Value::Text(_))
        )
    }

    /// Whether a number lies in the plausible range; true for other values.
    pub fn is_plausible(&self, value: &Value) -> bool {
        match value {
            Value::Number(n) => self.min.is_none_or(|min| *n >= min) && self.max.is_none_or(|max| *n <= max),
            _ => true,
        }
    }
}
