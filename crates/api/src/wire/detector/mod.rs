//! The schema of detectors: what a rule looks for. Read and written by the engine's types, as [`super::rule`] says.

mod learned;
mod pattern;
mod reading;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::learned::{Anomaly, Baseline, ChangePoint, Drift, Forecast};
use self::pattern::{Absence, Cooccurrence, Count, Geofence, Sequence};
use self::reading::{Condition, FlatLine, OutOfRange, RateOfChange, Silent, Threshold};

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
