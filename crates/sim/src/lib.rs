//! A seeded synthetic city for tests, drills and benches.
//!
//! [`City::new`] lays assets out on a grid of zones; [`signal`] says what each of them measures at any moment.
//! Everything is a function of the seed: the same seed gives the same city and the same readings, in any order, on any
//! machine, so that a failing run is repeated from its seed and a reader can check what a writer wrote without keeping
//! a copy. [`scenarios`] tells what happens in a town, with the truth about it. [`stream`] turns readings into observations, drafts or bytes for a door.
//!
//! Every reading of this crate has the origin `simulated`.
//!
//! Architecture Invariant: no IO, no clock, no randomness but the seed.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

mod city;
mod kinds;
pub mod scenarios;
mod seed;
pub mod signal;
pub mod stream;

pub use city::{City, Options, Series};
pub use kinds::{Profile, profiles};
pub use stream::Stream;
