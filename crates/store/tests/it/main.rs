//! The stores: the contract, crashes, damage, full disks, old files.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod contract;
mod damage;
mod flips;
mod full;
mod kill;
mod model;
mod postgres;
mod power_cut;
mod upgrade;
