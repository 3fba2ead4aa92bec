//! Which readings were already judged, in bounded memory.

use rustc_hash::FxHashSet;
use vigiles_model::ObservationId;

use crate::chunks::Chunks;

/// Ids in one generation. Two are kept, so a redelivery is known for at least this many judged readings.
const GENERATION: usize = 512 * 1024;

/// Large parts: ids are only ever added, until all of a generation go.
pub(crate) type Ids = Chunks<u64, 4096>;

/// The latest ids, by half of their 128 bits: with a million kept, a new reading is mistaken for an old one once in
/// 10^13 readings.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    current: Generation,
    previous: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    order: Ids,
    set: FxHashSet<u64>,
}

impl Recent {
    pub(crate) fn contains(&self, id: ObservationId) -> bool {
        let half = id.0 as u64;
        self.current.set.contains(&half) || self.previous.set.contains(&half)
    }

    pub(crate) fn insert(&mut self, id: ObservationId) {
        if self.current.order.len() >= GENERATION {
            std::mem::swap(&mut self.current, &mut self.previous);
            self.current.order = Ids::default();
            self.current.set.clear();
        }
        let half = id.0 as u64;
        if self.current.set.insert(half) {
            self.current.order.push(half);
        }
    }

    /// Both generations, oldest id first.
    pub(crate) fn orders(&self) -> (&Ids, &Ids) {
        (&self.previous.order, &self.current.order)
    }

    pub(crate) fn from_orders(previous: Ids, current: Ids) -> Self {
        let generation = |order: Ids| Generation { set: order.iter().copied().collect(), order };
        Self { current: generation(current), previous: generation(previous) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_remembered_for_a_generation_at_least() {
        let mut recent = Recent::default();
        for id in 0..(GENERATION as u128 * 2) {
            recent.insert(ObservationId(id));
        }
        assert!(recent.contains(ObservationId(GENERATION as u128)));
        assert!(recent.contains(ObservationId(GENERATION as u128 * 2 - 1)));
        recent.insert(ObservationId(GENERATION as u128 * 2));
        assert!(!recent.contains(ObservationId(5)));
        let (previous, current) = recent.orders();
        assert_eq!((previous.len(), current.len()), (GENERATION, 1));
    }
}
