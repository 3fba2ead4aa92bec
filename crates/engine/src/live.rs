//! What changes with every reading: series, states of rules, timers, alarms, incidents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use vigiles_model::{AlarmId, Observation, Reality};

use crate::alarms::Record;
use crate::book::Book;
use crate::clusters::ClusterIndex;
use crate::compiled::Compiled;
use crate::incidents::Cases;
use crate::lateness::{Due, Held};
use crate::names::{MAX_NAMES, Names};
use crate::partition::Judgements;
use crate::playbook::Conditions;
use crate::recent::Recent;
use crate::series_table::{MAX_SERIES, SeriesTable};
use crate::shares::Shares;
use crate::slot::{Address, NEVER, Scope, Slot};
use crate::slots::Slots;
use crate::weight::Most;

/// Most states of rules.
pub(crate) const MAX_STATES: usize = 2_000_000;

/// Counts for the statistics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counters {
    pub(crate) observations: u64,
    pub(crate) evaluated: u64,
    pub(crate) duplicates: u64,
    pub(crate) out_of_order: u64,
    pub(crate) late: u64,
    pub(crate) implausible: u64,
    pub(crate) refused: u64,
    pub(crate) rule_errors: BTreeMap<u32, u64>,
    pub(crate) rule_alarms: BTreeMap<u32, u64>,
}

/// Everything that readings and incident commands change.
#[derive(Debug, Default)]
pub(crate) struct Live {
    pub(crate) names: Names,
    pub(crate) recent: Recent,
    pub(crate) counters: Counters,
    pub(crate) held: Held,
    pub(crate) series: SeriesTable,
    slot_index: FxHashMap<Address, u32>,
    slots: Slots,
    /// States changed since they were weighed; empty between readings.
    changed: Vec<u32>,
    /// Where the clusters of counts are.
    pub(crate) clusters: ClusterIndex,
    /// Due platform times. An entry may be early or stale: it is checked when it fires.
    timers: BTreeSet<(i64, Address)>,
    /// The earliest timer set for each state.
    timer_of: FxHashMap<Address, i64>,
    /// Taken in by [`Live::add_alarm`].
    pub(crate) alarms: BTreeMap<u64, Arc<Record>>,
    /// What each rule holds.
    pub(crate) shares: Shares,
    /// Most bytes that the states may take.
    pub(crate) most: Most,
    pub(crate) alarm_numbers: FxHashMap<AlarmId, u64>,
    pub(crate) next_alarm: u64,
    pub(crate) cases: Cases,
    /// Conditions of playbooks made ready; not part of the snapshot.
    pub(crate) conditions: Conditions,
    /// Room for the positions of rules that a reading concerns; empty between readings.
    pub(crate) concerned: Vec<usize>,
    /// On their way between the engines of one log; not part of the snapshot.
    pub(crate) judgements: Judgements,
    /// Platform time of the next clearing out.
    pub(crate) next_sweep: i64,
    /// Readings that a detector only learned from, for a back-test to tell; not part of the snapshot.
    pub(crate) unjudged: u64,
}

impl Live {
    /// Nothing seen yet, of the city or of an exercise.
    pub(crate) fn of(reality: Reality) -> Self {
        Self { cases: Cases::of(reality), ..Self::default() }
    }

    /// Whether half of the names or half of the series are taken.
    pub(crate) fn is_half_full(&self) -> bool {
        self.series.len() >= MAX_SERIES / 2 || self.names.texts().len() >= MAX_NAMES / 2
    }

    /// Where the state of an address is.
    pub(crate) fn find_slot(&self, address: &Address) -> Option<u32> {
        self.slot_index.get(address).copied()
    }

    pub(crate) fn slot(&self, index: u32) -> Option<&Slot> {
        self.slots.get(index)
    }

    /// A state to be changed: it is weighed afterwards.
    pub(crate) fn slot_mut(&mut self, index: u32) -> Option<&mut Slot> {
        if self.changed.last() != Some(&index) {
            self.changed.push(index);
        }
        self.slots.get_mut(index)
    }

    /// A state that is still to be weighed.
    pub(crate) fn next_changed(&mut self) -> Option<u32> {
        self.changed.pop()
    }

    /// The state that is being weighed.
    pub(crate) fn changed_slot(&mut self, index: u32) -> Option<&mut Slot> {
        self.slots.get_mut(index)
    }

    /// Counts a state with what it weighs now.
    pub(crate) fn put_weight(&mut self, index: u32, after: usize) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        let before = std::mem::replace(&mut slot.weight, after as u32) as usize;
        if before != after {
            self.shares.weigh_state(slot.address.rule, before, after);
        }
    }

    /// Keeps a reading until its turn.
    pub(crate) fn add_held(&mut self, due: Due, o: impl FnOnce() -> Arc<Observation>) {
        if self.held.add(due, o) {
            self.shares.take_held(due.rule);
        }
    }

    pub(crate) fn add_alarm(&mut self, number: u64, record: Arc<Record>) {
        self.shares.take_alarm(&record);
        self.alarms.insert(number, record);
    }

    /// Drops an alarm from memory, cleared or not.
    pub(crate) fn drop_alarm(&mut self, number: u64) {
        let Some(record) = self.alarms.remove(&number) else { return };
        if record.alarm.cleared.is_none() {
            self.shares.clear_alarm(record.address);
        }
        self.shares.give_alarm(&record);
        self.alarm_numbers.remove(&record.alarm.id);
    }

    /// An alarm to be changed: copied first where a frozen copy shares it.
    pub(crate) fn alarm_mut(&mut self, number: u64) -> Option<&mut Record> {
        self.alarms.get_mut(&number).map(Arc::make_mut)
    }

    pub(crate) fn add_slot(&mut self, mut slot: Slot) -> u32 {
        let address = slot.address;
        slot.weight = slot.bytes() as u32;
        self.shares.take_state(address.rule, slot.weight as usize);
        let index = self.slots.add(slot);
        self.slot_index.insert(address, index);
        index
    }

    pub(crate) fn drop_slot(&mut self, index: u32) {
        if let Some(slot) = self.slots.remove(index) {
            self.slot_index.remove(&slot.address);
            self.shares.give_state(slot.address.rule, slot.weight as usize);
            if let Scope::Cluster(number) = slot.address.scope {
                self.clusters.remove(slot.address.rule, number);
            }
        }
    }

    /// States, in no order.
    pub(crate) fn slots(&self) -> &Slots {
        &self.slots
    }

    /// Addresses of the states that match, in the order of their names.
    pub(crate) fn addresses(&self, wanted: impl Fn(&Address) -> bool) -> Vec<Address> {
        let mut found: Vec<_> = self.slot_index.keys().filter(|a| wanted(a)).copied().collect();
        self.names.sort(&mut found);
        found
    }

    /// Drops the state if nothing is lost by it, or sees to it that its timer is set.
    pub(crate) fn tend_slot(&mut self, index: u32, rule: &Compiled, now: i64) {
        let Some(slot) = self.slot(index) else { return };
        if slot.is_spent(now) {
            return self.drop_slot(index);
        }
        let (address, due) = (slot.address, slot.due(rule.timing));
        if due == NEVER {
            return;
        }
        let earliest = self.timer_of.entry(address).or_insert(NEVER);
        if due < *earliest {
            *earliest = due;
            self.timers.insert((due, address));
        }
    }

    /// When the next timer is due.
    pub(crate) fn timers_due(&self) -> Option<i64> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// Takes the timers that are due then, where none is due earlier: in the order of their names, since numbers of names
    /// follow the order in which readings happened to arrive.
    pub(crate) fn take_timers(&mut self, due: i64) -> Vec<Address> {
        let mut together = Vec::new();
        while self.timers.first().is_some_and(|first| first.0 == due) {
            let Some((_, address)) = self.timers.pop_first() else { break };
            if self.timer_of.get(&address) == Some(&due) {
                self.timer_of.remove(&address);
            }
            together.push(address);
        }
        self.names.sort(&mut together);
        together
    }

    /// Sets every timer again and finds every cluster, after a restore.
    pub(crate) fn set_timers(&mut self, book: &Book) {
        for index in 0..self.slots.room() {
            let Some(address) = self.slot(index).map(|slot| slot.address) else { continue };
            if let Some(rule) = book.rule(address.rule) {
                self.tend_slot(index, rule, i64::MIN);
                self.place_cluster(rule, address);
            }
        }
    }
}
