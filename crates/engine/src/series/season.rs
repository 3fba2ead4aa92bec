//! Which part of a day or a week a time falls in.

use serde::{Deserialize, Serialize};

/// Microseconds of an hour.
const HOUR_US: i64 = 3_600_000_000;

/// Most slots of a season: the quarters of an hour of a week. It bounds the memory of every kernel with a profile.
const MAX_SLOTS: u16 = 672;

/// A recurring period of time, cut into slots of equal length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Season {
    /// Length of the period, in microseconds; less than one counts as one.
    pub period_us: i64,
    /// Into how many slots it is cut, 1 to 672; what is outside counts as the nearer bound.
    pub slots: u16,
    /// Added to the time of a reading (microseconds since 1970, UTC), so that slots follow local time.
    pub offset_us: i64,
}

impl Season {
    /// The hours of a week, UTC.
    pub const HOURS_OF_WEEK: Self = Self { period_us: 168 * HOUR_US, slots: 168, offset_us: 0 };
    /// The hours of a day, UTC.
    pub const HOURS_OF_DAY: Self = Self { period_us: 24 * HOUR_US, slots: 24, offset_us: 0 };

    /// How many slots there are, at least one.
    pub(crate) fn len(&self) -> usize {
        usize::from(self.slots.clamp(1, MAX_SLOTS))
    }

    /// The slot of a time in microseconds since 1970, UTC: from 0 to below `len`.
    pub(crate) fn slot(&self, time_us: i64) -> usize {
        let period = self.period_us.max(1);
        let slots = self.len() as i64;
        // As nearly always: nothing overflows, and a division of 64 bits costs a fraction of one of 128.
        let into = time_us.checked_add(self.offset_us).map(|local| local.rem_euclid(period));
        if let Some(passed) = into.and_then(|into| into.checked_mul(slots)) {
            return (passed / period) as usize;
        }
        let period = i128::from(period);
        let into = (i128::from(time_us) + i128::from(self.offset_us)).rem_euclid(period);
        (into * i128::from(slots) / period) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(season: Season, hour: i64, expected: usize) {
        assert_eq!(season.slot(hour * HOUR_US), expected);
    }

    #[test]
    fn hours_have_their_slots() {
        check(Season::HOURS_OF_DAY, 0, 0);
        check(Season::HOURS_OF_DAY, 25, 1);
        check(Season::HOURS_OF_DAY, -1, 23);
        check(Season::HOURS_OF_WEEK, 168 + 30, 30);
        check(Season { offset_us: 2 * HOUR_US, ..Season::HOURS_OF_DAY }, 23, 1);
        check(Season { slots: 0, ..Season::HOURS_OF_DAY }, 23, 0);
        check(Season { slots: 48, ..Season::HOURS_OF_DAY }, 23, 46);
    }

    proptest! {
        #[test]
        fn a_slot_is_the_share_of_the_period_that_has_passed(time: i64, period_us in 1..i64::MAX, slots in 1..=MAX_SLOTS, offset_us: i64) {
            let into = (i128::from(time) + i128::from(offset_us)).rem_euclid(i128::from(period_us));
            let expected = into * i128::from(slots) / i128::from(period_us);
            prop_assert_eq!(Season { period_us, slots, offset_us }.slot(time) as i128, expected);
            let (hours, short) = (period_us % (1000 * HOUR_US) + 1, time % (1 << 52));
            let into = i128::from(short).rem_euclid(i128::from(hours));
            prop_assert_eq!(Season { period_us: hours, slots, offset_us: 0 }.slot(short) as i128, into * i128::from(slots) / i128::from(hours));
        }

        #[test]
        fn a_slot_is_always_inside(time: i64, period_us: i64, slots: u16, offset_us: i64) {
            let season = Season { period_us, slots, offset_us };
            prop_assert!(season.slot(time) < season.len());
        }
    }
}
