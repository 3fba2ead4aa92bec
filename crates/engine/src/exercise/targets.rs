//! What became of the targets of an exercise.

use serde::{Deserialize, Serialize};
use vigiles_model::incident::{TimelineEntry, TimelineEvent};
use vigiles_model::{Exercise, Incident, IncidentState, Task, TaskState, Timestamp};

use super::debrief::after_s;
use super::scenario::Target;

/// What became of a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    /// The target.
    pub target: Target,
    /// What became of it.
    pub outcome: Outcome,
    /// Seconds it took; none where it was not reached.
    pub took_s: Option<f64>,
    /// Seconds left of the time allowed; below zero is too late. None where its clock never ran.
    pub margin_s: Option<f64>,
}

/// What became of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Reached in time.
    Met,
    /// Reached too late, or its time was up before it was reached.
    Missed,
    /// Not reached, and the exercise ended while there was time left.
    TimeLeft,
    /// Its clock never ran: the incident from whose opening it is counted was not opened.
    NotBegun,
}

impl Reached {
    /// By what was done until the end of the exercise, or now. Incidents stand in the order of their numbers.
    pub(super) fn of(target: &Target, exercise: &Exercise, until: Timestamp, incidents: &[&Incident]) -> Self {
        let counted = counted(target, exercise, incidents);
        let at = counted.and_then(|(_, at)| at);
        let took_s = counted.and_then(|(from, at)| Some(after_s(from, at?)));
        let margin_s = counted.map(|(from, at)| target.within_s() - after_s(from, at.unwrap_or(until)));
        let outcome = match (margin_s, at) {
            (None, _) => Outcome::NotBegun,
            (Some(left), Some(_)) if left >= 0.0 => Outcome::Met,
            (Some(left), None) if left > 0.0 => Outcome::TimeLeft,
            (Some(_), _) => Outcome::Missed,
        };
        Self { target: target.clone(), outcome, took_s, margin_s }
    }
}

/// From when a target is counted, and when it was reached. Its clock begins with the first incident that matches; people may
/// well do what it asks for in another one, so the earliest of all that match counts.
fn counted(target: &Target, exercise: &Exercise, incidents: &[&Incident]) -> Option<(Timestamp, Option<Timestamp>)> {
    match target {
        Target::Opened { incident_type, .. } => {
            let first = incidents.iter().find(|i| i.incident_type == *incident_type);
            Some((exercise.started, first.map(|incident| incident.opened)))
        }
        Target::Acknowledged { incident_type, .. } => {
            let matching = || incidents.iter().filter(|i| i.incident_type == *incident_type);
            let at = matching().filter_map(|incident| acknowledged(incident, incidents)).min();
            Some((matching().next()?.opened, at))
        }
        Target::Done { playbook, task, .. } => {
            // A merge leaves the steps where they are: those of the other incident count if it has the playbook itself.
            let matching = || incidents.iter().filter(|i| i.playbook.as_ref() == Some(playbook));
            let is_done = |t: &&Task| t.step.title == *task && t.state.is_over() && t.state != TaskState::Skipped;
            let at = matching().flat_map(|i| &i.tasks).filter(is_done).filter_map(|task| task.ended).min();
            Some((matching().next()?.opened, at))
        }
    }
}

/// When an incident was acknowledged first: itself, or what it was merged into, whatever the type of that, from the merge on.
fn acknowledged(incident: &Incident, incidents: &[&Incident]) -> Option<Timestamp> {
    use IncidentState::{Acknowledged, InProgress, Resolved};
    let is_handled = |entry: &&TimelineEntry| {
        matches!(entry.event, TimelineEvent::State { to: Acknowledged | InProgress | Resolved, .. })
    };
    let merged = |incident: &Incident| {
        let (into, at) = incident.timeline.iter().find_map(|entry| match &entry.event {
            TimelineEvent::MergedInto { incident } => Some((incident, entry.at)),
            _ => None,
        })?;
        incidents.iter().find(|other| other.id == *into).map(|other| (*other, at))
    };
    // What is merged takes no more in, so the way comes back to nothing; it is bounded for stored incidents that say otherwise.
    std::iter::successors(Some((incident, incident.opened)), |(incident, _)| merged(incident))
        .take(incidents.len())
        .find_map(|(incident, since)| incident.timeline.iter().find(is_handled).map(|entry| entry.at.max(since)))
}
