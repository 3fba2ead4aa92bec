//! The power goes, or the process is killed, between any two changes of the disk, while history seals, merges and
//! expires: what it called durable is there once, and nothing else is.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use vigiles_disk::Disk;
use vigiles_disk::simulated::{Chance, Deaf, SimulatedDisk, seeds};
use vigiles_history::contract_tests::{all, reading};
use vigiles_history::embedded::check_on;
use vigiles_history::{Embedded, History, HistoryError, Options, Query};
use vigiles_model::{Duration, Observation, ObservationId, Timestamp};
use vigiles_trust::Context;

const DIRECTORY: &str = "/data/history";
const CONTEXT: Context = Context::system("test");
/// The kind that expires.
const FLEETING: &str = "fleeting";

fn open(disk: &SimulatedDisk) -> Result<Embedded, HistoryError> {
    let options = Options { memory_bytes: 6_000, index_bytes: 2_000, merge_rows: 500, ..Options::default() };
    Embedded::open_on(Arc::new(disk.clone()), Path::new(DIRECTORY), options)
}

/// Microseconds since 1970, later than any observation here.
const NOW: i64 = 2_000_000_000_000_000;

/// What the log knows of a history: it holds every entry, and gives those again that history does not call durable.
#[derive(Default)]
struct Known {
    /// Entry by entry.
    entries: Vec<Vec<Observation>>,
    /// What history said of itself: before this offset the log may be trimmed.
    durable: u64,
    /// Before this offset what is fleeting may have expired.
    expired: u64,
}

impl Known {
    fn entry(&mut self, chance: &mut Chance) -> Vec<Observation> {
        let offset = self.entries.len() as u32;
        let kind = |chance: &mut Chance| ["air.pm25", "water.level", FLEETING][chance.below(3)];
        (0..=chance.below(12) as u32)
            .map(|i| {
                let second = i64::from(offset) * 600 + chance.below(200_000) as i64;
                reading(kind(chance), i % 5, second, f64::from(offset * 100 + i))
            })
            .collect()
    }

    /// Works until the disk stops.
    fn work(&mut self, history: &Embedded, chance: &mut Chance) -> Result<(), HistoryError> {
        let mut offset = history.durable_offset();
        loop {
            match chance.below(16) {
                0 | 1 => assert_eq!(history.flush()?, offset),
                2 => history.merge_all()?,
                3 => {
                    self.expired = offset;
                    let retention = |kind: &vigiles_model::KindId| {
                        if kind.as_str() == FLEETING { Duration(0) } else { Duration(i64::MAX / 2) }
                    };
                    history.expire(&CONTEXT, &retention, Timestamp(NOW))?;
                }
                _ => {
                    if offset == self.entries.len() as u64 {
                        let fresh = self.entry(chance);
                        self.entries.push(fresh);
                    }
                    history.write(&CONTEXT, offset, &self.entries[offset as usize])?;
                    offset += 1;
                }
            }
            self.durable = self.durable.max(history.durable_offset());
        }
    }

    /// Compares what an opened history holds with what it called durable.
    fn compare(&mut self, history: &Embedded) {
        let durable = history.durable_offset();
        assert!(durable >= self.durable, "durable to {durable}, {} was said", self.durable);
        assert!(durable <= self.entries.len() as u64, "durable to {durable} of {} entries", self.entries.len());
        self.durable = durable;
        let mut expected: BTreeMap<ObservationId, (u64, &Observation)> = BTreeMap::new();
        for (offset, entry) in (0..durable).zip(&self.entries) {
            expected.extend(entry.iter().map(|observation| (observation.id, (offset, observation))));
        }
        for found in all(history, &Query { limit: 100, ..Query::default() }) {
            let known = expected.remove(&found.id);
            assert_eq!(known.map(|(_, observation)| observation), Some(&found), "doubled or invented");
        }
        let lost: Vec<_> = expected
            .values()
            .filter(|(offset, observation)| observation.kind.as_str() != FLEETING || *offset >= self.expired)
            .collect();
        assert!(lost.is_empty(), "{} lost: {:?}", lost.len(), lost[0]);
    }
}

/// One seed: a few lives of a history, each ended by a kill or a power cut.
fn live(seed: u64, deaf: Option<Deaf>) {
    let mut chance = Chance::new(seed);
    let (mut disk, mut known) = (SimulatedDisk::default(), Known::default());
    for _ in 0..=chance.below(4) {
        if let Some(deaf) = deaf {
            disk.ignore_syncs(deaf);
        }
        disk.stop_after(if chance.once_in(3) { chance.below(12) as u64 } else { u64::MAX });
        if let Ok(history) = open(&disk) {
            disk.stop_after(u64::MAX);
            known.compare(&history);
            if chance.once_in(4) {
                disk.fail_syncs(chance.below(3));
            }
            disk.stop_after(chance.below(100) as u64);
            known.work(&history, &mut chance).unwrap_err();
            disk.stop_after(0);
        }
        disk.stop_after(0);
        disk = if chance.once_in(3) { disk.after_kill() } else { disk.after_power_cut(&mut chance) };
    }
    known.compare(&open(&disk).unwrap());
    assert_eq!(check_on(&(Arc::new(disk) as Arc<dyn Disk>), Path::new(DIRECTORY)), []);
}

#[test]
fn what_was_called_durable_is_not_lost() {
    seeds(200, |seed| live(seed, None));
}

/// A history that left out its syncs would lose observations, and this test would see it.
#[test]
fn a_history_without_its_syncs_is_caught() {
    for deaf in [Deaf::Files, Deaf::Directories] {
        let caught = (0..40).filter(|seed| std::panic::catch_unwind(|| live(*seed, Some(deaf))).is_err()).count();
        assert!(caught > 8, "{deaf:?}: {caught} of 40 seeds");
    }
}
