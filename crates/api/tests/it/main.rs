//! The API over real sockets, on a platform in a temporary directory.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod access;
mod audit;
mod client;
mod delivery;
mod document;
mod events;
mod incidents;
mod lists;
mod session;
mod setting;
mod slow;
mod system;
mod world;
