//! Flat line: how long a value has not changed by more than a tolerance, as a stuck or frozen sensor does not (WMO-No. 8,
//! Guide to Instruments and Methods of Observation, the persistence test of its quality control).

use serde::{Deserialize, Serialize};

use super::usable;

/// Settings of [`FlatLine`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct FlatLineSettings {
    /// Highest minus lowest value that still counts as flat, in the unit of the series.
    pub(crate) tolerance: f64,
    /// How long it may stay flat, in microseconds.
    pub(crate) limit_us: i64,
    /// Readings that are needed at least: a sensor that says little is not stuck.
    pub(crate) readings: u32,
}

impl Default for FlatLineSettings {
    fn default() -> Self {
        Self { tolerance: 0.0, limit_us: 6 * 3_600_000_000, readings: 6 }
    }
}

/// What [`FlatLine`] says of a reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FlatLineVerdict {
    /// When the flat line began, in microseconds since 1970.
    pub(crate) since_us: i64,
    /// How long it lasts, in microseconds.
    pub(crate) lasted_us: i64,
    /// Readings on it.
    pub(crate) readings: u32,
    /// Lowest and highest of them.
    pub(crate) range: (f64, f64),
    /// Whether it has lasted long enough to be abnormal.
    pub(crate) flat: bool,
}

/// The state for one series: less than 100 bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FlatLine {
    settings: FlatLineSettings,
    run: Option<Run>,
}

/// Readings within the tolerance of each other, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Run {
    since_us: i64,
    until_us: i64,
    lowest: f64,
    highest: f64,
    readings: u32,
}

impl FlatLine {
    pub(crate) fn new(settings: &FlatLineSettings) -> Self {
        Self { settings: *settings, run: None }
    }

    /// Takes a reading and says how long the line has been flat. None for a value that is not finite and for a reading
    /// older than the newest.
    pub(crate) fn take(&mut self, time_us: i64, value: f64) -> Option<FlatLineVerdict> {
        if !usable(value) || self.run.is_some_and(|run| time_us < run.until_us) {
            return None;
        }
        let fresh = Run { since_us: time_us, until_us: time_us, lowest: value, highest: value, readings: 1 };
        let longer = self.run.map(|run| Run {
            until_us: time_us,
            lowest: run.lowest.min(value),
            highest: run.highest.max(value),
            readings: run.readings.saturating_add(1),
            ..run
        });
        let run = longer.filter(|run| run.highest - run.lowest <= self.settings.tolerance).unwrap_or(fresh);
        self.run = Some(run);
        let lasted_us = run.until_us.saturating_sub(run.since_us);
        Some(FlatLineVerdict {
            since_us: run.since_us,
            lasted_us,
            readings: run.readings,
            range: (run.lowest, run.highest),
            flat: run.readings >= self.settings.readings && lasted_us >= self.settings.limit_us,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::recorded::speeds;
    use super::*;

    /// Readings a second apart; the limit is 3 s.
    fn check(tolerance: f64, values: &[f64], expected: &str) {
        let mut line = FlatLine::new(&FlatLineSettings { tolerance, limit_us: 3_000_000, readings: 3 });
        let verdicts = values.iter().enumerate().map(|(i, v)| line.take(i as i64 * 1_000_000, *v));
        let found: String = verdicts.map(|v| v.map_or('.', |v| if v.flat { '_' } else { '~' })).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn flat_after_the_limit() {
        check(0.0, &[5.0; 6], "~~~___");
        check(0.0, &[5.0, 5.0, 5.0, 5.0, 5.1, 5.1, 5.1, 5.1], "~~~_~~~_");
        check(0.5, &[5.0, 5.2, 5.1, 5.3, 5.5, 5.6], "~~~__~");
        // A slow creep is not flat, though no step is large.
        check(0.5, &[1.0, 1.3, 1.6, 1.9, 2.2, 2.5, 2.8], "~~~~~~~");
        check(0.0, &[5.0, f64::NAN, 5.0, 5.0, 5.0], "~.~__");
    }

    #[test]
    fn old_readings_are_left_out() {
        let mut line = FlatLine::new(&FlatLineSettings::default());
        assert!(line.take(10, 1.0).is_some());
        assert_eq!(line.take(9, 1.0), None);
        assert_eq!(line.take(10, 1.0).map(|v| v.readings), Some(2));
    }

    #[test]
    fn a_detector_that_freezes_is_found_after_its_limit() {
        let settings = FlatLineSettings { tolerance: 0.5, limit_us: 2 * 3_600_000_000, readings: 6 };
        let mut line = FlatLine::new(&settings);
        let readings = speeds();
        let (before, after) = readings.split_at(700);
        assert!(before.iter().all(|(time, value)| line.take(*time, *value).is_some_and(|v| !v.flat)));
        let frozen = before[699];
        let found = after.iter().find(|(time, _)| line.take(*time, frozen.1).is_some_and(|v| v.flat)).unwrap();
        let waited = found.0 - frozen.0;
        assert!((settings.limit_us..2 * settings.limit_us).contains(&waited), "{waited}");
    }

    proptest! {
        #[test]
        fn all_readings_of_a_line_are_within_the_tolerance(
            values in prop::collection::vec(-5.0..5.0_f64, 1..100), tolerance in 0.0..4.0_f64,
        ) {
            let mut line = FlatLine::new(&FlatLineSettings { tolerance, ..FlatLineSettings::default() });
            for (i, value) in values.iter().enumerate() {
                let verdict = line.take(i as i64, *value).unwrap();
                let run = &values[usize::try_from(verdict.since_us).unwrap()..=i];
                prop_assert_eq!(run.len(), verdict.readings as usize);
                prop_assert!(run.iter().all(|a| run.iter().all(|b| (a - b).abs() <= tolerance)));
            }
        }
    }
}
