//! Clusters of readings near each other: each is a state of its own with a count, found by the cells of its readings.

use std::collections::{BTreeMap, BTreeSet};

use vigiles_model::Timestamp;

use crate::compiled::{Compiled, Judge};
use crate::counter::{Counter, Tally};
use crate::counting::{MAX_POOL, cap};
use crate::grid::{Cell, Grid};
use crate::judge::Reading;
use crate::live::Live;
use crate::slot::{Address, Evidence, Memory, Scope, Slot};
use crate::turn::Turn;

/// Most clusters of a rule.
pub(crate) const MAX_CLUSTERS: usize = 256;
/// Most clusters that a reading is compared with: those that opened first of those beside it.
pub(crate) const MAX_NEAR: usize = 6;

/// The clusters with a reading in a cell. Made from their counts and exact, so not part of the snapshot.
#[derive(Debug, Default)]
pub(crate) struct ClusterIndex {
    /// By the number of the rule's name and the cell.
    cells: BTreeMap<(u32, Cell), BTreeSet<u32>>,
    /// By rule and cluster.
    of: BTreeMap<(u32, u32), BTreeSet<Cell>>,
}

impl ClusterIndex {
    /// The readings of a cluster are in these cells now.
    fn place(&mut self, rule: u32, number: u32, cells: BTreeSet<Cell>) {
        if self.of.get(&(rule, number)) == Some(&cells) {
            return;
        }
        self.remove(rule, number);
        for cell in &cells {
            self.cells.entry((rule, *cell)).or_default().insert(number);
        }
        self.of.insert((rule, number), cells);
    }

    pub(crate) fn remove(&mut self, rule: u32, number: u32) {
        for cell in self.of.remove(&(rule, number)).unwrap_or_default() {
            if let Some(numbers) = self.cells.get_mut(&(rule, cell)) {
                numbers.remove(&number);
                if numbers.is_empty() {
                    self.cells.remove(&(rule, cell));
                }
            }
        }
    }

    /// Clusters of a rule with a reading in one of these spans of cells, in the order of their opening.
    fn beside(&self, rule: u32, spans: impl Iterator<Item = (Cell, Cell)>) -> BTreeSet<u32> {
        spans.flat_map(|(from, to)| self.cells.range((rule, from)..=(rule, to))).flat_map(|(_, n)| n).copied().collect()
    }
}

impl Live {
    /// Brings the cells of a cluster up to date, where the state is one.
    pub(crate) fn place_cluster(&mut self, rule: &Compiled, address: Address) {
        let (Scope::Cluster(number), Judge::Count { radius_m: Some(radius_m), .. }) = (address.scope, &rule.judge)
        else {
            return;
        };
        let slot = self.find_slot(&address).and_then(|index| self.slot(index));
        if let Some(Slot { memory: Memory::Counter(counter), .. }) = slot {
            let grid = Grid::of(*radius_m);
            let cells = counter.places().map(|place| grid.cell(place)).collect();
            self.clusters.place(address.rule, number, cells);
        }
    }
}

impl Turn<'_> {
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
        let Some(index) = self.make_slot(address, fresh) else { return };
        let beside = self.live.clusters.beside(rule.name, Grid::of(radius_m).beside(place));
        let near = beside.into_iter().take(MAX_NEAR).map(|n| cluster(address, n)).find_map(|address| {
            let at = self.live.find_slot(&address)?;
            match self.live.slot(at) {
                Some(Slot { memory: Memory::Counter(c), .. }) if c.is_near(place, radius_m) => Some((at, address)),
                _ => None,
            }
        });
        if let Some((at, address)) = near {
            self.count_into(reading, rule, tally, (window, at_least), at);
            return self.live.place_cluster(rule, address);
        }
        let Some(Slot { memory: Memory::Clusters { pool, .. }, .. }) = self.live.slot_mut(index) else { return };
        if pool.add(tally, window, MAX_POOL) {
            let count = pool.count_near(place, radius_m);
            if count >= at_least {
                self.open_cluster(reading, rule, (index, address), (radius_m, at_least), count);
            }
        }
    }

    /// The readings of the pool near this one become a cluster. Where the rule has as many as it may, each with its
    /// alarm, they go on waiting and are counted.
    fn open_cluster(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        (index, address): (u32, Address),
        (radius_m, at_least): (f64, usize),
        count: usize,
    ) {
        let figure = count as f64;
        if !self.has_room_for_cluster(index, address) {
            let evidence = Evidence { causes: vec![reading.o.clone()], support: 1, figure };
            return self.flood(rule, evidence.into(), Timestamp(reading.now));
        }
        let Some(Slot { memory: Memory::Clusters { pool, open, next }, .. }) = self.live.slot_mut(index) else {
            return;
        };
        let Some(place) = reading.place else { return };
        let members: Counter = pool.take_near(place, radius_m, cap(at_least));
        let own = cluster(address, *next);
        open.push(*next);
        *next += 1;
        if let Some(at) = self.make_slot(own, || Memory::Counter(Box::new(members))) {
            self.settle(rule, at, true, figure, reading.o, reading.now);
            self.live.place_cluster(rule, own);
        }
    }

    /// Whether one more cluster may open. A cluster whose alarm is over, and that only keeps quiet for its cool-down,
    /// makes room, the oldest first.
    fn has_room_for_cluster(&mut self, index: u32, address: Address) -> bool {
        let Some(Slot { memory: Memory::Clusters { open, .. }, .. }) = self.live.slot_mut(index) else { return false };
        let mut clusters = std::mem::take(open);
        clusters.retain(|n| self.live.find_slot(&cluster(address, *n)).is_some());
        if clusters.len() >= MAX_CLUSTERS {
            let at = |n: &u32| self.live.find_slot(&cluster(address, *n));
            let is_quiet = |n: &u32| at(n).and_then(|at| self.live.slot(at)).is_some_and(|slot| !slot.is_active());
            if let Some(i) = clusters.iter().position(is_quiet)
                && let Some(at) = at(&clusters.remove(i))
            {
                self.live.drop_slot(at);
            }
        }
        let room = clusters.len() < MAX_CLUSTERS;
        if let Some(Slot { memory: Memory::Clusters { open, .. }, .. }) = self.live.slot_mut(index) {
            *open = clusters;
        }
        room
    }
}

fn cluster(address: Address, number: u32) -> Address {
    Address { scope: Scope::Cluster(number), ..address }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigiles_model::Position;

    use super::*;

    proptest! {
        /// What is near a cluster is in a cell beside one of its readings.
        #[test]
        fn no_cluster_is_missed(
            (lon, lat) in (-179.0..179.0f64, -85.0..85.0f64),
            steps in prop::collection::vec((-0.02..0.02f64, -0.02..0.02f64), 2..40),
            radius_m in 1.0..5_000.0f64,
        ) {
            let grid = Grid::of(radius_m);
            let at = |(x, y): &(f64, f64)| Position { lon: lon + x, lat: lat + y };
            let mut index = ClusterIndex::default();
            // Moved, left and moved again: only the last places count.
            for (i, step) in steps.iter().enumerate() {
                index.place(7, i as u32, BTreeSet::from([grid.cell(Position { lon, lat }), (0, 0)]));
                index.place(7, i as u32, BTreeSet::from([grid.cell(at(step))]));
            }
            index.remove(7, 0);
            for step in &steps {
                let found = index.beside(7, grid.beside(at(step)));
                for (i, other) in steps.iter().enumerate().skip(1) {
                    prop_assert!(at(step).distance_m(at(other)) > radius_m || found.contains(&(i as u32)));
                }
                prop_assert!(!found.contains(&0));
            }
        }
    }
}
