//! Whether the settings of a detector make sense.

use super::check::{MAX_REFERENCES, MAX_SPAN_S, UnitOf};
use super::findings::Findings;
use super::known::Named;
use super::{
    Absence, Cooccurrence, Count, Crossing, Detector, Geofence, Key, Part, RateOfChange, Rule, Sequence, Threshold,
};
use crate::expression::MAX_WINDOW_S;
use crate::pattern::MAX_PARTS;

/// Most readings a count may ask for.
const MAX_COUNT: u32 = 10_000;
/// The same where readings are compared with each other.
const MAX_COMPARED: u32 = 500;
/// Widest pattern or cluster, in metres.
const MAX_RADIUS_M: f64 = 100_000.0;

impl Rule {
    pub(super) fn check_detector(&self, unit: Option<&str>, units: UnitOf<'_>, found: &mut Findings<'_>) {
        match &self.detector {
            Detector::Threshold(t) => {
                check_threshold(t, found);
                found.plausible(t, &self.read(&self.kinds, unit, units));
            }
            Detector::RateOfChange(r) => check_rate(r, found),
            Detector::Silent(s) => found.span("detector.silent.after_s", s.after_s, 1.0, MAX_SPAN_S),
            Detector::Geofence(g) => self.check_geofence(g, found),
            Detector::Count(c) => self.check_count(c, found),
            Detector::Condition(c) => {
                let read = self.read(&self.kinds, unit, units);
                found.expression("detector.condition.expression", &c.expression, true, &read);
                found.span("detector.condition.for_s", c.for_s, 0.0, MAX_SPAN_S);
                found.span("detector.condition.clear_for_s", c.clear_for_s, 0.0, MAX_SPAN_S);
            }
            Detector::FlatLine(f) => {
                found.span("detector.flat_line.for_s", f.for_s, 1.0, MAX_SPAN_S);
                found.span("detector.flat_line.tolerance", f.tolerance, 0.0, f64::MAX);
            }
            Detector::OutOfRange(o) => {
                found.span("detector.out_of_range.for_s", o.for_s, 0.0, MAX_SPAN_S);
                found.span("detector.out_of_range.clear_for_s", o.clear_for_s, 0.0, MAX_SPAN_S);
            }
            Detector::Sequence(s) => self.check_sequence(s, units, found),
            Detector::Absence(a) => self.check_absence(a, units, found),
            Detector::Cooccurrence(c) => self.check_cooccurrence(c, units, found),
            Detector::Baseline(b) => b.check(found),
            Detector::Forecast(f) => f.check(found),
            Detector::ChangePoint(c) => c.check(found),
            Detector::Drift(d) => {
                d.check(found);
                if self.key != Key::Asset {
                    found.say("key", "neighbours are assets: expected `asset`");
                }
            }
            Detector::Anomaly(a) => a.check(found),
        }
    }

    fn check_geofence(&self, g: &Geofence, found: &mut Findings<'_>) {
        if g.zones.is_empty() || g.zones.len() > MAX_REFERENCES {
            found.say(
                "detector.geofence.zones",
                format!("expected 1 to {MAX_REFERENCES} zones, found {}", g.zones.len()),
            );
        }
        for (i, zone) in g.zones.iter().enumerate() {
            found.named(&format!("detector.geofence.zones[{i}]"), Named::Zone, zone.as_str());
        }
        found.span("detector.geofence.for_s", g.for_s, 0.0, MAX_SPAN_S);
        if g.for_s > 0.0 && g.on != Crossing::Inside {
            found.say("detector.geofence.for_s", "a duration goes with on = \"inside\" only");
        }
        if !matches!(self.key, Key::Asset | Key::Source) {
            found.say("key", "a geofence follows a thing: expected `asset` or `source`");
        }
    }

    fn check_count(&self, c: &Count, found: &mut Findings<'_>) {
        found.span("detector.count.window_s", c.window_s, 1.0, MAX_WINDOW_S);
        let most = if c.distinct.is_some() || c.radius_m.is_some() { MAX_COMPARED } else { MAX_COUNT };
        // One reading is near itself: each would be a cluster.
        let least = if c.radius_m.is_some() { 2 } else { 1 };
        if !(least..=most).contains(&c.at_least) {
            found.say("detector.count.at_least", format!("expected {least} to {most}, found {}", c.at_least));
        }
        if c.distinct.as_deref().is_some_and(|d| d.is_empty() || d.len() > 128) {
            found.say("detector.count.distinct", "expected `source`, `asset` or the name of an attribute");
        }
        if let Some(radius_m) = c.radius_m {
            found.span("detector.count.radius_m", radius_m, 1.0, MAX_RADIUS_M);
            if self.key != Key::All {
                found.say("key", "a count with a radius makes its own clusters: expected `all`");
            }
        }
    }

    fn check_sequence(&self, s: &Sequence, units: UnitOf<'_>, found: &mut Findings<'_>) {
        self.check_parts("detector.sequence.parts", &s.parts, units, found);
        found.reach("detector.sequence", s.within_s, s.within_m);
    }

    fn check_absence(&self, a: &Absence, units: UnitOf<'_>, found: &mut Findings<'_>) {
        self.check_part("detector.absence.first", &a.first, units, found);
        self.check_part("detector.absence.then", &a.then, units, found);
        if a.first == a.then {
            found.say("detector.absence.then", "is the same as `first`: expected other kinds or another condition");
        }
        found.reach("detector.absence", a.within_s, a.within_m);
    }

    fn check_cooccurrence(&self, c: &Cooccurrence, units: UnitOf<'_>, found: &mut Findings<'_>) {
        self.check_parts("detector.cooccurrence.parts", &c.parts, units, found);
        found.reach("detector.cooccurrence", c.within_s, c.within_m);
        if c.at_least.is_some_and(|n| n < 2 || n as usize > c.parts.len()) {
            let message = format!("expected 2 to {}, the number of parts", c.parts.len());
            found.say("detector.cooccurrence.at_least", message);
        }
    }

    fn check_parts(&self, field: &str, parts: &[Part], units: UnitOf<'_>, found: &mut Findings<'_>) {
        if !(2..=MAX_PARTS).contains(&parts.len()) {
            found.say(field, format!("expected 2 to {MAX_PARTS} parts, found {}", parts.len()));
        }
        for (i, part) in parts.iter().enumerate() {
            self.check_part(&format!("{field}[{i}]"), part, units, found);
        }
    }

    fn check_part(&self, field: &str, part: &Part, units: UnitOf<'_>, found: &mut Findings<'_>) {
        if let Some((i, kind)) = part.kinds.iter().enumerate().find(|(_, kind)| !self.kinds.contains(kind)) {
            found.say(&format!("{field}.kinds[{i}]"), format!("`{kind}` is not among the kinds of the rule"));
        }
        if let Some(text) = &part.when {
            let unit = self.unit_of_part(part, units);
            let kinds = if part.kinds.is_empty() { &self.kinds } else { &part.kinds };
            found.expression(&format!("{field}.when"), text, false, &self.read(kinds, unit.as_deref(), units));
        }
    }
}

fn check_threshold(t: &Threshold, found: &mut Findings<'_>) {
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

fn check_rate(r: &RateOfChange, found: &mut Findings<'_>) {
    found.limits("detector.rate_of_change", r.above, r.below);
    found.span("detector.rate_of_change.per_s", r.per_s, 0.001, MAX_SPAN_S);
    found.span("detector.rate_of_change.clear_for_s", r.clear_for_s, 0.0, MAX_SPAN_S);
}

impl Findings<'_> {
    /// How far apart in time and place the parts of a pattern may be.
    fn reach(&mut self, detector: &str, within_s: f64, within_m: Option<f64>) {
        self.span(&format!("{detector}.within_s"), within_s, 1.0, MAX_WINDOW_S);
        if let Some(within_m) = within_m {
            self.span(&format!("{detector}.within_m"), within_m, 1.0, MAX_RADIUS_M);
        }
    }
}
