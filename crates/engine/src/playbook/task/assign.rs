//! The incident is given to somebody.

use vigiles_model::Timestamp;
use vigiles_model::playbook::Assignee;

use super::{Settings, TaskKind};
use crate::command::CommandError;
use crate::config::invalid;
use crate::incidents::Case;
use crate::playbook::check::name;

pub(super) struct Assign<'a> {
    pub(super) to: &'a Assignee,
}

impl TaskKind for Assign<'_> {
    fn name(&self) -> &'static str {
        "assign"
    }

    /// Roles are words of `vigiles-trust`, which the engine does not know: only their form is looked at here.
    fn check(&self, settings: &Settings<'_>) -> Result<(), CommandError> {
        let Assignee::Role(role) = self.to else { return Ok(()) };
        let field = settings.part("to.role");
        if role.is_empty() || !role.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return Err(invalid(&field, &format!("expected the word of a role, found {role:?}")));
        }
        name(&field, role)
    }

    fn carry_out(&self, case: &mut Case, _at: Timestamp) -> Option<Result<String, String>> {
        case.incident.assigned = Some(self.to.clone());
        Some(Ok(format!("given to {}", self.to)))
    }
}
