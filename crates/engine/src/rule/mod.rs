//! Rules as operators write them: what to look at, when to raise, what to open.
//!
//! Invariant: these types stand in rule files (TOML), in the API and the log (JSON) and in the snapshot (postcard),
//! so they carry no serde attribute that a format without field names cannot follow.

mod check;

use serde::{Deserialize, Serialize};
use vigiles_model::{AgencyId, KindId, PersonId, PlaybookId, Priority, RuleId, Severity, ZoneId};

pub use check::Diagnostic;

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Identity.
    pub id: RuleId,
    /// Name for people.
    pub name: String,
    /// What it is for, in a sentence or two.
    #[serde(default)]
    pub description: String,
    /// Whether it judges at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Counts up with every change; set by the engine.
    #[serde(default)]
    pub version: u64,
    /// The agency that handles its alarms.
    pub agency: AgencyId,
    /// Who wrote it.
    #[serde(default)]
    pub author: Option<PersonId>,
    /// The observation kinds it looks at, at least one.
    pub kinds: Vec<KindId>,
    /// A CEL expression; readings for which it is false are not judged.
    #[serde(default)]
    pub when: Option<String>,
    /// What its state is kept by.
    #[serde(default)]
    pub key: Key,
    /// What it looks for.
    pub detector: Detector,
    /// What its alarm says.
    pub alarm: AlarmText,
    /// Seconds after an alarm has cleared during which the same key raises none.
    #[serde(default)]
    pub cooldown_s: f64,
    /// The incident its alarms open or join; none for alarms that stand alone.
    #[serde(default)]
    pub incident: Option<IncidentSpec>,
}

/// What the state of a rule is kept by: each key has its own alarm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// The asset of the reading; the source where there is none.
    #[default]
    Asset,
    /// The source of the reading.
    Source,
    /// Each zone that the place of the reading lies in.
    Zone,
    /// One state for the whole rule; a count with a radius keeps one per cluster.
    All,
}

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

/// Zones and what a moving thing does to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geofence {
    /// The zones, as many as wanted; each has its own alarm for a key.
    pub zones: Vec<ZoneId>,
    /// What raises the alarm.
    pub on: Crossing,
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

/// What an alarm says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmText {
    /// One line; `{asset} {value} {unit} {zone} {kind} {source} {count}` are filled in.
    pub title: String,
    /// How bad.
    pub severity: Severity,
}

/// The incident that alarms of a rule open or join.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentSpec {
    /// Type in the city's words; alarms join only incidents of the same type.
    pub incident_type: String,
    /// Priority of a new incident.
    pub priority: Priority,
    /// Playbook that a new incident starts with.
    #[serde(default)]
    pub playbook: Option<PlaybookId>,
    /// An alarm within this many metres of another of the incident joins it...
    #[serde(default)]
    pub radius_m: f64,
    /// ...if the incident's latest alarm is at most this many seconds old.
    #[serde(default)]
    pub window_s: f64,
    /// Title of a new incident; the alarm's title where none is given.
    #[serde(default)]
    pub title: Option<String>,
}

fn yes() -> bool {
    true
}

fn one() -> f64 {
    1.0
}
