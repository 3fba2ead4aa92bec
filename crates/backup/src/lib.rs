//! What a city needs when the platform is gone: an encrypted repository of backups on another machine, the log shipped to it
//! as it is written, restores to any moment, and a page that opens without a server.
//!
//! Invariant: nothing of the city leaves this room unsealed but the continuity page, and each object names where it belongs.
//! Invariant: what is in a repository is only ever added to; [`prune`] alone removes, and only when a person asks.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

mod at_once;
mod check;
pub mod continuity;
mod error;
pub mod key;
mod line;
mod names;
pub mod objects;
pub mod piece;
mod prune;
pub mod record;
mod repository;
mod restore;
mod seal;
mod shipped;
mod source;
mod take;

pub use check::{Checked, Finding, check};
pub use error::BackupError;
pub use line::Line;
pub use objects::Place;
pub use prune::{Pruned, prune};
pub use record::Backup;
pub use repository::Repository;
pub use restore::{Plan, Restored, plan, restore};
pub use shipped::{Acknowledge, Shipped, Shipping, Status};
pub use source::Source;
pub use take::{Taken, take};
