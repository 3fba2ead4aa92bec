//! Exercises and what they showed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_engine::exercise::debrief as made;
use vigiles_engine::exercise::targets::Reached;
use vigiles_engine::exercise::{Scenario, Target};
use vigiles_runtime::exercise::Run;

use super::NameOf;
use super::incident::TimelineEvent;
use super::time::Time;

/// An exercise, under way or over.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Exercise {
    /// Identity.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// When it began.
    pub started: Time,
    /// When it was ended; absent while it is under way.
    pub ended: Option<Time>,
    /// Why it was ended.
    pub reason: Option<String>,
    /// Who began it.
    pub by: String,
    /// What they are called now; null where the account is gone.
    pub by_name: Option<String>,
    /// Whose it is.
    pub agency: String,
    /// Seconds of the scenario played so far.
    pub played_s: f64,
    /// Seconds until the last entry of the scenario.
    pub length_s: f64,
    /// Targets reached in time; absent while it is under way, and for exercises from before this was kept.
    pub targets_met: Option<u64>,
    /// What is played: the form of a scenario file.
    #[schema(value_type = Object)]
    pub scenario: Scenario,
}

/// Begins an exercise, with one of the platform's scenarios or one of one's own: exactly one of the fields is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartExercise {
    /// One of `/api/v1/exercise-scenarios`.
    #[serde(default)]
    pub scenario_id: Option<String>,
    /// A whole scenario.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub scenario: Option<Scenario>,
    /// The text of a scenario file, in TOML.
    #[serde(default)]
    pub file: Option<String>,
}

/// A scenario that is not started: what is wrong with it is told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckScenario {
    /// A whole scenario.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub scenario: Option<Scenario>,
    /// The text of a scenario file, in TOML.
    #[serde(default)]
    pub file: Option<String>,
}

/// A scenario that can be played here.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScenarioChecked {
    /// The scenario as it was read.
    #[schema(value_type = Object)]
    pub scenario: Scenario,
    /// Seconds until its last entry.
    pub length_s: f64,
}

/// Ends an exercise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndExercise {
    /// Why.
    pub reason: String,
}

/// Scenarios to start from.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExerciseScenarios {
    /// All of them, in the form of a scenario file.
    #[schema(value_type = Vec<Object>)]
    pub items: Vec<Scenario>,
}

/// What an exercise showed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Debrief {
    /// The exercise.
    pub exercise: String,
    /// When it began.
    pub started: Time,
    /// Until when it is looked at: its end, or now.
    pub until: Time,
    /// Its incidents, in the order of their numbers.
    pub incidents: Vec<DebriefIncident>,
    /// Its targets, in the order of the scenario.
    pub targets: Vec<DebriefTarget>,
}

/// The course of one incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct DebriefIncident {
    /// Which incident.
    pub incident: String,
    /// Its number in the exercise.
    pub number: u64,
    /// Its type.
    pub incident_type: String,
    /// Its title.
    pub title: String,
    /// When it was opened.
    pub opened: Time,
    /// Seconds from the beginning of the exercise to there.
    pub opened_after_s: f64,
    /// Who read it, the first first.
    pub seen: Vec<DebriefSight>,
    /// Who did what, oldest first.
    pub deeds: Vec<DebriefDeed>,
    /// The steps of its playbooks.
    pub steps: Vec<DebriefStep>,
}

/// That a person read an incident for the first time.
#[derive(Debug, Serialize, ToSchema)]
pub struct DebriefSight {
    /// Who.
    pub by: String,
    /// What they are called now; null where the account is gone.
    pub by_name: Option<String>,
    /// When.
    pub at: Time,
    /// Seconds after its opening.
    pub after_s: f64,
}

/// Something that a person did.
#[derive(Debug, Serialize, ToSchema)]
pub struct DebriefDeed {
    /// Who.
    pub by: String,
    /// What they are called now; null where the account is gone.
    pub by_name: Option<String>,
    /// When.
    pub at: Time,
    /// Seconds after the opening of the incident.
    pub after_s: f64,
    /// What, as an English sentence.
    pub what: String,
    /// The same as in the timeline of the incident: what it is called and its parameters, for other languages.
    pub event: TimelineEvent,
}

/// How a step went.
#[derive(Debug, Serialize, ToSchema)]
pub struct DebriefStep {
    /// Its title.
    pub title: String,
    /// `done`, `late`, `missed` (its deadline passed, or it failed), `under_way` (the exercise ended before its deadline), `skipped` or `not_reached`.
    pub verdict: String,
    /// When it began.
    pub started: Option<Time>,
    /// When it was over.
    pub ended: Option<Time>,
    /// When it became overdue.
    pub deadline: Option<Time>,
    /// Seconds over the deadline; below zero is time left.
    pub over_s: Option<f64>,
    /// What came of it.
    pub outcome: Option<String>,
    /// Who agreed.
    pub approved_by: Vec<String>,
    /// What they are called now, in the same order; null where the account is gone.
    #[schema(required = false)]
    pub approved_by_names: Vec<Option<String>>,
}

/// What became of a target.
#[derive(Debug, Serialize, ToSchema)]
pub struct DebriefTarget {
    /// The target, in the form of a scenario file.
    #[schema(value_type = Object)]
    pub target: Target,
    /// `met`, `missed` (too late, or its time was up), `time_left` (the exercise ended before its time was up) or `not_begun` (the incident
    /// from whose opening it is counted was not opened).
    pub outcome: String,
    /// Seconds allowed.
    pub within_s: f64,
    /// Seconds it took; absent where it was not reached.
    pub took_s: Option<f64>,
    /// Seconds left of the time allowed when it was reached, or at the end; below zero is too late. Absent where it was not begun.
    pub margin_s: Option<f64>,
}

impl Exercise {
    /// The exercise with the name of whoever began it.
    pub fn new(run: Run, name_of: NameOf<'_>) -> Self {
        Self {
            id: run.exercise.id.to_string(),
            name: run.exercise.name,
            started: run.exercise.started.into(),
            ended: run.ended.map(Time::from),
            reason: run.reason,
            by_name: name_of(run.by.as_str()),
            by: run.by.to_string(),
            agency: run.agency.to_string(),
            played_s: (run.played_us.max(0) as f64 / 1e6).min(run.scenario.length_s()),
            length_s: run.scenario.length_s(),
            targets_met: run.targets_met,
            scenario: run.scenario,
        }
    }
}

impl Debrief {
    /// The debrief with the names of those who took part.
    pub fn new(debrief: made::Debrief, name_of: NameOf<'_>) -> Self {
        Self {
            exercise: debrief.exercise.id.to_string(),
            started: debrief.exercise.started.into(),
            until: debrief.until.into(),
            incidents: debrief.incidents.into_iter().map(|course| DebriefIncident::new(course, name_of)).collect(),
            targets: debrief.targets.into_iter().map(DebriefTarget::from).collect(),
        }
    }
}

impl DebriefIncident {
    fn new(course: made::Course, name_of: NameOf<'_>) -> Self {
        let sight =
            |s: made::Sight| DebriefSight { by_name: name_of(&s.by), by: s.by, at: s.at.into(), after_s: s.after_s };
        let deed = |d: made::Deed| DebriefDeed {
            by_name: name_of(&d.by),
            by: d.by,
            at: d.at.into(),
            after_s: d.after_s,
            what: d.what,
            event: (&d.event).into(),
        };
        Self {
            incident: course.incident.to_string(),
            number: course.number,
            incident_type: course.incident_type,
            title: course.title,
            opened: course.opened.into(),
            opened_after_s: course.opened_after_s,
            seen: course.seen.into_iter().map(sight).collect(),
            deeds: course.deeds.into_iter().map(deed).collect(),
            steps: course.steps.into_iter().map(|step| DebriefStep::new(step, name_of)).collect(),
        }
    }
}

impl DebriefStep {
    fn new(step: made::StepCourse, name_of: NameOf<'_>) -> Self {
        Self {
            title: step.title,
            verdict: vigiles_runtime::documents::word(&step.verdict),
            started: step.started.map(Time::from),
            ended: step.ended.map(Time::from),
            deadline: step.deadline.map(Time::from),
            over_s: step.over_s,
            outcome: step.outcome,
            approved_by_names: step.approved_by.iter().map(|by| name_of(by)).collect(),
            approved_by: step.approved_by,
        }
    }
}

impl From<Reached> for DebriefTarget {
    fn from(reached: Reached) -> Self {
        Self {
            within_s: reached.target.within_s(),
            target: reached.target,
            outcome: vigiles_runtime::documents::word(&reached.outcome),
            took_s: reached.took_s,
            margin_s: reached.margin_s,
        }
    }
}
