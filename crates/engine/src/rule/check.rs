//! Whether a rule may be saved.

use serde::{Deserialize, Serialize};
use vigiles_model::KindId;

use super::{Count, Detector, Geofence, IncidentSpec, Key, RateOfChange, Rule, Threshold};
use crate::expression::{Expression, MAX_WINDOW_S};

/// Longest name, title or description, in bytes.
const MAX_TEXT_BYTES: usize = 2000;
/// Most kinds or zones of one rule.
const MAX_REFERENCES: usize = 500;
/// Most readings a count may ask for.
const MAX_COUNT: u32 = 10_000;
/// The same where readings are compared with each other.
const MAX_COMPARED: u32 = 500;
/// Longest span in seconds: 31 days.
const MAX_SPAN_S: f64 = 31.0 * 86_400.0;

/// What is wrong with a rule, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Path of the field: `when`, `detector.threshold.above`.
    pub field: String,
    /// Line in the field's text, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What was wrong and what was expected.
    pub message: String,
}

impl Rule {
    /// What is wrong with this rule; empty when it may be saved. `kinds` tells whether a kind is registered.
    pub fn check(&self, kinds: &dyn Fn(&KindId) -> bool) -> Vec<Diagnostic> {
        let mut found = Findings(Vec::new());
        found.text("name", &self.name);
        found.text("alarm.title", &self.alarm.title);
        found.no_longer("description", &self.description);
        found.title("alarm.title", &self.alarm.title);
        if self.kinds.is_empty() || self.kinds.len() > MAX_REFERENCES {
            found.say("kinds", format!("expected 1 to {MAX_REFERENCES} kinds, found {}", self.kinds.len()));
        }
        for (i, kind) in self.kinds.iter().enumerate() {
            if !kinds(kind) {
                found.say(&format!("kinds[{i}]"), format!("there is no observation kind `{kind}`"));
            }
        }
        if let Some(text) = &self.when {
            found.expression("when", text, false);
        }
        found.span("cooldown_s", self.cooldown_s, 0.0, MAX_SPAN_S);
        self.check_detector(&mut found);
        if let Some(incident) = &self.incident {
            check_incident(incident, &mut found);
        }
        found.0
    }

    fn check_detector(&self, found: &mut Findings) {
        match &self.detector {
            Detector::Threshold(t) => check_threshold(t, found),
            Detector::RateOfChange(r) => check_rate(r, found),
            Detector::Silent(s) => found.span("detector.silent.after_s", s.after_s, 1.0, MAX_SPAN_S),
            Detector::Geofence(g) => self.check_geofence(g, found),
            Detector::Count(c) => self.check_count(c, found),
            Detector::Condition(c) => {
                found.expression("detector.condition.expression", &c.expression, true);
                found.span("detector.condition.for_s", c.for_s, 0.0, MAX_SPAN_S);
                found.span("detector.condition.clear_for_s", c.clear_for_s, 0.0, MAX_SPAN_S);
            }
        }
    }

    fn check_geofence(&self, g: &Geofence, found: &mut Findings) {
        if g.zones.is_empty() || g.zones.len() > MAX_REFERENCES {
            found.say(
                "detector.geofence.zones",
                format!("expected 1 to {MAX_REFERENCES} zones, found {}", g.zones.len()),
            );
        }
        if !matches!(self.key, Key::Asset | Key::Source) {
            found.say("key", "a geofence follows a thing: expected `asset` or `source`");
        }
    }

    fn check_count(&self, c: &Count, found: &mut Findings) {
        found.span("detector.count.window_s", c.window_s, 1.0, MAX_WINDOW_S);
        let most = if c.distinct.is_some() || c.radius_m.is_some() { MAX_COMPARED } else { MAX_COUNT };
        if !(1..=most).contains(&c.at_least) {
            found.say("detector.count.at_least", format!("expected 1 to {most}, found {}", c.at_least));
        }
        if c.distinct.as_deref().is_some_and(|d| d.is_empty() || d.len() > 128) {
            found.say("detector.count.distinct", "expected `source`, `asset` or the name of an attribute");
        }
        if let Some(radius_m) = c.radius_m {
            found.span("detector.count.radius_m", radius_m, 1.0, 100_000.0);
            if self.key != Key::All {
                found.say("key", "a count with a radius makes its own clusters: expected `all`");
            }
        }
    }
}

fn check_threshold(t: &Threshold, found: &mut Findings) {
    found.limits("detector.threshold", t.above, t.below);
    if let Some(clear) = t.clear {
        let outside = t.above.is_some_and(|above| clear > above) || t.below.is_some_and(|below| clear < below);
        if !clear.is_finite() || outside {
            found.say("detector.threshold.clear", "expected a number at or under `above`, at or over `below`");
        }
        if t.above.is_some() && t.below.is_some() {
            found.say("detector.threshold.clear", "with both `above` and `below` hysteresis needs two rules");
        }
    }
    found.span("detector.threshold.for_s", t.for_s, 0.0, MAX_SPAN_S);
    found.span("detector.threshold.clear_for_s", t.clear_for_s, 0.0, MAX_SPAN_S);
}

fn check_rate(r: &RateOfChange, found: &mut Findings) {
    found.limits("detector.rate_of_change", r.above, r.below);
    found.span("detector.rate_of_change.per_s", r.per_s, 0.001, MAX_SPAN_S);
    found.span("detector.rate_of_change.clear_for_s", r.clear_for_s, 0.0, MAX_SPAN_S);
}

fn check_incident(incident: &IncidentSpec, found: &mut Findings) {
    found.text("incident.incident_type", &incident.incident_type);
    found.span("incident.radius_m", incident.radius_m, 0.0, 100_000.0);
    found.span("incident.window_s", incident.window_s, 0.0, MAX_SPAN_S);
    if let Some(title) = &incident.title {
        found.text("incident.title", title);
        found.title("incident.title", title);
    }
}

struct Findings(Vec<Diagnostic>);

impl Findings {
    fn at(&mut self, field: &str, line: u32, column: u32, message: impl Into<String>) {
        self.0.push(Diagnostic { field: field.to_owned(), line, column, message: message.into() });
    }

    fn say(&mut self, field: &str, message: impl Into<String>) {
        self.at(field, 1, 1, message);
    }

    fn text(&mut self, field: &str, text: &str) {
        if text.trim().is_empty() {
            self.say(field, "expected a text, found nothing");
        }
        self.no_longer(field, text);
    }

    fn no_longer(&mut self, field: &str, text: &str) {
        if text.len() > MAX_TEXT_BYTES {
            self.say(field, format!("expected at most {MAX_TEXT_BYTES} bytes, found {}", text.len()));
        }
    }

    /// Every `{word}` of a title must be one that is filled in.
    fn title(&mut self, field: &str, text: &str) {
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

    fn span(&mut self, field: &str, value: f64, least: f64, most: f64) {
        if !(least..=most).contains(&value) {
            self.say(field, format!("expected a number from {least} to {most}, found {value}"));
        }
    }

    fn limits(&mut self, detector: &str, above: Option<f64>, below: Option<f64>) {
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

    fn expression(&mut self, field: &str, text: &str, windows: bool) {
        if let Err(flaw) = Expression::compile(text, windows) {
            self.at(field, flaw.line, flaw.column, flaw.message);
        }
    }
}
