//! The incident is given to somebody.

use vigiles_model::Timestamp;
use vigiles_model::playbook::Assignee;

use super::{Settings, TaskKind};
use crate::command::CommandError;
use crate::config::invalid;
use crate::incidents::Case;
use crate::playbook::check::name;
use crate::rule::Named;

pub(super) struct Assign<'a> {
    pub(super) to: &'a Assignee,
}

impl TaskKind for Assign<'_> {
    fn name(&self) -> &'static str {
        "assign"
    }

    /// Roles are words of `vigiles-trust`, which the engine does not know: of a playbook in the log only their form is looked
    /// at.
    fn check(&self, settings: &Settings<'_>) -> Result<(), CommandError> {
        let named = |part: &str, what, id| settings.around.named(&settings.part(part), what, id);
        let role = match self.to {
            Assignee::Person(id) => return named("to.person", Named::Person, id.as_str()),
            Assignee::Agency(id) => return named("to.agency", Named::Agency, id.as_str()),
            Assignee::Role(role) => role,
        };
        let field = settings.part("to.role");
        if role.is_empty() || !role.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return Err(invalid(&field, &format!("expected the word of a role, found {role:?}")));
        }
        name(&field, role)?;
        named("to.role", Named::Role, role)
    }

    fn carry_out(&self, case: &mut Case, _at: Timestamp) -> Option<Result<String, String>> {
        case.incident.assigned = Some(self.to.clone());
        Some(Ok(format!("given to {}", self.to)))
    }
}
