//! What is wrong with a rule, gathered field by field.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use vigiles_model::KindId;
use vigiles_model::kind::ValueType;

use super::check::MAX_TEXT_BYTES;
use super::known::{self, Known, Named};
use crate::expression::{Expression, Mention, Mentioned, Scope, Type};

/// Faults of a rule up to which a name that is not there is compared with those that are.
const MAX_MEANT: usize = 8;

/// What is wrong with a rule, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Path of the field: `when`, `detector.threshold.above`.
    pub field: String,
    /// Where in the field's text: line, and column in characters, both from 1. None for the field as a whole, and for one
    /// that is no text.
    pub at: Option<(u32, u32)>,
    /// What was wrong and what was expected.
    pub message: String,
}

/// What was found so far.
pub(super) struct Findings<'a> {
    found: Vec<Diagnostic>,
    /// What the rule may name; none for one in the log, of which no more is asked than when it was written there.
    known: Option<&'a dyn Known>,
}

/// The readings that an expression is about.
pub(super) struct Read<'a> {
    /// Their kinds.
    pub(super) kinds: &'a [KindId],
    /// The unit of their figures, where it is one.
    pub(super) unit: Option<&'a str>,
    /// All units that they come in.
    pub(super) units: BTreeSet<String>,
    /// Whether implausible ones are looked at too.
    pub(super) implausible: bool,
}

impl<'a> Findings<'a> {
    /// Of a rule that is to be saved.
    pub(super) fn to_save(known: &'a dyn Known) -> Self {
        Self { found: Vec::new(), known: Some(known) }
    }

    /// Of a rule in the log.
    pub(super) fn logged() -> Self {
        Self { found: Vec::new(), known: None }
    }

    /// Whether more is asked than of a rule in the log.
    pub(super) fn is_to_save(&self) -> bool {
        self.known.is_some()
    }

    /// What the rule may name; none for a rule in the log.
    pub(super) fn known(&self) -> Option<&'a dyn Known> {
        self.known
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn all(self) -> Vec<Diagnostic> {
        self.found
    }

    pub(super) fn at(&mut self, field: &str, line: u32, column: u32, message: impl Into<String>) {
        self.found.push(Diagnostic { field: field.to_owned(), at: Some((line, column)), message: message.into() });
    }

    pub(super) fn say(&mut self, field: &str, message: impl Into<String>) {
        self.found.push(Diagnostic { field: field.to_owned(), at: None, message: message.into() });
    }

    pub(super) fn text(&mut self, field: &str, text: &str) {
        if text.trim().is_empty() {
            self.say(field, "expected a text, found nothing");
        }
        self.no_longer(field, text);
    }

    pub(super) fn no_longer(&mut self, field: &str, text: &str) {
        if text.len() > MAX_TEXT_BYTES {
            self.say(field, format!("expected at most {MAX_TEXT_BYTES} bytes, found {}", text.len()));
        }
    }

    /// Every `{word}` of a title must be one that is filled in.
    pub(super) fn title(&mut self, field: &str, text: &str) {
        const WORDS: [&str; 7] = ["asset", "value", "unit", "zone", "kind", "source", "count"];
        let mut rest = text;
        let mut column = 1;
        while let Some(start) = rest.find('{') {
            column += rest[..start].chars().count() as u32;
            let Some(length) = rest[start..].find('}') else {
                return self.at(field, 1, column, "`{` without `}`");
            };
            let word = &rest[start + 1..start + length];
            if !WORDS.contains(&word) {
                self.at(field, 1, column, format!("unknown word `{{{word}}}`; known are {{{}}}", WORDS.join("} {")));
            }
            column += rest[start..=start + length].chars().count() as u32;
            rest = &rest[start + length + 1..];
        }
    }

    pub(super) fn span(&mut self, field: &str, value: f64, least: f64, most: f64) {
        if !(least..=most).contains(&value) {
            self.say(field, format!("expected a number from {least} to {most}, found {value}"));
        }
    }

    pub(super) fn optional(&mut self, field: &str, value: Option<f64>, (least, most): (f64, f64)) {
        if let Some(value) = value {
            self.span(field, value, least, most);
        }
    }

    pub(super) fn limits(&mut self, detector: &str, above: Option<f64>, below: Option<f64>) {
        if above.is_none() && below.is_none() {
            self.say(detector, "expected `above`, `below` or both");
        }
        for (name, limit) in [("above", above), ("below", below)] {
            if limit.is_some_and(|l| !l.is_finite()) {
                self.say(&format!("{detector}.{name}"), "expected a finite number");
            }
        }
        if let (Some(above), Some(below)) = (above, below)
            && below > above
        {
            self.say(
                &format!("{detector}.below"),
                format!("expected at most {above}, found {below}: every reading would raise the alarm"),
            );
        }
    }

    /// The type of a kind's values; none where there is no such kind, and for a rule in the log.
    pub(super) fn value_type(&self, kind: &KindId) -> Option<ValueType> {
        self.known.and_then(|known| known.value_type(kind))
    }

    /// Most steps to the zones of a place; none for a rule in the log.
    pub(super) fn zone_steps(&self) -> u32 {
        self.known.map_or(0, Known::zone_steps)
    }

    /// Refuses a name of something that the city does not have.
    pub(super) fn named(&mut self, field: &str, what: Named, id: &str) {
        if self.known.is_some_and(|known| !known.has(what, id)) {
            self.missing(field, what, id);
        }
    }

    /// The city has none of this id.
    pub(super) fn missing(&mut self, field: &str, what: Named, id: &str) {
        let message = self.none_of(what, id);
        self.say(field, message);
    }

    /// There is none of this id, and which was probably meant.
    fn none_of(&self, what: Named, id: &str) -> String {
        // Every name is compared with all there are: a rule that names hundreds wrongly waits for the first few.
        let known = self.known.filter(|_| self.found.len() < MAX_MEANT);
        let ids = known.map(|known| known.ids(what)).unwrap_or_default();
        known::missing(what, id, ids.iter().map(String::as_str))
    }

    /// Refuses an expression that does not compile, and one that means no readings of these: whose figures or units do
    /// not say what they mean, that names what is not there, or compares with what never comes.
    pub(super) fn expression(&mut self, field: &str, text: &str, windows: bool, read: &Read<'_>) {
        let scope = match self.known {
            Some(known) => {
                let values = Type::of(read.kinds.iter().map(|kind| known.value_type(kind)));
                let (range, implausible) = (self.range(read), read.implausible);
                Scope { range, implausible, ..Scope::to_save(windows, read.unit, values) }
            }
            None => Scope::stored(windows, read.unit),
        };
        let expression = match Expression::compile(text, scope) {
            Ok(expression) => expression,
            Err(flaw) => return self.at(field, flaw.line, flaw.column, flaw.message),
        };
        self.units(field, &expression, &read.units);
        for Mention { place: (line, column), what, id } in &expression.mentions {
            if let Some(message) = self.unmet(*what, id, read.kinds) {
                self.at(field, *line, *column, message);
            }
        }
        // One in the log goes on as it did.
        let decided = if self.is_to_save() { expression.decided.as_slice() } else { &[] };
        for ((line, column), message) in decided {
            self.at(field, *line, *column, message);
        }
    }

    /// What is wrong with a name in an expression over readings of these kinds.
    fn unmet(&self, what: Mentioned, id: &str, kinds: &[KindId]) -> Option<String> {
        let city = self.known?;
        match what {
            Mentioned::Zone => (!city.has(Named::Zone, id)).then(|| self.none_of(Named::Zone, id)),
            Mentioned::Kind if kinds.iter().any(|kind| kind.as_str() == id) => None,
            Mentioned::Kind if city.has(Named::Kind, id) => {
                Some(format!("no reading here is of kind `{id}`: it is not among the kinds that are looked at"))
            }
            // Another kind of the city would not do either: only those that are looked at are offered.
            Mentioned::Kind => Some(known::missing(Named::Kind, id, kinds.iter().map(KindId::as_str))),
        }
    }

    fn units(&mut self, field: &str, expression: &Expression, units: &BTreeSet<String>) {
        let named: Vec<&str> = units.iter().map(String::as_str).collect();
        let named = named.join(", ");
        if let Some((line, column)) = expression.units.figure
            && units.len() > 1
        {
            let message = format!(
                "a reading meets a number here, and the kinds have different units ({named}): set the rule's `unit`, or \
                 make a rule for each unit"
            );
            self.at(field, line, column, message);
        }
        for ((line, column), message) in &expression.units.clashes {
            self.at(field, *line, *column, message);
        }
        for ((line, column), code) in &expression.units.codes {
            if !units.contains(code.as_str()) {
                let message = format!("no reading of this rule comes in `{code}`; they come in {named}");
                self.at(field, *line, *column, message);
            }
        }
    }
}
