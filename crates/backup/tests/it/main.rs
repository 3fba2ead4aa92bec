//! Backups as their users see them, but for the running platform: that is tested on the binary.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod acknowledged;
mod contract;
mod damage;
mod fixture;
mod lines;
mod objects;
mod s3_server;
