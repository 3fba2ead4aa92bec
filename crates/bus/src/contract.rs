//! What every backend of the log promises. The promises are checked by [`crate::contract_tests`].

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use vigiles_model::Timestamp;

use crate::BusError;

/// Longest name of a topic or consumer, in bytes.
pub const MAX_NAME_BYTES: usize = 64;

/// The name of an ordered stream of records: 1 to 64 of `a-z 0-9 - _`, starting with a letter,
/// so that it can be a directory, a subject and a metric label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(String);

impl Topic {
    /// Checks and takes a name.
    pub fn new(name: &str) -> Result<Self, BusError> {
        check_name(name)?;
        Ok(Self(name.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Topic {
    type Err = BusError;
    fn from_str(name: &str) -> Result<Self, BusError> {
        Self::new(name)
    }
}

/// Checks the name of a topic or consumer.
pub fn check_name(name: &str) -> Result<(), BusError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let starts = name.chars().next().is_some_and(|c| c.is_ascii_lowercase());
    if starts && name.len() <= MAX_NAME_BYTES && name.chars().all(allowed) {
        Ok(())
    } else {
        Err(BusError::Name(name.chars().take(MAX_NAME_BYTES).collect()))
    }
}

/// The place of a record in its topic: 0 for the first ever appended, then 1, without gaps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

impl Offset {
    /// The offset after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where an append went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The offset of its first record; the others follow without a gap.
    pub first_offset: Offset,
    /// The platform time of all its records.
    pub at: Timestamp,
}

/// One durable record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the topic.
    pub offset: Offset,
    /// Platform time of the append: `max(clock, last at)`, so it never decreases, also across restarts.
    pub at: Timestamp,
    /// What was appended.
    pub bytes: Bytes,
}

/// Called once an append is durable or has failed; runs on the thread that writes, so it must be short.
pub type Done = Box<dyn FnOnce(Result<Appended, BusError>) + Send>;

/// The log: ordered topics of byte records.
///
/// Invariant: an append that was answered with `Ok` is durable, whole, and readable at the offsets it was told;
/// offsets have no gaps; records of one append stand together in their order.
pub trait Bus: Send + Sync {
    /// Appends in order and returns once durable. Blocks while the queue is full. May be called from many
    /// threads at once: what waits is made durable together.
    fn append(&self, topic: &Topic, records: Vec<Vec<u8>>) -> Result<Appended, BusError>;

    /// Appends in order; `done` is called once durable. [`BusError::Full`] at once where the queue is full;
    /// after an error returned here `done` is never called.
    fn append_async(&self, topic: &Topic, records: Vec<Vec<u8>>, done: Done) -> Result<(), BusError>;

    /// Durable records from `from` on, in order, at most `max_records` and about `max_bytes` (at least one where
    /// there is one). Empty at the end of the topic. [`BusError::Trimmed`] where `from` is no longer kept.
    fn read(&self, topic: &Topic, from: Offset, max_records: usize, max_bytes: usize) -> Result<Vec<Entry>, BusError>;

    /// Waits until a record at `from` is durable or the time is over; gives the next offset to be written.
    fn wait(&self, topic: &Topic, from: Offset, timeout: Duration) -> Result<Offset, BusError>;

    /// The oldest kept offset and the next offset to be written. `0..0` for a topic never written.
    fn bounds(&self, topic: &Topic) -> Result<Range<Offset>, BusError>;

    /// Allows the backend to forget records before `before`; it keeps some of them where that is cheaper.
    fn trim(&self, topic: &Topic, before: Offset) -> Result<(), BusError>;

    /// Keeps durably where a consumer stands. `offset` is the next one it wants.
    fn save_cursor(&self, consumer: &str, topic: &Topic, offset: Offset) -> Result<(), BusError>;

    /// Where a consumer stands, if it ever said so.
    fn load_cursor(&self, consumer: &str, topic: &Topic) -> Result<Option<Offset>, BusError>;

    /// What waits to be written, for the system page.
    fn queued(&self, topic: &Topic) -> Result<Queued, BusError>;

    /// What is kept of a topic, for the system page.
    fn kept(&self, topic: &Topic) -> Result<Kept, BusError>;
}

/// What is kept of one topic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Bytes on disk.
    pub bytes: u64,
    /// Pieces they are in; whole pieces are trimmed.
    pub segments: usize,
}

/// What waits to be written in one topic, and how much may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queued {
    /// Records waiting.
    pub records: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Most records that may wait.
    pub most_records: usize,
    /// Most bytes that may wait.
    pub most_bytes: usize,
}
