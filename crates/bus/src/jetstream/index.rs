//! Where offsets lie in a stream, as far as it is known: bounded, filled by what was read and written.

use std::collections::{BTreeMap, VecDeque};

use super::chain::Link;

/// Most places that are remembered.
const MOST_PLACES: usize = 8_192;

/// A message, by what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The chain before the message: `sequence + 1` is the message, `next` the offset of its first record.
    pub(crate) before: Link,
}

impl Place {
    pub(crate) fn sequence(&self) -> u64 {
        self.before.sequence + 1
    }
}

/// Places by the offset of their first record.
#[derive(Default)]
pub(crate) struct Index {
    places: BTreeMap<u64, Place>,
    /// In the order in which they became known: the oldest knowledge is forgotten first, so that neither a replay
    /// nor a fast writer pushes out the other's newest place.
    order: VecDeque<u64>,
}

impl Index {
    /// Remembers what stands before a message. Of messages with the same first offset (all but the last have no
    /// records) the last one counts.
    pub(crate) fn insert(&mut self, before: Link) {
        let place = Place { before };
        let known = self.places.get(&before.next).map(Place::sequence);
        if known.is_some_and(|sequence| sequence >= place.sequence()) {
            return;
        }
        if self.places.insert(before.next, place).is_none() {
            self.order.push_back(before.next);
        }
        if self.order.len() > MOST_PLACES
            && let Some(oldest) = self.order.pop_front()
        {
            self.places.remove(&oldest);
        }
    }

    /// The nearest known place at or before an offset.
    pub(crate) fn at_or_before(&self, offset: u64) -> Option<Place> {
        self.places.range(..=offset).next_back().map(|(_, place)| *place)
    }

    /// The sequence of the nearest known message that begins after an offset.
    pub(crate) fn after(&self, offset: u64) -> Option<u64> {
        self.places.range(offset + 1..).next().map(|(_, place)| place.sequence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(sequence: u64, next: u64) -> Link {
        Link { sequence, next, ..Link::START }
    }

    #[test]
    fn places_are_found_by_offset() {
        let mut index = Index::default();
        for (sequence, next) in [(0, 0), (4, 40), (5, 40), (3, 40), (9, 90)] {
            index.insert(link(sequence, next));
        }
        for (offset, place, after) in [(0, 1, Some(6)), (39, 1, Some(6)), (40, 6, Some(10)), (95, 10, None)] {
            assert_eq!(index.at_or_before(offset).map(|p| p.sequence()), Some(place), "offset {offset}");
            assert_eq!(index.after(offset), after, "offset {offset}");
        }
    }

    #[test]
    fn the_index_is_bounded_and_forgets_the_oldest_knowledge() {
        let mut index = Index::default();
        index.insert(link(7_000_000, 7_000_000));
        for next in 0..MOST_PLACES as u64 {
            index.insert(link(next, next));
        }
        assert_eq!(index.places.len(), MOST_PLACES);
        assert_eq!(index.at_or_before(u64::MAX).map(|p| p.sequence()), Some(MOST_PLACES as u64));
    }
}
