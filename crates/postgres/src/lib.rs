//! Connections to a PostgreSQL server: its address, what it must be set to, numbered upgrades, a bounded pool for reads.
//!
//! Invariant: no password in an error, a log line or a `Debug` text.
//! Invariant: a server that could lose what it acknowledged is refused ([`fitness`]).
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

mod blocking;
#[cfg(feature = "test-cluster")]
pub mod cluster;
mod error;
pub mod fitness;
mod pool;
mod server;
mod upgrade;

pub use blocking::on_this_thread;
pub use error::PostgresError;
pub use pool::Pool;
pub use server::{PATIENCE, Server};
pub use upgrade::upgrade;
