//! Connections to a real server.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod fitness;
mod pool;
mod tls;
mod upgrade;
