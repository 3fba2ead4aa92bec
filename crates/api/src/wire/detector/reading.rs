//! Detectors that judge the readings of one asset, without learning.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Beyond a limit, with hysteresis and duration.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Raised above this.
    #[serde(default)]
    pub above: Option<f64>,
    /// Raised below this.
    #[serde(default)]
    pub below: Option<f64>,
    /// Cleared only at or beyond this, on the other side.
    #[serde(default)]
    pub clear: Option<f64>,
    /// Seconds it must hold.
    #[serde(default)]
    pub for_s: f64,
    /// Seconds it must be over.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// Changes faster than a limit.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateOfChange {
    /// The rate is per this many seconds; 1 where absent.
    #[serde(default = "one")]
    pub per_s: f64,
    /// Raised above this.
    #[serde(default)]
    pub above: Option<f64>,
    /// Raised below this.
    #[serde(default)]
    pub below: Option<f64>,
    /// Seconds it must be over.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// Fell silent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Silent {
    /// Seconds after the latest reading.
    pub after_s: f64,
}

/// A CEL expression holds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The expression; boolean.
    pub expression: String,
    /// Seconds it must hold.
    #[serde(default)]
    pub for_s: f64,
    /// Seconds it must be over.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// Has not moved by more than a tolerance for a while.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlatLine {
    /// Seconds.
    pub for_s: f64,
    /// In the unit of the rule.
    #[serde(default)]
    pub tolerance: f64,
}

/// Outside the plausible range of its kind.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutOfRange {
    /// Seconds only such readings must have come.
    #[serde(default)]
    pub for_s: f64,
    /// Seconds plausible ones must have come.
    #[serde(default)]
    pub clear_for_s: f64,
}

fn one() -> f64 {
    1.0
}
