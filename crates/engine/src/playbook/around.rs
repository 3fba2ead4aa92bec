//! What stands around a step: the steps before it, and what the city has that it may name.

use std::collections::BTreeSet;

use vigiles_model::playbook::{OutwardKinds, Step};

use super::{placeholders, task};
use crate::command::CommandError;
use crate::config::{invalid, text};
use crate::expression::{Answered, Expression, Holder, Place, place_at};
use crate::rule::{Known, Named, missing, nearest};

/// What the parts of one step may refer to.
#[derive(Clone)]
pub(super) struct Around<'a> {
    /// The kinds that act outward.
    pub(super) kinds: &'a OutwardKinds,
    /// What there is in the city; none for a playbook in the log, of which no more is asked than when it was written there.
    pub(super) known: Option<&'a dyn Known>,
    /// All steps of the playbook.
    pub(super) steps: &'a [Step],
    /// The steps over when this one starts.
    pub(super) earlier: BTreeSet<String>,
    /// The step itself and those that start when it is over: of these nothing is known in its own texts.
    pub(super) later: BTreeSet<String>,
}

impl Around<'_> {
    /// Refuses a condition that does not compile, or that reads a step which need not be over by then; of one that is to be
    /// saved also what no incident meets.
    pub(super) fn condition(&self, field: &str, text: &str) -> Result<(), CommandError> {
        let compiled = Expression::compile_for_playbook(text)
            .map_err(|flaw| at(field, (flaw.line, flaw.column), &flaw.message))?;
        if let Some(read) = compiled.steps.iter().find(|read| !self.earlier.contains(read.step.as_str())) {
            let why = match self.step(&read.step) {
                Ok(_) => format!("step '{}' is not one that this step comes after", read.step),
                Err(why) => why,
            };
            return Err(at(field, read.place, &why));
        }
        if self.known.is_none() {
            return Ok(());
        }
        if let Some((place, message)) = compiled.decided.first() {
            return Err(at(field, *place, message));
        }
        for read in compiled.steps.iter().filter(|read| read.holder == Holder::Answer) {
            self.options(&read.step).map_err(|why| at(field, read.place, &why))?;
        }
        compiled.answered.iter().try_for_each(|answered| self.answer(field, answered))
    }

    /// Refuses an answer that nobody can give. An empty one is that of a question left out.
    fn answer(&self, field: &str, Answered { place, step, text }: &Answered) -> Result<(), CommandError> {
        let options = self.options(step).map_err(|why| at(field, *place, &why))?;
        if text.is_empty() || options.is_empty() || options.iter().any(|option| option == text.as_str()) {
            return Ok(());
        }
        let why = format!("step '{step}' is never answered {text:?}: expected one of {}", options.join(", "));
        Err(at(field, *place, &why))
    }

    /// What a step may be answered with, anything where there are none.
    fn options(&self, step: &str) -> Result<Vec<String>, String> {
        let asked = |step: &Step| task::kind_of(&step.action).answers().map(<[String]>::to_vec);
        let found = self.step(step)?;
        asked(found).ok_or_else(|| {
            let named = self.steps.iter().enumerate().filter(|(_, step)| asked(step).is_some());
            let named: Vec<String> = named.map(|(i, step)| format!("'{}'", step.id_at(i))).collect();
            let which =
                if named.is_empty() { "no step does".to_owned() } else { format!("these do: {}", named.join(", ")) };
            format!("step '{step}' asks no question; {which}")
        })
    }

    /// The step of a name, or that there is none.
    fn step(&self, name: &str) -> Result<&Step, String> {
        let ids: Vec<String> = self.steps.iter().enumerate().map(|(i, step)| step.id_at(i).to_string()).collect();
        let found = ids.iter().position(|id| id == name).map(|i| &self.steps[i]);
        found.ok_or_else(|| {
            let meant = nearest(name, ids.iter().map(String::as_str));
            let meant = meant.map_or(String::new(), |meant| format!("; did you mean '{meant}'?"));
            format!("there is no step '{name}'{meant}")
        })
    }

    /// Refuses an empty or overlong text, and one to be saved with a placeholder that nothing fills in.
    pub(super) fn template(&self, field: &str, template: &str) -> Result<(), CommandError> {
        text(field, template)?;
        self.placeholders(field, template)
    }

    /// Refuses a placeholder that nothing fills in.
    pub(super) fn placeholders(&self, field: &str, template: &str) -> Result<(), CommandError> {
        if self.known.is_none() {
            return Ok(());
        }
        for (offset, word) in placeholders::named(template) {
            self.placeholder(word).map_err(|why| at(field, place_at(template, offset), &why))?;
        }
        Ok(())
    }

    fn placeholder(&self, word: &str) -> Result<(), String> {
        let read = word.split_once('.').filter(|(holder, _)| matches!(*holder, "answers" | "outcomes"));
        let Some((holder, step)) = read else {
            let known = placeholders::WORDS;
            return if known.contains(&word) {
                Ok(())
            } else {
                let all = known.join("} {");
                Err(format!("unknown word `{{{word}}}`; known are {{{all}}} {{answers.<step>}} {{outcomes.<step>}}"))
            };
        };
        match holder {
            "answers" => drop(self.options(step)?),
            _ => drop(self.step(step)?),
        }
        if self.later.contains(step) {
            return Err(format!("step '{step}' is not over when this step starts"));
        }
        Ok(())
    }

    /// Refuses a name of something that the city does not have.
    pub(super) fn named(&self, field: &str, what: Named, id: &str) -> Result<(), CommandError> {
        match self.known.filter(|known| !known.has(what, id)) {
            Some(known) => {
                let ids = known.ids(what);
                Err(invalid(field, &missing(what, id, ids.iter().map(String::as_str))))
            }
            None => Ok(()),
        }
    }
}

/// What is wrong inside a text.
fn at(field: &str, (line, column): Place, why: &str) -> CommandError {
    invalid(field, &format!("line {line}, column {column}: {why}"))
}
