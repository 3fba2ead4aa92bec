//! What the broker counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts since the start of the broker; `connections` is how many there are now.
#[derive(Debug, Default)]
pub struct Counters {
    /// Clients connected now.
    pub connections: AtomicU64,
    /// Connections refused: bad token, too many, bad client id.
    pub refused: AtomicU64,
    /// Messages taken from clients.
    pub messages: AtomicU64,
    /// Observations stored.
    pub accepted: AtomicU64,
    /// Observations that had been stored before.
    pub duplicates: AtomicU64,
    /// Observations refused.
    pub rejected: AtomicU64,
    /// Observations shed under overload.
    pub shed: AtomicU64,
    /// Messages on topics that neither the platform nor a source claims.
    pub unmatched: AtomicU64,
    /// Messages handed to subscribers.
    pub forwarded: AtomicU64,
    /// Subscribers cut off because they read too slowly.
    pub slow_subscribers: AtomicU64,
    /// Log entries whose observations SensorThings subscribers were not told: they passed faster than they could be handed out.
    pub untold: AtomicU64,
    /// Connections ended because of a malformed or forbidden packet.
    pub protocol_errors: AtomicU64,
    /// Times a connection waited because the platform was overloaded.
    pub waits: AtomicU64,
}

pub(super) fn add(counter: &AtomicU64, n: usize) {
    counter.fetch_add(n as u64, Relaxed);
}

pub(super) fn one(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}
