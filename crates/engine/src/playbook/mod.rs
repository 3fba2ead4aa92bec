//! Playbooks: whether one may be saved, and how one moves on in an incident.
//!
//! Invariant: a playbook under way reads only its own tasks, which hold the steps as they were when it started: a new
//! version of the playbook, or its deletion, changes nothing in it.
//! Invariant: its time is platform time; timers are made from the tasks, and so come back with a snapshot.

mod around;
mod check;
mod compensation;
mod condition;
mod escalation;
mod flow;
mod graph;
mod outcome;
mod placeholders;
mod task;
mod timers;

pub use check::{check, check_to_save};
pub(crate) use condition::{Conditions, reality_text};

/// Most tasks of one incident over all playbooks it was given, before escalations and compensations.
pub(crate) const MAX_TASKS: usize = 200;
