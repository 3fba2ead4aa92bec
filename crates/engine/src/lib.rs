//! The deterministic core: rules, detectors, windows, correlation, incidents, playbooks.
//!
//! Invariant: no clock, no IO, no randomness. The same inputs give the same effects and the same snapshot, byte for
//! byte, on any machine.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

pub mod backtest;
mod chunks;
pub mod command;
pub mod correlation;
pub mod effect;
pub mod exercise;
pub mod rule;
pub mod series;

mod absence;
mod alarms;
mod area;
mod bands;
mod book;
mod budget;
mod bytes;
mod clusters;
mod compiled;
mod config;
mod configure;
mod counter;
mod counting;
mod engine;
mod expression;
mod flat_line;
mod flood;
mod geofence;
mod grid;
mod grounds;
mod incidents;
mod judge;
mod large_counter;
mod lateness;
mod live;
mod matching;
mod names;
mod partition;
mod pattern;
mod playbook;
mod reason;
mod recent;
mod series_table;
mod shares;
mod single;
mod slot;
mod slots;
mod snapshot;
mod spent;
mod statistic;
mod sweep;
mod turn;
mod weight;
mod window;
mod zones;

pub use budget::Budget;
pub use command::{Command, CommandBody, CommandDone, CommandError, ConfigDocument, ConfigKind, TaskOutcome};
pub use correlation::Correlation;
pub use effect::{Effect, Input, SnapshotError, Statistics};
pub use engine::Engine;
pub use incidents::{OPENED_IT, Offer, Told, next_states};
pub use judge::LATENESS;
pub use partition::{Judgement, Partition, Seat};
pub use playbook::{check as check_playbook, check_to_save as check_playbook_to_save};
pub use rule::{Diagnostic, Rule};
pub use snapshot::Frozen;
pub use weight::MAX_STATE_BYTES;
