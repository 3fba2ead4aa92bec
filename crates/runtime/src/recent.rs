//! Which observations were made durable lately, so that a redelivery is answered without work.

use parking_lot::Mutex;
use rustc_hash::FxHashSet;
use vigiles_model::ObservationId;

/// Ids kept in each of two generations: 16 bytes each, so about 20 MB in all with the tables' slack.
const GENERATION: usize = 262_144;

/// A bounded memory of ids in two generations: when the younger is full, the older is dropped.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: FxHashSet<ObservationId>,
    old: FxHashSet<ObservationId>,
}

impl Recent {
    /// Whether each id is known, by index.
    pub(crate) fn known(&self, ids: impl Iterator<Item = ObservationId>) -> Vec<bool> {
        let generations = self.0.lock();
        ids.map(|id| generations.young.contains(&id) || generations.old.contains(&id)).collect()
    }

    /// Remembers ids that are durable now.
    pub(crate) fn remember(&self, ids: impl Iterator<Item = ObservationId>) {
        let mut generations = self.0.lock();
        for id in ids {
            if generations.young.len() >= GENERATION {
                generations.old = std::mem::take(&mut generations.young);
            }
            generations.young.insert(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_and_forgets_in_bounds() {
        let recent = Recent::default();
        let ids = |range: std::ops::Range<u128>| range.map(ObservationId);
        recent.remember(ids(0..10));
        assert_eq!(recent.known(ids(8..12)), [true, true, false, false]);
        recent.remember(ids(10..3 * GENERATION as u128));
        assert_eq!(recent.known(ids(0..1)), [false]);
    }
}
