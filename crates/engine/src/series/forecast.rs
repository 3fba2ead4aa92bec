//! Forecast residual: additive seasonal exponential smoothing (Holt-Winters without a trend; Winters 1960, Gardner 1985,
//! "Exponential smoothing: the state of the art", its N-A model), in error-correction form, with the cleaned residuals of Gelper, Fried & Croux (2010), so that an abnormal reading hardly moves the forecast.
//!
//! Readings need not be regular: the trend is per microsecond (Wright 1986, "Forecasting data published at irregular time
//! intervals", treats the same need), is not carried over a gap, and the season is by slots of time, not by counting.

use serde::{Deserialize, Serialize};

use super::robust::{bounded_square, cleaned};
use super::season::Season;
use super::usable;

/// Settings of [`Forecast`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct ForecastSettings {
    /// Slots with a difference from the level each; one slot is Holt's method without a season.
    pub(crate) season: Season,
    /// Smoothing of the level, 0 to 1.
    pub(crate) level: f64,
    /// Smoothing of the trend, 0 to 1; 0 is without a trend. No rule sets it: it stays, with `gap_us` and what is kept of
    /// the trend, because snapshots of format 2 have their places.
    pub(crate) trend: f64,
    /// Smoothing of the season, 0 to 1.
    pub(crate) seasonal: f64,
    /// Smoothing of the residuals' spread, 0 to 1.
    pub(crate) spread: f64,
    /// Readings before the first verdict.
    pub(crate) learning: u32,
    /// From how many sigmas on a reading is abnormal: half the width of the prediction interval.
    pub(crate) limit_sigmas: f64,
    /// A gap, in microseconds, after which the trend starts anew.
    pub(crate) gap_us: i64,
    /// The least sigma there is, in the unit of the series: what the sensor cannot tell apart.
    pub(crate) resolution: f64,
}

impl Default for ForecastSettings {
    fn default() -> Self {
        Self {
            season: Season::HOURS_OF_DAY,
            level: 0.1,
            trend: 0.0,
            seasonal: 0.1,
            spread: 0.02,
            learning: 100,
            limit_sigmas: 5.0,
            gap_us: 2 * 3_600_000_000,
            resolution: 1e-6,
        }
    }
}

/// What [`Forecast`] says of a reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ForecastVerdict {
    /// Signed distance from the forecast, in sigmas.
    pub(crate) score: f64,
    /// The forecast, in the unit of the series.
    pub(crate) expected: f64,
    /// Half the width of the prediction interval, in the unit of the series.
    pub(crate) band: f64,
    /// Whether the reading lies outside the interval.
    pub(crate) abnormal: bool,
}

/// The state for one series: less than 0.5 kB with the hours of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Forecast {
    settings: ForecastSettings,
    level: f64,
    /// Per microsecond.
    trend: f64,
    /// Usual time between readings, in microseconds.
    spacing: f64,
    season: Vec<f32>,
    /// Readings of each slot, up to 255: a young slot learns faster.
    seen: Vec<u8>,
    variance: f64,
    count: u32,
    newest_us: i64,
}

impl Forecast {
    pub(crate) fn new(settings: &ForecastSettings) -> Self {
        let slots = settings.season.len();
        Self {
            settings: *settings,
            level: 0.0,
            trend: 0.0,
            spacing: 0.0,
            season: vec![0.0; slots],
            seen: vec![0; slots],
            variance: 0.0,
            count: 0,
            newest_us: i64::MIN,
        }
    }

    /// Bytes beside its fields.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.season) + size_of_val(&*self.seen)
    }

    /// The period after which what is usual repeats itself.
    pub(crate) fn season(&self) -> Season {
        self.settings.season
    }

    /// Judges a reading against the forecast made before it, then learns from it. None while learning, for a value that is
    /// not finite and for a reading older than the newest. `time_us` is in microseconds since 1970, UTC; `local_us` the
    /// same on the clocks that the season goes by, which may be put back.
    pub(crate) fn take(&mut self, time_us: i64, local_us: i64, value: f64) -> Option<ForecastVerdict> {
        if !usable(value) || time_us < self.newest_us {
            return None;
        }
        if self.count == 0 {
            self.level = value;
            self.newest_us = time_us;
        }
        let passed = time_us.saturating_sub(self.newest_us);
        if passed > self.settings.gap_us {
            self.trend = 0.0;
        }
        let slot = self.settings.season.slot(local_us);
        let level = self.level + self.trend * passed as f64;
        let expected = level + f64::from(self.season[slot]);
        let residual = value - expected;
        let least = self.settings.resolution.max(f64::MIN_POSITIVE);
        let sigma = self.variance.max(0.0).sqrt().max(least);
        let learned = self.count >= self.settings.learning.max(2);
        self.learn(slot, level, residual, sigma, passed);
        self.newest_us = time_us;
        let band = self.settings.limit_sigmas.max(0.0) * sigma;
        learned.then(|| ForecastVerdict { score: residual / sigma, expected, band, abnormal: residual.abs() >= band })
    }

    fn learn(&mut self, slot: usize, level: f64, residual: f64, sigma: f64, passed: i64) {
        self.count = self.count.saturating_add(1);
        self.seen[slot] = self.seen[slot].saturating_add(1);
        let settings = &self.settings;
        let young = 1.0 / f64::from(self.count);
        let learned = self.count > settings.learning;
        // At first the spread is the plain mean square, since there is none yet to clean with.
        let (kept, square) = if learned {
            (sigma * cleaned(residual / sigma), sigma * sigma * bounded_square(residual / sigma))
        } else {
            (residual, residual * residual)
        };
        self.variance += settings.spread.max(young) * (square - self.variance);
        let weight = settings.level.clamp(0.0, 1.0).max(young);
        self.level = level + weight * kept;
        if passed > 0 && passed <= settings.gap_us {
            let passed = passed as f64;
            self.spacing += settings.spread.max(young) * (passed - self.spacing);
            // Two readings at nearly the same time say nothing of a trend, and nor do the first ones.
            let gain = if learned { weight * settings.trend.clamp(0.0, 1.0) } else { 0.0 };
            self.trend += gain * kept / passed.max(self.spacing);
        }
        // A young slot learns faster; while the level is young the season would learn what belongs to the level.
        let fresh = 1.0 / f64::from(self.seen[slot]).max(2.0);
        let seasonal = settings.seasonal.clamp(0.0, 1.0).max(fresh) * (1.0 - weight);
        self.season[slot] += (seasonal * kept) as f32;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::recorded::speeds;
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    /// After `shape` for 30 days an hour, the forecast of the next reading and whether `value` there is abnormal.
    fn check(settings: ForecastSettings, shape: impl Fn(i64) -> f64, value: f64, abnormal: bool) {
        let mut forecast = Forecast::new(&settings);
        for hour in 0..720 {
            forecast.take(hour * HOUR, hour * HOUR, shape(hour) + ((hour * 7) % 5) as f64 / 2.0 - 1.0);
        }
        let verdict = forecast.take(720 * HOUR, 720 * HOUR, value).unwrap();
        assert!((verdict.expected - shape(720)).abs() < 3.0, "{verdict:?}, not {}", shape(720));
        assert_eq!(verdict.abnormal, abnormal, "{verdict:?}");
    }

    #[test]
    fn forecasts_level_season_and_trend() {
        let settings = ForecastSettings::default();
        check(settings, |_| 40.0, 41.0, false);
        check(settings, |_| 40.0, 60.0, true);
        let daily = |hour: i64| if hour % 24 < 6 { 10.0 } else { 50.0 };
        check(settings, daily, 10.0, false);
        check(settings, daily, 50.0, true);
        let rising = |hour: i64| 0.5 * hour as f64;
        let holt = ForecastSettings { season: Season { slots: 1, ..Season::HOURS_OF_DAY }, trend: 0.05, ..settings };
        check(holt, rising, 360.0, false);
        check(holt, rising, 330.0, true);
    }

    /// Six readings an hour; after 30 days the clocks are put back by an hour.
    #[test]
    fn clocks_put_back_do_not_stop_it() {
        let mut forecast = Forecast::new(&ForecastSettings::default());
        let (minutes, change) = (|i: i64| i * HOUR / 6, 6 * 24 * 30);
        for i in 0..change + 12 {
            let offset = if i < change { 2 * HOUR } else { HOUR };
            let verdict = forecast.take(minutes(i), minutes(i) + offset, 20.0 + (i % 3) as f64);
            assert_eq!(verdict.is_some(), i >= 100, "{i}");
        }
    }

    #[test]
    fn nothing_is_said_of_old_or_young_readings() {
        let mut forecast = Forecast::new(&ForecastSettings::default());
        assert!((0..100).all(|hour| forecast.take(hour * HOUR, hour * HOUR, 5.0).is_none()));
        assert!(forecast.take(100 * HOUR, 100 * HOUR, 5.0).is_some());
        assert_eq!(forecast.take(99 * HOUR, 99 * HOUR, 5.0), None);
        assert_eq!(forecast.take(101 * HOUR, 101 * HOUR, f64::INFINITY), None);
    }

    #[test]
    fn a_wild_reading_hardly_moves_the_forecast() {
        let mut forecast = Forecast::new(&ForecastSettings::default());
        for hour in 0..500 {
            forecast.take(hour * HOUR, hour * HOUR, 20.0 + ((hour * 7) % 5) as f64);
        }
        assert!(forecast.take(500 * HOUR, 500 * HOUR, 1e9).is_some_and(|v| v.abnormal && v.score > 1e6));
        assert!(
            forecast.take(501 * HOUR, 501 * HOUR, 22.0).is_some_and(|v| !v.abnormal && (v.expected - 22.0).abs() < 2.0)
        );
    }

    #[test]
    fn readings_at_nearly_the_same_time_make_no_trend() {
        let mut forecast = Forecast::new(&ForecastSettings { trend: 0.1, ..ForecastSettings::default() });
        for i in 0..1_000 {
            let noise = (i * 7 % 5) as f64;
            forecast.take(i * HOUR, i * HOUR, 20.0 + noise);
            forecast.take(i * HOUR + 1, i * HOUR + 1, 24.0 - noise);
        }
        let verdict = forecast.take(1_000 * HOUR, 1_000 * HOUR, 22.0).unwrap();
        assert!((verdict.expected - 22.0).abs() < 3.0, "{verdict:?}");
    }

    #[test]
    fn slow_spells_on_a_road_are_abnormal_and_the_forecast_is_better_than_the_last_reading() {
        let mut forecast = Forecast::new(&ForecastSettings::default());
        let readings = speeds();
        let (mut slow, mut ordinary, mut error, mut naive, mut last) = ((0, 0), (0, 0), 0.0, 0.0, 0.0);
        for (time, value) in readings {
            if let Some(verdict) = forecast.take(time, time, value) {
                error += (value - verdict.expected).abs();
                naive += (value - last).abs();
                let counts = if value < 25.0 { &mut slow } else { &mut ordinary };
                if !(25.0..55.0).contains(&value) {
                    counts.0 += usize::from(verdict.abnormal);
                    counts.1 += 1;
                }
            }
            last = value;
        }
        assert_eq!((slow, ordinary), ((20, 22), (4, 964)));
        assert!(error < 0.95 * naive, "{error}, {naive}");
    }

    proptest! {
        #[test]
        fn numbers_stay_finite(
            readings in prop::collection::vec((0..10 * HOUR, -1e12..1e12_f64), 100..300), trend in 0.0..1.0_f64,
        ) {
            let mut forecast = Forecast::new(&ForecastSettings { trend, learning: 10, ..ForecastSettings::default() });
            let mut time = 0;
            for (passed, value) in readings {
                time += passed;
                if let Some(verdict) = forecast.take(time, time, value) {
                    prop_assert!(verdict.score.is_finite() && verdict.expected.is_finite());
                }
            }
        }
    }
}
