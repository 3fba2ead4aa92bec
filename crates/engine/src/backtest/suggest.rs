//! Which limit gives the wanted number of alarms a day.
//!
//! A handful of variants of the rule, each with another limit, go over the same readings at once; then as many between
//! the two nearest. The number of alarms need not fall evenly with the limit (hysteresis, durations), so each is counted,
//! none is computed.

use serde::{Deserialize, Serialize};
use vigiles_model::RuleId;

use super::trial::{Setting, Trial};
use crate::rule::{Detector, Rule};

/// Variants tried at once.
const VARIANTS: usize = 24;
/// The first variants span so many times the limit as it is, in both directions.
const REACH: f64 = 8.0;

/// A limit and what it gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Path of the field: `detector.threshold.above`.
    pub field: String,
    /// The value of the field.
    pub value: f64,
    /// Alarms in the span.
    pub alarms: u64,
    /// Alarms a day.
    pub per_day: f64,
}

/// A search for a limit, in two rounds.
#[derive(Debug)]
pub struct Suggestions {
    rule: Rule,
    wanted: f64,
    days: f64,
    tried: Vec<Suggestion>,
}

impl Suggestions {
    /// A search for the limit of `rule` with which there are about `wanted` alarms a day over a span of `days`. None
    /// where the rule has no limit that could be moved. The first variants are taken from `values`, readings in the
    /// unit of the rule in ascending order, where the limit is one of readings.
    pub fn new(rule: &Rule, wanted: f64, days: f64) -> Option<Self> {
        limit(rule)?;
        Some(Self { rule: rule.clone(), wanted, days: days.max(1.0 / 24.0), tried: Vec::new() })
    }

    /// The rules of the next round.
    pub fn trial(&self, setting: Setting, values: &[f64]) -> Trial {
        let rules = self.limits(values).into_iter().enumerate().filter_map(|(i, value)| {
            let id = RuleId::new(format!("variant-{i}")).ok()?;
            Some(Rule { id, ..with_limit(&self.rule, value)? })
        });
        Trial::counting(setting, rules)
    }

    /// Takes what the variants of a round gave.
    pub fn take(&mut self, trial: &Trial, values: &[f64]) {
        let counts = trial.counts();
        let field = limit(&self.rule).map_or("", |(field, _)| field);
        for (i, value) in self.limits(values).into_iter().enumerate() {
            let id = RuleId::new(format!("variant-{i}")).ok();
            let Some(alarms) = id.and_then(|id| counts.get(&id).copied()) else { continue };
            let per_day = alarms as f64 / self.days;
            self.tried.push(Suggestion { field: field.to_owned(), value, alarms, per_day });
        }
    }

    /// Of all limits tried the one nearest to what was wanted; of two equally near the stricter one comes first.
    pub fn best(&self) -> Option<&Suggestion> {
        let off = |s: &Suggestion| (s.per_day - self.wanted).abs();
        self.tried.iter().min_by(|a, b| off(a).total_cmp(&off(b)).then(a.alarms.cmp(&b.alarms)))
    }

    fn limits(&self, values: &[f64]) -> Vec<f64> {
        let Some((field, now)) = limit(&self.rule) else { return Vec::new() };
        let mut limits = match self.between() {
            Some((low, high)) => even(low, high),
            None if field.ends_with("threshold.above") => quantiles(values, |q| 1.0 - q),
            None if field.ends_with("threshold.below") => quantiles(values, |q| q),
            None => factors(now),
        };
        if field.ends_with("at_least") {
            for n in &mut limits {
                *n = n.round().max(1.0);
            }
        }
        limits.sort_by(f64::total_cmp);
        limits.dedup();
        limits
    }

    /// The two limits tried between which the wanted number lies.
    fn between(&self) -> Option<(f64, f64)> {
        let mut tried = self.tried.clone();
        tried.sort_by(|a, b| a.value.total_cmp(&b.value));
        let crosses = |pair: &&[Suggestion]| (pair[0].per_day - self.wanted) * (pair[1].per_day - self.wanted) <= 0.0;
        tried.windows(2).find(crosses).map(|pair| (pair[0].value, pair[1].value))
    }
}

/// The one number of a rule that says how much is too much, with its path.
fn limit(rule: &Rule) -> Option<(&'static str, f64)> {
    match &rule.detector {
        Detector::Threshold(t) => t
            .above
            .map(|above| ("detector.threshold.above", above))
            .or(t.below.map(|below| ("detector.threshold.below", below))),
        Detector::RateOfChange(r) => r
            .above
            .map(|above| ("detector.rate_of_change.above", above))
            .or(r.below.map(|below| ("detector.rate_of_change.below", below))),
        Detector::Silent(s) => Some(("detector.silent.after_s", s.after_s)),
        Detector::Count(c) => Some(("detector.count.at_least", f64::from(c.at_least))),
        Detector::FlatLine(f) => Some(("detector.flat_line.for_s", f.for_s)),
        Detector::Baseline(b) => Some(("detector.baseline.sigmas", b.settings().limit_sigmas)),
        Detector::Forecast(f) => Some(("detector.forecast.sigmas", f.settings().limit_sigmas)),
        Detector::ChangePoint(c) => Some(("detector.change_point.limit_sigmas", c.settings().limit_sigmas)),
        Detector::Drift(d) => Some(("detector.drift.sigmas", d.settings().limit_sigmas)),
        Detector::Anomaly(a) => Some(("detector.anomaly.sigmas", a.settings().limit_sigmas)),
        _ => None,
    }
}

/// The rule with another limit. The distance of hysteresis stays. None where the rule would not be in order.
fn with_limit(rule: &Rule, value: f64) -> Option<Rule> {
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
        _ => return None,
    }
    Some(rule)
}

fn even(low: f64, high: f64) -> Vec<f64> {
    (0..VARIANTS).map(|i| low + (high - low) * i as f64 / (VARIANTS - 1) as f64).collect()
}

fn factors(now: f64) -> Vec<f64> {
    let span = REACH.ln();
    (0..VARIANTS).map(|i| now * (span * (2.0 * i as f64 / (VARIANTS - 1) as f64 - 1.0)).exp()).collect()
}

/// Limits that are passed by a half, a third, and so on down to the rarest of the readings.
fn quantiles(values: &[f64], place: impl Fn(f64) -> f64) -> Vec<f64> {
    let Some(last) = values.len().checked_sub(1) else { return Vec::new() };
    let rarest = (1.0 / (last as f64 + 1.0)).ln();
    let share = |i: usize| (0.5f64.ln() + (rarest - 0.5f64.ln()) * i as f64 / (VARIANTS - 1) as f64).exp();
    (0..VARIANTS).map(|i| values[((place(share(i)) * last as f64).round() as usize).min(last)]).collect()
}
