//! How the platform is doing.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::time::Time;

/// How the platform is doing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct System {
    /// Version of the program.
    pub version: String,
    /// When it started.
    pub started: Time,
    /// Seconds since.
    pub uptime_s: f64,
    /// Rates.
    pub rates: Rates,
    /// The engine.
    pub engine: Engine,
    /// Queues.
    pub queues: Vec<Queue>,
    /// What is stored.
    pub storage: Vec<Storage>,
    /// Doors.
    pub doors: Vec<DoorHealth>,
    /// The log.
    pub log: Log,
    /// The volume that the data lies on.
    pub volume: Volume,
}

/// Rates.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Rates {
    /// Observations made durable per second.
    pub observations_per_s: f64,
    /// Alarms raised in the last hour, also those from before the start.
    pub alarms_per_h: f64,
}

/// The engine.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Engine {
    /// How far it is behind the log, in milliseconds.
    pub lag_ms: f64,
    /// The log offset it has reached.
    pub offset: u64,
    /// Rules.
    pub rules: u64,
    /// Series it follows.
    pub series: u64,
    /// What rules remember, in bytes.
    pub state_bytes: u64,
    /// Most bytes that rules may remember.
    pub max_state_bytes: u64,
    /// Alarms whose condition holds.
    pub open_alarms: u64,
    /// Open incidents.
    pub open_incidents: u64,
    /// Readings delivered again and ignored, since the start, as the four below.
    pub duplicates: u64,
    /// Readings older than the newest of their series.
    pub out_of_order: u64,
    /// Those of them older by more than ten minutes.
    pub late: u64,
    /// Implausible readings, judged by no rule.
    pub implausible: u64,
    /// States, alarms or incidents not made because a bound was reached.
    pub refused: u64,
    /// Rules whose expression failed, and how often.
    pub rule_errors: BTreeMap<String, u64>,
    /// The share of its time that it was at work in the latest ten seconds, 0 to 1.
    pub busy: f64,
    /// The dearest rules of the same time, at most ten.
    pub rule_load: Vec<RuleLoad>,
}

/// What a rule costs while it runs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RuleLoad {
    /// The rule.
    pub rule: String,
    /// Its share of the steps that all rules took, 0 to 1.
    pub share: f64,
    /// Steps a second: nodes of expressions, entries of windows, comparisons with earlier readings and with other alarms.
    pub steps_per_s: f64,
    /// Whether it keeps the engine from other work: more than half of the steps, a hundred for each reading or more, and the
    /// engine at work more than half of its time.
    pub is_dear: bool,
}

/// A queue.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Queue {
    /// Name.
    pub name: String,
    /// Entries in it.
    pub depth: u64,
    /// Most entries.
    pub capacity: u64,
    /// Entries dropped or sent back.
    pub shed: u64,
}

/// One store.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Storage {
    /// `history` (observations), `store` (documents) or `snapshots` (of the engine).
    pub name: String,
    /// Bytes on disk.
    pub bytes: u64,
    /// Observations, documents or snapshots.
    pub rows: u64,
}

/// One door.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DoorHealth {
    /// Name.
    pub name: String,
    /// Open connections.
    pub connections: u64,
    /// Observations per second.
    pub rate_per_s: f64,
    /// Observations made durable since the start, as all counts of a door.
    pub accepted: u64,
    /// Observations that had been delivered before.
    pub duplicates: u64,
    /// Observations refused.
    pub rejected: u64,
    /// Observations dropped under overload.
    pub shed: u64,
    /// Deliveries told to wait, or connections not read further, under overload.
    pub waits: u64,
    /// What only this door has: `protocol_errors`, `refused_connections`, `slow_subscribers`, `unmatched` messages.
    pub faults: BTreeMap<String, u64>,
}

/// The log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Log {
    /// First offset kept.
    pub first: u64,
    /// Next offset.
    pub next: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Files they are in.
    pub segments: u64,
}

/// The volume that the data lies on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Volume {
    /// Bytes that the platform may still write.
    pub free_bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
}

/// Whether the platform may be given work.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// Whether it is.
    pub ready: bool,
    /// What is missing.
    pub waiting_for: Vec<String>,
}
