//! Steps that rules really took: what [`crate::rule::MAX_COST`] bounds, counted as they are taken.
//!
//! Beside the state, and no part of the snapshot: it is for people to look at, and nothing follows from it.

use std::sync::atomic::{AtomicU64, Ordering};

/// A count that the one thread that steps the engine adds to, and that is read beside it.
#[derive(Debug, Default)]
pub(crate) struct Spent(AtomicU64);

impl Spent {
    /// A load and a store, since nobody else adds: an atomic addition would cost more than what it counts.
    pub(crate) fn add(&self, steps: usize) {
        self.0.store(self.get().wrapping_add(steps as u64), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The count, which begins anew.
    pub(crate) fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}
