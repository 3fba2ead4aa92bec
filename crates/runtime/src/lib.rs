//! The loop around the pure core: observations and commands go into one ordered log; the engine is a
//! function of that log; its effects are applied to the store in one transaction with the log offset;
//! history is sealed from the same log.
//!
//! Invariant: nothing reaches the engine that is not in the log first, and nothing is acknowledged
//! before the log is durable.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

mod applier;
pub mod back_test;
pub mod carrier;
pub mod catalogue;
pub mod commands;
pub mod counters;
pub mod directory;
pub mod documents;
pub mod door;
mod errands;
pub mod exercise;
mod follow;
mod housekeeping;
pub mod intake;
pub mod live;
pub mod offers;
pub mod once;
pub mod platform;
mod pump;
mod recent;
pub mod record;
pub mod snapshot;
mod start;
pub mod status;
pub mod storage;
mod strangers;
pub mod support;
mod takeover;
pub mod time_zone;
pub mod trial;

pub use commands::CommandFailure;
pub use offers::OffersError;
pub use platform::{Parts, Platform, StartError, acted_on, acted_on_in, log_end, read_through, topic};
pub use time_zone::TimeZone;

/// Every kind of document there is, for the opening of the store.
pub const KINDS: [vigiles_store::Kind; documents::KINDS.len() + directory::KINDS.len()] = {
    let mut all = [documents::ALARM; documents::KINDS.len() + directory::KINDS.len()];
    let mut i = 0;
    while i < all.len() {
        all[i] =
            if i < documents::KINDS.len() { documents::KINDS[i] } else { directory::KINDS[i - documents::KINDS.len()] };
        i += 1;
    }
    all
};
