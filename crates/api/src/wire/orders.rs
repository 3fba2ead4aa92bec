//! What people may do to an incident, as bodies of requests.

use serde::Deserialize;
use utoipa::ToSchema;
use vigiles_engine::command::TaskOutcome;
use vigiles_model as model;

use super::correlation::RelationWord;
use super::place::Place;
use super::words::{CallerRole, IncidentState, Priority, Reality, Severity, Verdict};

/// Opens an incident by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenIncident {
    /// One line.
    #[schema(min_length = 1, max_length = 300)]
    pub title: String,
    /// Type in the city's words.
    #[schema(min_length = 1, max_length = 128)]
    pub incident_type: String,
    /// How urgent.
    pub priority: Priority,
    /// How bad.
    pub severity: Severity,
    /// Where.
    #[serde(default)]
    pub place: Option<Place>,
    /// Playbook to start.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub playbook: Option<model::PlaybookId>,
    /// Actual where absent.
    #[serde(default)]
    pub reality: Option<Reality>,
}

/// Moves an incident along its lifecycle.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeState {
    /// The next state.
    pub to: IncidentState,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Changes the priority.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPriority {
    /// The new priority.
    pub priority: Priority,
}

/// Says what an incident turned out to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assess {
    /// That.
    pub verdict: Verdict,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 4096)]
    pub reason: Option<String>,
}

/// Adds a note.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// The text.
    #[schema(min_length = 1, max_length = 8192)]
    pub text: String,
}

/// Adds a call to an incident: one more witness of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCall {
    /// What was told; no names, no numbers.
    #[schema(min_length = 1, max_length = 4096)]
    pub text: String,
    /// What the caller is to it; unknown where absent.
    #[serde(default)]
    pub role: Option<CallerRole>,
    /// Where, as the caller said.
    #[serde(default)]
    pub place: Option<Place>,
}

/// A call that another system hands over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeCall {
    /// What was told; no names, no numbers.
    #[schema(min_length = 1, max_length = 4096)]
    pub text: String,
    /// What the caller is to it; unknown where absent.
    #[serde(default)]
    pub role: Option<CallerRole>,
    /// Title of the incident, where one is opened; the first line of the text, cut to 120 characters, where absent.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 300)]
    pub title: Option<String>,
    /// Type in the city's words. Only incidents with an alarm or a call of this type, or of one that a correlation rule
    /// joins to it, come into question.
    #[schema(min_length = 1, max_length = 128)]
    pub incident_type: String,
    /// How urgent, where an incident is opened.
    pub priority: Priority,
    /// How bad. The severity of an incident that it joins rises to it.
    pub severity: Severity,
    /// Where, as the caller said. Without one the call opens an incident.
    #[serde(default)]
    pub place: Option<Place>,
    /// Playbook to start, where an incident is opened.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub playbook: Option<model::PlaybookId>,
    /// Actual where absent.
    #[serde(default)]
    pub reality: Option<Reality>,
}

/// Merges another incident into this one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// The one that ends as merged.
    #[schema(value_type = String)]
    pub from: model::IncidentId,
}

/// Gives the lead of the incident to another agency.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// The agency that leads from here on.
    #[schema(value_type = String)]
    pub to: model::AgencyId,
    /// Why.
    #[schema(min_length = 1, max_length = 4096)]
    pub reason: String,
}

/// Splits alarms off into a new incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The alarms that leave.
    #[schema(value_type = Vec<String>, min_items = 1)]
    pub alarms: Vec<model::AlarmId>,
    /// Title of the new incident.
    #[serde(default)]
    pub title: Option<String>,
}

/// Takes one alarm out of the incident for good; it stands alone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DetachAlarm {
    /// The alarm that leaves.
    #[schema(value_type = String)]
    pub alarm: model::AlarmId,
}

/// Says that another incident has to do with this one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkIncident {
    /// The other one.
    #[schema(value_type = String)]
    pub to: model::IncidentId,
    /// What it is to this one.
    pub relation: RelationWord,
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// Takes such a relation away, also one that a rule found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlinkIncident {
    /// The other one.
    #[schema(value_type = String)]
    pub from: model::IncidentId,
    /// Why.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: Option<String>,
}

/// Starts a playbook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartPlaybook {
    /// Which.
    #[schema(value_type = String)]
    pub playbook: model::PlaybookId,
}

/// Reports what became of a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteTask {
    /// What became of it.
    pub outcome: TaskWord,
    /// In words.
    #[serde(default)]
    pub text: Option<String>,
}

/// Answers the question of a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerTask {
    /// One of its options, or any text where it has none.
    #[schema(min_length = 1, max_length = 4096)]
    pub answer: String,
}

/// Agrees to a task; who calls is the person who agrees.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveTask {}

/// Aborts the playbook under way.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AbortPlaybook {
    /// Why.
    #[schema(min_length = 1, max_length = 4096)]
    pub reason: String,
}

/// Says something in a joint room.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostMessage {
    /// The text.
    #[schema(min_length = 1, max_length = 8192)]
    pub text: String,
}

/// What a person may say of a task.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskWord {
    /// It is done.
    Done,
    /// It is left out.
    Skipped,
    /// A failed one is tried again.
    Retry,
}

impl From<TaskWord> for TaskOutcome {
    fn from(word: TaskWord) -> Self {
        match word {
            TaskWord::Done => Self::Done,
            TaskWord::Skipped => Self::Skipped,
            TaskWord::Retry => Self::Retry,
        }
    }
}
