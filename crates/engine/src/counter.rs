//! Counting readings in a sliding window.

use std::collections::VecDeque;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use vigiles_model::alarm::MAX_CAUSES;
use vigiles_model::{Observation, Position};

use crate::bytes;
use crate::slot::NEVER;

/// The readings in the window, oldest phenomenon time first. Of those with one distinct value only the newest counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counter {
    tallies: VecDeque<Tally>,
}

/// One reading that counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) time: i64,
    pub(crate) arrived: i64,
    pub(crate) distinct: Option<CompactString>,
    pub(crate) place: Option<Position>,
    /// Kept for the newest [`MAX_CAUSES`].
    pub(crate) observation: Option<Box<Observation>>,
}

/// What the states of counting rules ask of a counter, however it counts.
pub(crate) trait SlidingCount {
    /// How many readings the window holds.
    fn len(&self) -> usize;

    /// Drops what arrived a window or more before platform time `at`.
    fn expire(&mut self, at: i64, window: i64);

    /// The platform time at which the next reading leaves by itself.
    fn next_expiry(&self, window: i64) -> i64;

    /// The readings still held, oldest first.
    fn causes(&self) -> Vec<Observation>;
}

impl SlidingCount for Counter {
    fn len(&self) -> usize {
        self.tallies.len()
    }

    fn expire(&mut self, at: i64, window: i64) {
        self.tallies.retain(|t| t.arrived.saturating_add(window) > at);
    }

    fn next_expiry(&self, window: i64) -> i64 {
        self.tallies.iter().map(|t| t.arrived.saturating_add(window)).min().unwrap_or(NEVER)
    }

    fn causes(&self) -> Vec<Observation> {
        self.observations().cloned().collect()
    }
}

impl Counter {
    /// Adds a reading unless it is older than the window; says whether it counts. At most `cap` are kept.
    pub(crate) fn add(&mut self, mut tally: Tally, window: i64, cap: usize) -> bool {
        let newest = self.tallies.back().map_or(tally.time, |t| t.time.max(tally.time));
        let oldest = newest.saturating_sub(window);
        while self.tallies.front().is_some_and(|t| t.time <= oldest) {
            self.tallies.pop_front();
        }
        if tally.time <= oldest {
            return false;
        }
        if let Some(value) = &tally.distinct
            && let Some(same) = self.tallies.iter().position(|t| t.distinct.as_ref() == Some(value))
        {
            if self.tallies[same].time > tally.time {
                return true;
            }
            self.tallies.remove(same);
        }
        let at = self.tallies.iter().rposition(|t| t.time <= tally.time).map_or(0, |i| i + 1);
        if at + MAX_CAUSES <= self.tallies.len() {
            tally.observation = None;
        }
        self.tallies.insert(at, tally);
        if self.tallies.len() > cap {
            self.tallies.pop_front();
        }
        if let Some(old) = self.tallies.len().checked_sub(MAX_CAUSES + 1) {
            self.tallies[old].observation = None;
        }
        true
    }

    /// Bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        let newest: usize =
            self.tallies.iter().rev().take(MAX_CAUSES).flat_map(|t| &t.observation).map(|o| bytes::boxed(o)).sum();
        // Either all are distinct in something or none.
        let distinct = self.tallies.iter().map_while(|t| t.distinct.as_deref()).map(bytes::text).sum::<usize>();
        newest + distinct + bytes::list::<Tally>(self.tallies.len(), usize::MAX >> 1)
    }

    pub(crate) fn fit(&mut self) {
        bytes::fit(&mut self.tallies);
    }

    /// Forgets the oldest reading, where it is not the only one.
    pub(crate) fn shed(&mut self) -> bool {
        self.tallies.len() > 1 && self.tallies.pop_front().is_some()
    }

    /// Whether a reading of the window is within `radius_m` of a place.
    pub(crate) fn is_near(&self, place: Position, radius_m: f64) -> bool {
        self.tallies.iter().any(|t| near(t, place, radius_m))
    }

    /// The places of the readings, where they have one.
    pub(crate) fn places(&self) -> impl Iterator<Item = Position> {
        self.tallies.iter().filter_map(|t| t.place)
    }

    /// How many are within `radius_m` of a place.
    pub(crate) fn count_near(&self, place: Position, radius_m: f64) -> usize {
        self.tallies.iter().filter(|t| near(t, place, radius_m)).count()
    }

    /// Takes out those within `radius_m` of a place; the newest of them, up to `cap`, are the count of their own.
    pub(crate) fn take_near(&mut self, place: Position, radius_m: f64, cap: usize) -> Self {
        let (mut taken, kept): (VecDeque<_>, _) =
            std::mem::take(&mut self.tallies).into_iter().partition(|t| near(t, place, radius_m));
        self.tallies = kept;
        taken.drain(..taken.len().saturating_sub(cap));
        Self { tallies: taken }
    }

    /// The readings still held, oldest first.
    pub(crate) fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.tallies.iter().filter_map(|t| t.observation.as_deref())
    }
}

fn near(tally: &Tally, place: Position, radius_m: f64) -> bool {
    // One degree of latitude is never less than 110.5 km.
    tally.place.is_some_and(|p| (p.lat - place.lat).abs() * 110_500.0 <= radius_m && p.distance_m(place) <= radius_m)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigiles_model::{KindId, ObservationId, Origin, Quality, SourceId, Timestamp, Value};

    use super::*;

    fn tally(time: i64) -> Tally {
        let observation = Observation {
            id: ObservationId(time as u128),
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
        };
        Tally { time, arrived: 0, distinct: None, place: None, observation: Some(Box::new(observation)) }
    }

    proptest! {
        /// In whatever order they come.
        #[test]
        fn only_the_newest_are_kept_whole(times in prop::collection::vec(0..1_000i64, 1..100)) {
            let mut counter = Counter::default();
            for (i, time) in times.iter().enumerate() {
                counter.add(tally(*time), 10_000, 64);
                let kept: Vec<i64> = counter.observations().map(|o| o.time.0).collect();
                prop_assert!(kept.len() <= MAX_CAUSES);
                let newest = counter.tallies.iter().skip(counter.len().saturating_sub(MAX_CAUSES));
                prop_assert!(newest.filter(|t| t.observation.is_some()).count() == kept.len(), "after {} of {times:?}", i + 1);
            }
        }
    }
}
