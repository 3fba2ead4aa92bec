//! The states of rules in numbered places, which a snapshot can freeze without copying them.
//!
//! Invariant: while a frozen copy is alive, a chunk is copied before it changes (copy on write), so that the copy stays as
//! it was and the stream goes on.

use std::sync::Arc;

use crate::slot::Slot;

/// Places in one chunk.
const CHUNK: usize = 256;

/// The states; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots {
    chunks: Vec<Arc<Vec<Option<Slot>>>>,
    free: Vec<u32>,
    count: usize,
}

impl Slots {
    /// Places, taken or free.
    pub(crate) fn room(&self) -> u32 {
        let last = self.chunks.last().map_or(0, |chunk| chunk.len());
        (self.chunks.len().saturating_sub(1) * CHUNK + last) as u32
    }

    /// States.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Slot> {
        let index = index as usize;
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut Slot> {
        self.place_mut(index)?.as_mut()
    }

    fn place_mut(&mut self, index: u32) -> Option<&mut Option<Slot>> {
        let index = index as usize;
        Arc::make_mut(self.chunks.get_mut(index / CHUNK)?).get_mut(index % CHUNK)
    }

    /// Puts a state into a free place and gives its number.
    pub(crate) fn add(&mut self, slot: Slot) -> u32 {
        self.count += 1;
        if let Some(index) = self.free.pop()
            && let Some(place) = self.place_mut(index)
        {
            *place = Some(slot);
            return index;
        }
        let index = self.room();
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Arc::new(Vec::with_capacity(CHUNK)));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            Arc::make_mut(chunk).push(Some(slot));
        }
        index
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<Slot> {
        let slot = self.place_mut(index)?.take()?;
        self.free.push(index);
        self.count -= 1;
        Some(slot)
    }

    /// Every state, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.chunks.iter().flat_map(|chunk| chunk.iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::slot::{Address, Memory, NONE, Scope};

    fn slot(rule: u32) -> Slot {
        Slot::new(Address { rule, kind: NONE, scope: Scope::All, zone: NONE }, Memory::Nothing)
    }

    fn rules(slots: &Slots) -> Vec<u32> {
        let mut rules: Vec<u32> = slots.iter().map(|s| s.address.rule).collect();
        rules.sort_unstable();
        rules
    }

    proptest! {
        #[test]
        fn a_frozen_copy_stays_as_it_was(actions in prop::collection::vec((any::<bool>(), 0..1000u32), 1..2000)) {
            let (mut slots, mut taken) = (Slots::default(), std::collections::BTreeMap::new());
            let mut frozen = None;
            for (i, (add, at)) in actions.iter().enumerate() {
                if *add {
                    taken.insert(slots.add(slot(i as u32)), i as u32);
                } else if slots.remove(*at).is_some() {
                    taken.remove(at);
                }
                if i == actions.len() / 2 {
                    frozen = Some((slots.clone(), rules(&slots)));
                }
                if let Some(slot) = slots.get_mut(*at) {
                    prop_assert_eq!(Some(&slot.address.rule), taken.get(at));
                    slot.quiet_until = 5;
                }
            }
            let mut expected: Vec<u32> = taken.into_values().collect();
            expected.sort_unstable();
            prop_assert_eq!((rules(&slots), slots.len()), (expected.clone(), expected.len()));
            let (copy, was) = frozen.unwrap();
            prop_assert_eq!(rules(&copy), was);
        }
    }
}
