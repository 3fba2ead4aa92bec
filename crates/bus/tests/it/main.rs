//! Tests of the log as its users see it.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod contract;
mod damage;
mod disk_full;
mod fixture;
mod import;
mod jetstream;
mod jetstream_cluster;
mod jetstream_credentials;
mod jetstream_damage;
mod jetstream_format;
mod jetstream_outage;
mod jetstream_refused;
mod model;
mod power_cut;
mod repair;
