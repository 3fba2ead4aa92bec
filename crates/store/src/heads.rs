//! The ends of the change feed and of the audit chain, and those who wait for the feed to grow.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use vigiles_model::Timestamp;

/// The ends of the feed and of the audit chain, as in the table `meta`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heads {
    pub(crate) sequence: u64,
    pub(crate) feed_from: u64,
    pub(crate) kept_from: Timestamp,
    pub(crate) audit: u64,
    pub(crate) audit_hash: [u8; 32],
    pub(crate) at: Timestamp,
}

/// The latest sequence, for those who wait for changes.
#[derive(Debug, Default)]
pub(crate) struct Latest {
    sequence: Mutex<u64>,
    grown: Condvar,
}

impl Latest {
    pub(crate) fn set(&self, sequence: u64) {
        let mut latest = self.sequence.lock();
        if sequence > *latest {
            *latest = sequence;
            self.grown.notify_all();
        }
    }

    pub(crate) fn wait(&self, after: u64, timeout: Duration) -> u64 {
        let mut latest = self.sequence.lock();
        self.grown.wait_while_for(&mut latest, |latest| *latest <= after, timeout);
        *latest
    }
}
