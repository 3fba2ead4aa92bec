//! The one number of a rule that says how much is too much, and the rule with another.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::rule::{Detector, Rule};

/// Why no limit is suggested for a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoSuggestion {
    /// Its detector answers yes or no and has no duration that could be moved.
    YesOrNo,
    /// Its expression compares nothing but the time of day with a number by `<`, `<=`, `>` or `>=`.
    NoNumber,
    /// The span has readings of less than a day, which tells nothing of a day.
    TooLittleData,
    /// None of the variants was in order, or there were no readings to take them from.
    NoVariant,
    /// Judging the variants ended before the end of the span.
    EndedEarly,
}

/// Which figures break a limit: beyond it, on the other side of the rare end, alarms become more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// Those above it: readings, sigmas, numbers, times that something lasts.
    Above,
    /// Those below it: readings, times within which things happen.
    Below,
}

/// A number of a rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Limit {
    /// Path of the field.
    pub(super) field: &'static str,
    /// What it is now.
    pub(super) now: f64,
    /// What breaks it.
    pub(super) broken: Broken,
    /// Whether readings are compared with it.
    pub(super) of_readings: bool,
    /// Where it stands in an expression.
    place: Option<Range<usize>>,
}

impl Limit {
    /// The number of a rule that can be moved.
    pub(super) fn of(rule: &Rule) -> Result<Self, NoSuggestion> {
        let of = |field, now, broken| Ok(Self { field, now, broken, of_readings: false, place: None });
        let found = |field, now| of(field, now, Broken::Above);
        let within = |field, now| of(field, now, Broken::Below);
        let held = |field, for_s: f64| if for_s > 0.0 { found(field, for_s) } else { Err(NoSuggestion::YesOrNo) };
        match &rule.detector {
            Detector::Threshold(t) => side(t.above, t.below, ["detector.threshold.above", "detector.threshold.below"]),
            Detector::RateOfChange(r) => {
                let fields = ["detector.rate_of_change.above", "detector.rate_of_change.below"];
                side(r.above, r.below, fields).map(|limit| Self { of_readings: false, ..limit })
            }
            Detector::Silent(s) => found("detector.silent.after_s", s.after_s),
            Detector::Count(c) => found("detector.count.at_least", f64::from(c.at_least)),
            Detector::FlatLine(f) => found("detector.flat_line.for_s", f.for_s),
            Detector::Baseline(b) => found("detector.baseline.sigmas", b.settings().limit_sigmas),
            Detector::Forecast(f) => found("detector.forecast.sigmas", f.settings().limit_sigmas),
            Detector::ChangePoint(c) => found("detector.change_point.limit_sigmas", c.settings().limit_sigmas),
            Detector::Drift(d) => found("detector.drift.sigmas", d.settings().limit_sigmas),
            Detector::Anomaly(a) => found("detector.anomaly.sigmas", a.settings().limit_sigmas),
            Detector::Sequence(s) => within("detector.sequence.within_s", s.within_s),
            Detector::Absence(a) => found("detector.absence.within_s", a.within_s),
            Detector::Cooccurrence(c) => within("detector.cooccurrence.within_s", c.within_s),
            Detector::Geofence(g) => held("detector.geofence.for_s", g.for_s),
            Detector::OutOfRange(o) => held("detector.out_of_range.for_s", o.for_s),
            Detector::Condition(c) => compared(&c.expression),
        }
    }

    /// The rule with another number. The distance of hysteresis stays. None where the limits would cross.
    pub(super) fn set(&self, rule: &Rule, value: f64) -> Option<Rule> {
        let mut rule = rule.clone();
        match &mut rule.detector {
            Detector::Threshold(t) => {
                let old = if t.above.is_some() { &mut t.above } else { &mut t.below };
                let moved = value - old.replace(value)?;
                t.clear = t.clear.map(|clear| clear + moved);
                if let (Some(above), Some(below)) = (t.above, t.below) {
                    (below <= above).then_some(())?;
                }
            }
            Detector::RateOfChange(r) => *(if r.above.is_some() { &mut r.above } else { &mut r.below }) = Some(value),
            Detector::Silent(s) => s.after_s = value,
            Detector::Count(c) => c.at_least = value as u32,
            Detector::FlatLine(f) => f.for_s = value,
            Detector::Baseline(b) => b.sigmas = Some(value),
            Detector::Forecast(f) => f.sigmas = Some(value),
            Detector::ChangePoint(c) => c.limit_sigmas = Some(value),
            Detector::Drift(d) => d.sigmas = Some(value),
            Detector::Anomaly(a) => a.sigmas = Some(value),
            Detector::Sequence(s) => s.within_s = value,
            Detector::Absence(a) => a.within_s = value,
            Detector::Cooccurrence(c) => c.within_s = value,
            Detector::Geofence(g) => g.for_s = value,
            Detector::OutOfRange(o) => o.for_s = value,
            Detector::Condition(c) => c.expression.replace_range(self.place.clone()?, &value.to_string()),
        }
        Some(rule)
    }

    /// Whether it counts things.
    pub(super) fn whole(&self) -> bool {
        self.field.ends_with("at_least")
    }
}

fn side(above: Option<f64>, below: Option<f64>, fields: [&'static str; 2]) -> Result<Limit, NoSuggestion> {
    let upper = above.map(|now| (fields[0], now, Broken::Above));
    let (field, now, broken) =
        upper.or(below.map(|now| (fields[1], now, Broken::Below))).ok_or(NoSuggestion::YesOrNo)?;
    Ok(Limit { field, now, broken, of_readings: true, place: None })
}

/// The number of an expression that says how much is too much: the first that a reading or what a window holds of them is
/// compared with, else the first of any other comparison. How often, by `count`, comes after how much; hours and weekdays are
/// no limit. That of a quantity is in its own unit.
fn compared(text: &str) -> Result<Limit, NoSuggestion> {
    let found = numbers(text).into_iter().filter_map(|place| Compared::at(text, place));
    let ranked = found.filter_map(|found| Some((found.rank()?, found)));
    let (_, found) = ranked.min_by_key(|(rank, _)| *rank).ok_or(NoSuggestion::NoNumber)?;
    let Compared { place, now, broken, with, plain } = found;
    let of_readings = plain && with == "value";
    Ok(Limit { field: "detector.condition.expression", now, broken, of_readings, place: Some(place) })
}

/// A number that something is compared with.
struct Compared<'a> {
    place: Range<usize>,
    now: f64,
    broken: Broken,
    /// What is compared with it.
    with: &'a str,
    /// Whether the number is of the unit of the rule, and no quantity.
    plain: bool,
}

impl<'a> Compared<'a> {
    /// None where the number is not all of one side of `<`, `<=`, `>` or `>=`.
    fn at(text: &'a str, place: Range<usize>) -> Option<Self> {
        let now = text[place.clone()].parse().ok()?;
        let before = text[..place.start].trim_end();
        let quantity = before.strip_suffix('(').and_then(|b| b.trim_end().strip_suffix("quantity"));
        let left = quantity.unwrap_or(before).trim_end();
        let right = text[place.end..].trim_start();
        // A quantity's number is followed by its unit.
        let right =
            if quantity.is_some() { right.split_once(')').map_or("", |(_, rest)| rest.trim_start()) } else { right };
        let ends = |sign: &str| left.ends_with(sign) || left.ends_with(&format!("{sign}="));
        // A figure that begins a comparison is not the end of a calculation.
        let begins = left.is_empty() || left.ends_with(['(', '&', '|']);
        let first = |sign: char| begins && right.starts_with(sign);
        let broken = match (ends(">") || first('<'), ends("<") || first('>')) {
            (true, false) => Broken::Above,
            (false, true) => Broken::Below,
            _ => return None,
        };
        let signs = ['<', '>', '='];
        let with = if begins {
            right.trim_start_matches(signs).split(['&', '|']).next()
        } else {
            left.trim_end_matches(signs).rsplit(['&', '|']).next()
        };
        let with = with.unwrap_or_default().trim().trim_start_matches(['(', '!']).trim();
        Some(Self { place, now, broken, with, plain: quantity.is_none() })
    }

    fn rank(&self) -> Option<u8> {
        let counts = self.with.rsplit('.').next() == Some("count");
        let measured = self.with == "value" || (self.with.starts_with("window(") && !counts);
        (!self.with.starts_with("time.")).then(|| u8::from(!measured))
    }
}

/// Where numbers stand in an expression, with a sign that belongs to them. Those inside quotes are text.
fn numbers(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let in_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
    let (mut found, mut quote, mut i) = (Vec::new(), None, 0);
    while i < bytes.len() {
        match quote {
            Some(q) => quote = (bytes[i] != q).then_some(q),
            None if matches!(bytes[i], b'\'' | b'"') => quote = Some(bytes[i]),
            None if in_name(bytes[i]) => {
                let end = bytes[i..].iter().position(|b| !in_name(*b)).map_or(bytes.len(), |n| i + n);
                if bytes[i].is_ascii_digit() {
                    found.push(signed(text, i)..end);
                }
                i = end;
                continue;
            }
            None => {}
        }
        i += 1;
    }
    found
}

/// Where a number begins, its sign included where the minus does not stand between two figures.
fn signed(text: &str, start: usize) -> usize {
    let Some(before) = text[..start].strip_suffix('-') else { return start };
    let free = before.trim_end().ends_with(['<', '>', '=', '(']) || before.trim_end().is_empty();
    if free { start - 1 } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number, what breaks it, and whether readings are compared with it.
    fn check(text: &str, expected: Option<(f64, Broken, bool)>) {
        let found = compared(text).ok().map(|limit| (limit.now, limit.broken, limit.of_readings));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn an_expression_that_compares_with_one_number_has_a_limit() {
        check("value > 35", Some((35.0, Broken::Above, true)));
        check("value>=35.5", Some((35.5, Broken::Above, true)));
        check("-3 > value", Some((-3.0, Broken::Below, true)));
        check("value < -3.5 && asset.id != 's2'", Some((-3.5, Broken::Below, true)));
        check("window(\"30m\").mean > 35", Some((35.0, Broken::Above, false)));
        check("value > quantity(50, \"ug/m3\")", Some((50.0, Broken::Above, false)));
        check("value > 35 && time.hour >= 22", Some((35.0, Broken::Above, true)));
        check("time.hour >= 6 && (time.hour < 9 || value > 7) && value > 5", Some((7.0, Broken::Above, true)));
        check("6 <= time.hour && 5 < value", Some((5.0, Broken::Above, true)));
        check("window(\"1h\").count >= 5 && window(\"1h\").mean < 30", Some((30.0, Broken::Below, false)));
        check("window(\"1h\").count >= 5 && time.hour < 4", Some((5.0, Broken::Above, false)));
        check("value * 2 > window(\"1h\").mean && place.lon > 7.4", Some((7.4, Broken::Above, false)));
        check("value && time.hour >= 22", None);
        check("value == 35", None);
        check("value - 35 > place.lon", None);
        check("attributes.road1 == 'a > 5'", None);
        check("\"harbour\" in zones", None);
    }
}
