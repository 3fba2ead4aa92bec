//! What goes into the engine and what comes out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vigiles_model::{Alarm, Incident, IncidentId, Observation, RuleId, Task, Timestamp};

use crate::command::{Command, CommandDone, CommandError, ConfigDocument, ConfigKind};
use crate::rule::Rule;

/// One entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Readings, in the order of the log.
    Observations(Vec<Observation>),
    /// A command.
    Command(Command),
    /// From here on the city's clocks are so many seconds ahead of UTC (east positive), for `time.hour`, `time.minute`
    /// and `time.weekday` in expressions. Part of the snapshot.
    UtcOffset(i32),
    /// Nothing but the time.
    Tick,
}

/// What the world around the engine has to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// An alarm was raised, grew, joined an incident or cleared.
    AlarmChanged(Box<Alarm>),
    /// An incident was opened or changed.
    IncidentChanged(Box<Incident>),
    /// A configuration document was stored.
    ConfigChanged {
        /// The document.
        document: ConfigDocument,
        /// Its version.
        version: u64,
        /// When, in platform time.
        at: Timestamp,
    },
    /// A configuration document was deleted.
    ConfigDeleted {
        /// Which sort.
        what: ConfigKind,
        /// Its id.
        id: String,
        /// Of a rule whose deletion says why: its last version, with who deleted it as author, and the reason.
        last: Option<Box<Rule>>,
        /// When, in platform time.
        at: Timestamp,
    },
    /// An automatic task is to be carried out; answered by `CompleteTask`.
    TaskStarted {
        /// The incident it belongs to.
        incident: IncidentId,
        /// The task.
        task: Box<Task>,
    },
    /// The answer to the command of this step; exactly one for each command.
    CommandDone(Result<CommandDone, CommandError>),
}

/// Counts for the system page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Pairs of kind and asset (or source) that rules look at.
    pub series: u64,
    /// States of rules that are kept by source, zone, cluster or geofence.
    pub states: u64,
    /// Bytes of those states, as the engine counts them.
    pub state_bytes: u64,
    /// Sliding windows.
    pub windows: u64,
    /// Rules, also disabled ones.
    pub rules: u64,
    /// Alarms whose condition holds.
    pub open_alarms: u64,
    /// Incidents in an open state.
    pub open_incidents: u64,
    /// Incidents in memory.
    pub incidents: u64,
    /// Readings taken.
    pub observations: u64,
    /// Pairs of reading and rule judged.
    pub evaluated: u64,
    /// Readings delivered again and ignored.
    pub duplicates: u64,
    /// Readings older than the newest of their series.
    pub out_of_order: u64,
    /// Those of them older by more than ten minutes.
    pub late: u64,
    /// Implausible readings, judged by no rule.
    pub implausible: u64,
    /// States, alarms or incidents not made because a bound was reached.
    pub refused: u64,
    /// Rules whose expression could not be computed for a reading, and how often.
    pub rule_errors: BTreeMap<RuleId, u64>,
    /// How many alarms each rule has raised in its present stage or any other, silent ones too.
    pub rule_alarms: BTreeMap<RuleId, u64>,
    /// Bytes of the states of each rule.
    pub rule_bytes: BTreeMap<RuleId, u64>,
}

/// Why a snapshot cannot be used; the log is replayed from its beginning instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Not a snapshot of this engine.
    #[error("not an engine snapshot: the first bytes are not {expected:?}")]
    Header {
        /// The marker expected.
        expected: &'static str,
    },
    /// Written by another version.
    #[error("the snapshot has format {found}, this engine reads {known}")]
    Version {
        /// In the snapshot.
        found: u8,
        /// Known here.
        known: u8,
    },
    /// Damaged.
    #[error("the snapshot is damaged: {0}")]
    Damaged(String),
}
