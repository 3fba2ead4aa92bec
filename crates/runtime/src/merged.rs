//! How far each door was taken into the log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::Through;

/// For each door, the offset of the next of its entries that has not stood in the log yet.
///
/// Invariant: of the entries of the log that carry the same door and offset, the first is taken and the others are passed
/// over. So whoever merges may append again what was perhaps appended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged(BTreeMap<String, u64>);

impl Merged {
    /// Whether an entry stands in the log for the first time; remembers it.
    pub fn take(&mut self, through: &Through) -> bool {
        if through.offset < self.next(&through.door) {
            return false;
        }
        self.0.insert(through.door.clone(), through.offset + 1);
        true
    }

    /// The next offset of a door that has not stood in the log.
    pub fn next(&self, door: &str) -> u64 {
        self.0.get(door).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn through(door: &str, offset: u64) -> Through {
        Through { door: door.to_owned(), offset, observations: 0 }
    }

    proptest! {
        /// However often runs of a door's entries are appended again, each is taken once, and in order.
        #[test]
        fn each_entry_is_taken_once(runs in prop::collection::vec((0..2usize, 0..5u64, 1..5u64), 1..40)) {
            let doors = ["a", "b"];
            let (mut merged, mut taken) = (Merged::default(), [Vec::new(), Vec::new()]);
            let mut ends = [0; 2];
            for (door, back, length) in runs {
                let from = u64::saturating_sub(ends[door], back);
                for offset in from..from + length {
                    if merged.take(&through(doors[door], offset)) {
                        taken[door].push(offset);
                    }
                    ends[door] = ends[door].max(offset + 1);
                }
            }
            for door in 0..2 {
                prop_assert_eq!(&taken[door], &(0..ends[door]).collect::<Vec<_>>());
                prop_assert_eq!(merged.next(doors[door]), ends[door]);
            }
        }
    }
}
