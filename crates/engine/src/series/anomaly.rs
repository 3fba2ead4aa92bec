//! Anomaly of a univariate series: how far a reading lies from what is usual for its hour of the week.
//!
//! The expected value is a slowly fading mean, plus the habit of the reading's slot, plus a share of how far the reading
//! before lay from its own. The habit of a slot with few readings is drawn towards none (empirical Bayes shrinkage;
//! Morris 1983, "Parametric empirical Bayes inference"), so that the detector starts as a plain control chart and grows a
//! weekly profile. The share is quasi-differencing (Cochrane & Orcutt 1949): readings next to each other are alike, and
//! a chart of what is new in each (Alwan & Roberts 1988, "Time-series modeling for statistical process control") answers
//! to sudden departures before slow wander. Residuals are judged against their own fading root mean square, a Shewhart
//! chart with exponentially weighted moments (MacGregor & Harris 1993, "The exponentially weighted moving variance");
//! without season and share it is the windowed Gaussian of the Numenta Anomaly Benchmark (Ahmad et al. 2017). What it
//! learns from one reading is limited (Huber 1964). Readings beyond the limit that follow each other closely are one
//! episode, as with KNN-CAD (Burnaev & Ishimtsev 2016).

use serde::{Deserialize, Serialize};

use super::moments::Moments;
use super::season::Season;
use super::usable;

/// A spread below this, or below the precision of the expected value, counts as none: nothing has varied.
const SMALLEST: f64 = 1e-30;

/// Settings of [`Anomaly`]. The defaults are the one setting with which the benchmark is measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AnomalySettings {
    /// Slots that have a habit of their own.
    pub season: Season,
    /// Memory of mean and spread, in readings.
    pub memory: u32,
    /// Memory of a slot's habit, in readings of that slot.
    pub slot_memory: u8,
    /// With how many readings a slot's habit counts by half.
    pub slot_weight: f64,
    /// Share of the distance of the reading before, from what was usual for it, that is expected again; 0 to 1.
    pub carried: f64,
    /// Readings before the first verdict.
    pub learning: u32,
    /// From how many sigmas on a reading is abnormal.
    pub limit_sigmas: f64,
    /// Readings within the limit, one after the other, that end an episode.
    pub quiet: u32,
    /// How many sigmas of a residual are learned at most.
    pub learned_sigmas: f64,
}

impl Default for AnomalySettings {
    fn default() -> Self {
        Self {
            season: Season::HOURS_OF_WEEK,
            memory: 5_000,
            slot_memory: 20,
            slot_weight: 5.0,
            carried: 0.5,
            learning: 50,
            limit_sigmas: 4.5,
            quiet: 15,
            learned_sigmas: 8.0,
        }
    }
}

/// What [`Anomaly`] says of a reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnomalyVerdict {
    /// Signed distance from the expected value, in sigmas.
    pub score: f64,
    /// What was expected, in the unit of the series.
    pub expected: f64,
    /// How far a reading may lie from it, in the unit of the series.
    pub band: f64,
    /// Whether the reading lies outside the band.
    pub abnormal: bool,
    /// Whether it is the first of its episode: the moment to raise an alarm.
    pub begins: bool,
}

/// The habit of one slot: its mean difference from the level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Habit {
    difference: f32,
    count: u8,
}

/// The state for one series: about 1.4 kB with the hours of a week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    settings: AnomalySettings,
    level: Moments,
    /// Of what each reading was beyond the expected.
    residual: Moments,
    /// How far the last reading, as learned, lay from what was usual for it.
    departure: f64,
    habits: Vec<Habit>,
    /// Readings within the limit since the last one beyond it; none before the first.
    quiet: Option<u32>,
}

impl Anomaly {
    /// A detector that knows nothing yet.
    pub fn new(settings: &AnomalySettings) -> Self {
        Self {
            settings: *settings,
            level: Moments::new(settings.memory),
            residual: Moments::new(settings.memory),
            departure: 0.0,
            habits: vec![Habit::default(); settings.season.len()],
            quiet: None,
        }
    }

    /// Bytes beside its fields.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.habits)
    }

    /// The period after which what is usual repeats itself.
    pub(crate) fn season(&self) -> Season {
        self.settings.season
    }

    /// Judges a reading, then learns from it. None while learning, where nothing has ever varied, and for a value that is
    /// not finite. `time_us` is in microseconds since 1970, UTC; readings may come in any order.
    pub fn take(&mut self, time_us: i64, value: f64) -> Option<AnomalyVerdict> {
        if !usable(value) {
            return None;
        }
        let slot = self.settings.season.slot(time_us);
        let usual = self.usual(slot, value);
        let expected = usual + self.settings.carried.clamp(0.0, 1.0) * self.departure;
        let sigma = self.residual.root_mean_square();
        let judged =
            self.residual.count() >= self.settings.learning.max(1) && sigma > expected.abs() * f64::EPSILON + SMALLEST;
        let mut residual = value - expected;
        let verdict = judged.then(|| self.judge(expected, residual, sigma));
        if judged {
            let most = self.settings.learned_sigmas.max(1.0) * sigma;
            residual = residual.clamp(-most, most);
        }
        self.residual.take(residual);
        self.departure = expected + residual - usual;
        self.learn(slot, expected + residual);
        verdict
    }

    /// Level and habit together; the first reading is usual itself.
    fn usual(&self, slot: usize, value: f64) -> f64 {
        if self.level.count() == 0 {
            return value;
        }
        let habit = self.habits[slot];
        if habit.count == 0 {
            return self.level.mean();
        }
        let count = f64::from(habit.count);
        let share = count / (count + self.settings.slot_weight.max(0.0));
        self.level.mean() + share * f64::from(habit.difference)
    }

    fn judge(&mut self, expected: f64, residual: f64, sigma: f64) -> AnomalyVerdict {
        let band = self.settings.limit_sigmas.max(0.0) * sigma;
        let abnormal = residual.abs() >= band;
        let begins = abnormal && self.quiet.is_none_or(|readings| readings >= self.settings.quiet);
        self.quiet = if abnormal { Some(0) } else { self.quiet.map(|readings| readings.saturating_add(1)) };
        AnomalyVerdict { score: residual / sigma, expected, band, abnormal, begins }
    }

    fn learn(&mut self, slot: usize, value: f64) {
        let habit = &mut self.habits[slot];
        habit.count = habit.count.saturating_add(1).min(self.settings.slot_memory.max(1));
        if self.level.count() > 0 {
            let difference = value - self.level.mean();
            habit.difference += ((difference - f64::from(habit.difference)) / f64::from(habit.count)) as f32;
        }
        self.level.take(value);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn check(values: &[f64], expected: &str) {
        let settings = AnomalySettings { learning: 10, quiet: 3, ..AnomalySettings::default() };
        let mut anomaly = Anomaly::new(&settings);
        let mut found = String::new();
        for (i, value) in values.iter().enumerate() {
            let verdict = anomaly.take(i as i64 * 5 * MINUTE, *value);
            found.push(match verdict {
                None => '.',
                Some(v) if v.begins => '!',
                Some(v) if v.abnormal => '+',
                Some(_) => '-',
            });
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn says_nothing_while_it_learns() {
        check(&[1.0, 2.0, 1.0, 2.0], "....");
        check(&[1.0; 14], "..............");
        check(&[f64::NAN, f64::INFINITY, 1.0], "...");
    }

    #[test]
    fn an_episode_begins_once() {
        let calm: Vec<f64> = (0..24).map(|i| f64::from(i % 2)).collect();
        check(&[&calm[..], &[0.0, 9.0, 1.0, 12.0, 0.0, 1.0, 0.0, 15.0]].concat(), "..........---------------!-+---!");
    }

    #[test]
    fn the_habit_of_an_hour_is_expected() {
        let mut anomaly = Anomaly::new(&AnomalySettings::default());
        let day = |hour: i64| if hour % 24 < 12 { 10.0 } else { 90.0 };
        let mut last = None;
        for hour in 0..24 * 7 * 30 {
            let noise = f64::from(u8::try_from(hour * 7 % 5).unwrap_or(0));
            last = anomaly.take(hour * 60 * MINUTE, day(hour) + noise);
        }
        let last = last.unwrap();
        assert!(!last.abnormal);
        assert!((last.expected - 92.0).abs() < 15.0, "{last:?}");
        // 90 is usual at 23 h, at midnight it is not; without seasons both would be.
        let night = anomaly.take(24 * 7 * 30 * 60 * MINUTE, 92.0).unwrap();
        assert!(night.abnormal && night.begins && night.score > 4.0, "{night:?}");
    }

    #[test]
    fn one_glitch_does_not_blind_it() {
        let mut anomaly = Anomaly::new(&AnomalySettings::default());
        let mut take = |i: i64, value: f64| anomaly.take(i * MINUTE, value);
        for i in 0..1_000 {
            take(i, 20.0 + (i % 3) as f64);
        }
        assert!(take(1_000, 1e12).unwrap().begins);
        for i in 1_001..1_100 {
            take(i, 20.0 + (i % 3) as f64);
        }
        assert!(take(1_100, 40.0).unwrap().begins);
    }

    proptest! {
        #[test]
        fn numbers_stay_finite(readings in prop::collection::vec((any::<i64>(), any::<f64>()), 60..300)) {
            let mut anomaly = Anomaly::new(&AnomalySettings::default());
            for (time, value) in readings {
                if let Some(v) = anomaly.take(time, value) {
                    prop_assert!(v.score.is_finite() && v.expected.is_finite() && v.band.is_finite(), "{v:?}");
                }
            }
        }

        #[test]
        fn a_snapshot_goes_on_as_if_nothing_had_happened(
            readings in prop::collection::vec((0..2_000_000_000_i64, -1e9..1e9), 60..200),
        ) {
            let mut whole = Anomaly::new(&AnomalySettings::default());
            let (before, after) = readings.split_at(50);
            for (time, value) in before {
                whole.take(*time, *value);
            }
            let bytes = postcard::to_allocvec(&whole).unwrap();
            let mut restored: Anomaly = postcard::from_bytes(&bytes).unwrap();
            for (time, value) in after {
                prop_assert_eq!(whole.take(*time, *value), restored.take(*time, *value));
            }
            prop_assert_eq!(whole, restored);
        }
    }
}
