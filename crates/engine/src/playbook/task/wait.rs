//! Nothing happens until the time is over or the condition holds.

use vigiles_model::playbook::OutwardKinds;

use super::{Pause, Settings, TaskKind};
use crate::command::CommandError;
use crate::config::invalid;
use crate::playbook::check::{MAX_SPAN_S, span};

pub(super) struct Wait<'a> {
    pub(super) seconds: Option<u32>,
    pub(super) until: Option<&'a str>,
}

impl TaskKind for Wait<'_> {
    fn name(&self) -> &'static str {
        "wait"
    }

    fn check(&self, settings: &Settings<'_>) -> Result<(), CommandError> {
        if self.seconds.is_none() && self.until.is_none() {
            return Err(invalid(&settings.path, "expected seconds, until or both"));
        }
        span(&settings.part("seconds"), self.seconds, MAX_SPAN_S)?;
        self.until.map_or(Ok(()), |until| settings.around.condition(&settings.part("until"), until))
    }

    fn pause(&self) -> Option<Pause<'_>> {
        Some(Pause { seconds: self.seconds, until: self.until })
    }

    fn undoes(&self, _kinds: &OutwardKinds) -> bool {
        false
    }
}
