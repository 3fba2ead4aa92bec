//! Agreement of two groupings, counted over pairs of alarms.

use std::collections::BTreeMap;

/// Pairs in the same group by the truth and by the rule, by the rule only, and by the truth only.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pairs {
    pub(crate) both: f64,
    found: f64,
    true_ones: f64,
}

impl Pairs {
    /// Counts the pairs of alarms, each given as its event and the group it was put into.
    pub(crate) fn of(alarms: &[(u32, u64)]) -> Self {
        let (mut both, mut found, mut true_ones) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (event, group) in alarms {
            *both.entry((event, group)).or_insert(0u64) += 1;
            *found.entry(group).or_insert(0u64) += 1;
            *true_ones.entry(event).or_insert(0u64) += 1;
        }
        let pairs = |n: &u64| (n * (n - 1) / 2) as f64;
        Self {
            both: both.values().map(pairs).sum(),
            found: found.values().map(pairs).sum(),
            true_ones: true_ones.values().map(pairs).sum(),
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.both += other.both;
        self.found += other.found;
        self.true_ones += other.true_ones;
    }

    /// Of the pairs put together, the share that belongs together.
    pub(crate) fn precision(self) -> f64 {
        if self.found > 0.0 { self.both / self.found } else { 1.0 }
    }

    /// Of the pairs that belong together, the share put together.
    pub(crate) fn recall(self) -> f64 {
        if self.true_ones > 0.0 { self.both / self.true_ones } else { 1.0 }
    }

    /// The harmonic mean of both.
    pub(crate) fn f1(self) -> f64 {
        2.0 * self.both / (self.found + self.true_ones).max(1.0)
    }
}
