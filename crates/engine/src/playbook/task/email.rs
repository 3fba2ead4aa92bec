//! An e-mail; the runtime sends it.

use vigiles_model::playbook::Action;

use super::{Settings, TaskKind};
use crate::command::CommandError;
use crate::config::{invalid, text};
use crate::playbook::check::{name, no_longer};
use crate::playbook::placeholders::Filler;

/// Most addresses of an e-mail.
const MAX_TO: usize = 50;

pub(super) struct Email<'a> {
    pub(super) to: &'a [String],
    pub(super) subject: &'a str,
    pub(super) body: &'a str,
}

impl TaskKind for Email<'_> {
    fn name(&self) -> &'static str {
        "email"
    }

    fn check(&self, settings: &Settings<'_>) -> Result<(), CommandError> {
        if self.to.is_empty() || self.to.len() > MAX_TO {
            let why = format!("expected 1 to {MAX_TO} addresses, found {}", self.to.len());
            return Err(invalid(&settings.part("to"), &why));
        }
        self.to.iter().enumerate().try_for_each(|(i, to)| name(&settings.part(&format!("to[{i}]")), to))?;
        text(&settings.part("subject"), self.subject)?;
        no_longer(&settings.part("body"), self.body)
    }

    fn filled(&self, filler: &Filler<'_>) -> Option<Action> {
        let (subject, body) = (filler.text(self.subject), filler.text(self.body));
        Some(Action::Email { to: self.to.to_vec(), subject, body })
    }

    fn informs(&self) -> bool {
        true
    }
}
