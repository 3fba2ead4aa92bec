//! Which set of state a command is meant for.

use vigiles_model::{IncidentId, Reality};

use crate::command::CommandBody;
use crate::engine::Engine;

impl Engine {
    /// The side that holds the incident of a command; the city where none does, which then does not find it either.
    pub(crate) fn side_of(&self, body: &CommandBody) -> Reality {
        let Some(drill) = &self.drill else { return Reality::Actual };
        let is_drill = match body {
            CommandBody::OpenIncident { reality, .. } => *reality == Reality::Exercise,
            body => concerned(body).is_some_and(|id| drill.live.cases.number(id).is_some()),
        };
        if is_drill { Reality::Exercise } else { Reality::Actual }
    }
}

/// The incident whose version a command is made for.
fn concerned(body: &CommandBody) -> Option<&IncidentId> {
    match body {
        CommandBody::ChangeState { incident, .. }
        | CommandBody::SetPriority { incident, .. }
        | CommandBody::AddNote { incident, .. }
        | CommandBody::Merge { into: incident, .. }
        | CommandBody::Split { incident, .. }
        | CommandBody::StartPlaybook { incident, .. }
        | CommandBody::CompleteTask { incident, .. }
        | CommandBody::Assess { incident, .. }
        | CommandBody::Detach { incident, .. }
        | CommandBody::Link { incident, .. }
        | CommandBody::Unlink { incident, .. }
        | CommandBody::AnswerTask { incident, .. }
        | CommandBody::ApproveTask { incident, .. }
        | CommandBody::AbortPlaybook { incident, .. }
        | CommandBody::PostMessage { incident, .. } => Some(incident),
        CommandBody::PutKind(_)
        | CommandBody::PutAsset(_)
        | CommandBody::PutZone(_)
        | CommandBody::PutRule(_)
        | CommandBody::PutPlaybook(_)
        | CommandBody::PutCorrelation(_)
        | CommandBody::Delete { .. }
        | CommandBody::OpenIncident { .. }
        | CommandBody::StartExercise { .. }
        | CommandBody::EndExercise { .. } => None,
    }
}
