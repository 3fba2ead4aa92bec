//! The deterministic core: rules, detectors, windows, correlation, incidents, playbooks.
//!
//! Invariant: no clock, no IO, no randomness. The same inputs give the same effects and the same snapshot, byte for
//! byte, on any machine.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

pub mod backtest;
pub mod command;
pub mod correlation;
pub mod effect;
pub mod rule;
pub mod series;

mod alarms;
mod book;
mod compiled;
mod config;
mod counter;
mod counting;
mod engine;
mod expression;
mod flat_line;
mod geofence;
mod incidents;
mod judge;
mod large_counter;
mod lateness;
mod live;
mod names;
mod pattern;
mod playbook;
mod reason;
mod recent;
mod single;
mod slot;
mod slots;
mod snapshot;
mod statistic;
mod turn;
mod window;

pub use command::{Command, CommandBody, CommandDone, CommandError, ConfigDocument, ConfigKind, TaskOutcome};
pub use correlation::Correlation;
pub use effect::{Effect, Input, SnapshotError, Statistics};
pub use engine::Engine;
pub use incidents::next_states;
pub use judge::LATENESS;
pub use playbook::check as check_playbook;
pub use rule::{Diagnostic, Rule};
pub use snapshot::Frozen;
