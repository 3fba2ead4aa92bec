//! Alarms.

use serde::Serialize;
use utoipa::ToSchema;
use vigiles_model as model;

use super::observation::Observation;
use super::place::Place;
use super::time::Time;
use super::words::{AlarmState, Certainty, Reality, Severity, Stage, Urgency};

/// An abnormal condition that asks for attention, with the observations that caused it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Alarm {
    /// Identity.
    pub id: String,
    /// The rule that raised it.
    pub rule: String,
    /// The version of the rule at that moment.
    pub rule_version: u64,
    /// The rule's name for people.
    pub rule_name: String,
    /// What the rule keeps its state by: an asset, a source, a zone.
    pub key: String,
    /// One line.
    pub title: String,
    /// Why, in words with figures.
    pub reason: String,
    /// How bad.
    pub severity: Severity,
    /// How soon somebody has to act.
    pub urgency: Urgency,
    /// How sure it is.
    pub certainty: Certainty,
    /// The stage of its rule when it was raised.
    pub stage: Stage,
    /// Whether it still holds.
    pub state: AlarmState,
    /// The kind of the observations behind it.
    pub kind: Option<String>,
    /// The asset concerned.
    pub asset: Option<String>,
    /// Where.
    pub place: Option<Place>,
    /// The agency that handles it.
    pub agency: String,
    /// When it was raised.
    pub raised: Time,
    /// When it ended.
    pub cleared: Option<Time>,
    /// The observations that caused it, oldest first: those that it began at (of a rate the reading before), then the
    /// first and the latest that said so.
    pub causes: Vec<Observation>,
    /// What it rests on beyond these, by where history has it; null for one that stands for others, for a cluster, and
    /// for those raised before this was kept.
    pub basis: Option<AlarmBasis>,
    /// How many observations supported it in all.
    pub support: u64,
    /// The incident it belongs to.
    pub incident: Option<String>,
    /// Actual, or of an exercise.
    pub reality: Reality,
    /// Counts up with every change.
    pub version: u64,
}

/// The readings that an alarm rests on: those of a window, of a flat line, of neighbours, of what was learned. They are
/// what `/api/v1/observations` has of these times, kinds and series.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AlarmBasis {
    /// Phenomenon time of the first.
    pub from: Time,
    /// Phenomenon time of the last, inclusive.
    pub to: Time,
    /// Their kinds.
    pub kinds: Vec<String>,
    /// Whose they are: the asset concerned, then the neighbours that it was compared with, at most 32. Where neither
    /// assets, a source, a zone nor a box is named, readings of the whole city count.
    pub assets: Vec<String>,
    /// The source that they come from.
    pub source: Option<String>,
    /// The zone that they lie in.
    pub zone: Option<String>,
    /// `west,south,east,north` in degrees: the box around the readings of a cluster.
    #[schema(example = "24.8,60.1,25.0,60.3")]
    pub bbox: Option<String>,
}

impl From<&model::alarm::Basis> for AlarmBasis {
    fn from(basis: &model::alarm::Basis) -> Self {
        Self {
            from: basis.from.into(),
            to: basis.to.into(),
            kinds: basis.kinds.iter().map(ToString::to_string).collect(),
            assets: basis.assets.iter().map(ToString::to_string).collect(),
            source: basis.source.as_ref().map(ToString::to_string),
            zone: basis.zone.as_ref().map(ToString::to_string),
            bbox: basis.area.map(|area| area.to_string()),
        }
    }
}

impl Alarm {
    /// The wire form; `unit` gives the unit of a kind, `rule_name` the name of a rule.
    pub fn new(alarm: &model::Alarm, unit: &dyn Fn(&model::KindId) -> String, rule_name: String) -> Self {
        let before = alarm.basis.iter().flat_map(|basis| &basis.before);
        let causes = before.chain(&alarm.causes);
        Self {
            id: alarm.id.to_string(),
            rule: alarm.rule.to_string(),
            rule_version: alarm.rule_version,
            rule_name,
            key: alarm.key.clone(),
            title: alarm.title.clone(),
            reason: alarm.reason.clone(),
            severity: alarm.severity.into(),
            urgency: alarm.urgency.into(),
            certainty: alarm.certainty.into(),
            stage: alarm.stage.into(),
            state: alarm.state.into(),
            kind: alarm.kind.as_ref().map(ToString::to_string),
            asset: alarm.asset.as_ref().map(ToString::to_string),
            place: alarm.place.as_ref().map(Place::from),
            agency: alarm.agency.to_string(),
            raised: alarm.raised.into(),
            cleared: alarm.cleared.map(Time::from),
            causes: causes.map(|cause| Observation::new(cause, &unit(&cause.kind))).collect(),
            basis: alarm.basis.as_ref().map(AlarmBasis::from),
            support: alarm.support,
            incident: alarm.incident.as_ref().map(ToString::to_string),
            reality: alarm.reality.into(),
            version: alarm.version,
        }
    }
}
