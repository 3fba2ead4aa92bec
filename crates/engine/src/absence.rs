//! One thing without the other: what should follow each first part, and did not in time.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use vigiles_model::{Observation, Timestamp};

use crate::bytes;
use crate::compiled::Compiled;
use crate::judge::Reading;
use crate::pattern::{MAX_OPEN, Reach};
use crate::slot::{Address, Evidence, Memory, Phase, Slot};
use crate::turn::Turn;

/// First parts that nothing has followed yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Unanswered {
    /// Still in time, in the order of arrival: each with the platform time until which it may be followed.
    waiting: VecDeque<(i64, Observation)>,
    /// Too late for all of these. They hold up the alarm, also that of a silent rule, which is no more than this.
    missed: VecDeque<Observation>,
}

impl Unanswered {
    /// Whether nothing is awaited.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The platform time at which the next runs out.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.waiting.front().map(|(due, _)| *due)
    }

    /// How many nothing has followed yet.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len() + self.missed.len()
    }

    /// Bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        let waiting: usize = self.waiting.iter().map(|(_, o)| bytes::beside(o)).sum();
        let missed: usize = self.missed.iter().map(bytes::beside).sum();
        // What was missed waits again after a change of stage.
        let lists = bytes::list::<(i64, Observation)>(self.waiting.len(), 2 * MAX_OPEN)
            + bytes::list::<Observation>(self.missed.len(), 2 * MAX_OPEN);
        waiting + missed + lists
    }

    /// Bytes that one holds at most: as many as may wait, and as many that were missed.
    pub(crate) fn most_bytes() -> usize {
        let lists = bytes::list::<(i64, Observation)>(2 * MAX_OPEN, 2 * MAX_OPEN)
            + bytes::list::<Observation>(MAX_OPEN, 2 * MAX_OPEN);
        2 * MAX_OPEN * bytes::USUAL_BESIDE + lists
    }

    pub(crate) fn fit(&mut self) {
        bytes::fit(&mut self.waiting);
        bytes::fit(&mut self.missed);
    }

    /// Lets go of the first that was missed, else of the last that waits: the oldest are due first.
    pub(crate) fn shed(&mut self) -> bool {
        if self.len() < 2 {
            return false;
        }
        self.missed.pop_front().is_some() || self.waiting.pop_back().is_some()
    }

    /// Takes a first part; false where as many as may be are waiting, since the oldest are due first.
    fn wait(&mut self, due: i64, o: &Observation) -> bool {
        let room = self.waiting.len() < MAX_OPEN;
        if room {
            self.waiting.push_back((due, o.clone()));
        }
        room
    }

    /// What should follow is here: it answers those that are not later than it and near enough. However late it comes,
    /// what was missing is there.
    fn answer(&mut self, o: &Observation, reach: Reach) {
        let anywhen = Reach { span: i64::MAX, ..reach };
        let is_open = |first: &Observation| first.time > o.time || !anywhen.joins(first, o);
        self.waiting.retain(|(_, first)| is_open(first));
        self.missed.retain(is_open);
    }

    /// Those that run out at platform time `at`.
    fn run_out(&mut self, at: i64) -> Vec<Observation> {
        let mut late = Vec::new();
        while self.waiting.front().is_some_and(|(due, _)| *due <= at) {
            late.extend(self.waiting.pop_front().map(|(_, o)| o));
        }
        self.missed.extend(late.iter().cloned());
        let beyond = self.missed.len().saturating_sub(MAX_OPEN);
        self.missed.drain(..beyond);
        late
    }
}

impl Turn<'_> {
    /// The first part starts the time, the second ends it. A reading that is both only ends it.
    pub(crate) fn judge_absence(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        (mask, reach): (u32, Reach),
        address: Address,
    ) {
        let (starts, ends) = (mask & 1 != 0, mask & 2 != 0);
        let index = match self.live.find_slot(&address) {
            None if ends || !starts => return,
            None => self.make_slot(address, || Memory::Unanswered(Box::default())),
            known => known,
        };
        let Some(index) = index else { return };
        self.take_over(index);
        let Some(Slot { memory: Memory::Unanswered(open), .. }) = self.live.slot_mut(index) else { return };
        if ends {
            open.answer(reading.o, reach);
        } else if !open.wait(reading.now.saturating_add(rule.spans.hold), reading.o) {
            self.live.counters.refused += 1;
        }
        self.await_next(rule, index, reading.now);
    }

    /// The timer of an absence is due at platform time `at`.
    pub(crate) fn fire_absence(&mut self, rule: &Compiled, index: u32, at: i64) {
        self.take_over(index);
        let Some(Slot { phase, memory: Memory::Unanswered(open), quiet_until, .. }) = self.live.slot_mut(index) else {
            return;
        };
        match *phase {
            Phase::Active { alarm, .. } => {
                for o in open.run_out(at) {
                    self.support(alarm, &o, Timestamp(at));
                }
            }
            // During the cool-down they wait for its end.
            _ if at < *quiet_until => {}
            _ => {
                let late = open.run_out(at);
                if !late.is_empty() {
                    self.raise_absence(rule, index, &late, at);
                }
            }
        }
        self.await_next(rule, index, at);
    }

    fn raise_absence(&mut self, rule: &Compiled, index: u32, late: &[Observation], at: i64) {
        let Some(slot) = self.live.slot_mut(index) else { return };
        let address = slot.address;
        let mut evidence = Evidence::default();
        for o in late {
            evidence.add(o);
        }
        let alarm = self.raise(rule, address, evidence.into(), Timestamp(at));
        let Some(slot) = self.live.slot_mut(index) else { return };
        slot.phase = alarm.map_or(Phase::Idle, |alarm| Phase::Active { alarm, over: None });
        if let (None, Memory::Unanswered(open)) = (alarm, &mut slot.memory) {
            // Counted among those not raised.
            open.missed.clear();
        }
    }

    /// Ends the alarm that nothing holds up any more, and waits for what is due next.
    fn await_next(&mut self, rule: &Compiled, index: u32, now: i64) {
        let Some(Slot { phase, memory: Memory::Unanswered(open), quiet_until, .. }) = self.live.slot_mut(index) else {
            return;
        };
        let mut over = None;
        if let Phase::Active { alarm, .. } = *phase
            && open.missed.is_empty()
        {
            over = Some(alarm);
            *phase = Phase::Idle;
            if rule.spans.quiet > 0 {
                *quiet_until = now.saturating_add(rule.spans.quiet);
            }
        }
        if !matches!(phase, Phase::Active { .. }) {
            // After a change of stage the alarm is raised anew.
            while let Some(first) = open.missed.pop_back() {
                open.waiting.push_front((now, first));
            }
            *phase = match open.waiting.front() {
                None => Phase::Idle,
                Some((due, first)) => Phase::Pending { since: first.time.0, due: (*due).max(*quiet_until) },
            };
        }
        if let Some(alarm) = over {
            self.clear(alarm, Timestamp(now));
        }
        self.live.tend_slot(index, rule, now);
    }

    /// A snapshot of an earlier version knew only the first that was awaited.
    fn take_over(&mut self, index: u32) {
        let Some(slot) = self.live.slot(index).filter(|slot| slot.memory == Memory::Nothing) else { return };
        let mut open = Unanswered::default();
        match slot.phase {
            Phase::Idle => {}
            Phase::Pending { due, .. } => {
                let first = slot.evidence.as_ref().and_then(|e| e.causes.first());
                open.waiting.extend(first.map(|o| (due, o.clone())));
            }
            Phase::Active { alarm, .. } => {
                let record = self.live.alarms.get(&alarm);
                open.missed.extend(record.and_then(|r| r.alarm.causes.first()).cloned());
            }
        }
        if let Some(slot) = self.live.slot_mut(index) {
            slot.memory = Memory::Unanswered(Box::new(open));
            slot.evidence = None;
        }
    }
}
