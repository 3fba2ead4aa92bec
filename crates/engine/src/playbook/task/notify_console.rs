//! A notice on every console that follows incidents; the runtime shows it.

use vigiles_model::playbook::{Action, OutwardKinds};

use super::{Settings, TaskKind};
use crate::command::CommandError;
use crate::playbook::placeholders::Filler;

pub(super) struct NotifyConsole<'a> {
    pub(super) message: &'a str,
}

impl TaskKind for NotifyConsole<'_> {
    fn name(&self) -> &'static str {
        "notify_console"
    }

    fn check(&self, settings: &Settings<'_>) -> Result<(), CommandError> {
        settings.template("message", self.message)
    }

    fn filled(&self, filler: &Filler<'_>) -> Option<Action> {
        Some(Action::NotifyConsole { message: filler.text(self.message) })
    }

    fn informs(&self, _kinds: &OutwardKinds) -> bool {
        true
    }
}
