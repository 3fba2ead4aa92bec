//! The deterministic core: rules, detectors, windows, correlation, incidents, playbooks.
//!
//! Invariant: no clock, no IO, no randomness. The same inputs give the same effects and the same snapshot, byte for
//! byte, on any machine.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

pub mod command;
pub mod effect;
pub mod rule;

mod alarms;
mod book;
mod config;
mod counter;
mod counting;
mod engine;
mod expression;
mod geofence;
mod incidents;
mod judge;
mod large_counter;
mod live;
mod names;
mod playbook;
mod recent;
mod slot;
mod snapshot;
mod turn;
mod window;

pub use command::{Command, CommandBody, CommandDone, CommandError, ConfigDocument, ConfigKind, TaskOutcome};
pub use effect::{Effect, Input, SnapshotError, Statistics};
pub use engine::Engine;
pub use incidents::next_states;
pub use judge::LATENESS;
pub use playbook::check as check_playbook;
pub use rule::{Diagnostic, Rule};
