//! A note in the timeline.

use vigiles_model::Timestamp;
use vigiles_model::incident::{MAX_NOTE_BYTES, TimelineEvent};
use vigiles_model::playbook::{Action, OutwardKinds};

use super::{Settings, TaskKind};
use crate::command::CommandError;
use crate::incidents::Case;
use crate::playbook::placeholders::Filler;

pub(super) struct Annotate<'a> {
    pub(super) text: &'a str,
}

impl TaskKind for Annotate<'_> {
    fn name(&self) -> &'static str {
        "annotate"
    }

    fn check(&self, settings: &Settings<'_>) -> Result<(), CommandError> {
        settings.template("text", self.text)
    }

    fn filled(&self, filler: &Filler<'_>) -> Option<Action> {
        Some(Action::Annotate { text: filler.text(self.text) })
    }

    fn carry_out(&self, case: &mut Case, at: Timestamp) -> Option<Result<String, String>> {
        let text = self.text[..self.text.floor_char_boundary(MAX_NOTE_BYTES)].to_owned();
        case.note(at, None, TimelineEvent::Note { text });
        Some(Ok("noted".to_owned()))
    }

    fn informs(&self, _kinds: &OutwardKinds) -> bool {
        true
    }
}
