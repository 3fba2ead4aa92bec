//! How many bytes lists and readings take, from how much they hold.
//!
//! Invariant: the same contents count the same, however they came to be: what rules are refused must follow from the log,
//! not from the allocator. So lists count with the most room that they may have, and [`fit`] sees to it that they have no
//! more.

use std::collections::VecDeque;
use std::mem::size_of;

use compact_str::CompactString;
use vigiles_model::{Geometry, Observation, Position, Value};

/// What a reading is taken to need beside its fields, where a bound is computed: longer texts, attributes, a line. What is
/// held is counted as it is.
pub(crate) const USUAL_BESIDE: usize = 256;

/// Longest text that is kept without memory of its own.
const INLINE: usize = size_of::<CompactString>();
/// Least that a longer one takes.
const LEAST_TEXT: usize = 32;
/// Least room of a list that is not empty.
const LEAST_ROOM: usize = 4;
/// Entries of a node of a tree, and what it needs beside them.
const NODE: usize = 11;
const BESIDE_NODE: usize = 128;

/// Of a list that is only ever appended to.
pub(crate) fn grown<T>(len: usize) -> usize {
    room(len) * size_of::<T>()
}

/// Of a list that comes and goes, and is kept by [`fit`]; it never holds more than `most`.
pub(crate) fn list<T>(len: usize, most: usize) -> usize {
    (2 * room(len)).min(room(most)) * size_of::<T>()
}

/// Of a tree with entries of this type.
pub(crate) fn tree<T>(len: usize) -> usize {
    // Nodes are at least five elevenths full, but for the only one.
    len.div_ceil(NODE / 2) * (NODE * size_of::<T>() + BESIDE_NODE)
}

/// Of a hash table with entries of this type, for each of them: seven eighths full before it doubles.
pub(crate) const fn of_entry<T>() -> usize {
    (size_of::<T>() + 1) * 16 / 7
}

fn room(len: usize) -> usize {
    if len == 0 { 0 } else { len.next_power_of_two().max(LEAST_ROOM) }
}

/// Gives back room of a list that was longer once.
pub(crate) fn fit<T>(list: &mut VecDeque<T>) {
    if list.capacity() > 2 * room(list.len()) {
        list.shrink_to(room(list.len()));
    }
}

/// The same of a plain list.
pub(crate) fn fit_vec<T>(list: &mut Vec<T>) {
    if list.capacity() > 2 * room(list.len()) {
        list.shrink_to(room(list.len()));
    }
}

/// Of a text, beside its place.
pub(crate) fn text(text: &str) -> usize {
    if text.len() <= INLINE { 0 } else { text.len().max(LEAST_TEXT) }
}

/// Of a reading, beside its fields.
pub(crate) fn beside(o: &Observation) -> usize {
    let place = match &o.place {
        None | Some(Geometry::Point(_)) => 0,
        Some(Geometry::Line(points)) => points.len() * size_of::<Position>(),
        Some(Geometry::Polygon(rings)) => {
            rings.iter().map(|ring| size_of::<Vec<Position>>() + ring.len() * size_of::<Position>()).sum()
        }
    };
    let value = if let Value::Text(said) = &o.value { text(said) } else { 0 };
    let attributes = o.attributes.iter().map(|(name, said)| 2 * size_of::<CompactString>() + text(name) + text(said));
    let names =
        text(o.kind.as_str()) + text(o.source.as_str()) + o.asset.as_ref().map_or(0, |asset| text(asset.as_str()));
    names + place + value + attributes.sum::<usize>()
}

/// Of a reading in a place of its own.
pub(crate) fn boxed(o: &Observation) -> usize {
    size_of::<Observation>() + beside(o)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever was put in and taken out before.
        #[test]
        fn a_list_has_no_more_room_than_is_counted(steps in prop::collection::vec((any::<bool>(), 1..200usize), 1..60)) {
            let (mut queue, mut plain) = (VecDeque::new(), Vec::new());
            for (put, many) in steps {
                for _ in 0..many {
                    if put && queue.len() < 700 {
                        queue.push_back(0u64);
                        plain.push(0u64);
                    } else if !put {
                        queue.pop_front();
                        plain.pop();
                    }
                }
                fit(&mut queue);
                fit_vec(&mut plain);
                let counted = list::<u64>(queue.len(), 700);
                prop_assert!(queue.capacity() * 8 <= counted, "{} of {}", queue.capacity(), queue.len());
                prop_assert!(plain.capacity() * 8 <= counted, "{} of {}", plain.capacity(), plain.len());
                prop_assert!(counted <= 8192 && counted <= 32 * queue.len().max(1).max(LEAST_ROOM / 2));
            }
        }
    }
}
