//! Which set of state a command is meant for.

use vigiles_model::Reality;

use crate::command::CommandBody;
use crate::engine::Engine;

impl Engine {
    /// The side that a new incident is opened on, or that holds the incident; the city where none does, which then does
    /// not find it either.
    pub(crate) fn side_of(&self, body: &CommandBody) -> Reality {
        let is_drill = match body {
            CommandBody::OpenIncident { reality, .. } | CommandBody::TakeCall { reality, .. } => {
                *reality == Reality::Exercise
            }
            body => match (&self.drill, body.incident()) {
                (Some(drill), Some(id)) => drill.live.cases.number(id).is_some(),
                _ => false,
            },
        };
        if is_drill { Reality::Exercise } else { Reality::Actual }
    }
}
