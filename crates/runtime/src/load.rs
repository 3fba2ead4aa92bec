//! What the rules cost while they run: how much of its time the engine is at work, and whose steps that are.
//!
//! Measured beside the log and told to people only: an alarm never follows from it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use vigiles_model::RuleId;

/// Over how long it is measured.
const SPAN: Duration = Duration::from_secs(10);
/// A rule is dear that takes this share of all steps, while the engine is at work for this share of its time...
const DEAR_SHARE: f64 = 0.5;
const BUSY: f64 = 0.5;
/// ...and that takes so many steps for each reading of the city: one that takes few is not what keeps the engine at work.
const DEAR_STEPS: f64 = 100.0;

/// What the rules cost, over the latest ten seconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    /// The share of its time that the engine was at work, 0 to 1.
    pub busy: f64,
    /// Rules that took steps, the dearest first.
    pub rules: Vec<RuleLoad>,
    /// Steps of each rule since its present version was made ready.
    pub steps: BTreeMap<RuleId, u64>,
}

/// What one rule costs.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleLoad {
    /// The rule.
    pub rule: RuleId,
    /// Its share of the steps of all rules, 0 to 1.
    pub share: f64,
    /// Steps a second.
    pub steps_per_s: f64,
    /// Whether it keeps the engine from other work.
    pub is_dear: bool,
}

/// Measures it.
#[derive(Debug)]
pub(crate) struct Gauge {
    since: Instant,
    worked: Duration,
    before: Counted,
    dear: BTreeSet<RuleId>,
}

/// What the engine counted.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) steps: BTreeMap<RuleId, u64>,
    pub(crate) observations: u64,
}

impl Gauge {
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), worked: Duration::ZERO, before: Counted::default(), dear: BTreeSet::new() }
    }

    /// Does a step of the engine and notes how long it took.
    pub(crate) fn measure(&mut self, step: impl FnOnce()) {
        let start = Instant::now();
        step();
        self.worked += start.elapsed();
    }

    /// What the rules cost since it was last asked, once the span is over. Rules that became dear are logged.
    pub(crate) fn look(&mut self, counted: impl FnOnce() -> Counted) -> Option<Load> {
        let took = self.since.elapsed();
        if took < SPAN {
            return None;
        }
        let now = counted();
        let load = load(&self.before, &now, (self.worked, took));
        for rule in load.rules.iter().filter(|rule| rule.is_dear && !self.dear.contains(&rule.rule)) {
            tracing::warn!(rule = %rule.rule, share = rule.share, busy = load.busy, "a rule keeps the engine at work; silent or disabled it would not");
        }
        self.dear = load.rules.iter().filter(|rule| rule.is_dear).map(|rule| rule.rule.clone()).collect();
        (self.since, self.worked, self.before) = (Instant::now(), Duration::ZERO, now);
        Some(load)
    }
}

fn load(before: &Counted, now: &Counted, (worked, took): (Duration, Duration)) -> Load {
    let took_s = took.as_secs_f64();
    let busy = (worked.as_secs_f64() / took_s).min(1.0);
    // A rule that was saved since counts from 0 again.
    let of =
        |rule: &RuleId, steps: u64| steps.checked_sub(before.steps.get(rule).copied().unwrap_or(0)).unwrap_or(steps);
    let each: Vec<(&RuleId, u64)> = now.steps.iter().map(|(rule, steps)| (rule, of(rule, *steps))).collect();
    let all = each.iter().map(|(_, steps)| steps).sum::<u64>().max(1) as f64;
    let readings = now.observations.saturating_sub(before.observations).max(1) as f64;
    let taken = each.into_iter().filter(|(_, steps)| *steps > 0);
    let mut rules: Vec<RuleLoad> = taken
        .map(|(rule, steps)| {
            let (share, steps) = (steps as f64 / all, steps as f64);
            let is_dear = busy >= BUSY && share >= DEAR_SHARE && steps / readings >= DEAR_STEPS;
            RuleLoad { rule: rule.clone(), share, steps_per_s: steps / took_s, is_dear }
        })
        .collect();
    rules.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.rule.cmp(&b.rule)));
    Load { busy, rules, steps: now.steps.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(observations: u64, steps: &[(&str, u64)]) -> Counted {
        Counted { observations, steps: steps.iter().map(|(id, n)| (RuleId::new(*id).unwrap(), *n)).collect() }
    }

    /// Each rule as "id share steps a second", with `!` where it is dear.
    fn check(before: &Counted, now: &Counted, worked_s: u64, expected: &str) {
        let found = load(before, now, (Duration::from_secs(worked_s), Duration::from_secs(10)));
        let each = found.rules.iter().map(|rule| {
            format!("{} {} {}{}", rule.rule, rule.share, rule.steps_per_s, if rule.is_dear { "!" } else { "" })
        });
        assert_eq!(each.collect::<Vec<_>>().join(", "), expected);
    }

    #[test]
    fn a_rule_is_dear_that_keeps_a_busy_engine_at_work() {
        let before = counted(1_000, &[("a", 500), ("b", 500), ("idle", 9)]);
        let now = counted(2_000, &[("a", 250_500), ("b", 750_500), ("idle", 9)]);
        check(&before, &now, 9, "b 0.75 75000!, a 0.25 25000");
        check(&before, &now, 4, "b 0.75 75000, a 0.25 25000");
        // Three quarters of next to nothing.
        check(&before, &counted(1_000_000, &[("a", 250_500), ("b", 750_500)]), 9, "b 0.75 75000, a 0.25 25000");
    }

    #[test]
    fn a_rule_that_was_changed_counts_anew() {
        check(&counted(0, &[("a", 5_000)]), &counted(10, &[("a", 100)]), 1, "a 1 10");
        check(&counted(0, &[("gone", 5_000)]), &counted(10, &[]), 1, "");
    }

    #[test]
    fn nothing_is_said_before_the_span_is_over() {
        assert_eq!(Gauge::new().look(Counted::default), None);
    }
}
