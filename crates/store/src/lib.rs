//! Versioned documents with kind, place and time indexes, a change feed and an audit log.
//!
//! Invariant: no domain words here; a document's body is JSON that only its owner understands.
//! Invariant: what is acknowledged is fsynced, and audited in the same transaction.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

mod chain;
pub mod contract;
#[cfg(feature = "contract-tests")]
pub mod contract_tests;
mod guard;
mod heads;
pub mod postgres;
mod request;
pub mod sqlite;

pub use contract::{
    AuditEntry, AuditNote, AuditPage, AuditQuery, Change, Changes, Clock, Document, Draft, Expect, Finding, Kind,
    Outcome, Page, Query, Reply, Statistics, Store, StoreError, Write,
};
pub use postgres::PostgresStore;
pub use request::cursor_after;
pub use sqlite::{SqliteStore, check};
