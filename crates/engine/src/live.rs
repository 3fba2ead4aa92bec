//! What changes with every reading: series, states of rules, timers, alarms, incidents.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use vigiles_model::{AlarmId, Position};

use crate::alarms::Record;
use crate::book::Book;
use crate::compiled::Compiled;
use crate::incidents::Cases;
use crate::lateness::Held;
use crate::names::Names;
use crate::recent::Recent;
use crate::slot::{Address, Memory, NEVER, Scope, Slot};
use crate::slots::Slots;
use crate::window::Window;

/// Most series.
pub(crate) const MAX_SERIES: usize = 2_000_000;
/// Most states of rules.
pub(crate) const MAX_STATES: usize = 2_000_000;
/// Microseconds without a reading after which a series is forgotten: one week.
const SERIES_LIFE: i64 = 7 * 86_400 * 1_000_000;

/// A kind and the asset or source whose readings it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct SeriesKey {
    pub(crate) kind: u32,
    pub(crate) owner: Scope,
}

/// The readings of one kind from one asset or source.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) key: SeriesKey,
    /// Newest phenomenon time.
    pub(crate) newest: i64,
    /// Platform time of the latest reading.
    pub(crate) seen: i64,
    /// Shortcuts to the states of the rules of the plan, in its order; not part of the snapshot.
    pub(crate) shortcuts: Vec<Shortcut>,
    pub(crate) generation: u32,
    /// Known to have no state of a plain limit; not part of the snapshot.
    pub(crate) calm: bool,
    /// Windows over all its readings, that the rules share; by length.
    pub(crate) windows: Vec<Window>,
    /// Zones of the latest place; not part of the snapshot.
    pub(crate) place: Option<Position>,
    pub(crate) zones: Vec<u32>,
    pub(crate) zones_generation: u32,
}

/// Where a state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shortcut {
    /// Not looked up yet.
    Unknown,
    /// There is none.
    Absent,
    /// There, if the address still matches.
    At(u32),
}

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
    series_index: FxHashMap<SeriesKey, u32>,
    pub(crate) series: Vec<Series>,
    slot_index: FxHashMap<Address, u32>,
    slots: Slots,
    /// Due platform times. An entry may be early or stale: it is checked when it fires.
    timers: BTreeSet<(i64, Address)>,
    /// The earliest timer set for each state.
    timer_of: FxHashMap<Address, i64>,
    pub(crate) alarms: BTreeMap<u64, Record>,
    pub(crate) alarm_numbers: FxHashMap<AlarmId, u64>,
    pub(crate) next_alarm: u64,
    pub(crate) cases: Cases,
    /// Room for the positions of rules that a reading concerns; empty between readings.
    pub(crate) concerned: Vec<usize>,
    /// Platform time of the next clearing out.
    pub(crate) next_sweep: i64,
}

impl Live {
    /// The series of a key, a new one where there is none; none when the bound is reached.
    pub(crate) fn series(&mut self, key: SeriesKey) -> Option<u32> {
        if let Some(index) = self.series_index.get(&key) {
            return Some(*index);
        }
        if self.series.len() >= MAX_SERIES {
            return None;
        }
        Some(self.add_series(key, i64::MIN, i64::MIN, Vec::new()))
    }

    pub(crate) fn add_series(&mut self, key: SeriesKey, newest: i64, seen: i64, windows: Vec<Window>) -> u32 {
        let index = self.series.len() as u32;
        self.series.push(Series {
            key,
            newest,
            seen,
            shortcuts: Vec::new(),
            generation: 0,
            calm: false,
            windows,
            place: None,
            zones: Vec::new(),
            zones_generation: 0,
        });
        self.series_index.insert(key, index);
        index
    }

    /// Forgets series without readings for a week.
    pub(crate) fn sweep_series(&mut self, now: i64) {
        let before = self.series.len();
        self.series.retain(|s| s.seen.saturating_add(SERIES_LIFE) > now);
        if self.series.len() != before {
            self.series_index = self.series.iter().enumerate().map(|(i, s)| (s.key, i as u32)).collect();
        }
    }

    /// Where the state of an address is.
    pub(crate) fn find_slot(&self, address: &Address) -> Option<u32> {
        self.slot_index.get(address).copied()
    }

    pub(crate) fn slot(&self, index: u32) -> Option<&Slot> {
        self.slots.get(index)
    }

    pub(crate) fn slot_mut(&mut self, index: u32) -> Option<&mut Slot> {
        self.slots.get_mut(index)
    }

    /// The state of an address, a new one where there is none; none when the bound is reached.
    pub(crate) fn make_slot(&mut self, address: Address, memory: impl FnOnce() -> Memory) -> Option<u32> {
        if let Some(index) = self.find_slot(&address) {
            return Some(index);
        }
        if self.slot_index.len() >= MAX_STATES {
            self.counters.refused += 1;
            return None;
        }
        Some(self.add_slot(Slot::new(address, memory())))
    }

    pub(crate) fn add_slot(&mut self, slot: Slot) -> u32 {
        let address = slot.address;
        let index = self.slots.add(slot);
        self.slot_index.insert(address, index);
        index
    }

    pub(crate) fn drop_slot(&mut self, index: u32) {
        if let Some(slot) = self.slots.remove(index) {
            self.slot_index.remove(&slot.address);
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

    /// Takes the timers that are due first, if by `now`: in the order of their names, since numbers of names follow
    /// the order in which readings happened to arrive.
    pub(crate) fn next_timers(&mut self, now: i64) -> Option<(i64, Vec<Address>)> {
        let due = self.timers.first()?.0;
        if due > now {
            return None;
        }
        let mut together = Vec::new();
        while self.timers.first().is_some_and(|first| first.0 == due) {
            let Some((_, address)) = self.timers.pop_first() else { break };
            if self.timer_of.get(&address) == Some(&due) {
                self.timer_of.remove(&address);
            }
            together.push(address);
        }
        self.names.sort(&mut together);
        Some((due, together))
    }

    /// Sets every timer again, after a restore.
    pub(crate) fn set_timers(&mut self, book: &Book) {
        for index in 0..self.slots.room() {
            let rule = self.slot(index).and_then(|slot| book.rule(slot.address.rule));
            if let Some(rule) = rule.cloned() {
                self.tend_slot(index, &rule, i64::MIN);
            }
        }
    }
}
