//! The real binary: its commands, killed, starved of disk, read slowly, and its data checked.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod backup;
mod broker;
mod bulk;
mod city;
mod commands;
mod continuity;
mod damage;
mod full;
mod kills;
mod readers;
mod roles;
mod server;
mod servers;
mod support;
mod units;
