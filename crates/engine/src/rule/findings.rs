//! What is wrong with a rule, gathered field by field.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::check::MAX_TEXT_BYTES;
use crate::expression::{Expression, Scope};

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
pub(super) struct Findings(pub(super) Vec<Diagnostic>);

impl Findings {
    pub(super) fn at(&mut self, field: &str, line: u32, column: u32, message: impl Into<String>) {
        self.0.push(Diagnostic { field: field.to_owned(), at: Some((line, column)), message: message.into() });
    }

    pub(super) fn say(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(Diagnostic { field: field.to_owned(), at: None, message: message.into() });
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

    /// Refuses an expression that does not compile, and one whose figures or units do not say what they mean where the
    /// readings are in any of these `units`.
    pub(super) fn expression(&mut self, field: &str, text: &str, scope: Scope<'_>, units: &BTreeSet<String>) {
        let expression = match Expression::compile(text, scope) {
            Ok(expression) => expression,
            Err(flaw) => return self.at(field, flaw.line, flaw.column, flaw.message),
        };
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
        for ((line, column), code) in expression.units.codes {
            if !units.contains(code.as_str()) {
                let message = format!("no reading of this rule comes in `{code}`; they come in {named}");
                self.at(field, line, column, message);
            }
        }
    }
}
