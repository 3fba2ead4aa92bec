//! What a rule looks for: the settings of each detector.

use serde::{Deserialize, Serialize};
use vigiles_model::{KindId, ZoneId};

use super::statistics::{Anomaly, Baseline, ChangePoint, Drift, Forecast};

/// What a rule looks for. Durations are in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detector {
    /// The reading is beyond a limit.
    Threshold(Threshold),
    /// The reading changes faster than a limit.
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

impl Detector {
    /// The parts of a pattern in order; none for other detectors.
    pub(crate) fn parts(&self) -> Vec<&Part> {
        match self {
            Self::Sequence(s) => s.parts.iter().collect(),
            Self::Cooccurrence(c) => c.parts.iter().collect(),
            Self::Absence(a) => vec![&a.first, &a.then],
            _ => Vec::new(),
        }
    }
}

/// Beyond a limit, with hysteresis and duration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Raised by a reading above this.
    #[serde(default)]
    pub above: Option<f64>,
    /// Raised by a reading below this.
    #[serde(default)]
    pub below: Option<f64>,
    /// Hysteresis: cleared only at or under this (for `above`), at or over this (for `below`).
    #[serde(default)]
    pub clear: Option<f64>,
    /// How long it must hold before the alarm is raised.
    #[serde(default)]
    pub for_s: f64,
    /// How long it must be over before the alarm is cleared.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// Changes faster than a limit: (this reading - the one before) / seconds between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateOfChange {
    /// The rate is expressed per this many seconds: 60 for "per minute".
    #[serde(default = "one")]
    pub per_s: f64,
    /// Raised by a rate above this.
    #[serde(default)]
    pub above: Option<f64>,
    /// Raised by a rate below this (a fall is negative).
    #[serde(default)]
    pub below: Option<f64>,
    /// How long it must be over before the alarm is cleared.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// Fell silent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silent {
    /// Raised this long after the latest reading arrived.
    pub after_s: f64,
}

/// Zones and what a moving thing does to them (location events of Küpper, Bareth, Freese 2011, "Geofencing and background
/// tracking"). A place is inside by the even-odd rule (Shimrat 1962, "Algorithm 112").
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geofence {
    /// The zones, as many as wanted; each has its own alarm for a key.
    pub zones: Vec<ZoneId>,
    /// What raises the alarm.
    pub on: Crossing,
    /// For `inside`: how long it must have been inside (dwell time).
    #[serde(default)]
    pub for_s: f64,
}

/// What a moving thing does to a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Crossing {
    /// Was outside, is inside. Cleared when outside again.
    Enter,
    /// Was inside, is outside. Cleared when inside again.
    Leave,
    /// Is inside, also at its first reading. Cleared when outside.
    Inside,
}

/// Many in a sliding window. Cleared when the window holds fewer again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Length of the window.
    pub window_s: f64,
    /// How many raise the alarm.
    pub at_least: u32,
    /// Count different sources (`source`), assets (`asset`) or values of this attribute instead of readings.
    #[serde(default)]
    pub distinct: Option<String>,
    /// Only readings within this many metres of each other count together.
    #[serde(default)]
    pub radius_m: Option<f64>,
}

/// A CEL expression holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The expression; boolean.
    pub expression: String,
    /// How long it must hold before the alarm is raised.
    #[serde(default)]
    pub for_s: f64,
    /// How long it must be over before the alarm is cleared.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// Has not moved by more than a tolerance for a while: a stuck sensor (the "persistence test" of WMO-No. 8, part V,
/// chapter 1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlatLine {
    /// Raised when all readings over this span, at least three, lie within the tolerance of the first of them.
    pub for_s: f64,
    /// In the unit of the rule.
    #[serde(default)]
    pub tolerance: f64,
}

/// Outside the plausible range of its kind: a broken sensor (the "plausible value check" of WMO-No. 8). Such readings
/// are judged by no other detector. Cleared by a plausible reading.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutOfRange {
    /// How long only such readings must have come before the alarm is raised.
    #[serde(default)]
    pub for_s: f64,
    /// How long plausible ones must have come before the alarm is cleared.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// Which readings a part of a pattern means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Of these kinds, which must be among those of the rule; of all of them where none is given.
    #[serde(default)]
    pub kinds: Vec<KindId>,
    /// And for which this CEL expression holds.
    #[serde(default)]
    pub when: Option<String>,
}

/// One after the other (the operator `SEQ` of event processing; Wu, Diao, Rizvi 2006, "High-performance complex event
/// processing over streams"). A reading serves one match for each part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// In this order, two to eight.
    pub parts: Vec<Part>,
    /// The last at most this long after the first.
    pub within_s: f64,
    /// Each at most this far from the first.
    #[serde(default)]
    pub within_m: Option<f64>,
}

/// One that is not followed by the other (negation at the end of a sequence, as there). Raised when the time is over;
/// cleared when the other comes after all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// What starts the time.
    pub first: Part,
    /// What should follow.
    pub then: Part,
    /// Within this time.
    pub within_s: f64,
    /// At most this far from the first.
    #[serde(default)]
    pub within_m: Option<f64>,
}

/// Together, in any order (the operator `AND` with a window). The alarm ends a window after the last time they were
/// together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cooccurrence {
    /// Two to eight.
    pub parts: Vec<Part>,
    /// All within this time of each other.
    pub within_s: f64,
    /// All within this distance of the latest.
    #[serde(default)]
    pub within_m: Option<f64>,
    /// How many of the parts are enough; all where none is given.
    #[serde(default)]
    pub at_least: Option<u32>,
}

fn one() -> f64 {
    1.0
}
