//! Readings held back for rules with an allowed lateness, so that they are judged in the order of phenomenon time.
//!
//! Invariant: of two logs that hold the same readings in another order, each within the allowed lateness, such a rule
//! makes the same alarms: each reading has its turn at a platform time that follows from its phenomenon time alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vigiles_model::{Observation, ObservationId};

use crate::compiled::Compiled;
use crate::shares::may_take;
use crate::turn::Turn;

/// Most readings held back.
const MAX_HELD: usize = 500_000;

/// When a reading has its turn: platform time, then phenomenon time, then identity, then the rule that waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Due {
    pub(crate) at: i64,
    time: i64,
    id: ObservationId,
    pub(crate) rule: u32,
}

/// All readings held back.
pub(crate) type Held = BTreeMap<Due, Arc<Observation>>;

impl Turn<'_> {
    /// Keeps a reading until its turn. One that comes later than is allowed is counted and left out.
    pub(crate) fn hold_back(&mut self, rule: &Compiled, o: &Observation, now: i64) {
        let at = o.time.0.saturating_add(rule.lateness);
        if at < now {
            self.live.counters.late += 1;
        } else if !may_take(self.live.shares.held(rule.name), self.live.held.len(), MAX_HELD, rule.rule.stage) {
            self.live.counters.refused += 1;
        } else {
            let due = Due { at, time: o.time.0, id: o.id, rule: rule.name };
            self.live.add_held(due, Arc::new(o.clone()));
        }
    }

    /// The platform time of the next turn.
    pub(crate) fn next_held(&self) -> Option<i64> {
        self.live.held.first_key_value().map(|(due, _)| due.at)
    }

    /// Judges the reading whose turn is next.
    pub(crate) fn release(&mut self) {
        if let Some((due, o)) = self.live.held.pop_first() {
            self.live.shares.give_held(due.rule);
            self.observe_held(due.rule, &o, due.at);
        }
    }
}
