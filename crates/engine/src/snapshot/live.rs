//! One set of changing state as bytes and back: the city's, or that of an exercise.

use std::collections::BTreeMap;
use std::mem::take;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use vigiles_model::{Observation, Reality};

use crate::alarms::Record;
use crate::incidents::{Case, Partings};
use crate::lateness::{Due, Held};
use crate::live::{Counters, Live, SeriesKey};
use crate::names::Names;
use crate::recent::Recent;
use crate::slot::{Address, Memory, Slot};
use crate::slots::Slots;
use crate::window::Window;

/// A series without what can be made again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SeriesImage {
    pub(super) key: SeriesKey,
    pub(super) newest: i64,
    pub(super) seen: i64,
    pub(super) windows: Vec<Window>,
}

/// What changes with every reading, in postcard. States are borrowed when it is written, since there are many.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LiveImage<S = Slot> {
    pub(super) next_sweep: i64,
    pub(super) names: Vec<CompactString>,
    pub(super) recent: (Vec<u64>, Vec<u64>),
    pub(super) counters: Counters,
    pub(super) series: Vec<SeriesImage>,
    pub(super) slots: Vec<S>,
    pub(super) next_alarm: u64,
    pub(super) last_case: u64,
    pub(super) bound: BTreeMap<Address, u64>,
    pub(super) held: Vec<(Due, Box<Observation>)>,
    pub(super) partings: Partings,
}

/// A set of state at a moment, except for what people handle: that is documents.
#[derive(Debug)]
pub(super) struct FrozenLive {
    next_sweep: i64,
    names: Vec<CompactString>,
    recent: (Vec<u64>, Vec<u64>),
    counters: Counters,
    series: Vec<SeriesImage>,
    slots: Slots,
    next_alarm: u64,
    last_case: u64,
    bound: BTreeMap<Address, u64>,
    held: Held,
    partings: Partings,
}

impl FrozenLive {
    pub(super) fn of(live: &Live) -> Self {
        let series = live.series.iter();
        let (previous, current) = live.recent.orders();
        Self {
            next_sweep: live.next_sweep,
            names: live.names.texts().to_vec(),
            recent: (previous.to_vec(), current.to_vec()),
            counters: live.counters.clone(),
            series: series
                .map(|s| SeriesImage { key: s.key, newest: s.newest, seen: s.seen, windows: s.windows.clone() })
                .collect(),
            slots: live.slots().clone(),
            next_alarm: live.next_alarm,
            last_case: live.cases.last,
            bound: live.cases.bound.clone(),
            held: live.held.clone(),
            partings: live.cases.partings.clone(),
        }
    }

    /// With what lives in no order put into that of its keys.
    pub(super) fn image(&mut self) -> LiveImage<&Slot> {
        self.series.sort_unstable_by_key(|s| s.key);
        let mut slots: Vec<&Slot> = self.slots.iter().collect();
        slots.sort_unstable_by_key(|s| s.address);
        LiveImage {
            next_sweep: self.next_sweep,
            names: take(&mut self.names),
            recent: take(&mut self.recent),
            counters: take(&mut self.counters),
            series: take(&mut self.series),
            slots,
            next_alarm: self.next_alarm,
            last_case: self.last_case,
            bound: take(&mut self.bound),
            held: take(&mut self.held).into_iter().collect(),
            partings: take(&mut self.partings),
        }
    }
}

impl LiveImage {
    /// The state again, without timers.
    pub(super) fn into_live(self, alarms: BTreeMap<u64, Record>, cases: BTreeMap<u64, Case>, reality: Reality) -> Live {
        let mut live = Live::of(reality);
        live.next_sweep = self.next_sweep;
        live.names = Names::from_texts(self.names);
        live.recent = Recent::from_orders(self.recent.0, self.recent.1);
        live.counters = self.counters;
        for mut s in self.series {
            s.windows.iter_mut().for_each(Window::sum_up);
            live.add_series(s.key, s.newest, s.seen, s.windows);
        }
        for mut slot in self.slots {
            if let Memory::Windows(windows) = &mut slot.memory {
                windows.iter_mut().for_each(Window::sum_up);
            }
            live.add_slot(slot);
        }
        live.alarm_numbers = alarms.iter().map(|(number, r)| (r.alarm.id.clone(), *number)).collect();
        for (number, record) in alarms {
            live.add_alarm(number, record);
        }
        live.next_alarm = self.next_alarm;
        for (due, o) in self.held {
            live.add_held(due, o);
        }
        live.cases.last = self.last_case;
        live.cases.bound = self.bound;
        live.cases.partings = self.partings;
        for case in cases.into_values() {
            live.cases.insert(case);
        }
        live
    }
}
