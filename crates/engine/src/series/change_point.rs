//! Change point: a lasting shift of the mean, found by two cumulative sums (Page 1954, "Continuous inspection schemes").
//!
//! Mean and spread are learned first, and go on being learned while nothing happens (self-starting, Hawkins 1987). What is
//! added is the standardised residual less a slack of half the shift that is looked for; it is cut at a few sigmas, so
//! that a single wild reading is not a shift (robust cusum, Lucas & Crosier 1982). After a change the new level is learned
//! afresh.

use serde::{Deserialize, Serialize};

use super::moments::Moments;
use super::usable;

/// Settings of [`ChangePoint`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct ChangePointSettings {
    /// Readings from which mean and spread are first learned.
    pub(crate) learning: u32,
    /// Memory of mean and spread, in readings.
    pub(crate) memory: u32,
    /// Slack in sigmas: half of the smallest shift that matters.
    pub(crate) slack_sigmas: f64,
    /// Sum in sigmas that is a change.
    pub(crate) limit_sigmas: f64,
    /// Most sigmas that one reading adds, before the slack is taken off.
    pub(crate) cut_sigmas: f64,
    /// The least sigma there is, in the unit of the series: what the sensor cannot tell apart.
    pub(crate) resolution: f64,
}

impl Default for ChangePointSettings {
    fn default() -> Self {
        Self { learning: 50, memory: 1_000, slack_sigmas: 0.5, limit_sigmas: 12.0, cut_sigmas: 3.0, resolution: 1e-6 }
    }
}

/// Which way a mean has shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Direction {
    /// To larger values.
    Up,
    /// To smaller values.
    Down,
}

/// What [`ChangePoint`] says of a reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ChangePointVerdict {
    /// The larger of the two sums, in sigmas.
    pub(crate) statistic: f64,
    /// The sum that is a change.
    pub(crate) limit: f64,
    /// The mean before, in the unit of the series.
    pub(crate) expected: f64,
    /// The change, if the limit was passed with this reading.
    pub(crate) change: Option<Change>,
}

/// A shift of the mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Change {
    pub(crate) direction: Direction,
    /// Mean since the beginning less the mean before, in the unit of the series.
    pub(crate) size: f64,
    /// When it began, in microseconds since 1970: the first reading of the sum.
    pub(crate) began_us: i64,
    /// Readings since then.
    pub(crate) readings: u32,
}

/// The state for one series: less than 250 bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ChangePoint {
    settings: ChangePointSettings,
    usual: Moments,
    up: Sum,
    down: Sum,
}

/// One of the two sums, and the readings since it was last nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Sum {
    sigmas: f64,
    began_us: i64,
    readings: u32,
    values: f64,
}

impl Sum {
    fn add(&mut self, sigmas: f64, time_us: i64, value: f64) {
        if self.readings == 0 {
            self.began_us = time_us;
        }
        self.sigmas += sigmas;
        self.readings = self.readings.saturating_add(1);
        self.values += value;
        if self.sigmas <= 0.0 {
            *self = Self::default();
        }
    }

    fn change(&self, direction: Direction, before: f64) -> Change {
        let mean = self.values / f64::from(self.readings.max(1));
        Change { direction, size: mean - before, began_us: self.began_us, readings: self.readings }
    }
}

impl ChangePoint {
    pub(crate) fn new(settings: &ChangePointSettings) -> Self {
        Self { settings: *settings, usual: Moments::new(settings.memory), up: Sum::default(), down: Sum::default() }
    }

    /// Takes a reading. None while learning and for a value that is not finite. `time_us` is in microseconds since 1970;
    /// readings count in the order in which they come.
    pub(crate) fn take(&mut self, time_us: i64, value: f64) -> Option<ChangePointVerdict> {
        if !usable(value) {
            return None;
        }
        let settings = self.settings;
        if self.usual.count() < settings.learning.max(2) {
            self.usual.take(value);
            return None;
        }
        let mean = self.usual.mean();
        let sigma = self.usual.deviation().max(settings.resolution).max(f64::MIN_POSITIVE);
        let cut = settings.cut_sigmas.max(0.0);
        let sigmas = ((value - mean) / sigma).clamp(-cut, cut);
        self.up.add(sigmas - settings.slack_sigmas, time_us, value);
        self.down.add(-sigmas - settings.slack_sigmas, time_us, value);
        let statistic = self.up.sigmas.max(self.down.sigmas);
        let mut verdict = ChangePointVerdict { statistic, limit: settings.limit_sigmas, expected: mean, change: None };
        if statistic < settings.limit_sigmas {
            self.usual.take(mean + sigmas * sigma);
            return Some(verdict);
        }
        verdict.change = Some(if self.up.sigmas >= self.down.sigmas {
            self.up.change(Direction::Up, mean)
        } else {
            self.down.change(Direction::Down, mean)
        });
        *self = Self::new(&settings);
        Some(verdict)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::recorded::speeds;
    use super::*;

    /// Noise with a standard deviation of about one.
    fn noise(i: i64) -> f64 {
        ((i * 7919) % 13) as f64 / 3.74 - 1.6
    }

    /// Changes as `direction@began+readings`, when the mean goes from 0 to `shift` at reading 300, a second each.
    fn check(shift: f64, expected: &str) {
        let mut detector = ChangePoint::new(&ChangePointSettings::default());
        let mut found = Vec::new();
        for i in 0..600 {
            let value = noise(i) + if i < 300 { 0.0 } else { shift };
            if let Some(change) = detector.take(i * 1_000_000, value).and_then(|v| v.change) {
                assert!((change.size - shift).abs() < 0.8, "{change:?}");
                found.push(format!("{:?}@{}+{}", change.direction, change.began_us / 1_000_000, change.readings));
            }
        }
        assert_eq!(found.join(" "), expected);
    }

    #[test]
    fn a_shift_is_found_with_its_beginning() {
        check(0.0, "");
        check(0.4, "");
        check(2.0, "Up@300+10");
        check(-2.0, "Down@299+9");
        check(9.0, "Up@300+5");
    }

    #[test]
    fn one_wild_reading_is_not_a_shift() {
        let mut detector = ChangePoint::new(&ChangePointSettings::default());
        let values = (0..400).map(|i| if i == 200 { 1e6 } else { noise(i) });
        assert!(values.enumerate().all(|(i, v)| detector.take(i as i64, v).is_none_or(|v| v.change.is_none())));
    }

    #[test]
    fn learns_the_new_level() {
        let mut detector = ChangePoint::new(&ChangePointSettings::default());
        let level = |i: i64| if i < 200 { 0.0 } else { 50.0 };
        let changes = (0..1_000).filter_map(|i| detector.take(i, level(i) + noise(i)).and_then(|v| v.change)).count();
        assert_eq!(changes, 1);
        assert_eq!(detector.take(1_000, f64::NAN), None);
        assert!((detector.take(1_001, 50.0).unwrap().expected - 50.0).abs() < 0.5);
    }

    #[test]
    fn slow_traffic_on_a_road_is_a_change_downwards() {
        let mut detector = ChangePoint::new(&ChangePointSettings::default());
        let readings = speeds();
        let judged = readings.iter().filter_map(|(time, value)| detector.take(*time, *value).and_then(|v| v.change));
        let changes: Vec<Change> = judged.collect();
        assert_eq!(changes.len(), 6);
        assert!(changes.iter().all(|c| c.direction == Direction::Down && c.size < 0.0), "{changes:?}");
        // The labelled slow spell of 16 September, 14:14, is told as one that began at 13:39 and is a fall by 33.
        let found = changes[5];
        assert_eq!(found.began_us, 1_442_410_740_000_000);
        assert!((found.size + 32.9).abs() < 0.1, "{found:?}");
    }

    proptest! {
        #[test]
        fn sums_stay_below_the_limit_without_a_change(values in prop::collection::vec(-1e9..1e9_f64, 60..300)) {
            let settings = ChangePointSettings::default();
            let mut detector = ChangePoint::new(&settings);
            for (i, value) in values.iter().enumerate() {
                if let Some(verdict) = detector.take(i as i64, *value) {
                    prop_assert!(verdict.statistic >= 0.0);
                    prop_assert_eq!(verdict.change.is_some(), verdict.statistic >= settings.limit_sigmas);
                }
            }
        }
    }
}
