//! The time that has readings: rates are those of this time, not of the span that was asked for.
//!
//! A gap is a stretch without any reading that is longer than ten times the mean distance of two readings of one series,
//! and than ten minutes: for readings that come by chance so long a stretch has a chance of e^-10. The ends of the span
//! count like readings, so that a span whose first and last minutes are quiet is still whole.

use vigiles_model::Timestamp;

/// Shorter stretches are never gaps.
const LEAST_GAP: i64 = 600_000_000;
/// So many times the mean distance of two readings of a series make a gap.
const DISTANCES: i64 = 10;

/// Where readings were seen; they come in the order of time.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    bounds: Option<(i64, i64)>,
    readings: i64,
    /// Stretches without a reading of more than [`LEAST_GAP`], as the readings before and after. At most six an hour.
    quiet: Vec<(i64, i64)>,
}

/// A stretch of time with readings: from its first moment to before its last.
pub type Stretch = (Timestamp, Timestamp);

impl Coverage {
    /// Takes the time of the next reading, in microseconds.
    #[inline]
    pub fn take(&mut self, time: i64) {
        self.readings += 1;
        let (first, last) = self.bounds.unwrap_or((time, time));
        if time - last > LEAST_GAP {
            self.quiet.push((last, time));
        }
        self.bounds = Some((first, last.max(time)));
    }

    /// The stretches of the span with readings, in order, for readings of so many series.
    pub fn stretches(&self, series: usize, from: Timestamp, to: Timestamp) -> Vec<Stretch> {
        let Some((first, last)) = self.bounds else { return Vec::new() };
        let spacing = (last - first).saturating_mul(series.max(1) as i64) / self.readings.max(1);
        let least = spacing.saturating_mul(DISTANCES).max(LEAST_GAP);
        let is_gap = |(before, after): &(i64, i64)| after - before > least;
        let edges = [(from.0.min(first), first), (last, to.0.max(last))];
        let all = edges[..1].iter().chain(&self.quiet).chain(&edges[1..]);
        let mut stretches = Vec::new();
        let mut start = from.0;
        for (before, after) in all.copied().filter(is_gap) {
            stretches.push((Timestamp(start), Timestamp(before)));
            start = after;
        }
        stretches.push((Timestamp(start), Timestamp(to.0.max(start))));
        stretches.retain(|(start, end)| start < end);
        stretches
    }
}

/// Microseconds of the stretches between two moments.
pub(super) fn covered(stretches: &[Stretch], from: i64, to: i64) -> i64 {
    stretches.iter().map(|(start, end)| (end.0.min(to) - start.0.max(from)).max(0)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000_000;

    /// Stretches in minutes, of a span of so many.
    fn stretches(minutes: impl IntoIterator<Item = i64>, series: usize, span: i64) -> Vec<(i64, i64)> {
        let mut coverage = Coverage::default();
        minutes.into_iter().for_each(|minute| coverage.take(minute * MINUTE));
        let found = coverage.stretches(series, Timestamp(0), Timestamp(span * MINUTE));
        found.into_iter().map(|(from, to)| (from.0 / MINUTE, to.0 / MINUTE)).collect()
    }

    #[test]
    fn time_without_readings_is_left_out() {
        assert_eq!(stretches([], 0, 60), []);
        assert_eq!(stretches(0..1440, 1, 1440), [(0, 1440)]);
        // Twenty minutes of history are the same for an hour, a day and a week.
        for span in [60, 1_440, 10_080] {
            assert_eq!(stretches(span - 20..span, 1, span), [(span - 20, span)], "{span}");
        }
        // An outage of two hours.
        assert_eq!(stretches((0..300).chain(420..600), 1, 600), [(0, 299), (420, 600)]);
    }

    #[test]
    fn what_reports_seldom_has_no_gaps() {
        assert_eq!(stretches((0..48).map(|hour| hour * 60 + 30), 1, 48 * 60), [(0, 48 * 60)]);
        // A hundred stations that all report on the hour.
        let stations = (0..24).flat_map(|hour| std::iter::repeat_n(hour * 60, 100));
        assert_eq!(stretches(stations, 100, 1_440), [(0, 1_440)]);
    }

    proptest! {
        #[test]
        fn stretches_are_apart_within_the_span_and_begin_and_end_with_readings(
            mut minutes in prop::collection::vec(0..10_000i64, 1..60), series in 1..9usize,
        ) {
            minutes.sort_unstable();
            let found = stretches(minutes.iter().copied(), series, 10_000);
            prop_assert!(found.iter().all(|(from, to)| 0 <= *from && from < to && *to <= 10_000), "{found:?}");
            prop_assert!(found.windows(2).all(|pair| pair[0].1 < pair[1].0), "{found:?}");
            let at_reading = |end: &i64| [0, 10_000].contains(end) || minutes.contains(end);
            prop_assert!(found.iter().all(|(from, to)| at_reading(from) && at_reading(to)), "{found:?}");
        }
    }
}
