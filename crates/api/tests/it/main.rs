//! The API over real sockets, on a platform in a temporary directory.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod access;
mod audit;
mod audit_reads;
mod calls;
mod client;
mod correlations;
mod delivery;
mod document;
mod events;
mod evidence;
mod exercise_agencies;
mod exercises;
mod export;
mod foreign;
mod incidents;
mod lead;
mod lists;
mod marks;
mod names;
mod narrowing;
mod nearby;
mod own_kind;
mod playbooks;
mod sensorthings;
mod session;
mod setting;
mod slow;
mod system;
mod tasks;
mod trial;
mod tried;
mod warm_up;
mod world;
