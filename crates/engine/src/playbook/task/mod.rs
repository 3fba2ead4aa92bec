//! The task kinds, a file each. What all steps share (tries, deadlines, approvals, escalation, undoing) is not here.
//!
//! Who carries a kind out says `vigiles_model::playbook::Action`, since the runtime asks for it too. What acts outward is
//! not known here by name: `outward` goes by what was registered.

mod annotate;
mod ask;
mod assign;
mod manual;
mod notify_console;
mod open_room;
mod outward;
mod wait;

use vigiles_model::Timestamp;
use vigiles_model::playbook::{Action, OutwardKinds};

use super::around::Around;
use super::placeholders::Filler;
use crate::command::CommandError;
use crate::incidents::Case;

/// What the engine has to know of a task kind. What is not said has the answer that fits most kinds.
pub(super) trait TaskKind {
    /// Its name in a playbook.
    fn name(&self) -> &str;

    /// What is wrong with its settings; the first of several.
    fn check(&self, settings: &Settings<'_>) -> Result<(), CommandError>;

    /// Its action with every placeholder of its texts filled in; none where it has no texts.
    fn filled(&self, _filler: &Filler<'_>) -> Option<Action> {
        None
    }

    /// Does what the engine does at once, and says what came of it; none for what takes time or somebody else.
    fn carry_out(&self, _case: &mut Case, _at: Timestamp) -> Option<Result<String, String>> {
        None
    }

    /// What a person has to answer it with: one of these, any text where there are none; none where it asks nothing.
    fn answers(&self) -> Option<&[String]> {
        None
    }

    /// How long it does nothing; none where it does something.
    fn pause(&self) -> Option<Pause<'_>> {
        None
    }

    /// Whether somebody learns something by it, so that an escalation may use it.
    fn informs(&self, _kinds: &OutwardKinds) -> bool {
        false
    }

    /// Whether it may undo a step.
    fn undoes(&self, _kinds: &OutwardKinds) -> bool {
        true
    }
}

/// Where the settings of an action stand, and what is around it.
pub(super) struct Settings<'a> {
    /// Path of the action, its name included.
    pub(super) path: String,
    /// What they may refer to.
    pub(super) around: &'a Around<'a>,
}

impl Settings<'_> {
    /// Path of one setting.
    pub(super) fn part(&self, setting: &str) -> String {
        format!("{}.{setting}", self.path)
    }

    /// Refuses an empty or overlong text, and one with a placeholder that nothing fills in.
    fn template(&self, setting: &str, template: &str) -> Result<(), CommandError> {
        self.around.template(&self.part(setting), template)
    }
}

/// What ends a pause: the time or the condition, whichever comes first.
pub(super) struct Pause<'a> {
    pub(super) seconds: Option<u32>,
    /// A CEL expression.
    pub(super) until: Option<&'a str>,
}

/// The kind of an action, a line each.
pub(super) fn kind_of(action: &Action) -> Box<dyn TaskKind + '_> {
    match action {
        Action::Manual => Box::new(manual::Manual),
        Action::NotifyConsole { message } => Box::new(notify_console::NotifyConsole { message }),
        Action::Assign { to } => Box::new(assign::Assign { to }),
        Action::Ask { question, options } => Box::new(ask::Ask { question, options }),
        Action::Wait { seconds, until } => Box::new(wait::Wait { seconds: *seconds, until: until.as_deref() }),
        Action::Annotate { text } => Box::new(annotate::Annotate { text }),
        Action::OpenRoom { name, agencies } => Box::new(open_room::OpenRoom { name, agencies }),
        Action::Outward(outward) => Box::new(outward::OfOutward { outward }),
    }
}

/// What is wrong with an action, `field` being its path.
pub(super) fn check(field: &str, action: &Action, around: &Around<'_>) -> Result<(), CommandError> {
    let kind = kind_of(action);
    kind.check(&Settings { path: format!("{field}.{}", kind.name()), around })
}
