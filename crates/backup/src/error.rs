//! What can go wrong with a backup.

use std::io;
use std::path::{Path, PathBuf};

use vigiles_bus::BusError;
use vigiles_history::HistoryError;
use vigiles_runtime::StartError;
use vigiles_store::StoreError;

/// Why a backup, a restore or a check did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The place of the repository cannot be understood.
    #[error("{0}")]
    Place(String),
    /// The key file, or what it opens.
    #[error("{0}")]
    Key(String),
    /// The repository cannot be reached, or refuses.
    #[error("{place}: {doing} {name}: {why}")]
    Objects {
        /// The repository.
        place: String,
        /// What was being done.
        doing: &'static str,
        /// The object.
        name: String,
        /// The other side's words.
        why: String,
    },
    /// An object is not what was written: another key, a flipped bit, or not the object of this name.
    #[error("{name} is damaged: {what}")]
    Damaged {
        /// The object.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// An object that others name is not there.
    #[error("{name} is missing: {needed_by} needs it")]
    Missing {
        /// The object.
        name: String,
        /// What names it.
        needed_by: String,
    },
    /// Someone else added to this line of the log.
    #[error(
        "the repository holds entry {offset} of this log with other contents: another platform writes to it; restore one of them into a \
         directory of its own"
    )]
    Forked {
        /// The offset.
        offset: u64,
    },
    /// Nothing in the repository answers the question.
    #[error("{0}")]
    Nothing(String),
    /// A file of this machine.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The log.
    #[error("the log: {0}")]
    Log(#[from] BusError),
    /// The store.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    /// History.
    #[error("history: {0}")]
    History(#[from] HistoryError),
    /// What was made from the log.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The operating system has no random numbers.
    #[error("no random numbers: {0}")]
    Random(String),
    /// The platform is stopping.
    #[error("the platform is stopping")]
    Stopping,
}

impl BackupError {
    pub(crate) fn io<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }

    pub(crate) fn damaged(name: &str, what: impl std::fmt::Display) -> Self {
        Self::Damaged { name: name.to_owned(), what: what.to_string() }
    }
}
