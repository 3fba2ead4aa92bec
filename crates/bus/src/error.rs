//! What can go wrong in the log.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Offset;

/// Why the log did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// Not a name of a topic or consumer.
    #[error("{0:?} is not a name: 1 to 64 of a-z 0-9 - _, starting with a letter")]
    Name(String),
    /// An append without records.
    #[error("an append to topic {topic} has no records")]
    Empty {
        /// The topic.
        topic: String,
    },
    /// A record or an append larger than the log takes.
    #[error("{what} of {bytes} bytes is too large for topic {topic}: at most {most}")]
    TooLarge {
        /// The topic.
        topic: String,
        /// `a record` or `an append`.
        what: &'static str,
        /// Its size in bytes.
        bytes: usize,
        /// The most that is taken.
        most: usize,
    },
    /// The queue is full; the source must wait and try again.
    #[error("the queue of topic {topic} is full: {records} records, {bytes} bytes wait to be written")]
    Full {
        /// The topic.
        topic: String,
        /// Records waiting.
        records: usize,
        /// Bytes waiting.
        bytes: usize,
    },
    /// The record asked for is no longer kept.
    #[error("topic {topic} no longer keeps offset {wanted}; the oldest kept is {oldest}")]
    Trimmed {
        /// The topic.
        topic: String,
        /// The offset asked for.
        wanted: Offset,
        /// The oldest that can be read.
        oldest: Offset,
    },
    /// A cursor beyond the end of the topic.
    #[error("offset {wanted} lies beyond the end of topic {topic}, which is {end}")]
    Beyond {
        /// The topic.
        topic: String,
        /// The offset given.
        wanted: Offset,
        /// The next offset to be written.
        end: Offset,
    },
    /// The disk is full. Nothing was written; the same append succeeds once there is space.
    #[error("no space left on the disk while {doing} {}", path.display())]
    DiskFull {
        /// What was being done.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
    },
    /// The disk failed. Nothing of the append is kept.
    #[error("{doing} {} failed: {why}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's words.
        why: String,
    },
    /// Stored bytes are not what was written. `check` tells more.
    #[error("{} is damaged at byte {at}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        at: u64,
        /// What is wrong there.
        what: String,
    },
    /// Another process holds the directory.
    #[error("{} is in use by another process", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The directory was written by a newer version of the platform.
    #[error("{} has format version {found}; this program knows up to {known}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version known.
        known: u32,
    },
    /// A stream of the server is not what was written to it.
    #[error("stream {stream} is damaged at sequence {sequence}: {what}")]
    DamagedStream {
        /// The stream.
        stream: String,
        /// The sequence of the message in it.
        sequence: u64,
        /// What is wrong there.
        what: String,
    },
    /// Another process has taken the topic over. This one may read it, but must be started anew to write it.
    #[error("topic {topic} is owned by another process since epoch {epoch}: nothing more is appended here")]
    Fenced {
        /// The topic.
        topic: String,
        /// The epoch of the present owner.
        epoch: u64,
    },
    /// The server did not answer in time. An append may be stored all the same; it is never stored twice by the log itself.
    #[error("{doing} stream {stream}: no answer from the log's server within {} s: {why}", waited.as_secs())]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// The stream.
        stream: String,
        /// For how long it was tried.
        waited: Duration,
        /// What the last try met.
        why: String,
    },
    /// The server refused what was asked. Nothing of an append is kept.
    #[error("{doing} stream {stream} was refused by the log's server: {why}")]
    Server {
        /// What was being done.
        doing: &'static str,
        /// The stream.
        stream: String,
        /// The server's words.
        why: String,
    },
    /// The address of the log cannot be used.
    #[error("the address of the log: {0}")]
    Address(String),
    /// The server, or how it is set, would lose acknowledged records. The text says what to set.
    #[error("the log's server is refused: {0}")]
    Refused(String),
    /// The log has been closed.
    #[error("the log is closed")]
    Closed,
}

impl BusError {
    /// An error of the operating system, told apart by whether the disk is full.
    pub(crate) fn io(doing: &'static str, path: &Path, source: &io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::DiskFull { doing, path: path.to_owned() }
            }
            _ => Self::Io { doing, path: path.to_owned(), why: source.to_string() },
        }
    }
}
