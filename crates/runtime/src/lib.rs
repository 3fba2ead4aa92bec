//! The loop around the pure core: observations and commands go into one ordered log; the engine is a
//! function of that log; its effects are applied to the store in one transaction with the log offset;
//! history is sealed from the same log.
//!
//! Invariant: nothing reaches the engine that is not in the log first, and nothing is acknowledged
//! before the log is durable.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

mod applier;
pub mod aside;
pub mod back_test;
pub mod carrier;
pub mod catalogue;
pub mod commands;
pub mod counters;
pub mod directory;
pub mod documents;
pub mod door;
mod door_start;
mod doors;
mod errands;
pub mod exercise;
mod follow;
mod followed;
pub mod frames;
mod housekeeping;
pub mod intake;
mod known;
pub mod lease;
pub mod live;
pub mod load;
mod merged;
mod merger;
mod merging;
mod notices;
pub mod offers;
pub mod once;
pub mod platform;
mod pump;
mod recent;
pub mod record;
pub mod seat;
pub mod settled;
pub mod snapshot;
pub mod snapshot_part;
pub mod snapshots;
mod start;
pub mod status;
pub mod storage;
mod strangers;
pub mod support;
mod takeover;
pub mod time_zone;
mod told;
pub mod trial;
mod watch;

pub use commands::CommandFailure;
pub use offers::OffersError;
pub use platform::{Parts, Platform, StartError, acted_on, acted_on_in, log_end, read_through, topic};
pub use seat::Seat;
pub use snapshots::Snapshots;
pub use time_zone::TimeZone;
