//! Which open incidents are worth comparing with a new alarm: those in reach, and those that share something with it.

use std::collections::{BTreeMap, BTreeSet};

use vigiles_model::{BoundingBox, Position};

use super::{Case, Cases};
use crate::correlation::Fact;

/// Most incidents that a new alarm is compared with: those with the latest alarms.
const MAX_CANDIDATES: usize = 256;
/// Cells of the index to a degree: at most 870 m wide.
const CELLS_PER_DEGREE: f64 = 128.0;

/// Open incidents by cell and by what their latest alarms have to do with. Made from the incidents, so not part of
/// the snapshot.
#[derive(Debug, Default)]
pub(super) struct NearbyIndex {
    /// By row (south to north) and column (west to east).
    cells: BTreeMap<(i32, i32), BTreeSet<u64>>,
    facts: BTreeMap<Fact, BTreeSet<u64>>,
    /// As `cells`, of what people told.
    told: BTreeMap<(i32, i32), BTreeSet<u64>>,
}

impl NearbyIndex {
    pub(super) fn keep(&mut self, number: u64, case: &Case, add: bool) {
        let cells: BTreeSet<_> = case.sightings.iter().filter_map(|s| s.place).map(cell).collect();
        for cell in cells {
            super::keep(&mut self.cells, cell, number, add);
        }
        let told = case.sightings.iter().filter(|s| s.is_told()).filter_map(|s| s.place);
        for cell in told.map(cell).collect::<BTreeSet<_>>() {
            super::keep(&mut self.told, cell, number, add);
        }
        let facts: BTreeSet<Fact> = case.sightings.iter().flat_map(|s| s.facts.iter().copied()).collect();
        for fact in facts {
            super::keep(&mut self.facts, fact, number, add);
        }
    }
}

impl Cases {
    /// Numbers of the open incidents that have alarms within about `reach_m` or share one of the facts, ascending.
    /// A reach across the 180th meridian ends there.
    pub(super) fn candidates(&self, place: Option<Position>, reach_m: f64, facts: &[Fact]) -> Vec<u64> {
        let mut found: BTreeSet<u64> = match place.filter(|_| reach_m > 0.0) {
            Some(place) => in_reach(&self.nearby.cells, place, reach_m),
            None => BTreeSet::new(),
        };
        for fact in facts {
            // Of a thing that many share, the newest incidents are enough.
            let sharing = self.nearby.facts.get(fact);
            found.extend(sharing.into_iter().flat_map(|numbers| numbers.iter().rev().take(MAX_CANDIDATES)));
        }
        self.latest_of(found)
    }

    /// Those of which a person told something within about `reach_m`.
    pub(super) fn told_of(&self, place: Position, reach_m: f64) -> Vec<u64> {
        self.latest_of(in_reach(&self.nearby.told, place, reach_m))
    }

    /// Whether people told of any open incident where it is.
    pub(super) fn any_told(&self) -> bool {
        !self.nearby.told.is_empty()
    }

    fn latest_of(&self, found: BTreeSet<u64>) -> Vec<u64> {
        if found.len() <= MAX_CANDIDATES {
            return found.into_iter().collect();
        }
        let latest = |number: &u64| self.get(*number).map_or(i64::MIN, |case| case.latest);
        let mut by_time: Vec<(i64, u64)> = found.iter().map(|n| (latest(n), *n)).collect();
        by_time.sort_unstable_by(|a, b| b.cmp(a));
        let mut numbers: Vec<u64> = by_time.into_iter().take(MAX_CANDIDATES).map(|(_, number)| number).collect();
        numbers.sort_unstable();
        numbers
    }
}

fn in_reach(cells: &BTreeMap<(i32, i32), BTreeSet<u64>>, place: Position, reach_m: f64) -> BTreeSet<u64> {
    let bounds = BoundingBox::around(place, reach_m);
    let south_west = cell(Position { lon: bounds.west, lat: bounds.south });
    let north_east = cell(Position { lon: bounds.east, lat: bounds.north });
    let rows = south_west.0..=north_east.0;
    rows.flat_map(|row| cells.range((row, south_west.1)..=(row, north_east.1)))
        .flat_map(|(_, numbers)| numbers)
        .copied()
        .collect()
}

fn cell(place: Position) -> (i32, i32) {
    ((place.lat * CELLS_PER_DEGREE).floor() as i32, (place.lon * CELLS_PER_DEGREE).floor() as i32)
}
