//! Abnormal conditions that ask for attention (IEC 62682).

use serde::{Deserialize, Serialize};

use crate::{AgencyId, AlarmId, AssetId, Geometry, IncidentId, KindId, Observation, Reality, RuleId, Timestamp};

/// Most causing observations an alarm keeps whole: the first and the latest ones.
pub const MAX_CAUSES: usize = 16;

/// How bad, on the scale of OASIS CAP 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Minimal to no known threat.
    Minor,
    /// Possible threat to life or property.
    Moderate,
    /// Significant threat.
    Severe,
    /// Extraordinary threat.
    Extreme,
}

/// How soon somebody has to act, on the scale of OASIS CAP 1.2.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// At once.
    Immediate,
    /// Within the hour.
    Expected,
    /// In the near future.
    Future,
    /// No longer.
    Past,
    /// Not known.
    #[default]
    Unknown,
}

/// How sure it is, on the scale of OASIS CAP 1.2.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// It has happened or is happening.
    Observed,
    /// More likely than not.
    Likely,
    /// Possible, but not likely.
    Possible,
    /// Not expected.
    Unlikely,
    /// Not known.
    #[default]
    Unknown,
}

/// How far the alarms of a rule reach.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// They are counted and nothing else.
    Silent,
    /// They are stored and shown with their rule; they are in no queue and open no incident.
    Shadow,
    /// They are shown in the queue and open or join incidents.
    #[default]
    Live,
}

/// Whether the condition still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// The condition holds.
    Active,
    /// The condition has ended.
    Cleared,
}

/// An alarm, with the observations that caused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// From rule, key and start: a replay gives the same id.
    pub id: AlarmId,
    /// The rule that raised it.
    pub rule: RuleId,
    /// The version of the rule at that moment.
    pub rule_version: u64,
    /// What the rule keyed its state by: an asset, a source, a zone.
    pub key: String,
    /// One line for the queue.
    pub title: String,
    /// Why, in words with figures: "42.1 ug/m3 above 35 for 600 s".
    pub reason: String,
    /// How bad.
    pub severity: Severity,
    /// How soon somebody has to act.
    #[serde(default)]
    pub urgency: Urgency,
    /// How sure it is.
    #[serde(default)]
    pub certainty: Certainty,
    /// The stage of its rule when it was raised; never silent.
    #[serde(default)]
    pub stage: Stage,
    /// Whether it still holds.
    pub state: AlarmState,
    /// The kind of the observations behind it.
    pub kind: Option<KindId>,
    /// The asset concerned.
    pub asset: Option<AssetId>,
    /// Where.
    pub place: Option<Geometry>,
    /// The agency that handles it.
    pub agency: AgencyId,
    /// When it was raised, in platform time.
    pub raised: Timestamp,
    /// When the condition ended.
    pub cleared: Option<Timestamp>,
    /// The observations that caused it, oldest first, at most [`MAX_CAUSES`].
    pub causes: Vec<Observation>,
    /// How many observations supported it in all.
    pub support: u64,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
    /// Counts up with every change.
    pub version: u64,
    /// Actual, or of an exercise.
    #[serde(default)]
    pub reality: Reality,
}
