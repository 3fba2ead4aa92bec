//! A list in parts that its copies share until they change, so that a snapshot can freeze it without copying it.
//!
//! Invariant: while a frozen copy is alive, a part is copied before it changes (copy on write), so that the copy stays as
//! it was and the stream goes on.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeSeq};

/// A list in parts of `PART` items; cheap to clone. A small part costs little to copy when it changes, a large one
/// little to share: lists that only grow take large ones.
#[derive(Debug, Clone)]
pub(crate) struct Chunks<T, const PART: usize> {
    full: Vec<Arc<Vec<T>>>,
    /// Fewer than `PART`, shared by nobody: what is appended asks no counter of references.
    last: Vec<T>,
}

impl<T, const PART: usize> Chunks<T, PART> {
    pub(crate) fn len(&self) -> usize {
        self.full.len() * PART + self.last.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        match self.full.get(index / PART) {
            Some(part) => part.get(index % PART),
            None => self.last.get(index - self.full.len() * PART),
        }
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.last.capacity() == 0 {
            self.last.reserve_exact(PART);
        }
        self.last.push(item);
        if self.last.len() == PART {
            self.full.push(Arc::new(std::mem::take(&mut self.last)));
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.full.iter().flat_map(|part| part.iter()).chain(&self.last)
    }
}

impl<T: Clone, const PART: usize> Chunks<T, PART> {
    /// Copies the part of the item first where a frozen copy shares it.
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let full = self.full.len();
        match self.full.get_mut(index / PART) {
            Some(part) => Arc::make_mut(part).get_mut(index % PART),
            None => self.last.get_mut(index - full * PART),
        }
    }

    /// Drops the items that are not to be kept; those behind them move up.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let old = std::mem::take(self);
        let parts = old.full.into_iter().map(Arc::unwrap_or_clone);
        self.extend(parts.chain([old.last]).flatten().filter(|item| keep(item)));
    }
}

impl<T, const PART: usize> Default for Chunks<T, PART> {
    fn default() -> Self {
        Self { full: Vec::new(), last: Vec::new() }
    }
}

impl<T, const PART: usize> Extend<T> for Chunks<T, PART> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.push(item));
    }
}

impl<T, const PART: usize> FromIterator<T> for Chunks<T, PART> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut chunks = Self::default();
        chunks.extend(items);
        chunks
    }
}

/// As any list is written.
impl<T: Serialize, const PART: usize> Serialize for Chunks<T, PART> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(Some(self.len()))?;
        self.iter().try_for_each(|item| list.serialize_element(item))?;
        list.end()
    }
}

impl<'de, T: Deserialize<'de>, const PART: usize> Deserialize<'de> for Chunks<T, PART> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Vec::deserialize(from)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Small = Chunks<u16, 4>;

    #[derive(Debug, Clone)]
    enum Action {
        Push(u16),
        Change(usize, u16),
        Retain(u16),
    }

    fn some_actions() -> impl Strategy<Value = Vec<Action>> {
        let one = prop_oneof![
            8 => any::<u16>().prop_map(Action::Push),
            4 => (0..60usize, any::<u16>()).prop_map(|(at, to)| Action::Change(at, to)),
            1 => (2..9u16).prop_map(Action::Retain),
        ];
        prop::collection::vec(one, 1..80)
    }

    proptest! {
        /// It is the list that a plain one would be, and a copy made at any moment stays as it was.
        #[test]
        fn a_list_and_its_frozen_copies(actions in some_actions()) {
            let (mut chunks, mut plain, mut frozen) = (Small::default(), Vec::new(), Vec::new());
            for action in actions {
                frozen.push((chunks.clone(), plain.clone()));
                match action {
                    Action::Push(item) => {
                        chunks.push(item);
                        plain.push(item);
                    }
                    Action::Change(at, to) => {
                        prop_assert_eq!(chunks.get(at), plain.get(at));
                        chunks.get_mut(at).into_iter().for_each(|item| *item = to);
                        plain.get_mut(at).into_iter().for_each(|item| *item = to);
                    }
                    Action::Retain(divisor) => {
                        chunks.retain(|item| item % divisor != 0);
                        plain.retain(|item| item % divisor != 0);
                    }
                }
            }
            frozen.push((chunks, plain));
            for (chunks, plain) in frozen {
                prop_assert_eq!(chunks.len(), plain.len());
                prop_assert_eq!(chunks.iter().copied().collect::<Vec<_>>(), plain.clone());
                let bytes = postcard::to_stdvec(&chunks).unwrap();
                prop_assert_eq!(&bytes, &postcard::to_stdvec(&plain).unwrap());
                prop_assert_eq!(postcard::from_bytes::<Small>(&bytes).unwrap().iter().copied().collect::<Vec<_>>(), plain);
            }
        }
    }
}
