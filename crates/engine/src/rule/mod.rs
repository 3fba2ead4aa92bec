//! Rules as operators write them: what to look at, when to raise, what to open.
//!
//! Invariant: these types stand in rule files (TOML), in the API and the log (JSON) and in the snapshot (postcard),
//! so they carry no serde attribute that a format without field names cannot follow.

mod bytes;
mod check;
mod check_detector;
mod cost;
mod detector;
mod findings;
mod known;
mod meaning;
mod named;
mod plausible;
mod statistics;
pub mod stored;
mod values;

use serde::{Deserialize, Serialize};
use vigiles_model::alarm::{Certainty, Stage, Urgency};
use vigiles_model::{AgencyId, KindId, PersonId, PlaybookId, Priority, RuleId, Severity};

pub use crate::area::Extent;
pub use crate::zones::zone_steps;
pub use bytes::{MAX_BYTES_PER_KEY, Needs};
pub use check::UnitOf;
pub use cost::MAX_COST;
pub(crate) use cost::{MAX_KIND_COST, MAX_ZONES};
pub use detector::{
    Absence, Condition, Cooccurrence, Count, Crossing, Detector, FlatLine, Geofence, OutOfRange, Part, RateOfChange,
    Sequence, Silent, Threshold,
};
pub use findings::Diagnostic;
pub use known::{Known, Named};
pub(crate) use known::{missing, nearest};
pub(crate) use plausible::Range;
pub use statistics::{Anomaly, Baseline, ChangePoint, Drift, Forecast, Pattern, Side};

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
    /// How far its alarms reach; silent where it does not say: a rule goes live because somebody said so. What the
    /// platform wrote down itself is read by [`stored`].
    #[serde(default)]
    pub stage: Stage,
    /// Counts up with every change; set by the engine.
    #[serde(default)]
    pub version: u64,
    /// The agency that handles its alarms.
    pub agency: AgencyId,
    /// Who wrote it.
    #[serde(default)]
    pub author: Option<PersonId>,
    /// Why this version was made, in its author's words.
    #[serde(default)]
    pub reason: String,
    /// The observation kinds it looks at, at least one.
    pub kinds: Vec<KindId>,
    /// UCUM code of the unit that the figures of this rule are written in: readings are converted to it. Where none is
    /// given it is the unit of the kinds, which then must have one and the same.
    #[serde(default)]
    pub unit: Option<String>,
    /// Allowed lateness in seconds: readings are judged in the order of their phenomenon time, this long after it.
    /// With 0 each is judged as it arrives, and one that comes after a newer one of its series is left out by most
    /// detectors.
    #[serde(default)]
    pub lateness_s: f64,
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

impl Rule {
    /// A silent rule with these parts, and everything else as in a rule file that says no more.
    pub fn new(id: RuleId, agency: AgencyId, kinds: Vec<KindId>, detector: Detector, alarm: AlarmText) -> Self {
        Self {
            name: id.to_string(),
            id,
            description: String::new(),
            enabled: true,
            stage: Stage::default(),
            version: 0,
            agency,
            author: None,
            reason: String::new(),
            kinds,
            unit: None,
            lateness_s: 0.0,
            when: None,
            key: Key::default(),
            detector,
            alarm,
            cooldown_s: 0.0,
            incident: None,
        }
    }
}

impl AlarmText {
    /// An alarm of unknown urgency and certainty.
    pub fn new(title: impl Into<String>, severity: Severity) -> Self {
        Self { title: title.into(), severity, urgency: Urgency::default(), certainty: Certainty::default() }
    }
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

/// What an alarm says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmText {
    /// One line; `{asset} {value} {unit} {zone} {kind} {source} {count}` are filled in.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// How soon somebody has to act.
    #[serde(default)]
    pub urgency: Urgency,
    /// How sure it is.
    #[serde(default)]
    pub certainty: Certainty,
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
