//! Readings meet the rules of their kind.

mod concerned;
mod state;

use vigiles_model::alarm::Stage;
use vigiles_model::{Duration, Geometry, Observation, Position, Quality};

use self::concerned::breaks_a_limit;
use crate::book::{Plan, Planned};
use crate::compiled::{Compiled, CompiledPart, Judge};
use crate::expression::{Env, Expression};
use crate::flat_line::Level;
use crate::rule::{Key, MAX_ZONES};
use crate::series_table::{SeriesKey, Shortcut};
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
    pub(crate) late: bool,
    pub(crate) place: Option<Position>,
    /// The reading in the unit of the rule that judges, where it is a number.
    pub(crate) figure: Option<f64>,
    /// The unit of that figure: the rule's where it has one, else the kind's.
    pub(crate) unit: &'a str,
    /// Where the windows of that rule are among those of the series, if it shares them.
    pub(crate) shared: Option<&'a [usize]>,
}

impl Turn<'_> {
    /// Judges one reading.
    pub(crate) fn observe(&mut self, o: &Observation, now: i64) {
        self.live.counters.observations += 1;
        let book = self.book;
        let plan = book.plan(&o.kind);
        if o.quality == Quality::Implausible {
            self.live.counters.implausible += 1;
            if plan.is_none_or(|plan| !plan.out_of_range) {
                return;
            }
        }
        let Some(plan) = plan else { return };
        let Some((series, owner)) = self.series_of(plan, o) else {
            self.live.counters.refused += 1;
            return;
        };
        // A redelivery has the content, so the time, of the first: a reading newer than all before is new.
        if o.time.0 <= self.live.series.get(series).newest && self.live.recent.contains(o.id) {
            self.live.counters.duplicates += 1;
            return;
        }
        self.live.recent.insert(o.id);
        self.take_in(plan, (series, owner), o, now);
    }

    /// Judges a reading of a known series that is no redelivery.
    pub(crate) fn take_in(&mut self, plan: &Plan, (series, owner): (u32, Scope), o: &Observation, now: i64) {
        let place = o.place.as_ref().map(Geometry::centre);
        let newest = self.refresh_series(series, plan, o, now, place);
        let in_order = o.time.0 >= newest;
        let late = !in_order && newest.saturating_sub(o.time.0) > LATENESS.0;
        self.live.counters.out_of_order += u64::from(!in_order);
        self.live.counters.late += u64::from(late);
        let mut reading = Reading {
            o,
            now,
            plan,
            series,
            owner,
            in_order,
            late,
            place,
            figure: None,
            unit: &plan.unit,
            shared: None,
        };
        self.fill_windows(&reading);
        let calm = self.live.series.found(series).calm && !breaks_a_limit(&reading);
        let mut concerned = std::mem::take(&mut self.live.concerned);
        self.find_concerned(&reading, calm, &mut concerned);
        for i in &concerned {
            self.hear_before(self.live.judgements.turn, plan.rules[*i].rule.name);
            self.meet(&mut reading, *i);
        }
        self.live.concerned = concerned;
        if !calm {
            let calm = self.is_calm(&reading);
            self.live.series.found_mut(series).calm = calm;
        }
    }

    /// Judges a reading by the rule at a position of its plan, now or when its turn comes.
    fn meet(&mut self, reading: &mut Reading<'_>, i: usize) {
        let plan = reading.plan;
        let entry = &plan.rules[i];
        if entry.rule.lateness > 0 {
            self.hold_back(&entry.rule, reading.o, reading.now);
        } else {
            self.judge(reading, i, entry);
            self.weigh_for(&entry.rule);
        }
    }

    /// Judges a reading that was held back, by the one rule that waited for it. Its turn has come in the order of time.
    pub(crate) fn observe_held(&mut self, rule: u32, o: &Observation, now: i64) {
        let book = self.book;
        let Some(plan) = book.plan(&o.kind) else { return };
        let Some((i, entry)) = plan.rules.iter().enumerate().find(|(_, entry)| entry.rule.name == rule) else { return };
        let Some((series, owner)) = self.series_of(plan, o) else { return };
        let place = o.place.as_ref().map(Geometry::centre);
        self.refresh_series(series, plan, o, now, place);
        let mut reading = Reading {
            o,
            now,
            plan,
            series,
            owner,
            in_order: true,
            late: false,
            place,
            figure: None,
            unit: &plan.unit,
            shared: None,
        };
        self.judge(&mut reading, i, entry);
        self.weigh_for(&entry.rule);
    }

    pub(crate) fn series_of(&mut self, plan: &Plan, o: &Observation) -> Option<(u32, Scope)> {
        // What only rules on trial look at takes no name or series that live ones may need.
        if plan.stage != Stage::Live && self.live.is_half_full() && self.live.names.number(o.series()).is_none() {
            return None;
        }
        let name = self.live.names.intern(o.series())?;
        let owner = if o.asset.is_some() { Scope::Asset(name) } else { Scope::Source(name) };
        Some((self.live.series.find_or_add(SeriesKey { kind: plan.kind, owner })?, owner))
    }

    /// The series of a reading that was judged, while it is remembered.
    pub(crate) fn known_series(&self, o: &Observation) -> Option<u32> {
        let name = self.live.names.number(o.series())?;
        let owner = if o.asset.is_some() { Scope::Asset(name) } else { Scope::Source(name) };
        self.live.series.find(SeriesKey { kind: self.book.plan(&o.kind)?.kind, owner })
    }

    /// Brings times, zones and shortcuts of the series up to date. Its newest phenomenon time before.
    fn refresh_series(&mut self, series: u32, plan: &Plan, o: &Observation, now: i64, place: Option<Position>) -> i64 {
        let (s, found) = self.live.series.both_mut(series);
        let before = s.newest;
        s.newest = s.newest.max(o.time.0);
        s.seen = now;
        if found.generation != self.book.generation || found.shortcuts.len() != plan.rules.len() {
            found.generation = self.book.generation;
            found.shortcuts.clear();
            found.shortcuts.resize(plan.rules.len(), Shortcut::Unknown);
            found.calm = false;
            let mut old = std::mem::take(&mut s.windows);
            let kept = |length: &i64| {
                let at = old.iter().position(|window| window.length() == *length);
                at.map_or_else(|| Window::new(*length), |at| old.swap_remove(at))
            };
            s.windows = plan.windows.iter().map(kept).collect();
        }
        if plan.zones && (found.place != place || found.zones_generation != self.zones.generation) {
            found.place = place;
            found.zones_generation = self.zones.generation;
            match place {
                Some(place) => plan.located.add(self.zones.find(place, &mut found.zones)),
                None => found.zones.clear(),
            }
        }
        before
    }

    fn judge<'a>(&mut self, reading: &mut Reading<'a>, i: usize, entry: &'a Planned) {
        let rule = &*entry.rule;
        if reading.o.quality == Quality::Implausible && !matches!(rule.judge, Judge::OutOfRange) {
            return;
        }
        self.live.counters.evaluated += 1;
        rule.spent.add(1 + rule.when.as_ref().map_or(0, Expression::nodes));
        reading.figure = reading.o.number().map(|n| entry.figure(n));
        reading.unit = entry.rule.unit.as_deref().unwrap_or(&reading.plan.unit);
        reading.shared = entry.shared.as_deref();
        if let Some(when) = &rule.when {
            match self.evaluate(when, reading, &[]) {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => return self.count_error(rule),
            }
        }
        let parts = match rule.parts.as_slice() {
            [] => 0,
            parts => match self.parts_met(reading, rule, parts, entry.parts) {
                0 => return,
                met => met,
            },
        };
        let kind = if rule.per_kind { reading.plan.kind } else { NONE };
        let address = |scope| Address { rule: rule.name, kind, scope, zone: NONE };
        match rule.rule.key {
            Key::Asset => self.judge_key(reading, rule, address(reading.owner), Some(i), parts),
            Key::Source => {
                if let Some(name) = self.live.names.intern(reading.o.source.as_str()) {
                    self.judge_key(reading, rule, address(Scope::Source(name)), None, parts);
                }
            }
            Key::All => self.judge_key(reading, rule, address(Scope::All), None, parts),
            Key::Zone => {
                for position in self.live.series.found(reading.series).zones.clone().into_iter().take(MAX_ZONES) {
                    let id = self.zones.zones.get(position as usize).map_or("", |z| z.id.as_str());
                    if let Some(name) = self.live.names.intern(id) {
                        self.judge_key(reading, rule, address(Scope::Zone(name)), None, parts);
                    }
                }
            }
        }
    }

    /// Which parts of a pattern the reading is, a bit each, of those that take its kind.
    fn parts_met(&mut self, reading: &Reading<'_>, rule: &Compiled, parts: &[CompiledPart], of_kind: u32) -> u32 {
        let mut met = 0;
        for (i, part) in parts.iter().enumerate().filter(|(i, _)| of_kind & (1 << i) != 0) {
            rule.spent.add(1 + part.when.as_ref().map_or(0, Expression::nodes));
            match part.when.as_ref().map_or(Ok(true), |when| self.evaluate(when, reading, &[])) {
                Ok(true) => met |= 1 << i,
                Ok(false) => {}
                Err(_) => self.count_error(rule),
            }
        }
        met
    }

    /// Judges for one key. `shortcut` is the rule's position in the plan where the key is the series' own; `parts` are
    /// those of a pattern that the reading is.
    fn judge_key(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        address: Address,
        shortcut: Option<usize>,
        parts: u32,
    ) {
        match &rule.judge {
            Judge::Threshold { .. } => self.judge_threshold(reading, rule, address, shortcut),
            Judge::Condition(expression) => self.judge_condition(reading, rule, expression, address, shortcut),
            Judge::Rate { above, below, per_s } => {
                self.judge_rate(reading, rule, (*above, *below, *per_s), address, shortcut);
            }
            Judge::Silent => self.judge_silent(reading, rule, address, shortcut),
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
            Judge::FlatLine { span, tolerance } => {
                let (Some(value), true) = (reading.figure, reading.in_order) else { return };
                let fresh = || Memory::Level(Level::at(reading.o.time.0, value));
                let known = self.find(address, reading.series, shortcut);
                if let Some(index) = self.find_or_make(known, address, (reading.series, shortcut), fresh)
                    && known.is_some()
                {
                    self.judge_flat_line(reading, rule, (*span, *tolerance), index);
                }
            }
            Judge::OutOfRange => {
                if reading.in_order {
                    let found = self.find(address, reading.series, shortcut);
                    let holds = reading.o.quality == Quality::Implausible;
                    self.settle_fleeting(reading, rule, (address, shortcut), found, holds, 0.0);
                }
            }
            Judge::Statistic { side, fresh } => {
                self.judge_statistic(reading, rule, (*side, fresh), address, shortcut);
            }
            Judge::Sequence { length, reach } => {
                self.judge_sequence(reading, rule, (parts, *length, *reach), address);
            }
            Judge::Absence { reach } => self.judge_absence(reading, rule, (parts, *reach), address),
            Judge::Cooccurrence { parts: length, at_least, reach } => {
                self.judge_cooccurrence(reading, rule, (parts, *length, *at_least, *reach), address);
            }
        }
    }

    pub(crate) fn evaluate(
        &self,
        e: &Expression,
        reading: &Reading<'_>,
        windows: &[Window],
    ) -> Result<bool, crate::expression::Fault> {
        let (windows, places) = match reading.shared {
            Some(places) => (self.live.series.get(reading.series).windows.as_slice(), Some(places)),
            None => (windows, None),
        };
        e.holds(&Env {
            observation: reading.o,
            number: reading.figure,
            unit: reading.unit,
            asset: reading.o.asset.as_ref().filter(|_| e.assets).and_then(|id| self.config.assets.get(id)),
            zones: &self.live.series.found(reading.series).zones,
            zone_table: &self.zones.zones,
            windows,
            places,
            utc_offset_s: self.utc_offset_s,
        })
    }

    pub(crate) fn count_error(&mut self, rule: &Compiled) {
        *self.live.counters.rule_errors.entry(rule.name).or_default() += 1;
    }
}

impl Slot {
    /// Whether the alarm is raised.
    pub(crate) fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Active { .. })
    }
}
