//! Detectors that look at several readings together, or at where they are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Zones and what a moving thing does to them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Geofence {
    /// The zones.
    pub zones: Vec<String>,
    /// What raises the alarm.
    pub on: Crossing,
    /// For `inside`: seconds it must have been inside.
    #[serde(default)]
    pub for_s: f64,
}

/// What a moving thing does to a zone.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Crossing {
    /// Was outside, is inside.
    Enter,
    /// Was inside, is outside.
    Leave,
    /// Is inside.
    Inside,
}

/// Many in a sliding window.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Length of the window in seconds.
    pub window_s: f64,
    /// How many raise the alarm.
    pub at_least: u32,
    /// Count different sources, assets or values of this attribute.
    #[serde(default)]
    pub distinct: Option<String>,
    /// Only readings within this many metres of each other count together.
    #[serde(default)]
    pub radius_m: Option<f64>,
}

/// Which readings a part of a pattern means.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Of these kinds of the rule; of all where empty.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// For which this CEL expression holds.
    #[serde(default)]
    pub when: Option<String>,
}

/// One after the other.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// In this order, two to eight.
    pub parts: Vec<Part>,
    /// Seconds from the first to the last.
    pub within_s: f64,
    /// Metres from the first.
    #[serde(default)]
    pub within_m: Option<f64>,
}

/// One that is not followed by the other.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// What starts the time.
    pub first: Part,
    /// What should follow.
    pub then: Part,
    /// Within so many seconds.
    pub within_s: f64,
    /// Within so many metres of the first.
    #[serde(default)]
    pub within_m: Option<f64>,
}

/// Together, in any order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cooccurrence {
    /// Two to eight.
    pub parts: Vec<Part>,
    /// All within so many seconds.
    pub within_s: f64,
    /// All within so many metres of the latest.
    #[serde(default)]
    pub within_m: Option<f64>,
    /// How many of the parts are enough; all where absent.
    #[serde(default)]
    pub at_least: Option<u32>,
}
