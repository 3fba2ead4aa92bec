//! The engine: all state, and the one function that changes it.

use vigiles_model::Timestamp;

use crate::effect::{Effect, Input, SnapshotError, Statistics};

/// All state of the core.
#[derive(Debug, Default)]
pub struct Engine {}

impl Engine {
    /// An engine that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one entry of the log. `now` never decreases. Timers due by `now` fire first, each at its own time.
    pub fn step(&mut self, _input: &Input, _now: Timestamp, _effects: &mut Vec<Effect>) {}

    /// All state as bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        Vec::new()
    }

    /// The state a snapshot was made of.
    pub fn restore(_bytes: &[u8]) -> Result<Self, SnapshotError> {
        Ok(Self::default())
    }

    /// Counts for the system page.
    pub fn statistics(&self) -> Statistics {
        Statistics::default()
    }
}
