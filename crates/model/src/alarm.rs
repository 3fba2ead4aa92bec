//! Abnormal conditions that ask for attention (IEC 62682).

use serde::{Deserialize, Serialize};

use crate::{
    AgencyId, AlarmId, AssetId, BoundingBox, Geometry, IncidentId, KindId, Observation, Reality, RuleId, SourceId,
    Timestamp, ZoneId,
};

/// Most causing observations an alarm keeps whole: the first and the latest ones.
pub const MAX_CAUSES: usize = 16;
/// Most observations before the first cause that an alarm keeps whole.
pub const MAX_BEFORE: usize = 2;
/// Most assets, and most kinds, that a [`Basis`] names.
pub const MAX_NAMED: usize = 32;

/// How bad, on the scale of OASIS CAP 1.2, least first; one that is not known is below all others.
///
/// Invariant: variants are only added at the end, since a snapshot of format 1 has their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// Not known.
    Unknown,
}

impl Severity {
    fn rank(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Minor => 1,
            Self::Moderate => 2,
            Self::Severe => 3,
            Self::Extreme => 4,
        }
    }
}

impl Ord for Severity {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Severity {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
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
    /// They are counted and nothing else: where a new rule begins.
    #[default]
    Silent,
    /// They are stored and shown with their rule; they are in no queue and open no incident.
    Shadow,
    /// They are shown in the queue and open or join incidents.
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

/// What an alarm rests on beyond the causes that it keeps whole: the readings of a window, of a flat line, of what was
/// learned, of neighbours. They are those that history has of these times, kinds and series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// Phenomenon time of the first reading.
    pub from: Timestamp,
    /// Phenomenon time of the last one.
    pub to: Timestamp,
    /// Kinds of the readings, at most [`MAX_NAMED`].
    pub kinds: Vec<KindId>,
    /// Whose readings: the asset concerned first, then the neighbours it was compared with, the nearest first; at most
    /// [`MAX_NAMED`]. Where neither assets, a source, a zone nor an area is named, readings of the whole city count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<AssetId>,
    /// The source whose readings they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceId>,
    /// The zone that they lie in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
    /// The box around the readings of a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<BoundingBox>,
    /// Readings before the first cause, kept whole, oldest first, at most [`MAX_BEFORE`]: the one that a rate of change
    /// began at, some of those that lay flat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Observation>,
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
    /// The stage of its rule when it was raised; never silent. Alarms of before there were stages have none: all were live.
    #[serde(default = "live")]
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
    /// What it rests on beyond these; none for one that stands for others, for a cluster, and for those of before this
    /// was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
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

fn live() -> Stage {
    Stage::Live
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_worse_than_what_is_not() {
        let mut all = [Severity::Extreme, Severity::Unknown, Severity::Moderate, Severity::Minor, Severity::Severe];
        all.sort();
        let words = all.map(|severity| serde_json::to_string(&severity).unwrap());
        assert_eq!(words.join(" "), r#""unknown" "minor" "moderate" "severe" "extreme""#);
    }
}
