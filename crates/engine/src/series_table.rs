//! Every series: the readings of one kind from one asset or source.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use vigiles_model::Position;

use crate::chunks::Chunks;
use crate::slot::Scope;
use crate::window::Window;

/// Most series.
pub(crate) const MAX_SERIES: usize = 2_000_000;

/// Small parts: each reading changes its series.
pub(crate) type SeriesList = Chunks<Series, 64>;

/// A kind and the asset or source whose readings it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct SeriesKey {
    pub(crate) kind: u32,
    pub(crate) owner: Scope,
}

/// What a snapshot keeps of a series.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) key: SeriesKey,
    /// Newest phenomenon time.
    pub(crate) newest: i64,
    /// Platform time of the latest reading.
    pub(crate) seen: i64,
    /// Windows over all its readings, that the rules share; by length.
    pub(crate) windows: Vec<Window>,
}

/// What can be found again of a series, so that no snapshot has to copy it.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Shortcuts to the states of the rules of the plan, in its order.
    pub(crate) shortcuts: Vec<Shortcut>,
    pub(crate) generation: u32,
    /// Known to have no state of a plain limit.
    pub(crate) calm: bool,
    /// Zones of the latest place.
    pub(crate) place: Option<Position>,
    pub(crate) zones: Vec<u32>,
    pub(crate) zones_generation: u32,
}

/// Where a state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shortcut {
    /// Not looked up yet.
    Unknown,
    /// There is none.
    Absent,
    /// There, if the address still matches.
    At(u32),
}

/// All series, by number. A number holds until series are forgotten.
#[derive(Debug, Default)]
pub(crate) struct SeriesTable {
    numbers: FxHashMap<SeriesKey, u32>,
    list: SeriesList,
    /// As many as there are series.
    found: Vec<Found>,
}

impl SeriesTable {
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn list(&self) -> &SeriesList {
        &self.list
    }

    pub(crate) fn contains(&self, key: SeriesKey) -> bool {
        self.numbers.contains_key(&key)
    }

    pub(crate) fn find(&self, key: SeriesKey) -> Option<u32> {
        self.numbers.get(&key).copied()
    }

    /// The number of a key's series, a new one where there is none; none when the bound is reached.
    pub(crate) fn find_or_add(&mut self, key: SeriesKey) -> Option<u32> {
        if let Some(number) = self.find(key) {
            return Some(number);
        }
        if self.len() >= MAX_SERIES {
            return None;
        }
        Some(self.add(Series { key, newest: i64::MIN, seen: i64::MIN, windows: Vec::new() }))
    }

    pub(crate) fn add(&mut self, series: Series) -> u32 {
        let number = self.found.len() as u32;
        self.numbers.insert(series.key, number);
        self.list.push(series);
        self.found.push(Found::default());
        number
    }

    pub(crate) fn get(&self, number: u32) -> &Series {
        self.list.get(number as usize).expect(KNOWN)
    }

    pub(crate) fn found(&self, number: u32) -> &Found {
        &self.found[number as usize]
    }

    pub(crate) fn found_mut(&mut self, number: u32) -> &mut Found {
        &mut self.found[number as usize]
    }

    /// Both halves. Of the first a snapshot may share the part, which is then copied: what changes only the second asks
    /// for it alone.
    pub(crate) fn both_mut(&mut self, number: u32) -> (&mut Series, &mut Found) {
        (self.list.get_mut(number as usize).expect(KNOWN), &mut self.found[number as usize])
    }

    /// Forgets the series that are not to be kept. The others get new numbers.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Series) -> bool) {
        let kept: Vec<bool> = self.list.iter().map(keep).collect();
        let mut of_found = kept.iter();
        self.found.retain(|_| of_found.next() == Some(&true));
        let mut of_list = kept.iter();
        self.list.retain(|_| of_list.next() == Some(&true));
        self.numbers = self.list.iter().zip(0..).map(|(series, number)| (series.key, number)).collect();
    }
}

const KNOWN: &str = "a series is asked for by a number that the table gave";
