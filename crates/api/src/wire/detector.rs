//! The schema of detectors: what a rule looks for. Read and written by the engine's types, as [`super::rule`] says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a rule looks for: an object with one key.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Detector {
    /// The reading is beyond a limit.
    Threshold(Threshold),
    /// It changes faster than a limit.
    RateOfChange(RateOfChange),
    /// No reading has come for a while.
    Silent(Silent),
    /// The place of the reading enters, leaves or is inside zones.
    Geofence(Geofence),
    /// Many readings in a sliding window.
    Count(Count),
    /// A CEL expression holds.
    Condition(Condition),
    /// The reading does not move any more.
    FlatLine(FlatLine),
    /// Readings outside the plausible range of their kind.
    OutOfRange(OutOfRange),
    /// First this, then that.
    Sequence(Sequence),
    /// First this, and that does not follow.
    Absence(Absence),
    /// This and that at about the same time, in any order.
    Cooccurrence(Cooccurrence),
    /// The reading is unusual for its hour.
    Baseline(Baseline),
    /// The reading is off the forecast.
    Forecast(Forecast),
    /// The mean has shifted.
    ChangePoint(ChangePoint),
    /// The sensor drifts away from its neighbours.
    Drift(Drift),
    /// The reading is unlike anything usual.
    Anomaly(Anomaly),
}

/// How often what is usual repeats itself.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Season {
    /// Each hour of the day has its own usual value.
    Day,
    /// Each hour of the week has.
    #[default]
    Week,
}

/// On which side of the expected a reading must lie.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Above or below.
    #[default]
    Both,
    /// Above only.
    Above,
    /// Below only.
    Below,
}

/// Unusual for its hour of the day or week.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Hours of the day or of the week.
    #[serde(default)]
    pub season: Season,
    /// From how many robust sigmas on; 5 where absent.
    #[serde(default)]
    pub sigmas: Option<f64>,
    /// Readings of an hour before it is judged; 10 where absent.
    #[serde(default)]
    pub learning: Option<u8>,
    /// Which side is meant.
    #[serde(default)]
    pub side: Side,
    /// Seconds it must be unusual.
    #[serde(default)]
    pub for_s: f64,
    /// Seconds it must be usual.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// Off a Holt-Winters forecast.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// Hours of the day or of the week.
    #[serde(default)]
    pub season: Season,
    /// Half the width of the prediction interval in sigmas; 5 where absent.
    #[serde(default)]
    pub sigmas: Option<f64>,
    /// Readings before the first verdict; 100 where absent.
    #[serde(default)]
    pub learning: Option<u32>,
    /// Which side is meant.
    #[serde(default)]
    pub side: Side,
    /// Seconds it must be off.
    #[serde(default)]
    pub for_s: f64,
    /// Seconds it must be within.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// A lasting shift of the mean.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePoint {
    /// The smallest shift that matters in sigmas; 1 where absent.
    #[serde(default)]
    pub shift_sigmas: Option<f64>,
    /// The sum in sigmas that is a change; 12 where absent.
    #[serde(default)]
    pub limit_sigmas: Option<f64>,
    /// Which way is meant.
    #[serde(default)]
    pub side: Side,
    /// Seconds that the alarm stays; an hour where absent.
    #[serde(default = "an_hour")]
    pub clear_for_s: f64,
}

/// Drifts away from its neighbours.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// Metres within which assets of the same kind are neighbours.
    pub within_m: f64,
    /// Seconds that their latest reading counts; an hour where absent.
    #[serde(default = "an_hour")]
    pub fresh_s: f64,
    /// How many neighbours are needed; 3 where absent.
    #[serde(default)]
    pub neighbours: Option<u8>,
    /// How far the average difference must move, in sigmas; 1.5 where absent.
    #[serde(default)]
    pub sigmas: Option<f64>,
    /// And at least so far, in the unit of the rule.
    #[serde(default)]
    pub at_least: f64,
    /// Readings from which the usual difference is learned; 336 where absent.
    #[serde(default)]
    pub learning: Option<u32>,
}

/// Unlike anything usual.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Anomaly {
    /// From how many sigmas on; 4.5 where absent.
    #[serde(default)]
    pub sigmas: Option<f64>,
    /// Seconds it must be usual again; an hour where absent.
    #[serde(default = "an_hour")]
    pub clear_for_s: f64,
}

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

fn an_hour() -> f64 {
    3_600.0
}

fn one() -> f64 {
    1.0
}
