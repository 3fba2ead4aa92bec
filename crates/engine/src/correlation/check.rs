//! Whether a correlation rule may be saved.

use vigiles_model::KindId;

use super::{Correlates, Correlation, Side};
use crate::rule::Diagnostic;

const MAX_TEXT_BYTES: usize = 2000;
/// Most types or kinds of one side.
const MAX_REFERENCES: usize = 100;
const MAX_SHARES: usize = 8;
/// Longest span in seconds: 7 days, the time that an ended incident stays in memory.
const MAX_SPAN_S: f64 = 7.0 * 86_400.0;
/// Longest reach in metres.
const MAX_REACH_M: f64 = 20_000.0;
/// Most evidence of one sort, in bits: odds of a million to one.
const MAX_BITS: f64 = 20.0;

impl Correlation {
    /// What is wrong with this rule; empty when it may be saved. `kinds` tells whether a kind is registered.
    pub fn check(&self, kinds: &dyn Fn(&KindId) -> bool) -> Vec<Diagnostic> {
        let mut found = Findings(Vec::new());
        found.text("name", &self.name);
        if self.description.len() > MAX_TEXT_BYTES {
            found.say("description", format!("expected at most {MAX_TEXT_BYTES} bytes"));
        }
        found.side("first", &self.first, kinds);
        if let Some(second) = &self.second {
            found.side("second", second, kinds);
        }
        found.number("within_s", self.within_s, 1.0, MAX_SPAN_S);
        found.number("within_m", self.within_m, 0.0, MAX_REACH_M);
        found.number("late_s", self.late_s, 0.0, MAX_SPAN_S);
        found.number("weight", self.weight, -MAX_BITS, MAX_BITS);
        if self.relation == Correlates::SameEvent && self.late_s > 0.0 {
            found.say("late_s", "only a cause and its effect have an order: expected 0".to_owned());
        }
        if self.within_m <= 0.0 && self.shares.is_empty() {
            found.say("shares", "without `within_m` at least one thing must be shared".to_owned());
        }
        if self.shares.len() > MAX_SHARES {
            found.say("shares", format!("expected at most {MAX_SHARES}, found {}", self.shares.len()));
        }
        for (i, share) in self.shares.iter().enumerate() {
            found.number(&format!("shares[{i}].agree"), share.agree, 0.0, MAX_BITS);
            found.number(&format!("shares[{i}].differ"), share.differ, -MAX_BITS, 0.0);
            if let Some(name) = share.what.attribute() {
                found.text(&format!("shares[{i}].what"), name);
            }
            if self.shares[..i].iter().any(|earlier| earlier.what == share.what) {
                found.say(&format!("shares[{i}].what"), format!("`{}` is there already", share.what.as_str()));
            }
        }
        found.0
    }
}

struct Findings(Vec<Diagnostic>);

impl Findings {
    fn say(&mut self, field: &str, message: String) {
        self.0.push(Diagnostic { field: field.to_owned(), at: None, message });
    }

    fn text(&mut self, field: &str, text: &str) {
        if text.trim().is_empty() || text.len() > MAX_TEXT_BYTES {
            self.say(field, format!("expected a text of 1 to {MAX_TEXT_BYTES} bytes, found {}", text.len()));
        }
    }

    fn number(&mut self, field: &str, value: f64, least: f64, most: f64) {
        if !(least..=most).contains(&value) {
            self.say(field, format!("expected a number from {least} to {most}, found {value}"));
        }
    }

    fn side(&mut self, field: &str, side: &Side, kinds: &dyn Fn(&KindId) -> bool) {
        if side.incident_types.len() + side.kinds.len() > MAX_REFERENCES {
            self.say(field, format!("expected at most {MAX_REFERENCES} types and kinds"));
        }
        for (i, incident_type) in side.incident_types.iter().enumerate() {
            self.text(&format!("{field}.incident_types[{i}]"), incident_type);
        }
        for (i, kind) in side.kinds.iter().enumerate().filter(|(_, kind)| !kinds(kind)) {
            self.say(&format!("{field}.kinds[{i}]"), format!("there is no observation kind `{kind}`"));
        }
    }
}
