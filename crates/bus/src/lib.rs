//! The log: ordered topics, durable appends, replay.
//!
//! Invariant: this crate knows bytes, not domain words.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

pub mod clock;
pub mod contract;
#[cfg(feature = "contract-tests")]
pub mod contract_tests;
pub mod embedded;
mod error;
pub mod jetstream;
mod queue;
mod tail;

pub use clock::{Clock, ManualClock, SystemClock};
pub use contract::{Appended, Bus, Done, Entry, Kept, Offset, Queued, Topic};
pub use embedded::{Embedded, Options, check, repair};
pub use error::BusError;
pub use jetstream::JetStream;

use std::path::PathBuf;

/// One thing that is wrong in a data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: PathBuf,
    /// Where in the file: byte and offset.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}
