//! What an exercise showed: who saw what when, which steps were late, missed or left out, and times against targets.
//!
//! Made from what is stored, so it can be made again: the exercise's incidents and the reads of the audit log.

use serde::{Deserialize, Serialize};
use vigiles_model::incident::{TimelineEntry, TimelineEvent};
use vigiles_model::playbook::TaskOrigin;
use vigiles_model::{Exercise, Incident, IncidentId, Task, TaskState, Timestamp};

use super::scenario::Scenario;
use super::targets::Reached;
use crate::incidents::state_text;

/// A read of an incident by a person, from the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Which incident.
    pub incident: IncidentId,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What an exercise showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Debrief {
    /// The exercise.
    pub exercise: Exercise,
    /// Until when it is looked at: its end, or now.
    pub until: Timestamp,
    /// Its incidents, in the order of their numbers.
    pub incidents: Vec<Course>,
    /// Its targets, in the order of the scenario.
    pub targets: Vec<Reached>,
}

/// The course of one incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Which incident.
    pub incident: IncidentId,
    /// Its number in the exercise.
    pub number: u64,
    /// Its type.
    pub incident_type: String,
    /// Its title.
    pub title: String,
    /// When it was opened.
    pub opened: Timestamp,
    /// Seconds from the beginning of the exercise to there.
    pub opened_after_s: f64,
    /// Who read it first, and who after them.
    pub seen: Vec<Sight>,
    /// Who did what, oldest first.
    pub deeds: Vec<Deed>,
    /// The steps of its playbooks.
    pub steps: Vec<StepCourse>,
}

/// That a person read an incident for the first time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Seconds after its opening.
    pub after_s: f64,
}

/// Something that a person did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deed {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Seconds after the opening of the incident.
    pub after_s: f64,
    /// What, in English.
    pub what: String,
    /// The same as it stands in the timeline of the incident, for whoever says it in another language.
    pub event: TimelineEvent,
}

/// How a step went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepCourse {
    /// Its title.
    pub title: String,
    /// How it went.
    pub verdict: Verdict,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it was over.
    pub ended: Option<Timestamp>,
    /// When it became overdue.
    pub deadline: Option<Timestamp>,
    /// Seconds over the deadline, at its end or at the end of the exercise; below zero is time left.
    pub over_s: Option<f64>,
    /// What came of it.
    pub outcome: Option<String>,
    /// Who agreed.
    pub approved_by: Vec<String>,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Done in time, or without a deadline.
    Done,
    /// Done after its deadline.
    Late,
    /// Its turn had come, and its deadline had passed before it was done, or it had failed.
    Missed,
    /// Its turn had come, and the exercise ended while there was time left.
    UnderWay,
    /// Left out.
    Skipped,
    /// Its turn never came.
    NotReached,
}

impl Debrief {
    /// Of an exercise that was looked at until its end, or now. Incidents and reads may stand in any order.
    pub fn of(
        exercise: &Exercise,
        until: Timestamp,
        scenario: &Scenario,
        incidents: &[Incident],
        reads: &[Read],
    ) -> Self {
        let mut incidents: Vec<&Incident> = incidents.iter().collect();
        incidents.sort_by_key(|i| i.number);
        let mut reads: Vec<&Read> = reads.iter().collect();
        reads.sort_by(|a, b| (a.at, &a.by).cmp(&(b.at, &b.by)));
        Self {
            exercise: exercise.clone(),
            until,
            targets: scenario.targets.iter().map(|target| Reached::of(target, exercise, until, &incidents)).collect(),
            incidents: incidents.iter().map(|incident| course(incident, exercise, until, &reads)).collect(),
        }
    }
}

fn course(incident: &Incident, exercise: &Exercise, until: Timestamp, reads: &[&Read]) -> Course {
    let mut seen: Vec<Sight> = Vec::new();
    for read in reads.iter().filter(|read| read.incident == incident.id && read.at <= until) {
        if seen.iter().all(|known| known.by != read.by) {
            seen.push(Sight { by: read.by.clone(), at: read.at, after_s: after_s(incident.opened, read.at) });
        }
    }
    let deed = |entry: &TimelineEntry| {
        let by = entry.by.as_ref()?.to_string();
        let (at, event) = (entry.at, entry.event.clone());
        Some(Deed { by, at, after_s: after_s(incident.opened, at), what: words(&event), event })
    };
    Course {
        incident: incident.id.clone(),
        number: incident.number,
        incident_type: incident.incident_type.clone(),
        title: incident.title.clone(),
        opened: incident.opened,
        opened_after_s: after_s(exercise.started, incident.opened),
        seen,
        deeds: incident.timeline.iter().filter_map(deed).collect(),
        steps: incident.tasks.iter().filter(|t| t.origin == TaskOrigin::Step).map(|t| step(t, until)).collect(),
    }
}

fn step(task: &Task, until: Timestamp) -> StepCourse {
    let over_s = task.deadline.map(|deadline| after_s(deadline, task.ended.unwrap_or(until)));
    let verdict = match task.state {
        TaskState::Skipped => Verdict::Skipped,
        TaskState::Done | TaskState::Compensating | TaskState::Compensated if over_s.is_some_and(|s| s > 0.0) => {
            Verdict::Late
        }
        TaskState::Done | TaskState::Compensating | TaskState::Compensated => Verdict::Done,
        TaskState::Waiting => Verdict::NotReached,
        TaskState::Failed => Verdict::Missed,
        TaskState::Running | TaskState::AwaitingApproval | TaskState::Retrying if over_s.is_some_and(|s| s >= 0.0) => {
            Verdict::Missed
        }
        TaskState::Running | TaskState::AwaitingApproval | TaskState::Retrying => Verdict::UnderWay,
    };
    StepCourse {
        title: task.step.title.clone(),
        verdict,
        started: task.started,
        ended: task.ended,
        deadline: task.deadline,
        over_s: over_s.filter(|_| !matches!(verdict, Verdict::Skipped | Verdict::UnderWay | Verdict::NotReached)),
        outcome: task.outcome.clone(),
        approved_by: task.approvals.iter().map(|approval| approval.by.to_string()).collect(),
    }
}

pub(super) fn after_s(from: Timestamp, to: Timestamp) -> f64 {
    to.since(from).as_secs_f64()
}

/// What somebody did, in words.
fn words(event: &TimelineEvent) -> String {
    match event {
        TimelineEvent::Opened => "opened it".to_owned(),
        TimelineEvent::AlarmJoined { alarm, .. } => format!("put in alarm {alarm}"),
        TimelineEvent::AlarmCleared { alarm } => format!("alarm {alarm} cleared"),
        TimelineEvent::AlarmLeft { alarm } => format!("took out alarm {alarm}"),
        TimelineEvent::State { from, to, reason } => {
            format!("{} to {}{}", state_text(*from), state_text(*to), because(reason.as_deref()))
        }
        TimelineEvent::Priority { from, to } => format!("priority {from:?} to {to:?}"),
        TimelineEvent::LeadHandedOver { from, to, reason } => {
            format!("handed the lead from agency {from} to agency {to}: {reason}")
        }
        TimelineEvent::Note { text } => format!("noted: {text}"),
        TimelineEvent::Task { title, outcome } => format!("{title}: {outcome}"),
        TimelineEvent::Absorbed { incident } => format!("merged {incident} into it"),
        TimelineEvent::MergedInto { incident } => format!("merged it into {incident}"),
        TimelineEvent::SplitOff { incident } => format!("split off {incident}"),
        TimelineEvent::Related { incident, why, .. } => format!("related to {incident}: {why}"),
        TimelineEvent::Unrelated { incident, reason } => {
            format!("not related to {incident}{}", because(reason.as_deref()))
        }
        TimelineEvent::Assessed { verdict, reason } => {
            format!("found it {}{}", verdict_words(*verdict), because(reason.as_deref()))
        }
        TimelineEvent::Message { room, text } => format!("said in {room}: {text}"),
        TimelineEvent::CallJoined { text, why, .. } => format!("call: {text}: {why}"),
        TimelineEvent::CallLeft { incident, .. } => format!("a call left for {incident}"),
    }
}

fn verdict_words(verdict: vigiles_model::incident::Verdict) -> &'static str {
    match verdict {
        vigiles_model::incident::Verdict::Genuine => "genuine",
        vigiles_model::incident::Verdict::FalseAlarm => "a false alarm",
    }
}

fn because(reason: Option<&str>) -> String {
    reason.map(|why| format!(": {why}")).unwrap_or_default()
}
