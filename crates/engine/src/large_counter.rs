//! Counting many readings in a sliding window in bounded memory.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use vigiles_model::Observation;
use vigiles_model::alarm::MAX_CAUSES;

use crate::bytes;
use crate::counter::SlidingCount;
use crate::slot::NEVER;

/// Spans that a window is divided into. A span leaves as a whole with its newest reading, so that a reading counts for
/// at most this fraction of the window too long.
const SPANS: i64 = 128;

/// The readings in the window, counted by spans of it; only the newest are kept as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LargeCounter {
    /// Oldest first.
    spans: VecDeque<Span>,
    count: u64,
    /// Oldest first, at most [`MAX_CAUSES`].
    newest: VecDeque<Observation>,
}

/// The readings of one span. Times are those of its newest reading, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Span {
    time: i64,
    arrived: i64,
    count: u32,
}

impl SlidingCount for LargeCounter {
    fn len(&self) -> usize {
        usize::try_from(self.count).unwrap_or(usize::MAX)
    }

    fn expire(&mut self, at: i64, window: i64) {
        self.spans.retain(|s| s.arrived.saturating_add(window) > at);
        self.count = self.spans.iter().map(|s| u64::from(s.count)).sum();
    }

    /// The time at which the next span leaves.
    fn next_expiry(&self, window: i64) -> i64 {
        self.spans.iter().map(|s| s.arrived.saturating_add(window)).min().unwrap_or(NEVER)
    }

    /// The newest readings only.
    fn causes(&self) -> Vec<Observation> {
        self.newest.iter().cloned().collect()
    }
}

impl LargeCounter {
    /// Adds a reading unless it is older than the window; says whether it counts.
    pub(crate) fn add(&mut self, o: &Observation, arrived: i64, window: i64) -> bool {
        let time = o.time.0;
        let oldest = self.spans.back().map_or(time, |s| s.time.max(time)).saturating_sub(window);
        while let Some(span) = self.spans.front().filter(|s| s.time <= oldest) {
            self.count = self.count.saturating_sub(u64::from(span.count));
            self.spans.pop_front();
        }
        if time <= oldest {
            return false;
        }
        let number = |time: i64| time.div_euclid((window / SPANS).max(1));
        let at = self.spans.iter().rposition(|s| number(s.time) <= number(time));
        match at {
            Some(at) if number(self.spans[at].time) == number(time) => {
                let span = &mut self.spans[at];
                span.time = span.time.max(time);
                span.arrived = span.arrived.max(arrived);
                span.count = span.count.saturating_add(1);
            }
            _ => self.spans.insert(at.map_or(0, |i| i + 1), Span { time, arrived, count: 1 }),
        }
        self.count = self.count.saturating_add(1);
        self.keep(o);
        true
    }

    /// Bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        let beside: usize = self.newest.iter().map(bytes::beside).sum();
        let newest = bytes::list::<Observation>(self.newest.len(), MAX_CAUSES);
        beside + newest + bytes::list::<Span>(self.spans.len(), 2 * SPANS as usize)
    }

    /// Bytes that one holds at most.
    pub(crate) fn most_bytes() -> usize {
        let newest = bytes::list::<Observation>(MAX_CAUSES, MAX_CAUSES) + MAX_CAUSES * bytes::USUAL_BESIDE;
        newest + bytes::list::<Span>(2 * SPANS as usize, 2 * SPANS as usize)
    }

    pub(crate) fn fit(&mut self) {
        bytes::fit(&mut self.newest);
        bytes::fit(&mut self.spans);
    }

    /// Lets go of a reading; the count stays.
    pub(crate) fn shed(&mut self) -> bool {
        self.newest.len() > 1 && self.newest.pop_front().is_some()
    }

    fn keep(&mut self, o: &Observation) {
        let at = self.newest.iter().rposition(|kept| kept.time <= o.time).map_or(0, |i| i + 1);
        if self.newest.len() < MAX_CAUSES {
            self.newest.insert(at, o.clone());
        } else if at > 0 {
            self.newest.pop_front();
            self.newest.insert(at - 1, o.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigiles_model::{KindId, ObservationId, Origin, Quality, SourceId, Timestamp, Value};

    use super::*;

    const WINDOW: i64 = 128_000;

    fn reading(time: i64) -> Observation {
        Observation {
            id: ObservationId(0),
            kind: KindId::new("vehicle").unwrap(),
            source: SourceId::new("s").unwrap(),
            asset: None,
            time: Timestamp(time),
            arrived: Timestamp(time),
            place: None,
            value: Value::Number(1.0),
            quality: Quality::Good,
            origin: Origin::Live,
            attributes: Vec::new(),
        }
    }

    fn counted(times: &[i64]) -> LargeCounter {
        let mut counter = LargeCounter::default();
        for time in times {
            counter.add(&reading(*time), *time, WINDOW);
        }
        counter
    }

    #[test]
    fn memory_is_bounded() {
        let counter = counted(&(0..100_000).map(|i| i * 7).collect::<Vec<_>>());
        assert!(counter.spans.len() <= SPANS as usize + 1, "{}", counter.spans.len());
        let newest: Vec<_> = counter.causes().iter().map(|o| o.time.0).collect();
        assert_eq!(newest, (99_984..100_000).map(|i| i * 7).collect::<Vec<_>>());
    }

    #[test]
    fn what_arrived_a_window_ago_leaves() {
        let mut counter = counted(&[0, 500, 1_000, 64_000]);
        assert_eq!((counter.len(), counter.next_expiry(WINDOW)), (4, 500 + WINDOW));
        counter.expire(1_000 + WINDOW, WINDOW);
        assert_eq!(counter.len(), 1);
        counter.expire(64_000 + WINDOW, WINDOW);
        assert_eq!((counter.len(), counter.next_expiry(WINDOW)), (0, NEVER));
    }

    proptest! {
        #[test]
        fn never_less_than_in_the_window_and_never_more_than_a_span_too_many(
            times in prop::collection::vec(0..1_000_000i64, 1..400),
        ) {
            let found = counted(&times).len();
            let newest = times.iter().copied().max().unwrap_or(0);
            // A late reading may have come after what it would have counted with was gone, so order matters below only.
            let mut sorted = times.clone();
            sorted.sort_unstable();
            let within = |span: i64| sorted.iter().filter(|t| **t > newest - span).count();
            let in_order = counted(&sorted).len();
            prop_assert!(in_order >= within(WINDOW) && in_order <= within(WINDOW + WINDOW / SPANS));
            prop_assert!(found >= within(WINDOW) && found <= within(WINDOW + WINDOW / SPANS));
        }
    }
}
