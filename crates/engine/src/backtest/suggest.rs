//! Which limit gives the wanted number of alarms a day.
//!
//! A handful of variants of the rule, each with another limit, go over the same readings at once; then as many between
//! the two nearest. The number of alarms need not fall evenly with the limit (hysteresis, durations), so each is counted,
//! none is computed. The limit as it is is among them.
//!
//! Alarms become more and then fewer again as a limit moves away from its rare end: in the midst of what is usual each
//! reading crosses it, at the other end the alarm stands nearly always. What is suggested lies on the rare side, from the
//! rare end to the first limit with more alarms than wanted.

use serde::{Deserialize, Serialize};
use vigiles_model::RuleId;

use super::coverage::Stretch;
use super::limit::{Broken, Limit, NoSuggestion};
use super::report::DAY;
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
    /// The value of the field; of an expression its number.
    pub value: f64,
    /// The whole expression with that number, where the field is one.
    pub expression: Option<String>,
    /// Alarms in the span.
    pub alarms: u64,
    /// Alarms a day of the time that has readings.
    pub per_day: f64,
}

/// A search for a limit, in two rounds.
#[derive(Debug)]
pub struct Suggestions {
    rule: Rule,
    limit: Limit,
    wanted: f64,
    days: f64,
    tried: Vec<Suggestion>,
}

impl Suggestions {
    /// A search for the limit of `rule` with which there are about `wanted` alarms a day of the time that has readings,
    /// `data`. The first variants are taken from `values`, readings in the unit of the rule in ascending order, where the
    /// limit is one of readings. Errors say why there is nothing to search.
    pub fn new(rule: &Rule, wanted: f64, data: &[Stretch]) -> Result<Self, NoSuggestion> {
        let limit = Limit::of(rule)?;
        let covered: i64 = data.iter().map(|(from, to)| to.0 - from.0).sum();
        if covered < DAY {
            return Err(NoSuggestion::TooLittleData);
        }
        Ok(Self { rule: rule.clone(), limit, wanted, days: covered as f64 / DAY as f64, tried: Vec::new() })
    }

    /// The rules of the next round.
    pub fn trial(&self, setting: Setting, values: &[f64]) -> Trial {
        let rules = self.limits(values).into_iter().enumerate().filter_map(|(i, value)| {
            let id = RuleId::new(format!("variant-{i}")).ok()?;
            Some(Rule { id, ..self.limit.set(&self.rule, value)? })
        });
        Trial::counting(setting, rules)
    }

    /// Takes what the variants of a round gave.
    pub fn take(&mut self, trial: &Trial, values: &[f64]) {
        let counts = trial.counts();
        for (i, value) in self.limits(values).into_iter().enumerate() {
            let id = RuleId::new(format!("variant-{i}")).ok();
            let Some(alarms) = id.and_then(|id| counts.get(&id).copied()) else { continue };
            let per_day = alarms as f64 / self.days;
            let field = self.limit.field.to_owned();
            let expression = self.limit.set(&self.rule, value).and_then(|rule| match rule.detector {
                Detector::Condition(condition) => Some(condition.expression),
                _ => None,
            });
            self.tried.push(Suggestion { field, value, expression, alarms, per_day });
        }
    }

    /// Of the limits tried on the rare side the one nearest to what was wanted; of two equally near the one with fewer
    /// alarms, then the one nearer to the limit as it is.
    pub fn best(&self) -> Option<&Suggestion> {
        let off = |s: &Suggestion| (s.per_day - self.wanted).abs();
        let moved = |s: &Suggestion| (s.value - self.limit.now).abs();
        let by_off = |a: &&Suggestion, b: &&Suggestion| off(a).total_cmp(&off(b));
        let rare = self.rare_side().into_iter();
        rare.min_by(|a, b| by_off(a, b).then(a.alarms.cmp(&b.alarms)).then(moved(a).total_cmp(&moved(b))))
    }

    /// The limits tried from the rare end to the first that gives more than was wanted; all where none does.
    fn rare_side(&self) -> Vec<&Suggestion> {
        let mut tried: Vec<&Suggestion> = self.tried.iter().collect();
        tried.sort_by(|a, b| match self.limit.broken {
            Broken::Above => b.value.total_cmp(&a.value),
            Broken::Below => a.value.total_cmp(&b.value),
        });
        if let Some(first) = tried.iter().position(|s| s.per_day > self.wanted) {
            tried.truncate(first + 1);
        }
        tried
    }

    fn limits(&self, values: &[f64]) -> Vec<f64> {
        let mut limits = match self.between() {
            Some((low, high)) => even(low, high),
            None if !self.tried.is_empty() => {
                // No two enclose what was wanted: closer around the best.
                self.around_best().map_or(Vec::new(), |(low, high)| even(low, high))
            }
            None if self.limit.of_readings => self.of_readings(values),
            None => factors(self.limit.now),
        };
        for n in &mut limits {
            *n = if self.limit.whole() { n.round().max(1.0) } else { *n };
        }
        limits.sort_by(f64::total_cmp);
        limits.dedup();
        limits
    }

    /// Half of them where readings are rare, the others over the whole range: where assets differ, what is rare of one is
    /// usual of another.
    fn of_readings(&self, values: &[f64]) -> Vec<f64> {
        let place = |share: f64| match self.limit.broken {
            Broken::Above => 1.0 - share,
            Broken::Below => share,
        };
        let mut levels = values.to_vec();
        levels.dedup();
        let mut limits = quantiles(values, VARIANTS / 2, place);
        limits.extend(spread(&levels, VARIANTS / 2 - 1));
        limits.push(self.limit.now);
        limits
    }

    /// The limits tried on both sides of the best.
    fn around_best(&self) -> Option<(f64, f64)> {
        let best = self.best()?.value;
        let mut values: Vec<f64> = self.tried.iter().map(|tried| tried.value).collect();
        values.sort_by(f64::total_cmp);
        let low = values.iter().rev().find(|value| **value < best).copied().unwrap_or(best);
        let high = values.iter().find(|value| **value > best).copied().unwrap_or(best);
        Some((low, high))
    }

    /// The two limits tried between which the wanted number is first passed, from the rare end on.
    fn between(&self) -> Option<(f64, f64)> {
        match self.rare_side().as_slice() {
            [.., fewer, more] if more.per_day > self.wanted => {
                Some((fewer.value.min(more.value), fewer.value.max(more.value)))
            }
            _ => None,
        }
    }
}

fn even(low: f64, high: f64) -> Vec<f64> {
    (0..VARIANTS).map(|i| low + (high - low) * i as f64 / (VARIANTS - 1) as f64).collect()
}

fn factors(now: f64) -> Vec<f64> {
    let span = REACH.ln();
    // One fewer, so that the middle one is the limit as it is.
    let last = VARIANTS - 2;
    (0..=last).map(|i| now * (span * (2.0 * i as f64 / last as f64 - 1.0)).exp()).collect()
}

/// Limits that are passed by a half, a third, and so on down to the rarest of the readings.
fn quantiles(values: &[f64], count: usize, place: impl Fn(f64) -> f64) -> Vec<f64> {
    let Some(last) = values.len().checked_sub(1) else { return Vec::new() };
    let rarest = (1.0 / (last as f64 + 1.0)).ln();
    let share = |i: usize| (0.5f64.ln() + (rarest - 0.5f64.ln()) * i as f64 / (count - 1) as f64).exp();
    (0..count).map(|i| values[((place(share(i)) * last as f64).round() as usize).min(last)]).collect()
}

/// So many of these, from the first to the last.
fn spread(values: &[f64], count: usize) -> Vec<f64> {
    let Some(last) = values.len().checked_sub(1) else { return Vec::new() };
    (0..count).map(|i| values[(i * last + (count - 1) / 2) / (count - 1)]).collect()
}
