//! Readings meet the rules of their kind.

use vigiles_model::{Duration, Geometry, Observation, Position, Quality};

use crate::book::{Compiled, Judge, Plan};
use crate::expression::{Env, Expression};
use crate::live::{SeriesKey, Shortcut};
use crate::rule::Key;
use crate::slot::{Address, Memory, NONE, Phase, Scope, Slot};
use crate::turn::Turn;
use crate::window::Window;

/// A reading older than the newest of its series by more than this is late: no window takes it.
pub const LATENESS: Duration = Duration::from_secs(600);

/// One reading on its way through the rules.
pub(crate) struct Reading<'a> {
    pub(crate) o: &'a Observation,
    pub(crate) now: i64,
    pub(crate) plan: &'a Plan,
    pub(crate) series: u32,
    pub(crate) owner: Scope,
    /// Not older than the newest of its series.
    pub(crate) in_order: bool,
    late: bool,
    pub(crate) place: Option<Position>,
}

impl Turn<'_> {
    /// Judges one reading.
    pub(crate) fn observe(&mut self, o: &Observation, now: i64) {
        self.live.counters.observations += 1;
        if o.quality == Quality::Implausible {
            self.live.counters.implausible += 1;
            return;
        }
        let book = self.book;
        let Some(plan) = book.plan(&o.kind) else { return };
        let Some((series, owner)) = self.series_of(plan, o) else {
            self.live.counters.refused += 1;
            return;
        };
        let newest = self.live.series[series as usize].newest;
        let in_order = o.time.0 >= newest;
        // A redelivery has the content, so the time, of the first: a reading newer than all before is new.
        if o.time.0 <= newest && self.live.recent.contains(o.id) {
            self.live.counters.duplicates += 1;
            return;
        }
        self.live.recent.insert(o.id);
        let late = !in_order && newest.saturating_sub(o.time.0) > LATENESS.0;
        self.live.counters.out_of_order += u64::from(!in_order);
        self.live.counters.late += u64::from(late);
        let place = o.place.as_ref().map(Geometry::centre);
        self.refresh_series(series, plan, o, now, place);
        let reading = Reading { o, now, plan, series, owner, in_order, late, place };
        for (i, rule) in plan.rules.iter().enumerate() {
            self.judge(&reading, i, rule);
        }
    }

    fn series_of(&mut self, plan: &Plan, o: &Observation) -> Option<(u32, Scope)> {
        let name = self.live.names.intern(o.series())?;
        let owner = if o.asset.is_some() { Scope::Asset(name) } else { Scope::Source(name) };
        Some((self.live.series(SeriesKey { kind: plan.kind, owner })?, owner))
    }

    /// Brings times, zones and shortcuts of the series up to date.
    fn refresh_series(&mut self, series: u32, plan: &Plan, o: &Observation, now: i64, place: Option<Position>) {
        let s = &mut self.live.series[series as usize];
        s.newest = s.newest.max(o.time.0);
        s.seen = now;
        if s.generation != self.book.generation || s.shortcuts.len() != plan.rules.len() {
            s.generation = self.book.generation;
            s.shortcuts.clear();
            s.shortcuts.resize(plan.rules.len(), Shortcut::Unknown);
        }
        if plan.zones && (s.place != place || s.zones_generation != self.zones.generation) {
            s.place = place;
            s.zones_generation = self.zones.generation;
            match place {
                Some(place) => self.zones.find(place, &mut s.zones),
                None => s.zones.clear(),
            }
        }
    }

    fn judge(&mut self, reading: &Reading<'_>, i: usize, rule: &Compiled) {
        self.live.counters.evaluated += 1;
        if let Some(when) = &rule.when {
            match self.evaluate(when, reading, &[]) {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => return self.count_error(rule),
            }
        }
        let kind = if rule.per_kind { reading.plan.kind } else { NONE };
        let address = |scope| Address { rule: rule.name, kind, scope, zone: NONE };
        match rule.rule.key {
            Key::Asset => self.judge_key(reading, rule, address(reading.owner), Some(i)),
            Key::Source => {
                if let Some(name) = self.live.names.intern(reading.o.source.as_str()) {
                    self.judge_key(reading, rule, address(Scope::Source(name)), None);
                }
            }
            Key::All => self.judge_key(reading, rule, address(Scope::All), None),
            Key::Zone => {
                for position in self.live.series[reading.series as usize].zones.clone() {
                    let id = self.zones.zones.get(position as usize).map_or("", |z| z.id.as_str());
                    if let Some(name) = self.live.names.intern(id) {
                        self.judge_key(reading, rule, address(Scope::Zone(name)), None);
                    }
                }
            }
        }
    }

    /// Judges for one key. `shortcut` is the rule's position in the plan where the key is the series' own.
    fn judge_key(&mut self, reading: &Reading<'_>, rule: &Compiled, address: Address, shortcut: Option<usize>) {
        let o = reading.o;
        match &rule.judge {
            Judge::Threshold { above, below, clear_above, clear_below } => {
                let (Some(value), true) = (o.number(), reading.in_order) else { return };
                let found = self.find(address, reading.series, shortcut);
                let active = found.and_then(|i| self.live.slot(i)).is_some_and(Slot::is_active);
                let holds = if active {
                    value > *clear_above || value < *clear_below
                } else {
                    value > *above || value < *below
                };
                self.settle_fleeting(reading, rule, (address, shortcut), found, holds, value);
            }
            Judge::Condition(expression) => self.judge_condition(reading, rule, expression, address, shortcut),
            Judge::Rate { above, below, per_s } => {
                let (Some(value), true) = (o.number(), reading.in_order) else { return };
                let now_then = Memory::Previous { time: o.time.0, value };
                let known = self.find(address, reading.series, shortcut);
                let Some(index) = self.find_or_make(known, address, (reading.series, shortcut), || now_then.clone())
                else {
                    return;
                };
                let Some(slot) = self.live.slot_mut(index) else { return };
                let Memory::Previous { time, value: before } = slot.memory else { return };
                if o.time.0 <= time {
                    return;
                }
                let rate = (value - before) / ((o.time.0 - time) as f64 / 1e6) * per_s;
                slot.memory = now_then;
                self.settle(rule, index, rate > *above || rate < *below, rate, o, reading.now);
            }
            Judge::Silent => {
                if !reading.in_order {
                    return;
                }
                let known = self.find(address, reading.series, shortcut);
                let last = || Memory::Last { at: reading.now, observation: Box::new(o.clone()) };
                let Some(index) = self.find_or_make(known, address, (reading.series, shortcut), last) else { return };
                if let Some(Slot { memory: Memory::Last { at, observation }, .. }) = self.live.slot_mut(index) {
                    *at = reading.now;
                    observation.as_mut().clone_from(o);
                }
                self.settle(rule, index, false, 0.0, o, reading.now);
            }
            Judge::Geofence { zones, on } => {
                if reading.in_order && reading.place.is_some() {
                    self.judge_geofence(reading, rule, zones, *on, address);
                }
            }
            Judge::Count { window, at_least, distinct, radius_m } => {
                if distinct.is_none() && radius_m.is_none() && *at_least > crate::counting::EXACT {
                    return self.judge_large_count(reading, rule, (*window, *at_least), address);
                }
                let Some(tally) = crate::counting::tally(reading, distinct.as_ref()) else { return };
                match radius_m {
                    None => self.judge_count(reading, rule, tally, (*window, *at_least), address),
                    Some(radius_m) => {
                        self.judge_cluster(reading, rule, tally, (*window, *at_least, *radius_m), address);
                    }
                }
            }
        }
    }

    fn judge_condition(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        e: &Expression,
        address: Address,
        shortcut: Option<usize>,
    ) {
        let found = self.find(address, reading.series, shortcut);
        let figure = reading.o.number().unwrap_or(0.0);
        if e.windows.is_empty() {
            if !reading.in_order {
                return;
            }
            return match self.evaluate(e, reading, &[]) {
                Ok(holds) => self.settle_fleeting(reading, rule, (address, shortcut), found, holds, figure),
                Err(_) => self.count_error(rule),
            };
        }
        let fresh = || Memory::Windows(e.windows.iter().map(|length| Window::new(*length)).collect());
        let Some(index) = self.find_or_make(found, address, (reading.series, shortcut), fresh) else { return };
        let Some(Slot { memory: Memory::Windows(windows), .. }) = self.live.slot_mut(index) else { return };
        if let (Some(value), false) = (reading.o.number(), reading.late) {
            for window in windows.iter_mut() {
                window.add(reading.o.time.0, value);
            }
        }
        if !reading.in_order {
            return;
        }
        let windows = std::mem::take(windows);
        let result = self.evaluate(e, reading, &windows);
        if let Some(slot) = self.live.slot_mut(index) {
            slot.memory = Memory::Windows(windows);
        }
        match result {
            Ok(holds) => self.settle(rule, index, holds, figure, reading.o, reading.now),
            Err(_) => self.count_error(rule),
        }
    }

    /// Settles a detector whose state exists only while its condition holds or its alarm is active.
    fn settle_fleeting(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        (address, shortcut): (Address, Option<usize>),
        found: Option<u32>,
        holds: bool,
        figure: f64,
    ) {
        if found.is_none() && !holds {
            return;
        }
        if let Some(index) = self.find_or_make(found, address, (reading.series, shortcut), || Memory::Nothing) {
            self.settle(rule, index, holds, figure, reading.o, reading.now);
        }
    }

    /// The state of an address, by the series' shortcut where it has one.
    fn find(&mut self, address: Address, series: u32, shortcut: Option<usize>) -> Option<u32> {
        let Some(i) = shortcut else { return self.live.find_slot(&address) };
        match self.live.series[series as usize].shortcuts[i] {
            Shortcut::Absent => return None,
            Shortcut::At(index) if self.live.slot(index).is_some_and(|s| s.address == address) => return Some(index),
            _ => {}
        }
        let found = self.live.find_slot(&address);
        // Only a state that belongs to this series alone can be known to be absent.
        self.live.series[series as usize].shortcuts[i] = match found {
            Some(index) => Shortcut::At(index),
            None if address.kind == NONE => Shortcut::Unknown,
            None => Shortcut::Absent,
        };
        found
    }

    /// The state found, or a new one, which the series' shortcut then knows.
    fn find_or_make(
        &mut self,
        found: Option<u32>,
        address: Address,
        (series, shortcut): (u32, Option<usize>),
        memory: impl FnOnce() -> Memory,
    ) -> Option<u32> {
        if found.is_some() {
            return found;
        }
        let made = self.live.make_slot(address, memory)?;
        if let Some(i) = shortcut {
            self.live.series[series as usize].shortcuts[i] = Shortcut::At(made);
        }
        Some(made)
    }

    fn evaluate(
        &self,
        e: &Expression,
        reading: &Reading<'_>,
        windows: &[Window],
    ) -> Result<bool, crate::expression::Fault> {
        e.holds(&Env {
            observation: reading.o,
            unit: &reading.plan.unit,
            asset: reading.o.asset.as_ref().filter(|_| e.assets).and_then(|id| self.config.assets.get(id)),
            zones: &self.live.series[reading.series as usize].zones,
            zone_table: &self.zones.zones,
            windows,
            utc_offset_s: self.utc_offset_s,
        })
    }

    fn count_error(&mut self, rule: &Compiled) {
        *self.live.counters.rule_errors.entry(rule.name).or_default() += 1;
    }
}

impl Slot {
    /// Whether the alarm is raised.
    pub(crate) fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Active { .. })
    }
}
