//! Patterns over several kinds: one after the other, together.
//!
//! Invariant: a pattern keeps a bounded number of readings for a key; what it forgets first is what began first.

use serde::{Deserialize, Serialize};
use vigiles_model::{Geometry, Observation, ObservationId};

use crate::bytes;
use crate::compiled::Compiled;
use crate::judge::Reading;
use crate::matching;
use crate::slot::{Address, Evidence, Memory, Phase, Slot};
use crate::turn::Turn;

/// Most sequences under way for a key, and most readings kept of each part that occurs together with others.
pub(crate) const MAX_OPEN: usize = 128;
/// Most parts of a pattern.
pub(crate) const MAX_PARTS: usize = 8;

/// How far apart the parts may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// Microseconds of phenomenon time.
    pub(crate) span: i64,
    pub(crate) metres: Option<f64>,
}

/// The parts seen so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pattern {
    /// Of a sequence: those under way, each with its parts so far. Of a co-occurrence: each with one reading, and
    /// which part it is. In the order of their first readings.
    open: Vec<Run>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Run {
    part: u8,
    readings: Vec<Observation>,
}

impl Reach {
    /// Whether two readings are near enough, in any order of time. A distance needs both places.
    pub(crate) fn joins(self, a: &Observation, b: &Observation) -> bool {
        if a.time.0.abs_diff(b.time.0) > self.span.unsigned_abs() {
            return false;
        }
        let place = |o: &Observation| o.place.as_ref().map(Geometry::centre);
        match (self.metres, place(a), place(b)) {
            (None, _, _) => true,
            (Some(metres), Some(a), Some(b)) => a.distance_m(b) <= metres,
            _ => false,
        }
    }
}

impl Pattern {
    /// Forgets what began more than a span before `time`.
    fn expire(&mut self, time: i64, reach: Reach) {
        self.open.retain(|run| run.readings.first().is_some_and(|o| time.saturating_sub(o.time.0) <= reach.span));
    }

    /// Takes a reading of a sequence that is each of the parts in `mask`. Where it is the last part of one, these are
    /// the readings before it; of several under way the one that began last.
    fn follow(&mut self, o: &Observation, mask: u32, length: usize, reach: Reach) -> Option<Vec<Observation>> {
        self.expire(o.time.0, reach);
        let fits = |run: &Run| {
            let (Some(first), Some(last)) = (run.readings.first(), run.readings.last()) else { return false };
            let next = run.readings.len();
            next < length && mask & (1 << next) != 0 && last.time <= o.time && last.id != o.id && reach.joins(first, o)
        };
        let mut complete = None;
        // The longest first, so that a reading does not stand for two parts of the same run.
        for next in (1..length).rev().filter(|next| mask & (1 << next) != 0) {
            let Some(at) = self.open.iter().rposition(|run| run.readings.len() == next && fits(run)) else { continue };
            if next + 1 == length {
                complete = Some(self.open.remove(at).readings);
            } else {
                self.open[at].readings.push(o.clone());
            }
        }
        if mask & 1 != 0 {
            self.start(Run { part: 0, readings: vec![o.clone()] });
        }
        complete
    }

    /// Takes a reading that is each of the parts in `mask`; for as many other parts as can be had a reading of its own,
    /// oldest first, near ones rather than far ones.
    fn gather(&mut self, o: &Observation, mask: u32, parts: usize, reach: Reach) -> Vec<Observation> {
        self.expire(o.time.0, reach);
        let near: Vec<Vec<&Observation>> = (0..parts).map(|part| self.nearest(o, part, parts, reach)).collect();
        let of_each = |own: usize| {
            let wanted: Vec<Vec<ObservationId>> = near.iter().map(|all| all.iter().map(|r| r.id).collect()).collect();
            matching::assign(&wanted, own)
        };
        let choices = (0..parts).filter(|part| mask & (1 << part) != 0).map(of_each);
        // Of equal ones the first.
        let best = choices.rev().max_by_key(|chosen| chosen.iter().flatten().count()).unwrap_or_default();
        let chosen = best.iter().zip(&near).filter_map(|(choice, all)| all.get((*choice)?).copied());
        let mut others: Vec<Observation> = chosen.cloned().collect();
        for part in (0..parts).filter(|part| mask & (1 << part) != 0) {
            self.start(Run { part: part as u8, readings: vec![o.clone()] });
        }
        others.sort_by_key(|other| (other.time, other.id));
        others
    }

    /// The readings of a part nearest in time, as many as there are parts: the others take fewer.
    fn nearest(&self, o: &Observation, part: usize, parts: usize, reach: Reach) -> Vec<&Observation> {
        let same = self.open.iter().filter(|run| usize::from(run.part) == part).filter_map(|run| run.readings.first());
        let mut near: Vec<_> = same.filter(|other| other.id != o.id && reach.joins(other, o)).collect();
        near.sort_by_key(|other| other.time.0.abs_diff(o.time.0));
        near.truncate(parts);
        near
    }

    /// How many are under way.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        let runs = self.open.iter().map(|run| {
            let beside: usize = run.readings.iter().map(bytes::beside).sum();
            of_readings(run.readings.len()) + beside
        });
        runs.sum::<usize>() + bytes::list::<Run>(self.open.len(), MAX_PARTS * MAX_OPEN)
    }

    /// Bytes that so many runs of so many readings hold at most.
    pub(crate) fn most_bytes(runs: usize, readings: usize) -> usize {
        let run = of_readings(readings) + readings * bytes::USUAL_BESIDE;
        runs * run + bytes::list::<Run>(runs, MAX_PARTS * MAX_OPEN)
    }

    pub(crate) fn fit(&mut self) {
        bytes::fit_vec(&mut self.open);
    }

    /// Forgets what began first, where that is not all.
    pub(crate) fn shed(&mut self) -> bool {
        let spare = self.open.len() > 1;
        if spare {
            self.open.remove(0);
        }
        spare
    }

    fn start(&mut self, run: Run) {
        let same = |other: &&Run| other.part == run.part;
        if self.open.iter().filter(same).count() >= MAX_OPEN
            && let Some(oldest) = self.open.iter().position(|other| other.part == run.part)
        {
            self.open.remove(oldest);
        }
        self.open.push(run);
    }
}

/// Bytes of the readings of a run, but for what they have beside their fields. The first has no room for others.
fn of_readings(len: usize) -> usize {
    if len == 1 { size_of::<Observation>() } else { bytes::grown::<Observation>(len) }
}

impl Turn<'_> {
    pub(crate) fn judge_sequence(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        (mask, length, reach): (u32, usize, Reach),
        address: Address,
    ) {
        let Some((index, pattern)) = self.pattern(address) else { return };
        if let Some(before) = pattern.follow(reading.o, mask, length, reach) {
            self.pulse(reading, rule, index, before);
        }
    }

    pub(crate) fn judge_cooccurrence(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        (mask, parts, at_least, reach): (u32, usize, usize, Reach),
        address: Address,
    ) {
        let Some((index, pattern)) = self.pattern(address) else { return };
        let others = pattern.gather(reading.o, mask, parts, reach);
        if others.len() + 1 >= at_least {
            self.pulse(reading, rule, index, others);
        }
    }

    fn pattern(&mut self, address: Address) -> Option<(u32, &mut Pattern)> {
        let index = self.make_slot(address, || Memory::Pattern(Box::default()))?;
        match self.live.slot_mut(index) {
            Some(Slot { memory: Memory::Pattern(pattern), .. }) => Some((index, pattern)),
            _ => None,
        }
    }

    /// Something happened at a moment: the alarm is raised with all that led to it, and is over a while later.
    fn pulse(&mut self, reading: &Reading<'_>, rule: &Compiled, index: u32, before: Vec<Observation>) {
        let count = before.len() as f64 + 1.0;
        if let Some(slot) = self.live.slot_mut(index).filter(|slot| slot.phase == Phase::Idle) {
            slot.evidence = Some(Box::new(Evidence { support: before.len() as u64, causes: before, figure: count }));
        }
        self.settle(rule, index, true, count, reading.o, reading.now);
        self.settle(rule, index, false, count, reading.o, reading.now);
        if let Some(slot) = self.live.slot_mut(index) {
            slot.evidence = None;
        }
    }
}
