//! What can go wrong with an import.

use std::path::{Path, PathBuf};

use crate::delivery::DoorError;
use crate::recording::RecordingError;

/// Why an import ended early.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The input cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The door does not take the delivery.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// A file of the import cannot be read or written.
    #[error("{}: {source}", file.display())]
    Disk {
        /// The file.
        file: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The state cannot be read.
    #[error("{}: {why}", file.display())]
    State {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The state speaks of another input.
    #[error(
        "{} is not the import that {} speaks of: {why}. Give what it was, or remove the state to begin anew: what was \
         taken is recognised", file.display(), state.display()
    )]
    Another {
        /// The input.
        file: PathBuf,
        /// The state.
        state: PathBuf,
        /// What is another.
        why: String,
    },
    /// A file of rejected rows is not what it should be.
    #[error("{} {why}", file.display())]
    Rejected {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Another process is at it.
    #[error("{} is being imported by another process", .0.display())]
    Busy(PathBuf),
}

impl ImportError {
    pub(super) fn state(file: &Path, why: impl std::fmt::Display) -> Self {
        let why = format!("no state of an import: {why}");
        Self::State { file: file.to_owned(), why }
    }
}
