//! What can go wrong in history.

use std::io;
use std::path::{Path, PathBuf};

/// Why history did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The context does not allow it.
    #[error("{actor} may not {action}")]
    NotPermitted {
        /// Who asked.
        actor: String,
        /// For what.
        action: String,
    },
    /// A text that is not a cursor.
    #[error("{0:?} is not a cursor; take it from the page before, unchanged")]
    Cursor(String),
    /// A span that ends before it starts.
    #[error("the span ends ({to}) before it starts ({from})")]
    Span {
        /// First moment.
        from: vigiles_model::Timestamp,
        /// Moment after the last.
        to: vigiles_model::Timestamp,
    },
    /// The disk is full. Nothing is lost: it is still in the log.
    #[error("no space left on the disk while {doing} {}", path.display())]
    DiskFull {
        /// What was being done.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
    },
    /// The disk failed.
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
    #[error("{} is damaged, {place}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        place: String,
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
    /// The server of the backend could not be reached in time. Nothing is lost: what was not stored is still in the log.
    #[error("{server} cannot be reached: {what}")]
    Unreachable {
        /// Its address, without secrets.
        server: String,
        /// What the last try met.
        what: String,
    },
    /// Any other refusal by the server of the backend.
    #[error("{0}")]
    Server(String),
    /// History has been closed.
    #[error("history is closed")]
    Closed,
}

impl HistoryError {
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
