//! Drift against neighbours: a sensor that slowly leaves what its neighbours measure, as fouled or ageing ones do.
//!
//! The difference from the median of the neighbours is followed by an EWMA control chart (Roberts 1959, "Control chart
//! tests based on geometric moving averages"). Where the sensor stands with its neighbours is learned first: two streets
//! differ always, and that is no drift. What is learned then stays, or a slow drift would be learned with it.

use serde::{Deserialize, Serialize};

use super::moments::Moments;
use super::robust::median;
use super::usable;

/// Settings of [`NeighbourDrift`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct NeighbourDriftSettings {
    /// Readings from which the usual difference and its spread are learned.
    pub(crate) learning: u32,
    /// Weight of a new difference in the moving average, 0 to 1.
    pub(crate) weight: f64,
    /// Distance of the average from the usual difference that is a drift, in sigmas of single differences. Roberts counts
    /// in sigmas of the average, which holds for independent readings; those of a sensor follow each other too closely.
    pub(crate) limit_sigmas: f64,
    /// Distance that is a drift at least, in the unit of the series.
    pub(crate) least: f64,
    /// Neighbours with a reading that are needed.
    pub(crate) neighbours: usize,
}

impl Default for NeighbourDriftSettings {
    fn default() -> Self {
        Self { learning: 336, weight: 0.01, limit_sigmas: 1.5, least: 0.0, neighbours: 3 }
    }
}

/// What [`NeighbourDrift`] says of a reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NeighbourDriftVerdict {
    /// How far the average difference has moved from the usual one, in the unit of the series.
    pub(crate) drift: f64,
    /// How far it may, in the unit of the series.
    pub(crate) limit: f64,
    /// What was expected of the reading: the median of the neighbours and the usual difference.
    pub(crate) expected: f64,
    /// The median of the neighbours.
    pub(crate) median: f64,
    /// Whether the sensor has drifted.
    pub(crate) drifted: bool,
}

/// The state for one sensor: about 100 bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NeighbourDrift {
    settings: NeighbourDriftSettings,
    usual: Moments,
    average: f64,
}

impl NeighbourDrift {
    pub(crate) fn new(settings: &NeighbourDriftSettings) -> Self {
        Self { settings: *settings, usual: Moments::new(u32::MAX), average: 0.0 }
    }

    /// Takes a reading and the latest ones of its neighbours, which the caller has found recent enough. None while
    /// learning, with too few neighbours, and for a value that is not finite.
    pub(crate) fn take(&mut self, value: f64, neighbours: &[f64]) -> Option<NeighbourDriftVerdict> {
        let mut known: Vec<f64> = neighbours.iter().copied().filter(|n| usable(*n)).collect();
        if !usable(value) || known.len() < self.settings.neighbours.max(1) {
            return None;
        }
        let median = median(&mut known)?;
        let difference = value - median;
        if self.usual.count() < self.settings.learning.max(2) {
            self.usual.take(difference);
            self.average = self.usual.mean();
            return None;
        }
        let (usual, sigma) = (self.usual.mean(), self.usual.deviation());
        // A wild reading is not a drift: it counts like one at three sigmas of the usual.
        let counted = difference.clamp(self.average - 3.0 * sigma, self.average + 3.0 * sigma);
        self.average += self.settings.weight.clamp(0.0, 1.0) * (counted - self.average);
        let drift = self.average - usual;
        let limit = (self.settings.limit_sigmas * sigma).max(self.settings.least);
        Some(NeighbourDriftVerdict { drift, limit, expected: median + usual, median, drifted: drift.abs() > limit })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::recorded::particulates;
    use super::*;

    const SETTINGS: NeighbourDriftSettings =
        NeighbourDriftSettings { learning: 50, weight: 0.05, limit_sigmas: 1.5, least: 0.5, neighbours: 3 };

    /// A sensor 2 above three neighbours that follow a wave; then it drifts by `step` a reading. The reading at which the
    /// drift is told, counted from its beginning.
    fn check(step: f64, expected: Option<u32>) {
        let mut sensor = NeighbourDrift::new(&SETTINGS);
        let found = (0..500_u32).find(|i| {
            let wave = (f64::from(*i) / 20.0).sin() * 10.0;
            let noise = f64::from(i * 7 % 5) / 4.0 - 0.5;
            let drift = step * f64::from(i.saturating_sub(100));
            let verdict = sensor.take(wave + 2.0 + noise + drift, &[wave - 0.1, wave, wave + 0.1]);
            verdict.is_some_and(|v| v.drifted)
        });
        assert_eq!(found.map(|i| i - 100), expected);
    }

    #[test]
    fn a_drift_is_told_and_a_wave_is_not() {
        check(0.0, None);
        check(0.1, Some(17));
        check(-0.02, Some(45));
    }

    #[test]
    fn wild_readings_and_few_neighbours_are_no_drift() {
        let mut sensor = NeighbourDrift::new(&SETTINGS);
        for i in 0..50 {
            assert_eq!(sensor.take(f64::from(i % 3), &[1.0, 1.0, 1.0]), None);
        }
        assert_eq!(sensor.take(1.0, &[1.0, 1.0]), None);
        assert_eq!(sensor.take(1.0, &[1.0, 1.0, f64::NAN]), None);
        assert!(sensor.take(1e9, &[1.0, 2.0, 1.0]).is_some_and(|v| !v.drifted));
    }

    /// PM2.5 of five stations of Beijing, January 2014; the one at `own` is judged by the others, and made to drift by the
    /// given amount a reading from reading 500 on. The readings at which it is said to have drifted.
    fn drifted(own: usize, per_reading: f64) -> Vec<usize> {
        let mut sensor = NeighbourDrift::new(&NeighbourDriftSettings::default());
        let told = particulates().into_iter().enumerate().filter(|(reading, values)| {
            let mut neighbours = values.clone();
            let added = per_reading * reading.saturating_sub(500) as f64;
            let value = neighbours.remove(own) + added;
            sensor.take(value, &neighbours).is_some_and(|v| v.drifted)
        });
        told.map(|(reading, _)| reading).collect()
    }

    #[test]
    fn a_drifting_station_is_told_from_a_smoggy_month() {
        for own in 0..5 {
            assert_eq!(drifted(own, 0.0), Vec::<usize>::new(), "station {own}");
        }
        for (per_reading, first) in [(1.0, 577), (0.5, 613), (0.25, 667), (0.1, 700), (-0.5, 608)] {
            let told = drifted(0, per_reading);
            assert_eq!(told, (first..700).collect::<Vec<usize>>(), "{per_reading} a reading");
        }
    }

    proptest! {
        #[test]
        fn the_same_for_neighbours_in_any_order(
            rows in prop::collection::vec((-1e6..1e6_f64, prop::collection::vec(-1e6..1e6_f64, 3..6)), 60..120),
        ) {
            let mut one = NeighbourDrift::new(&SETTINGS);
            let mut other = NeighbourDrift::new(&SETTINGS);
            for (value, mut neighbours) in rows {
                let verdict = one.take(value, &neighbours);
                neighbours.reverse();
                prop_assert_eq!(verdict, other.take(value, &neighbours));
            }
        }
    }
}
