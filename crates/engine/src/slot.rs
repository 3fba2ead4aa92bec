//! The state of one rule for one key: idle, waiting for its duration, or with an active alarm.

use serde::{Deserialize, Serialize};
use vigiles_model::Observation;
use vigiles_model::alarm::MAX_CAUSES;

use crate::absence::Unanswered;
use crate::counter::{Counter, SlidingCount};
use crate::flat_line::Level;
use crate::large_counter::LargeCounter;
use crate::pattern::Pattern;
use crate::statistic::{Neighbourhood, Statistic};
use crate::window::Window;

/// Stands for "no time" and "no name".
pub(crate) const NEVER: i64 = i64::MAX;
/// Stands for "not bound to one kind" and "not bound to one zone".
pub(crate) const NONE: u32 = u32::MAX;

/// Which state: rule and key. The order breaks ties between timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) rule: u32,
    pub(crate) kind: u32,
    pub(crate) scope: Scope,
    pub(crate) zone: u32,
}

/// The key as numbers of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Scope {
    All,
    Asset(u32),
    Source(u32),
    Zone(u32),
    Cluster(u32),
    /// What stands for the alarms of the rule that are not raised.
    Flood,
}

/// The state of a rule for a key. Times are microseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Slot {
    pub(crate) address: Address,
    pub(crate) phase: Phase,
    /// Platform time before which no new alarm is raised.
    pub(crate) quiet_until: i64,
    pub(crate) memory: Memory,
    /// What supports a pending alarm; before that the readings it would be compared with (rate of change, flat line).
    pub(crate) evidence: Option<Box<Evidence>>,
    /// Bytes that it was counted with last; follows from the rest.
    #[serde(skip)]
    pub(crate) weight: u32,
}

/// Where a state stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Phase {
    Idle,
    /// The condition holds since `since` (phenomenon time); raised at `due` (platform time) if nothing comes.
    Pending {
        since: i64,
        due: i64,
    },
    /// The alarm is raised; `over` once the condition no longer holds but has to stay so for a while.
    Active {
        alarm: u64,
        over: Option<Over>,
    },
}

/// Since when (phenomenon time) the condition is over, and when (platform time) the alarm is cleared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Over {
    since: i64,
    due: i64,
}

/// What a detector remembers between readings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Memory {
    Nothing,
    /// The reading before (rate of change).
    Previous {
        time: i64,
        value: f64,
    },
    /// The latest reading and its platform time (silent).
    Last {
        at: i64,
        observation: Box<Observation>,
    },
    /// The zones of the rule that the thing is in, and those whose states exist (geofence).
    Inside {
        zones: Vec<u32>,
        open: Vec<u32>,
    },
    /// The windows of a condition.
    Windows(Vec<Window>),
    /// A count.
    Counter(Box<Counter>),
    /// Readings that belong to no cluster yet, and the clusters.
    Clusters {
        pool: Box<Counter>,
        open: Vec<u32>,
        next: u32,
    },
    /// A count too large to keep each reading.
    LargeCounter(Box<LargeCounter>),
    /// How long a reading has stayed where it is.
    Level(Level),
    /// The parts of a pattern seen so far.
    Pattern(Box<Pattern>),
    /// What was learned of a series.
    Statistic(Box<Statistic>),
    /// The latest readings of the assets of a rule that compares neighbours.
    Neighbourhood(Box<Neighbourhood>),
    /// What nothing has followed yet (absence).
    Unanswered(Box<Unanswered>),
}

/// The readings behind an alarm.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Evidence {
    pub(crate) causes: Vec<Observation>,
    pub(crate) support: u64,
    /// The rate or the count that the reason names.
    pub(crate) figure: f64,
}

/// How long it takes, in microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spans {
    pub(crate) hold: i64,
    pub(crate) clear: i64,
    pub(crate) quiet: i64,
}

/// What a transition asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Outcome {
    Nothing,
    Raise,
    Support(u64),
    Clear(u64),
}

impl Memory {
    /// The count of the window, where one is kept.
    pub(crate) fn count(&self) -> Option<&dyn SlidingCount> {
        match self {
            Self::Counter(counter) => Some(&**counter),
            Self::LargeCounter(counter) => Some(&**counter),
            _ => None,
        }
    }

    fn count_mut(&mut self) -> Option<&mut dyn SlidingCount> {
        match self {
            Self::Counter(counter) => Some(&mut **counter),
            Self::LargeCounter(counter) => Some(&mut **counter),
            _ => None,
        }
    }
}

impl Evidence {
    pub(crate) fn add(&mut self, observation: &Observation) {
        self.support += 1;
        keep_cause(&mut self.causes, observation);
    }
}

/// Keeps the first half and the latest half of the causes.
pub(crate) fn keep_cause(causes: &mut Vec<Observation>, observation: &Observation) {
    if causes.len() >= MAX_CAUSES {
        causes.remove(MAX_CAUSES / 2);
    }
    causes.push(observation.clone());
}

impl Slot {
    pub(crate) fn new(address: Address, memory: Memory) -> Self {
        Self { address, phase: Phase::Idle, quiet_until: i64::MIN, memory, evidence: None, weight: 0 }
    }

    /// A reading says that the condition holds or not, at phenomenon time `time` and platform time `now`.
    pub(crate) fn read(&mut self, holds: bool, time: i64, now: i64, spans: Spans) -> Outcome {
        match (&mut self.phase, holds) {
            (Phase::Idle, false) => Outcome::Nothing,
            (Phase::Idle, true) => {
                if spans.hold == 0 && now >= self.quiet_until {
                    return Outcome::Raise;
                }
                let due = now.saturating_add(spans.hold).max(self.quiet_until);
                self.phase = Phase::Pending { since: time, due };
                Outcome::Nothing
            }
            (Phase::Pending { .. }, false) => {
                self.phase = Phase::Idle;
                self.evidence = None;
                Outcome::Nothing
            }
            (Phase::Pending { since, .. }, true) => {
                if time.saturating_sub(*since) >= spans.hold && now >= self.quiet_until {
                    Outcome::Raise
                } else {
                    Outcome::Nothing
                }
            }
            (Phase::Active { alarm, over }, true) => {
                *over = None;
                Outcome::Support(*alarm)
            }
            (Phase::Active { alarm, over }, false) => {
                let first = *over.get_or_insert(Over { since: time, due: now.saturating_add(spans.clear) });
                if spans.clear == 0 || time.saturating_sub(first.since) >= spans.clear {
                    Outcome::Clear(*alarm)
                } else {
                    Outcome::Nothing
                }
            }
        }
    }

    /// The timer of this state is due at platform time `at`.
    pub(crate) fn fire(&mut self, at: i64, detector: Timing) -> Outcome {
        match self.phase {
            Phase::Pending { due, .. } if due <= at => Outcome::Raise,
            Phase::Active { alarm, over: Some(over) } if over.due <= at => Outcome::Clear(alarm),
            Phase::Active { alarm, over: None } => {
                let Some(counter) = self.memory.count_mut() else { return Outcome::Nothing };
                counter.expire(at, detector.window);
                if counter.len() < detector.at_least { Outcome::Clear(alarm) } else { Outcome::Nothing }
            }
            Phase::Idle if detector.silent_after != NEVER && self.due(detector) <= at => Outcome::Raise,
            _ => Outcome::Nothing,
        }
    }

    /// The platform time at which something happens by itself.
    pub(crate) fn due(&self, detector: Timing) -> i64 {
        match (&self.phase, &self.memory) {
            (Phase::Pending { due, .. }, _) => *due,
            (Phase::Active { over: Some(over), .. }, _) => over.due,
            (Phase::Active { .. }, Memory::Unanswered(open)) => open.next_due().unwrap_or(NEVER),
            (Phase::Active { .. }, memory) => {
                memory.count().map_or(NEVER, |counter| counter.next_expiry(detector.window))
            }
            (Phase::Idle, Memory::Last { at, .. }) if detector.silent_after != NEVER => {
                at.saturating_add(detector.silent_after).max(self.quiet_until)
            }
            (Phase::Idle, _) if self.is_transient() && self.quiet_until > i64::MIN => self.quiet_until,
            _ => NEVER,
        }
    }

    /// Whether nothing is lost when the idle state is dropped.
    pub(crate) fn is_transient(&self) -> bool {
        match &self.memory {
            Memory::Nothing => true,
            Memory::Unanswered(open) => open.is_empty(),
            _ => matches!(self.address.scope, Scope::Cluster(_)),
        }
    }

    /// Whether the state may be dropped at platform time `at`.
    pub(crate) fn is_spent(&self, at: i64) -> bool {
        self.phase == Phase::Idle && self.is_transient() && self.quiet_until <= at
    }
}

/// What the timers of a detector need to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) silent_after: i64,
    pub(crate) window: i64,
    pub(crate) at_least: usize,
}
