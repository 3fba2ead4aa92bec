//! Counts in a window, and clusters of readings near each other.

use vigiles_model::Geometry;

use crate::compiled::{Compiled, Distinct};
use crate::counter::{Counter, SlidingCount, Tally};
use crate::judge::Reading;
use crate::large_counter::LargeCounter;
use crate::slot::{Address, Memory, Scope, Slot};
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
        let Some(index) = self.live.make_slot(address, || Memory::Counter(Box::default())) else { return };
        self.count_into(reading, rule, tally, (window, at_least), index);
    }

    pub(crate) fn judge_large_count(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        (window, at_least): (i64, usize),
        address: Address,
    ) {
        let Some(index) = self.live.make_slot(address, || Memory::LargeCounter(Box::default())) else { return };
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

    fn count_into(
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

    /// A reading near a cluster joins it; otherwise it waits in the pool until enough are near it.
    pub(crate) fn judge_cluster(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        tally: Tally,
        (window, at_least, radius_m): (i64, usize, f64),
        address: Address,
    ) {
        let Some(place) = tally.place else { return };
        let fresh = || Memory::Clusters { pool: Box::default(), open: Vec::new(), next: 0 };
        let Some(index) = self.live.make_slot(address, fresh) else { return };
        let Some(Slot { memory: Memory::Clusters { open, .. }, .. }) = self.live.slot_mut(index) else { return };
        let mut clusters = std::mem::take(open);
        clusters.retain(|n| self.live.find_slot(&cluster(address, *n)).is_some());
        let near = clusters.iter().find_map(|n| {
            let at = self.live.find_slot(&cluster(address, *n))?;
            match self.live.slot(at) {
                Some(Slot { memory: Memory::Counter(counter), .. }) if counter.is_near(place, radius_m) => Some(at),
                _ => None,
            }
        });
        let Some(Slot { memory: Memory::Clusters { pool, open, next }, .. }) = self.live.slot_mut(index) else {
            return;
        };
        *open = clusters;
        if let Some(at) = near {
            return self.count_into(reading, rule, tally, (window, at_least), at);
        }
        if !pool.add(tally, window, MAX_POOL) || pool.count_near(place, radius_m) < at_least {
            return;
        }
        let members: Counter = pool.take_near(place, radius_m);
        let number = *next;
        *next += 1;
        open.push(number);
        let count = members.len() as f64;
        if let Some(at) = self.live.make_slot(cluster(address, number), || Memory::Counter(Box::new(members))) {
            self.settle(rule, at, true, count, reading.o, reading.now);
        }
    }
}

fn cluster(address: Address, number: u32) -> Address {
    Address { scope: Scope::Cluster(number), ..address }
}

/// Twice what raises the alarm is more than enough to know when it is over.
pub(crate) fn cap(at_least: usize) -> usize {
    (at_least * 2).max(32)
}
