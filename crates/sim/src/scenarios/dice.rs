//! Random draws one after the other, all from one seed.

use crate::seed::{at, normal, unit};

/// A sequence of draws.
#[derive(Debug)]
pub(super) struct Dice {
    seed: u64,
    drawn: u64,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    fn next(&mut self) -> u64 {
        self.drawn += 1;
        at(self.seed, 0x5ce7, self.drawn)
    }

    /// From `low` up to, not including, `high`.
    pub(super) fn within(&mut self, low: f64, high: f64) -> f64 {
        low + unit(self.next()) * (high - low)
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) fn count(&mut self, low: u32, high: u32) -> u32 {
        low + (unit(self.next()) * f64::from(high - low + 1)) as u32
    }

    /// Normally distributed around 0.
    pub(super) fn normal(&mut self, deviation: f64) -> f64 {
        normal(self.next()) * deviation
    }

    /// Exponentially distributed with this mean, cut at `most`.
    pub(super) fn delay(&mut self, mean: f64, most: f64) -> f64 {
        (-mean * (1.0 - unit(self.next())).ln()).min(most)
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        unit(self.next()) < probability
    }

    /// One of some; they must not be none.
    pub(super) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let index = (unit(self.next()) * all.len() as f64) as usize;
        &all[index.min(all.len() - 1)]
    }
}
