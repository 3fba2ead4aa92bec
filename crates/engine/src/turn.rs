//! One step: the input meets the state.

use std::sync::Arc;

use vigiles_model::alarm::Stage;
use vigiles_model::{AssetId, Observation, Reality, Timestamp};

use crate::book::Book;
use crate::compiled::{Compiled, Judge};
use crate::config::Config;
use crate::effect::Effect;
use crate::grounds::Grounds;
use crate::live::{Live, MAX_STATES};
use crate::partition::{Seat, TurnOf};
use crate::shares::may_take;
use crate::slot::{Address, Memory, NEVER, Outcome, Phase, Slot};
use crate::zones::ZoneIndex;

/// Microseconds between two clearings out.
const SWEEP_EVERY: i64 = 3_600_000_000;

/// The reading that says so, and since when (phenomenon time) where the detector knows it.
type Said<'a> = (&'a Observation, Option<i64>);

/// What one step works with.
pub(crate) struct Turn<'a> {
    pub(crate) book: &'a Book,
    pub(crate) config: &'a Config,
    pub(crate) zones: &'a ZoneIndex,
    pub(crate) utc_offset_s: i32,
    /// Of the city, or of an exercise.
    pub(crate) reality: Reality,
    /// What of it is judged here.
    pub(crate) seat: Seat,
    pub(crate) live: &'a mut Live,
    pub(crate) effects: &'a mut Vec<Effect>,
}

impl Turn<'_> {
    /// Lets every reading held back and every timer due by `now` have its turn, each at its own time; of one time the
    /// readings first, then timers in the order of their addresses, then the playbooks' in the order of their incidents.
    pub(crate) fn catch_up(&mut self, now: i64) {
        loop {
            let [held, timers, tasks] =
                [self.next_held(), self.next_timers(), self.live.cases.next_due().map(|(due, _)| due)]
                    .map(|due| due.unwrap_or(NEVER));
            let next = held.min(timers).min(tasks);
            if next > now || next == NEVER {
                return;
            }
            if held == next {
                self.release();
            } else if timers == next {
                self.fire_together(timers);
            } else {
                self.fire_tasks(now);
            }
        }
    }

    /// Forgets what is old once an hour, as it was at the full hour: how often there were steps since does not matter,
    /// so that those of an exercise change nothing for the city.
    pub(crate) fn sweep(&mut self, now: i64) {
        if self.live.next_sweep > now {
            return;
        }
        let hour = now.saturating_sub(now.rem_euclid(SWEEP_EVERY));
        self.live.next_sweep = hour.saturating_add(SWEEP_EVERY);
        self.sweep_series(hour);
        self.sweep_neighbours(hour);
        self.sweep_floods(hour);
        self.sweep_cases(hour);
        self.weigh();
    }

    /// When timers are due next, here or at a judge.
    fn next_timers(&self) -> Option<i64> {
        let of_judges = self.live.judgements.turns().filter_map(|turn| match turn {
            TurnOf::Timers(due) => Some(due),
            TurnOf::Held(..) | TurnOf::Entry(_) => None,
        });
        self.live.timers_due().into_iter().chain(of_judges).min()
    }

    /// Every timer that is due then has its turn.
    fn fire_together(&mut self, due: i64) {
        let turn = TurnOf::Timers(due);
        self.live.judgements.turn = turn;
        for address in self.live.take_timers(due) {
            self.hear_before_state(turn, address);
            let Some(index) = self.live.find_slot(&address) else { continue };
            let Some(rule) = self.book.rule(address.rule).map(Arc::clone) else { continue };
            self.fire(&rule, (index, address), due);
            self.weigh_for(&rule);
        }
        self.hear(turn, None);
    }

    fn fire(&mut self, rule: &Compiled, (index, address): (u32, Address), due: i64) {
        if matches!(rule.judge, Judge::Absence { .. }) {
            return self.fire_absence(rule, index, due);
        }
        let Some(slot) = self.live.slot_mut(index) else { return };
        let outcome = slot.fire(due, rule.timing);
        self.carry_out(rule, index, outcome, None, due);
        self.live.tend_slot(index, rule, due);
        self.live.place_cluster(rule, address);
    }

    /// Tells the state at `index` whether its condition holds, with the reading that says so.
    pub(crate) fn settle(&mut self, rule: &Compiled, index: u32, holds: bool, figure: f64, o: &Observation, now: i64) {
        self.settle_since(rule, index, (holds, figure, None), o, now);
    }

    /// The same for what began at a phenomenon time that the detector knows: `(holds, figure, since)`.
    pub(crate) fn settle_since(
        &mut self,
        rule: &Compiled,
        index: u32,
        (holds, figure, since): (bool, f64, Option<i64>),
        o: &Observation,
        now: i64,
    ) {
        let Some(slot) = self.live.slot_mut(index) else { return };
        let outcome = slot.read(holds, o.time.0, now, rule.spans);
        let pending = matches!(slot.phase, Phase::Pending { .. }) || outcome == Outcome::Raise;
        if pending && holds {
            let evidence = slot.evidence.get_or_insert_default();
            evidence.add(o);
            evidence.figure = figure;
        }
        self.carry_out(rule, index, outcome, Some((o, since)), now);
        self.live.tend_slot(index, rule, now);
    }

    /// The state of an address, a new one where there is none; none when its rule may hold no more.
    pub(crate) fn make_slot(&mut self, address: Address, memory: impl FnOnce() -> Memory) -> Option<u32> {
        if let Some(index) = self.live.find_slot(&address) {
            return Some(index);
        }
        let stage = self.book.rule(address.rule).map_or(Stage::Silent, |rule| rule.rule.stage);
        let own = self.live.shares.states(address.rule);
        let (own_bytes, all_bytes) = (self.live.shares.bytes(address.rule), self.live.shares.all_bytes());
        if !may_take(own, self.live.slots().len(), MAX_STATES, stage)
            || !may_take(own_bytes, all_bytes, self.live.most.0, stage)
        {
            self.live.counters.refused += 1;
            return None;
        }
        Some(self.live.add_slot(Slot::new(address, memory())))
    }

    /// Does what a transition asks for, at platform time `at`.
    fn carry_out(&mut self, rule: &Compiled, index: u32, outcome: Outcome, said: Option<Said<'_>>, at: i64) {
        match outcome {
            Outcome::Nothing => {}
            Outcome::Raise => {
                let Some(slot) = self.live.slot_mut(index) else { return };
                let (address, grounds) = (slot.address, Grounds::of(slot, said.and_then(|(_, since)| since)));
                slot.phase = Phase::Idle;
                if let Some(alarm) = self.raise(rule, address, grounds, Timestamp(at))
                    && let Some(slot) = self.live.slot_mut(index)
                {
                    slot.phase = Phase::Active { alarm, over: None };
                }
            }
            Outcome::Support(alarm) => {
                if let Some((o, _)) = said {
                    self.support(alarm, o, Timestamp(at));
                }
            }
            Outcome::Clear(alarm) => {
                if let Some(slot) = self.live.slot_mut(index) {
                    slot.phase = Phase::Idle;
                    slot.evidence = None;
                    if rule.spans.quiet > 0 {
                        slot.quiet_until = at.saturating_add(rule.spans.quiet);
                    }
                }
                self.clear(alarm, Timestamp(at));
            }
        }
    }

    /// Ends every state that matches; their alarms are cleared.
    pub(crate) fn end_states(&mut self, wanted: impl Fn(&Address) -> bool, now: Timestamp) {
        for address in self.live.addresses(&wanted) {
            self.hear_before_state(TurnOf::Entry(0), address);
            let Some(index) = self.live.find_slot(&address) else { continue };
            if let Some(Phase::Active { alarm, .. }) = self.live.slot(index).map(|s| s.phase) {
                self.clear(alarm, now);
            }
            self.live.drop_slot(index);
        }
        self.hear(TurnOf::Entry(0), None);
        self.live.cases.forget_clusters(wanted);
    }

    /// Clears the alarms of every state that matches; what the states remember stays.
    pub(crate) fn end_alarms(&mut self, wanted: impl Fn(&Address) -> bool, now: Timestamp) {
        for address in self.live.addresses(wanted) {
            self.hear_before_state(TurnOf::Entry(0), address);
            let Some(index) = self.live.find_slot(&address) else { continue };
            let Some(slot) = self.live.slot_mut(index) else { continue };
            if let Phase::Active { alarm, .. } = slot.phase {
                slot.phase = Phase::Idle;
                self.clear(alarm, now);
            }
        }
        self.hear(TurnOf::Entry(0), None);
    }

    pub(crate) fn asset_name(&self, id: &AssetId) -> String {
        self.config.asset_name(id)
    }
}
