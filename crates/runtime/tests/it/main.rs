//! The platform on its embedded backends, from a draft at the door to an incident in the store, and over
//! restarts.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod back_test;
mod clocks;
mod doors;
mod exercise;
mod faults;
mod fixture;
mod kinds;
mod notices;
mod once;
mod overload;
mod platform;
mod playbooks;
mod power_cut;
mod restart;
mod rights;
mod takeover;
mod world;
