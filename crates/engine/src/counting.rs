//! Counts in a window.

use vigiles_model::Geometry;

use crate::compiled::{Compiled, Distinct};
use crate::counter::{SlidingCount, Tally};
use crate::judge::Reading;
use crate::large_counter::LargeCounter;
use crate::slot::{Address, Memory, Slot};
use crate::turn::Turn;

/// Most readings that belong to no cluster yet.
pub(crate) const MAX_POOL: usize = 1024;
/// Up to this count that raises an alarm each reading is kept; above, all readings are counted by spans of the window.
pub(crate) const EXACT: usize = 100;

/// What a reading counts as; none where it has not the attribute that makes readings distinct.
pub(crate) fn tally(reading: &Reading<'_>, distinct: Option<&Distinct>) -> Option<Tally> {
    let o = reading.o;
    let value = match distinct {
        None => None,
        Some(Distinct::Source) => Some(o.source.as_str()),
        Some(Distinct::Asset) => Some(o.asset.as_ref()?.as_str()),
        Some(Distinct::Attribute(name)) => Some(o.attribute(name)?),
    };
    Some(Tally {
        time: o.time.0,
        arrived: reading.now,
        distinct: value.map(Into::into),
        place: o.place.as_ref().map(Geometry::centre),
        observation: Some(Box::new(o.clone())),
    })
}

impl Turn<'_> {
    pub(crate) fn judge_count(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        tally: Tally,
        (window, at_least): (i64, usize),
        address: Address,
    ) {
        let Some(index) = self.make_slot(address, || Memory::Counter(Box::default())) else { return };
        self.count_into(reading, rule, tally, (window, at_least), index);
    }

    pub(crate) fn judge_large_count(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        (window, at_least): (i64, usize),
        address: Address,
    ) {
        let Some(index) = self.make_slot(address, || Memory::LargeCounter(Box::default())) else { return };
        let Some(Slot { memory, .. }) = self.live.slot_mut(index) else { return };
        // A snapshot of an earlier version kept each reading of large counts too: it starts anew.
        if !matches!(memory, Memory::LargeCounter(_)) {
            *memory = Memory::LargeCounter(Box::<LargeCounter>::default());
        }
        let Memory::LargeCounter(counter) = memory else { return };
        if counter.add(reading.o, reading.now, window) {
            let count = counter.len();
            self.settle(rule, index, count >= at_least, count as f64, reading.o, reading.now);
        }
    }

    pub(crate) fn count_into(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        tally: Tally,
        (window, at_least): (i64, usize),
        index: u32,
    ) {
        let Some(Slot { memory: Memory::Counter(counter), .. }) = self.live.slot_mut(index) else { return };
        if counter.add(tally, window, cap(at_least)) {
            let count = counter.len();
            self.settle(rule, index, count >= at_least, count as f64, reading.o, reading.now);
        }
    }
}

/// Twice what raises the alarm is more than enough to know when it is over.
pub(crate) fn cap(at_least: usize) -> usize {
    (at_least * 2).max(32)
}
