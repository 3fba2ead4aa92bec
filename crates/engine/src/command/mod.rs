//! What people and the runtime ask of the engine, and what it answers.

mod document;
mod subject;

use serde::{Deserialize, Serialize};
use vigiles_model::incident::Verdict;
use vigiles_model::{
    AgencyId, AlarmId, Asset, CallId, CallerRole, Exercise, ExerciseId, Geometry, Incident, IncidentId, IncidentState,
    ObservationKind, PersonId, Playbook, PlaybookId, Priority, Reality, Relation, RoomId, Severity, TaskId, Zone,
};

pub use self::document::{ConfigDocument, ConfigKind};
use crate::correlation::Correlation;
use crate::rule::{Rule, stored};

/// A command; JSON in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// Who; none for the system.
    pub by: Option<PersonId>,
    /// For which agency.
    pub agency: AgencyId,
    /// The version of the incident or configuration document the command was made for (0: it must not exist yet);
    /// none to skip the check.
    pub expected_version: Option<u64>,
    /// What.
    pub body: CommandBody,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandBody {
    /// Creates or replaces an observation kind.
    PutKind(Box<ObservationKind>),
    /// Creates or replaces an asset.
    PutAsset(Box<Asset>),
    /// Creates or replaces a zone.
    PutZone(Box<Zone>),
    /// Creates or replaces a rule.
    PutRule(#[serde(deserialize_with = "stored::boxed")] Box<Rule>),
    /// Creates or replaces a playbook.
    PutPlaybook(Box<Playbook>),
    /// Deletes a configuration document.
    Delete {
        /// Which sort.
        what: ConfigKind,
        /// Its id.
        id: String,
        /// Why: the last version of a rule says it. Logs of before it could be said have none.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Opens an incident by hand.
    OpenIncident {
        /// One line.
        title: String,
        /// Type in the city's words.
        incident_type: String,
        /// How urgent.
        priority: Priority,
        /// How bad.
        severity: Severity,
        /// Where.
        place: Option<Geometry>,
        /// Playbook to start.
        playbook: Option<PlaybookId>,
        /// Actual, exercise or test.
        reality: Reality,
    },
    /// A call that another system hands over: it joins the open incident that it belongs to by the rules, or opens one.
    TakeCall {
        /// What was told.
        text: String,
        /// What the caller is to it.
        role: CallerRole,
        /// Title of the incident, where one is opened; the beginning of the text where none is given.
        title: Option<String>,
        /// Type in the city's words.
        incident_type: String,
        /// How urgent, where an incident is opened.
        priority: Priority,
        /// How bad; the severity of an incident that it joins rises to it.
        severity: Severity,
        /// Where, as the caller said.
        place: Option<Geometry>,
        /// Playbook to start, where an incident is opened.
        playbook: Option<PlaybookId>,
        /// Actual, exercise or test.
        reality: Reality,
    },
    /// Moves an incident along its lifecycle.
    ChangeState {
        /// Which.
        incident: IncidentId,
        /// The next state.
        to: IncidentState,
        /// Why.
        reason: Option<String>,
    },
    /// Changes the priority.
    SetPriority {
        /// Which.
        incident: IncidentId,
        /// The new priority.
        priority: Priority,
    },
    /// Adds a note to the timeline.
    AddNote {
        /// Which.
        incident: IncidentId,
        /// The text.
        text: String,
    },
    /// Merges an incident into another; the version check is on `into`.
    Merge {
        /// The one that stays.
        into: IncidentId,
        /// The one that ends as merged.
        from: IncidentId,
    },
    /// Splits alarms off into a new incident.
    Split {
        /// From which.
        incident: IncidentId,
        /// The alarms that leave.
        alarms: Vec<AlarmId>,
        /// Title of the new one; the first alarm's title where none is given.
        title: Option<String>,
    },
    /// Starts a playbook in an incident that has none under way.
    StartPlaybook {
        /// Which.
        incident: IncidentId,
        /// The playbook.
        playbook: PlaybookId,
    },
    /// Reports what became of a task.
    CompleteTask {
        /// Which.
        incident: IncidentId,
        /// The task.
        task: TaskId,
        /// What became of it.
        outcome: TaskOutcome,
        /// In words.
        text: Option<String>,
    },
    /// Creates or replaces a correlation rule.
    PutCorrelation(Box<Correlation>),
    /// Takes one alarm out of an incident for good; it stands alone.
    Detach {
        /// Which.
        incident: IncidentId,
        /// The alarm that leaves.
        alarm: AlarmId,
    },
    /// Says that another incident has to do with this one.
    Link {
        /// Which.
        incident: IncidentId,
        /// The other.
        to: IncidentId,
        /// What the other is to this one.
        relation: Relation,
        /// Why.
        reason: String,
    },
    /// Takes such a relation away, also one that the engine found; it does not come back by itself.
    Unlink {
        /// Which.
        incident: IncidentId,
        /// The other.
        from: IncidentId,
        /// Why; logs of before it could be said have none.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Answers the question of a task.
    AnswerTask {
        /// Which.
        incident: IncidentId,
        /// The task.
        task: TaskId,
        /// One of its options, or any text where it has none.
        answer: String,
    },
    /// Agrees to a task that waits for it; who asks is the person who agrees.
    ApproveTask {
        /// Which.
        incident: IncidentId,
        /// The task.
        task: TaskId,
    },
    /// Aborts the playbook under way; what was done and can be undone is undone.
    AbortPlaybook {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: String,
    },
    /// Says something in a joint room.
    PostMessage {
        /// Which.
        incident: IncidentId,
        /// The room.
        room: RoomId,
        /// The text.
        text: String,
    },
    /// Says what an incident turned out to be; also of one that is closed.
    Assess {
        /// Which.
        incident: IncidentId,
        /// That.
        verdict: Verdict,
        /// Why.
        reason: Option<String>,
    },
    /// Adds a call to an incident: one more witness of it.
    AddCall {
        /// Which.
        incident: IncidentId,
        /// What was told.
        text: String,
        /// What the caller is to it.
        role: CallerRole,
        /// Where, as the caller said.
        place: Option<Geometry>,
    },
    /// Takes a call out of an incident for good; it gets an incident of its own.
    DetachCall {
        /// Which.
        incident: IncidentId,
        /// The call that leaves.
        call: CallId,
    },
    /// Gives the lead of an incident to another agency.
    HandOver {
        /// Which.
        incident: IncidentId,
        /// The agency that leads from here on.
        to: AgencyId,
        /// Why.
        reason: String,
    },
    /// Begins an exercise: from here on observations of origin exercise are judged beside the city.
    StartExercise {
        /// Its id.
        id: ExerciseId,
        /// Name for people.
        name: String,
    },
    /// Ends the exercise under way: its incidents are closed, its alarms cleared, its state forgotten.
    EndExercise {
        /// Which.
        id: ExerciseId,
        /// Why.
        reason: String,
    },
}

/// What became of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskOutcome {
    /// It is done; what comes after it may start.
    Done,
    /// It could not be done: it is tried again while tries are left; then a person may retry or skip.
    Failed,
    /// It is left out; what comes after it may start.
    Skipped,
    /// A failed one is tried again.
    Retry,
    /// It could not be done, and trying again would not help.
    Refused,
}

/// The answer to a command that was carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandDone {
    /// The incident as it is now; for a split or a call that was taken out, the new one.
    Incident(Box<Incident>),
    /// A configuration document was stored at this version.
    Config {
        /// The document, with its version where it has the field.
        document: ConfigDocument,
        /// Its version.
        version: u64,
    },
    /// The exercise that began or ended.
    Exercise(Exercise),
    /// A configuration document is gone.
    Deleted {
        /// Which sort.
        what: ConfigKind,
        /// Its id.
        id: String,
    },
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum CommandError {
    /// No such thing, or an incident closed so long ago that it left memory.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// The sort of thing.
        what: String,
        /// Its id.
        id: String,
    },
    /// Somebody changed it meanwhile.
    #[error("made for version {expected}, but it is at version {found}; read it again")]
    VersionConflict {
        /// Of the command.
        expected: u64,
        /// Of the thing.
        found: u64,
    },
    /// The lifecycle or a bound forbids it.
    #[error("not allowed: {why}")]
    NotAllowed {
        /// The reason, with what is allowed.
        why: String,
    },
    /// A field has a wrong value.
    #[error("{field}: {why}")]
    Invalid {
        /// Path of the field.
        field: String,
        /// What was expected.
        why: String,
    },
}
