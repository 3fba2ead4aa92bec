//! One set of changing state as bytes and back: the city's, or that of an exercise.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vigiles_model::{Observation, Reality};

use crate::alarms::Record;
use crate::incidents::{Case, Partings};
use crate::lateness::{Due, Held};
use crate::live::{Counters, Live};
use crate::names::{Names, Texts};
use crate::recent::{Ids, Recent};
use crate::series_table::{Series, SeriesList};
use crate::slot::{Address, Memory, Slot};
use crate::slots::Places;
use crate::window::Window;

/// What changes with every reading, in postcard. Series and states are borrowed when it is written,
/// since there are many.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LiveImage<R = Series, S = Slot> {
    pub(super) next_sweep: i64,
    pub(super) names: Texts,
    pub(super) recent: (Ids, Ids),
    pub(super) counters: Counters,
    pub(super) series: Vec<R>,
    pub(super) slots: Vec<S>,
    pub(super) next_alarm: u64,
    pub(super) last_case: u64,
    pub(super) bound: BTreeMap<Address, u64>,
    pub(super) held: Vec<(Due, Arc<Observation>)>,
    pub(super) partings: Partings,
}

/// A set of state at a moment, except for what people handle: that is documents.
#[derive(Debug)]
pub(super) struct FrozenLive {
    next_sweep: i64,
    names: Texts,
    recent: (Ids, Ids),
    counters: Counters,
    series: SeriesList,
    slots: Places,
    next_alarm: u64,
    last_case: u64,
    bound: BTreeMap<Address, u64>,
    held: Held,
    partings: Partings,
}

impl FrozenLive {
    pub(super) fn of(live: &Live) -> Self {
        let (previous, current) = live.recent.orders();
        Self {
            next_sweep: live.next_sweep,
            names: live.names.texts().clone(),
            recent: (previous.clone(), current.clone()),
            counters: live.counters.clone(),
            series: live.series.list().clone(),
            slots: live.slots().places().clone(),
            next_alarm: live.next_alarm,
            last_case: live.cases.last,
            bound: live.cases.bound.clone(),
            held: live.held.clone(),
            partings: live.cases.partings.clone(),
        }
    }

    /// With what lives in no order put into that of its keys.
    pub(super) fn image(&mut self) -> LiveImage<&Series, &Slot> {
        let mut series: Vec<&Series> = self.series.iter().collect();
        series.sort_unstable_by_key(|s| s.key);
        let mut slots: Vec<&Slot> = self.slots.iter().flatten().collect();
        slots.sort_unstable_by_key(|s| s.address);
        LiveImage {
            next_sweep: self.next_sweep,
            names: take(&mut self.names),
            recent: take(&mut self.recent),
            counters: take(&mut self.counters),
            series,
            slots,
            next_alarm: self.next_alarm,
            last_case: self.last_case,
            bound: take(&mut self.bound),
            held: take(&mut self.held).each().collect(),
            partings: take(&mut self.partings),
        }
    }
}

impl LiveImage {
    /// The state again, without timers.
    pub(super) fn into_live(
        self,
        alarms: BTreeMap<u64, Arc<Record>>,
        cases: BTreeMap<u64, Arc<Case>>,
        reality: Reality,
    ) -> Live {
        let mut live = Live::of(reality);
        live.next_sweep = self.next_sweep;
        live.names = Names::from_texts(self.names);
        live.recent = Recent::from_orders(self.recent.0, self.recent.1);
        live.counters = self.counters;
        for mut s in self.series {
            s.windows.iter_mut().for_each(Window::sum_up);
            live.series.add(s);
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
            live.add_held(due, || o);
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
