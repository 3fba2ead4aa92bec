//! How much of what all rules share one rule may take.
//!
//! A rule may hold as many states, and as many bytes in them ([`crate::weight`]), as are free for all: the dynamic
//! threshold of Choudhury and Hahne ("Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", IEEE/ACM Trans.
//! Networking 6, 1998) with a factor of one. So the first that asks gets at most half, the next half of the rest, and some
//! is always free. Rules that are not live take nothing once half is taken, by whomever.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use vigiles_model::alarm::Stage;

use crate::alarms::Record;
use crate::slot::{Address, Scope};

/// What each rule holds, by the number of its name. Made from the states and alarms, so not part of the snapshot.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    states: FxHashMap<u32, usize>,
    /// Bytes of the states.
    bytes: FxHashMap<u32, usize>,
    all_bytes: usize,
    held: FxHashMap<u32, usize>,
    /// Without the one that stands for those not raised.
    open_alarms: FxHashMap<u32, usize>,
    /// Alarms in memory, cleared ones too, whose rule was in shadow.
    shadow_alarms: usize,
}

/// Whether a rule that holds `own` of the `taken` may take one more, where `most` can be taken.
pub(crate) fn may_take(own: usize, taken: usize, most: usize, stage: Stage) -> bool {
    own < most.saturating_sub(taken) && (stage == Stage::Live || taken < most / 2)
}

impl Shares {
    pub(crate) fn states(&self, rule: u32) -> usize {
        count(&self.states, rule)
    }

    pub(crate) fn held(&self, rule: u32) -> usize {
        count(&self.held, rule)
    }

    pub(crate) fn open_alarms(&self, rule: u32) -> usize {
        count(&self.open_alarms, rule)
    }

    pub(crate) fn shadow_alarms(&self) -> usize {
        self.shadow_alarms
    }

    /// Bytes of the states of a rule.
    pub(crate) fn bytes(&self, rule: u32) -> usize {
        count(&self.bytes, rule)
    }

    /// Bytes of the states of each rule.
    pub(crate) fn bytes_of_rules(&self) -> BTreeMap<u32, u64> {
        self.bytes.iter().map(|(rule, bytes)| (*rule, *bytes as u64)).collect()
    }

    /// Bytes of all states.
    pub(crate) fn all_bytes(&self) -> usize {
        self.all_bytes
    }

    pub(crate) fn take_state(&mut self, rule: u32, bytes: usize) {
        add(&mut self.states, rule, 1);
        add(&mut self.bytes, rule, bytes);
        self.all_bytes += bytes;
    }

    pub(crate) fn give_state(&mut self, rule: u32, bytes: usize) {
        subtract(&mut self.states, rule, 1);
        subtract(&mut self.bytes, rule, bytes);
        self.all_bytes -= bytes;
    }

    /// A state of the rule weighs something else now.
    pub(crate) fn weigh_state(&mut self, rule: u32, before: usize, after: usize) {
        add(&mut self.bytes, rule, after);
        subtract(&mut self.bytes, rule, before);
        self.all_bytes = self.all_bytes + after - before;
    }

    pub(crate) fn take_held(&mut self, rule: u32) {
        add(&mut self.held, rule, 1);
    }

    pub(crate) fn give_held(&mut self, rule: u32) {
        subtract(&mut self.held, rule, 1);
    }

    /// An alarm came into memory.
    pub(crate) fn take_alarm(&mut self, record: &Record) {
        if record.alarm.cleared.is_none() && record.address.scope != Scope::Flood {
            add(&mut self.open_alarms, record.address.rule, 1);
        }
        self.shadow_alarms += usize::from(record.alarm.stage == Stage::Shadow);
    }

    /// The alarm of this state was cleared.
    pub(crate) fn clear_alarm(&mut self, address: Address) {
        if address.scope != Scope::Flood {
            subtract(&mut self.open_alarms, address.rule, 1);
        }
    }

    /// A cleared alarm left memory.
    pub(crate) fn give_alarm(&mut self, record: &Record) {
        self.shadow_alarms -= usize::from(record.alarm.stage == Stage::Shadow);
    }
}

fn count(counts: &FxHashMap<u32, usize>, rule: u32) -> usize {
    counts.get(&rule).copied().unwrap_or(0)
}

fn add(counts: &mut FxHashMap<u32, usize>, rule: u32, more: usize) {
    *counts.entry(rule).or_default() += more;
}

fn subtract(counts: &mut FxHashMap<u32, usize>, rule: u32, fewer: usize) {
    if let Some(n) = counts.get_mut(&rule) {
        *n -= fewer;
        if *n == 0 {
            counts.remove(&rule);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stages: &[Stage], expected: &[usize]) {
        const MOST: usize = 1_000;
        let mut own = vec![0; stages.len()];
        for (i, stage) in stages.iter().enumerate() {
            while may_take(own[i], own.iter().sum(), MOST, *stage) {
                own[i] += 1;
            }
        }
        assert_eq!(own, expected);
    }

    #[test]
    fn one_rule_leaves_room_for_the_others() {
        check(&[Stage::Live, Stage::Live, Stage::Live], &[500, 250, 125]);
        check(&[Stage::Shadow, Stage::Silent, Stage::Live], &[500, 0, 250]);
        check(&[Stage::Live, Stage::Shadow, Stage::Live], &[500, 0, 250]);
    }
}
