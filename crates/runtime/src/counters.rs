//! Counts of what happened, for metrics, the system page and the sources page.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use vigiles_model::{SourceId, Timestamp};

use crate::storage::LastHour;

/// Most sources whose health is kept; further ones are counted together under the first free name.
const MAX_SOURCES: usize = 20_000;

/// A count that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds `n`.
    pub fn add(&self, n: usize) {
        self.0.fetch_add(n as u64, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Platform-wide counts since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Observations made durable.
    pub accepted: Count,
    /// Observations delivered twice.
    pub duplicates: Count,
    /// Observations refused.
    pub rejected: Count,
    /// Observations dropped under overload.
    pub shed: Count,
    /// Deliveries told to wait.
    pub overloaded: Count,
    /// Alarms raised.
    pub alarms: Count,
    /// Those of the last hour, also from before the start.
    pub last_hour: LastHour,
    /// Commands handled.
    pub commands: Count,
    /// Times that the clock jumped.
    pub clock_jumps: Count,
    /// Log entries that could not be decoded.
    pub undecodable: Count,
}

/// How one source is doing.
#[derive(Debug, Clone, Default)]
pub struct SourceHealth {
    /// When something last arrived, platform time.
    pub last_seen: Option<Timestamp>,
    /// Observations made durable.
    pub accepted: u64,
    /// Observations refused.
    pub rejected: u64,
    /// Observations dropped under overload.
    pub shed: u64,
    /// Observations per second, smoothed over about ten seconds.
    pub rate_per_s: f64,
    /// The last refusal in words.
    pub last_error: Option<String>,
}

/// Health by source.
#[derive(Debug, Default)]
pub struct SourceTable(Mutex<FxHashMap<SourceId, Tracked>>);

#[derive(Debug, Default)]
struct Tracked {
    health: SourceHealth,
    since_sample: u64,
}

impl SourceTable {
    /// Changes the health of one source.
    pub fn note(&self, source: &SourceId, change: impl FnOnce(&mut SourceHealth)) {
        let mut table = self.0.lock();
        if table.len() >= MAX_SOURCES && !table.contains_key(source) {
            return;
        }
        let tracked = table.entry(source.clone()).or_default();
        let before = tracked.health.accepted;
        change(&mut tracked.health);
        tracked.since_sample += tracked.health.accepted - before;
    }

    /// Called once a second: moves the smoothed rates.
    pub fn sample(&self, seconds: f64) {
        for tracked in self.0.lock().values_mut() {
            let rate = tracked.since_sample as f64 / seconds;
            tracked.since_sample = 0;
            tracked.health.rate_per_s += (rate - tracked.health.rate_per_s) * 0.1;
            if tracked.health.rate_per_s < 0.001 {
                tracked.health.rate_per_s = 0.0;
            }
        }
    }

    /// One source's health.
    pub fn get(&self, source: &SourceId) -> Option<SourceHealth> {
        self.0.lock().get(source).map(|t| t.health.clone())
    }

    /// All sources ever heard of since the start.
    pub fn all(&self) -> Vec<(SourceId, SourceHealth)> {
        let mut all: Vec<_> = self.0.lock().iter().map(|(id, t)| (id.clone(), t.health.clone())).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }
}
