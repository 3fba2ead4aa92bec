//! Tests of history as its users see it.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod contract;
mod damage;
mod fixture;
mod model;
mod postgres;
mod power_cut;
