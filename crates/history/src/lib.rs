//! Observations asked by kind, area, time and source.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

pub mod contract;
#[cfg(feature = "contract-tests")]
pub mod contract_tests;
pub mod embedded;
mod error;
pub mod postgres;
mod rights;

pub use contract::{Bucket, Cursor, Expired, History, Latest, Page, Query, SeriesQuery, Statistics, Visit};
pub use embedded::{Embedded, Options, check, repair};
pub use error::HistoryError;
pub use postgres::PostgresHistory;

use std::path::PathBuf;

/// One thing that is wrong in a data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: PathBuf,
    /// Where in the file.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}
