//! Mean and variance with a fading memory.

use serde::{Deserialize, Serialize};

/// Running mean and variance. The first `memory` readings count alike; from then on old ones fade exponentially, with the
/// weight `1 / memory` for each new one (Finch 2009, "Incremental calculation of weighted mean and variance").
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Moments {
    memory: u32,
    count: u32,
    mean: f64,
    variance: f64,
}

impl Moments {
    /// `memory` is in readings; none counts as one.
    pub(crate) fn new(memory: u32) -> Self {
        Self { memory: memory.max(1), count: 0, mean: 0.0, variance: 0.0 }
    }

    pub(crate) fn take(&mut self, value: f64) {
        self.count = self.count.saturating_add(1);
        let weight = 1.0 / f64::from(self.count.min(self.memory));
        let difference = value - self.mean;
        self.mean += weight * difference;
        self.variance = (1.0 - weight) * (self.variance + weight * difference * difference);
    }

    /// How many readings were taken.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The mean; 0 before the first reading.
    pub(crate) fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard deviation; 0 before the second reading.
    pub(crate) fn deviation(&self) -> f64 {
        self.variance.max(0.0).sqrt()
    }

    /// The root of the mean square: the standard deviation about zero.
    pub(crate) fn root_mean_square(&self) -> f64 {
        (self.variance + self.mean * self.mean).max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(memory: u32, values: &[f64], mean: f64, deviation: f64) {
        let mut moments = Moments::new(memory);
        for value in values {
            moments.take(*value);
        }
        assert!((moments.mean() - mean).abs() < 1e-12, "mean {}", moments.mean());
        assert!((moments.deviation() - deviation).abs() < 1e-12, "deviation {}", moments.deviation());
    }

    #[test]
    fn counts_alike_then_fades() {
        check(10, &[], 0.0, 0.0);
        check(10, &[4.0], 4.0, 0.0);
        check(10, &[2.0, 4.0, 6.0], 4.0, (8.0_f64 / 3.0).sqrt());
        // A memory of one knows the newest reading alone.
        check(1, &[2.0, 4.0, 6.0], 6.0, 0.0);
        check(2, &[0.0, 0.0, 8.0], 4.0, 4.0);
    }

    proptest! {
        #[test]
        fn is_the_population_variance_within_the_memory(values in prop::collection::vec(-1e3..1e3, 1..100)) {
            let mut moments = Moments::new(100);
            for value in &values {
                moments.take(*value);
            }
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let square = values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64;
            prop_assert!((moments.mean() - mean).abs() < 1e-9);
            prop_assert!((moments.root_mean_square() - square.sqrt()).abs() < 1e-9);
        }
    }
}
