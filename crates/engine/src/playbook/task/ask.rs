//! A person answers a question; later conditions and texts read the answer.

use vigiles_model::playbook::{Action, OutwardKinds};

use super::{Settings, TaskKind};
use crate::command::CommandError;
use crate::config::invalid;
use crate::playbook::check::name;
use crate::playbook::placeholders::Filler;

const MAX_OPTIONS: usize = 20;

pub(super) struct Ask<'a> {
    pub(super) question: &'a str,
    pub(super) options: &'a [String],
}

impl TaskKind for Ask<'_> {
    fn name(&self) -> &'static str {
        "ask"
    }

    fn check(&self, settings: &Settings<'_>) -> Result<(), CommandError> {
        let options = self.options;
        settings.template("question", self.question)?;
        if options.len() == 1 || options.len() > MAX_OPTIONS {
            let why = format!("expected none or 2 to {MAX_OPTIONS} answers, found {}", options.len());
            return Err(invalid(&settings.part("options"), &why));
        }
        for (i, option) in options.iter().enumerate() {
            let place = settings.part(&format!("options[{i}]"));
            name(&place, option)?;
            if options[..i].contains(option) {
                return Err(invalid(&place, &format!("the answer {option:?} stands twice")));
            }
        }
        Ok(())
    }

    fn filled(&self, filler: &Filler<'_>) -> Option<Action> {
        Some(Action::Ask { question: filler.text(self.question), options: self.options.to_vec() })
    }

    fn answers(&self) -> Option<&[String]> {
        Some(self.options)
    }

    fn undoes(&self, _kinds: &OutwardKinds) -> bool {
        false
    }
}
