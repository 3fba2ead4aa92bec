//! Detectors that learn what is usual for a series.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vigiles_model::Position;

use crate::bytes;
use crate::compiled::Compiled;
use crate::grid::{Cell, Grid};
use crate::judge::Reading;
use crate::rule::{Detector, Drift, Side};
use crate::series::{Anomaly, Baseline, ChangePoint, Forecast, NeighbourDrift};
use crate::slot::{Address, Memory, NONE, Phase, Scope, Slot};
use crate::turn::Turn;

/// Most assets whose latest reading a rule keeps for their neighbours.
const MAX_NEIGHBOURHOOD: usize = 20_000;
/// Most assets beside one that are looked at, near and fresh or not.
pub(crate) const MAX_LOOKED_AT: usize = 1_024;
/// Most neighbours of one asset that are asked.
pub(crate) const MAX_ASKED: usize = 128;

/// A detector that learns, and what it said last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Statistic {
    pub(crate) kernel: Kernel,
    pub(crate) said: Said,
}

/// What was learned, by method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Kernel {
    Baseline(Baseline),
    Forecast(Forecast),
    ChangePoint(ChangePoint),
    Anomaly(Anomaly),
    Drift(NeighbourDrift),
}

/// Figures for the reason of an alarm, in the unit of the rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// What was expected.
    pub(crate) expected: f64,
    /// How far a reading may lie from it.
    pub(crate) band: f64,
    /// How far it lies, in sigmas; for a shift or a drift how far it went, in the unit of the rule.
    pub(crate) distance: f64,
}

/// What a detector that learns says of a reading.
struct Finding {
    holds: bool,
    /// Phenomenon time of the reading that it began with.
    since: Option<i64>,
}

/// The latest reading of each asset, for its neighbours; by asset within cells of the size of the neighbourhood.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Neighbourhood {
    cells: BTreeMap<Cell, BTreeMap<u32, Latest>>,
    cell_of: BTreeMap<u32, Cell>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Latest {
    place: Position,
    time: i64,
    value: f64,
}

impl Statistic {
    pub(crate) fn new(kernel: Kernel) -> Self {
        Self { kernel, said: Said::default() }
    }

    /// Takes a reading; says whether it is abnormal and since when, where the method knows that, or nothing while learning.
    ///
    /// `time` is in microseconds since 1970, UTC; `offset` is what the city's clocks are ahead of that.
    fn take(&mut self, (time, offset): (i64, i64), value: f64, neighbours: &[f64], side: Side) -> Option<Finding> {
        // What is usual at an hour follows the clocks of the city; what comes after what does not.
        let local = time.saturating_add(offset);
        let mut since = None;
        let (said, abnormal) = match &mut self.kernel {
            Kernel::Baseline(kernel) => {
                let v = kernel.take(local, value)?;
                (Said { expected: v.expected, band: v.band, distance: v.score }, v.abnormal)
            }
            Kernel::Forecast(kernel) => {
                let v = kernel.take(time, local, value)?;
                (Said { expected: v.expected, band: v.band, distance: v.score }, v.abnormal)
            }
            Kernel::Anomaly(kernel) => {
                let v = kernel.take(local, value)?;
                (Said { expected: v.expected, band: v.band, distance: v.score }, v.abnormal)
            }
            Kernel::ChangePoint(kernel) => {
                let v = kernel.take(time, value)?;
                let size = v.change.map_or(0.0, |change| change.size);
                since = v.change.map(|change| change.began_us);
                (Said { expected: v.expected, band: v.limit, distance: size }, v.change.is_some())
            }
            Kernel::Drift(kernel) => {
                let v = kernel.take(value, neighbours)?;
                (Said { expected: v.expected, band: v.limit, distance: v.drift }, v.drifted)
            }
        };
        let holds = abnormal && side.takes(said.distance);
        if holds {
            self.said = said;
        }
        Some(Finding { holds, since })
    }
}

impl Kernel {
    /// Bytes beside its fields.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Baseline(kernel) => kernel.bytes(),
            Self::Forecast(kernel) => kernel.bytes(),
            Self::Anomaly(kernel) => kernel.bytes(),
            Self::ChangePoint(_) | Self::Drift(_) => 0,
        }
    }
}

impl Neighbourhood {
    /// Bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        let of_cells: usize = self.cells.values().map(|others| bytes::tree::<(u32, Latest)>(others.len())).sum();
        of_cells
            + bytes::tree::<(Cell, BTreeMap<u32, Latest>)>(self.cells.len())
            + bytes::tree::<(u32, Cell)>(self.cell_of.len())
    }

    /// Assets whose latest reading is kept.
    pub(crate) fn len(&self) -> usize {
        self.cell_of.len()
    }

    /// Forgets the asset that was heard of last, where it is not the only one.
    pub(crate) fn shed(&mut self) -> bool {
        if self.len() < 2 {
            return false;
        }
        let last = self.cell_of.pop_last();
        if let Some((name, cell)) = last {
            self.leave(cell, name);
        }
        last.is_some()
    }

    /// The values of the neighbours that are near and fresh enough; then the reading is the latest of its asset.
    fn meet(&mut self, name: u32, own: Latest, drift: &Drift) -> Vec<f64> {
        let cell = Grid::of(drift.within_m).cell(own.place);
        let values = self.near(name, (own.place, own.time), drift).map(|(_, latest)| latest.value).collect();
        match self.cell_of.get(&name) {
            Some(before) if *before == cell => {}
            Some(before) => {
                let before = *before;
                self.leave(before, name);
            }
            None if self.cell_of.len() >= MAX_NEIGHBOURHOOD => return values,
            None => {}
        }
        self.cell_of.insert(name, cell);
        self.cells.entry(cell).or_default().insert(name, own);
        values
    }

    /// The neighbours that are near and fresh enough for the asset at this place and time.
    fn near(&self, name: u32, (place, time): (Position, i64), drift: &Drift) -> impl Iterator<Item = (u32, &Latest)> {
        let within_m = drift.within_m;
        let fresh = time.saturating_sub((drift.fresh_s * 1e6) as i64);
        let beside = Grid::of(within_m).beside(place).flat_map(|(from, to)| self.cells.range(from..=to));
        let others = beside.flat_map(|(_, others)| others).filter(move |(other, _)| **other != name);
        let near = others
            .take(MAX_LOOKED_AT)
            .filter(move |(_, latest)| latest.time >= fresh && latest.place.distance_m(place) <= within_m);
        near.map(|(name, latest)| (*name, latest)).take(MAX_ASKED)
    }

    /// Their names with their distances in metres.
    pub(crate) fn asked(&self, name: u32, at: (Position, i64), drift: &Drift) -> Vec<(u32, f64)> {
        self.near(name, at, drift).map(|(other, latest)| (other, latest.place.distance_m(at.0))).collect()
    }

    fn leave(&mut self, cell: Cell, name: u32) {
        if let Some(others) = self.cells.get_mut(&cell) {
            others.remove(&name);
            if others.is_empty() {
                self.cells.remove(&cell);
            }
        }
    }

    /// Forgets what is older than `time`, phenomenon time in microseconds, and cells that nothing is in.
    pub(crate) fn forget_before(&mut self, time: i64) {
        for others in self.cells.values_mut() {
            others.retain(|_, latest| latest.time >= time);
        }
        self.cells.retain(|_, others| !others.is_empty());
        let cells = &self.cells;
        self.cell_of.retain(|name, cell| cells.get(cell).is_some_and(|others| others.contains_key(name)));
    }
}

impl Turn<'_> {
    pub(crate) fn judge_statistic(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        (side, kernel): (Side, &Kernel),
        address: Address,
        shortcut: Option<usize>,
    ) {
        let (Some(value), true) = (reading.figure, reading.in_order) else { return };
        let neighbours = match &rule.rule.detector {
            Detector::Drift(drift) => self.neighbours(reading, rule, drift, value),
            _ => Vec::new(),
        };
        let fresh = || Memory::Statistic(Box::new(Statistic::new(kernel.clone())));
        let known = self.find(address, reading.series, shortcut);
        let Some(index) = self.find_or_make(known, address, (reading.series, shortcut), fresh) else { return };
        let time = (reading.o.time.0, i64::from(self.utc_offset_s) * 1_000_000);
        let Some(slot) = self.live.slot_mut(index) else { return };
        let Memory::Statistic(statistic) = &mut slot.memory else { return };
        let Some(Finding { holds, since }) = statistic.take(time, value, &neighbours, side) else {
            self.live.unjudged += 1;
            return;
        };
        // As nearly always: nothing was, and nothing is.
        if !holds && slot.phase == Phase::Idle {
            return;
        }
        self.settle_since(rule, index, (holds, value, since), reading.o, reading.now);
        if holds && matches!(kernel, Kernel::ChangePoint(_)) {
            // A change happens at a moment; its alarm stays a while.
            self.settle(rule, index, false, value, reading.o, reading.now);
        }
    }

    fn neighbours(&mut self, reading: &Reading<'_>, rule: &Compiled, drift: &Drift, value: f64) -> Vec<f64> {
        let (Some(place), Scope::Asset(name)) = (reading.place, reading.owner) else { return Vec::new() };
        let address = Address { rule: rule.name, kind: reading.plan.kind, scope: Scope::All, zone: NONE };
        let fresh = || Memory::Neighbourhood(Box::default());
        let Some(index) = self.make_slot(address, fresh) else { return Vec::new() };
        match self.live.slot_mut(index) {
            Some(Slot { memory: Memory::Neighbourhood(all), .. }) => {
                all.meet(name, Latest { place, time: reading.o.time.0, value }, drift)
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drift(within_m: f64) -> Drift {
        let text = format!("within_m = {within_m:?}");
        toml::from_str(&text).unwrap()
    }

    proptest! {
        /// The cells find what measuring every distance finds.
        #[test]
        fn no_neighbour_is_missed(
            places in prop::collection::vec((-180.0..180.0f64, -85.0..85.0f64, -0.05..0.05f64, -0.05..0.05f64), 1..20),
            within_m in 100.0..20_000.0f64,
        ) {
            let settings = drift(within_m);
            let mut all = Neighbourhood::default();
            let mut before: Vec<Position> = Vec::new();
            for (i, (lon, lat, east, north)) in places.into_iter().enumerate() {
                let near = before.last().copied().unwrap_or(Position { lon, lat });
                let place = Position { lon: (near.lon + east).clamp(-180.0, 180.0), lat: (near.lat + north).clamp(-85.0, 85.0) };
                let found = all.meet(i as u32, Latest { place, time: 0, value: 1.0 }, &settings).len();
                prop_assert_eq!(found, before.iter().filter(|p| p.distance_m(place) <= within_m).count());
                before.push(place);
            }
        }
    }

    #[test]
    fn a_bounded_number_is_looked_at_and_what_is_left_is_forgotten() {
        let settings = drift(1_000.0);
        let mut all = Neighbourhood::default();
        let at = |lon, time| Latest { place: Position { lon, lat: 50.0 }, time, value: 1.0 };
        let hour = 3_600_000_000;
        for name in 0..2_000 {
            all.meet(name, at(8.0, 0), &settings);
        }
        // Those looked at are stale.
        all.meet(2_000, at(8.0, 2 * hour), &settings);
        assert_eq!(all.meet(2_001, at(8.0, 2 * hour), &settings), Vec::<f64>::new());
        all.forget_before(hour);
        assert_eq!(all.meet(2_002, at(8.0, 2 * hour), &settings), [1.0, 1.0]);
        assert_eq!((all.cells.len(), all.cell_of.len()), (1, 3));
        for moved in 0..100 {
            all.meet(2_000, at(9.0 + f64::from(moved), 2 * hour), &settings);
        }
        assert_eq!((all.cells.len(), all.cell_of.len()), (2, 3));
    }

    #[test]
    fn an_asset_that_moves_is_in_one_place() {
        let settings = drift(1_000.0);
        let mut all = Neighbourhood::default();
        let at = |lon, time| Latest { place: Position { lon, lat: 50.0 }, time, value: lon };
        assert_eq!(all.meet(1, at(8.0, 0), &settings), Vec::<f64>::new());
        assert_eq!(all.meet(1, at(9.0, 1), &settings), Vec::<f64>::new());
        assert_eq!(all.meet(2, at(8.0, 2), &settings), Vec::<f64>::new());
        assert_eq!(all.meet(2, at(9.001, 3), &settings), [9.0]);
        // Too old by now.
        assert_eq!(all.meet(2, at(9.001, 3_700_000_000), &settings), Vec::<f64>::new());
    }
}
