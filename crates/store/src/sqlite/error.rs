//! From what SQLite says to what the caller can act on.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use rusqlite::{Error, ErrorCode};

use crate::contract::StoreError;

/// The file an error is about.
#[derive(Debug, Clone)]
pub(super) struct Place(PathBuf);

impl Place {
    pub(super) fn new(file: &Path) -> Self {
        Self(file.to_owned())
    }

    pub(super) fn file(&self) -> String {
        self.0.display().to_string()
    }

    /// Bytes on disk, with the write-ahead log.
    pub(super) fn bytes(&self) -> u64 {
        let file = self.file();
        let size = |file: &String| std::fs::metadata(file).ok().map(|found| found.len());
        [format!("{file}-wal"), file].iter().filter_map(size).sum()
    }

    /// Names the file and the part of it (a table, a step) where SQLite failed.
    pub(super) fn failed(&self, part: &str, error: &Error) -> StoreError {
        let file = self.file();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full { file },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked { file },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Damaged { file, place: part.to_owned(), what: error.to_string() }
            }
            _ => StoreError::Backend { file, what: format!("{part}: {error}") },
        }
    }

    pub(super) fn damaged(&self, place: String, what: impl Display) -> StoreError {
        StoreError::Damaged { file: self.file(), place, what: what.to_string() }
    }
}
