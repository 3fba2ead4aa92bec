//! Seasonal robust baseline: what is usual in each slot of the day or the week, and how many robust sigmas away a reading
//! is.
//!
//! Each slot has a centre and a spread of its own ([`RobustMoments`]), so that a quiet night is judged more strictly than a
//! rush hour; no slot is trusted to be more than some times quieter than all are together, since few readings of a coarse
//! sensor may be equal by chance. An abnormal reading moves the centre of its slot by no more than two sigmas times the
//! weight of one reading.

use serde::{Deserialize, Serialize};

use super::robust::RobustMoments;
use super::season::Season;
use super::usable;

/// Settings of [`Baseline`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct BaselineSettings {
    /// Slots with a centre and a spread each.
    pub(crate) season: Season,
    /// Weight of a new reading in its slot, in the long run; 0 to 1.
    pub(crate) weight: f64,
    /// Readings of a slot before it is judged, 5 to 250.
    pub(crate) learning: u8,
    /// From how many robust sigmas on a reading is abnormal.
    pub(crate) limit_sigmas: f64,
    /// The least sigma of a slot, as a share of the sigma of all slots together; 0 to 1.
    pub(crate) least_share: f64,
    /// The least sigma there is, in the unit of the series: what the sensor cannot tell apart.
    pub(crate) resolution: f64,
}

impl Default for BaselineSettings {
    fn default() -> Self {
        let season = Season::HOURS_OF_WEEK;
        Self { season, weight: 0.05, learning: 10, limit_sigmas: 5.0, least_share: 0.2, resolution: 0.01 }
    }
}

/// What [`Baseline`] says of a reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BaselineVerdict {
    /// Signed distance from the expected value, in robust sigmas.
    pub(crate) score: f64,
    /// What is usual for the slot, in the unit of the series.
    pub(crate) expected: f64,
    /// How far a reading may lie from it, in the unit of the series.
    pub(crate) band: f64,
    /// Whether the reading lies outside the band.
    pub(crate) abnormal: bool,
}

/// The state for one series: about 4 kB with the hours of a week, 0.6 kB with those of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Baseline {
    settings: BaselineSettings,
    slots: Vec<RobustMoments>,
    /// Of the distances of readings from the centre of their slot, whatever the slot.
    distances: RobustMoments,
}

impl Baseline {
    pub(crate) fn new(settings: &BaselineSettings) -> Self {
        let slots = vec![RobustMoments::new(); settings.season.len()];
        Self { settings: *settings, slots, distances: RobustMoments::new() }
    }

    /// Bytes beside its fields.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.slots)
    }

    /// The period after which what is usual repeats itself.
    pub(crate) fn season(&self) -> Season {
        self.settings.season
    }

    /// Judges a reading against its slot, then learns from it. None while the slot learns and for a value that is not
    /// finite. `time_us` is in microseconds since 1970, UTC; readings may come in any order.
    pub(crate) fn take(&mut self, time_us: i64, value: f64) -> Option<BaselineVerdict> {
        if !usable(value) {
            return None;
        }
        let settings = &self.settings;
        let slot = &mut self.slots[settings.season.slot(time_us)];
        let known = slot.get();
        let learned = slot.count() >= settings.learning.clamp(RobustMoments::LEARNING, 250);
        let together = self.distances.get().map_or(0.0, |(_, sigma)| sigma);
        let finest = known.map_or(0.0, |(centre, _)| centre.abs() * f64::from(f32::EPSILON));
        let finest = settings.resolution.max(finest).max(f64::from(f32::MIN_POSITIVE));
        let least = finest.max(settings.least_share.clamp(0.0, 1.0) * together);
        slot.take(value, settings.weight, least);
        let (expected, sigma) = known?;
        let difference = value - expected;
        self.distances.take(difference, settings.weight / settings.season.len() as f64, finest);
        let sigma = sigma.max(least);
        let band = settings.limit_sigmas.max(0.0) * sigma;
        let abnormal = difference.abs() >= band;
        learned.then_some(BaselineVerdict { score: difference / sigma, expected, band, abnormal })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::recorded::speeds;
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn daily() -> BaselineSettings {
        BaselineSettings { season: Season::HOURS_OF_DAY, ..BaselineSettings::default() }
    }

    /// Ten quiet nights around 10 and loud days around 60, then the given reading at the given hour of day.
    fn check(hour: i64, value: f64, expected: f64, abnormal: bool) {
        let mut baseline = Baseline::new(&daily());
        for h in 0..24 * 10 {
            let noise = (h / 24 * 7 % 5) as f64 - 2.0;
            baseline.take(h * HOUR, if h % 24 < 8 { 10.0 + 0.1 * noise } else { 60.0 + noise });
        }
        let verdict = baseline.take((240 + hour) * HOUR, value).unwrap();
        assert!((verdict.expected - expected).abs() < 1.0, "{verdict:?}");
        assert_eq!(verdict.abnormal, abnormal, "{verdict:?}");
    }

    #[test]
    fn each_hour_has_its_own_usual() {
        check(3, 10.1, 10.0, false);
        check(3, 12.0, 10.0, true);
        check(15, 62.0, 60.0, false);
        check(15, 10.0, 60.0, true);
    }

    #[test]
    fn nothing_is_said_while_a_slot_learns() {
        let mut baseline = Baseline::new(&daily());
        assert!((0..24 * 10).all(|h| baseline.take(h * HOUR, h as f64).is_none()));
        assert!(baseline.take(240 * HOUR, 1.0).is_some());
        assert_eq!(baseline.take(241 * HOUR, f64::NAN), None);
    }

    #[test]
    fn an_abnormal_day_is_not_learned_at_once() {
        let mut baseline = Baseline::new(&daily());
        for h in 0..24 * 20 {
            baseline.take(h * HOUR, 20.0 + (h % 7) as f64);
        }
        let all = (480..504).all(|h| baseline.take(h * HOUR, 500.0).is_some_and(|v| v.abnormal));
        assert!(all, "a whole day is abnormal");
        assert!((504..528).all(|h| baseline.take(h * HOUR, 23.0).is_some_and(|v| !v.abnormal)), "the next is not");
    }

    /// Of nine days of speeds, how many below 25 and how many from 55 on are abnormal, of how many.
    fn check_road(season: Season, slow: (usize, usize), ordinary: (usize, usize)) {
        let mut baseline = Baseline::new(&BaselineSettings { season, ..BaselineSettings::default() });
        let (mut found_slow, mut found_ordinary) = ((0, 0), (0, 0));
        for (time, value) in speeds() {
            let verdict = baseline.take(time, value);
            let Some(verdict) = verdict else { continue };
            let counts = match value {
                ..25.0 => &mut found_slow,
                55.0.. => &mut found_ordinary,
                _ => continue,
            };
            counts.0 += usize::from(verdict.abnormal);
            counts.1 += 1;
        }
        assert_eq!((found_slow, found_ordinary), (slow, ordinary));
    }

    #[test]
    fn standing_traffic_is_far_from_usual() {
        check_road(Season::HOURS_OF_DAY, (22, 22), (3, 849));
        check_road(Season::HOURS_OF_WEEK, (13, 15), (1, 177));
    }

    proptest! {
        #[test]
        fn numbers_stay_finite(readings in prop::collection::vec((0..3_i64, any::<f64>()), 60..300)) {
            let mut baseline = Baseline::new(&daily());
            for (hour, value) in readings {
                if let Some(v) = baseline.take(hour * HOUR, value) {
                    prop_assert!(v.score.is_finite() && v.expected.is_finite() && v.band.is_finite(), "{v:?}");
                }
            }
        }
    }
}
