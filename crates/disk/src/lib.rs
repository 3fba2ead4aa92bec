//! The few things that the embedded backends ask of a file system, so that tests can cut the power, fill the disk and let
//! it fail. What they write goes through here; SQLite has a file layer of its own.
#![cfg_attr(any(test, feature = "simulated"), allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

mod contract;
mod local;
#[cfg(feature = "simulated")]
pub mod simulated;

pub use contract::{Disk, DiskFile, exists, make_directory, read, replace};
pub use local::LocalDisk;
