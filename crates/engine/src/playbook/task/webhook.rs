//! A signed POST to a configured endpoint; the runtime sends it.

use super::{Settings, TaskKind};
use crate::command::CommandError;
use crate::playbook::check::name;

pub(super) struct Webhook<'a> {
    pub(super) endpoint: &'a str,
}

impl TaskKind for Webhook<'_> {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn check(&self, settings: &Settings<'_>) -> Result<(), CommandError> {
        name(&settings.part("endpoint"), self.endpoint)
    }

    fn informs(&self) -> bool {
        true
    }
}
