//! Which set of state a command is meant for.

use vigiles_model::Reality;

use crate::command::CommandBody;
use crate::engine::Engine;

impl Engine {
    /// The side that holds the incident of a command; the city where none does, which then does not find it either.
    pub(crate) fn side_of(&self, body: &CommandBody) -> Reality {
        let Some(drill) = &self.drill else { return Reality::Actual };
        let is_drill = match body {
            CommandBody::OpenIncident { reality, .. } => *reality == Reality::Exercise,
            body => body.incident().is_some_and(|id| drill.live.cases.number(id).is_some()),
        };
        if is_drill { Reality::Exercise } else { Reality::Actual }
    }
}
