//! The states of rules in numbered places.

use crate::chunks::Chunks;
use crate::slot::Slot;

/// Taken or free. Small parts: most readings change a state.
pub(crate) type Places = Chunks<Option<Slot>, 64>;

/// The states.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    places: Places,
    free: Vec<u32>,
    count: usize,
}

impl Slots {
    /// Places, taken or free.
    pub(crate) fn room(&self) -> u32 {
        self.places.len() as u32
    }

    /// States.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Slot> {
        self.places.get(index as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut Slot> {
        self.places.get_mut(index as usize)?.as_mut()
    }

    /// Puts a state into a free place and gives its number.
    pub(crate) fn add(&mut self, slot: Slot) -> u32 {
        self.count += 1;
        if let Some(index) = self.free.pop()
            && let Some(place) = self.places.get_mut(index as usize)
        {
            *place = Some(slot);
            return index;
        }
        let index = self.room();
        self.places.push(Some(slot));
        index
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<Slot> {
        let slot = self.places.get_mut(index as usize)?.take()?;
        self.free.push(index);
        self.count -= 1;
        Some(slot)
    }

    /// Every state, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.places.iter().flatten()
    }

    /// The places, to be frozen.
    pub(crate) fn places(&self) -> &Places {
        &self.places
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

    fn rules(places: &Places) -> Vec<u32> {
        let mut rules: Vec<u32> = places.iter().flatten().map(|s| s.address.rule).collect();
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
                    frozen = Some((slots.places().clone(), rules(slots.places())));
                }
                if let Some(slot) = slots.get_mut(*at) {
                    prop_assert_eq!(Some(&slot.address.rule), taken.get(at));
                    slot.quiet_until = 5;
                }
            }
            let mut expected: Vec<u32> = taken.into_values().collect();
            expected.sort_unstable();
            prop_assert_eq!((rules(slots.places()), slots.len()), (expected.clone(), expected.len()));
            let (copy, was) = frozen.unwrap();
            prop_assert_eq!(rules(&copy), was);
        }
    }
}
