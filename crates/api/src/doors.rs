//! What each door took and refused, and how fast.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use vigiles_runtime::door::Receipt;

/// A rate is taken over at least so long.
const SAMPLE: Duration = Duration::from_secs(1);

/// Asks a door how it is doing.
#[derive(Clone)]
pub struct DoorGauge {
    /// Its name.
    pub name: &'static str,
    /// Its counts now.
    pub read: Arc<dyn Fn() -> DoorCounts + Send + Sync>,
}

/// What a door counts since the start, in observations; `connections` is how many there are now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DoorCounts {
    /// Open connections.
    pub connections: u64,
    /// Made durable.
    pub accepted: u64,
    /// Delivered before.
    pub duplicates: u64,
    /// Refused.
    pub rejected: u64,
    /// Dropped under overload.
    pub shed: u64,
    /// Deliveries told to wait, or connections not read further, under overload.
    pub waits: u64,
    /// What only this door has, such as connections ended for a malformed packet.
    pub faults: Vec<(&'static str, u64)>,
}

/// What the HTTP door took.
#[derive(Default)]
pub(crate) struct HttpDoor {
    accepted: AtomicU64,
    duplicates: AtomicU64,
    rejected: AtomicU64,
    shed: AtomicU64,
    waits: AtomicU64,
}

impl HttpDoor {
    /// Counts a delivery.
    pub(crate) fn took(&self, receipt: &Receipt) {
        let add = |counter: &AtomicU64, n: usize| counter.fetch_add(n as u64, Ordering::Relaxed);
        add(&self.accepted, receipt.accepted);
        add(&self.duplicates, receipt.duplicates);
        add(&self.rejected, receipt.rejected.len());
        add(&self.shed, receipt.shed);
    }

    /// Counts a delivery of which nothing could be read.
    pub(crate) fn unreadable(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a delivery that was told to wait.
    pub(crate) fn waits(&self) {
        self.waits.fetch_add(1, Ordering::Relaxed);
    }

    /// Its counts, with the requests under way as its connections.
    pub(crate) fn counts(&self, connections: u64) -> DoorCounts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        DoorCounts {
            connections,
            accepted: get(&self.accepted),
            duplicates: get(&self.duplicates),
            rejected: get(&self.rejected),
            shed: get(&self.shed),
            waits: get(&self.waits),
            faults: Vec::new(),
        }
    }
}

/// Observations per second by door, from one look to the next.
#[derive(Default)]
pub(crate) struct Rates(Mutex<HashMap<&'static str, Sample>>);

struct Sample {
    at: Instant,
    accepted: u64,
    per_s: f64,
}

impl Rates {
    /// The rate of a door, given what it has accepted so far; zero at the first look.
    pub(crate) fn per_s(&self, door: &'static str, accepted: u64, now: Instant) -> f64 {
        let mut samples = self.0.lock();
        let sample = samples.entry(door).or_insert(Sample { at: now, accepted, per_s: 0.0 });
        let passed = now.duration_since(sample.at);
        if passed >= SAMPLE {
            let per_s = accepted.saturating_sub(sample.accepted) as f64 / passed.as_secs_f64();
            *sample = Sample { at: now, accepted, per_s };
        }
        sample.per_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_taken_over_a_second_or_more() {
        let (rates, start) = (Rates::default(), Instant::now());
        let check = |millis: u64, accepted: u64, expected: f64| {
            let found = rates.per_s("mqtt", accepted, start + Duration::from_millis(millis));
            assert!((found - expected).abs() < 1e-9, "{found} at {millis} ms, not {expected}");
        };
        check(0, 100, 0.0);
        check(500, 600, 0.0);
        check(2000, 1100, 500.0);
        check(2500, 9000, 500.0);
        check(3000, 1100, 0.0);
    }
}
