//! The power goes, or the process is killed, between any two changes of the disk, again and again: what was acknowledged is
//! there, in its place, and nothing is there that was not appended.

use std::path::Path;
use std::sync::Arc;

use vigiles_bus::embedded::check_on;
use vigiles_bus::{Bus, BusError, Embedded, ManualClock, Offset, Options, Topic};
use vigiles_disk::simulated::{Chance, Deaf, SimulatedDisk, seeds};

const LOG: &str = "/data/log";

pub(crate) fn open(disk: &SimulatedDisk) -> Embedded {
    try_open(disk).unwrap()
}

fn try_open(disk: &SimulatedDisk) -> Result<Embedded, BusError> {
    let options = Options { segment_bytes: 1_500, cache_bytes: 200, ..Options::default() };
    Embedded::open_on(Arc::new(disk.clone()), Path::new(LOG), options, Arc::new(ManualClock::default()))
}

pub(crate) fn all(bus: &Embedded, topic: &Topic) -> Vec<Vec<u8>> {
    let bounds = bus.bounds(topic).unwrap();
    let (mut next, mut found) = (bounds.start, Vec::new());
    while next < bounds.end {
        for entry in bus.read(topic, next, 10, 1_000).unwrap() {
            assert_eq!(entry.offset, next);
            next = next.next();
            found.push(entry.bytes.to_vec());
        }
    }
    found
}

/// What a user of the log knows of it.
struct Known {
    /// Every record whose offset is known: acknowledged, or found after a crash.
    records: Vec<Vec<u8>>,
    /// Appends since that were refused: a part of one of them may be there after a crash.
    unsure: Vec<Vec<Vec<u8>>>,
    /// The last cursor that was saved, and those that may have been since.
    cursors: Vec<u64>,
    /// Nothing before it was asked to be trimmed.
    trimmed: u64,
}

impl Known {
    fn new() -> Self {
        Self { records: Vec::new(), unsure: Vec::new(), cursors: vec![0], trimmed: 0 }
    }

    /// Works until the disk stops.
    fn work(&mut self, bus: &Embedded, topic: &Topic, chance: &mut Chance) -> Result<(), BusError> {
        loop {
            match chance.below(12) {
                0 => {
                    self.trimmed = self.trimmed.max(chance.below(self.records.len() + 1) as u64);
                    bus.trim(topic, Offset(self.trimmed))?;
                }
                1 => {
                    let at = chance.below(self.records.len() + 1) as u64;
                    self.cursors.push(at);
                    bus.save_cursor("reader", topic, Offset(at))?;
                    self.cursors = vec![at];
                }
                _ => {
                    let count = 1 + chance.below(4);
                    let records: Vec<_> = (0..count).map(|_| vec![chance.any() as u8; chance.below(700)]).collect();
                    self.unsure.push(records.clone());
                    let done = bus.append(topic, records.clone())?;
                    assert_eq!(done.first_offset, Offset(self.records.len() as u64));
                    self.records.extend(records);
                    self.unsure.clear();
                }
            }
        }
    }

    /// Compares what an opened log holds with what is known, and learns what became of the rest.
    fn compare(&mut self, bus: &Embedded, topic: &Topic) {
        let bounds = bus.bounds(topic).unwrap();
        assert!(bounds.end.0 >= self.records.len() as u64, "{} of {} records", bounds.end.0, self.records.len());
        assert!(bounds.start.0 <= self.trimmed, "trimmed to {}, {} was asked for", bounds.start.0, self.trimmed);
        let found = all(bus, topic);
        let (old, new) = found.split_at(self.records.len() - bounds.start.0 as usize);
        assert_eq!(old, &self.records[bounds.start.0 as usize..]);
        assert!(new.is_empty() || self.unsure.iter().any(|append| append.starts_with(new)), "{new:?} was not appended");
        self.records.extend_from_slice(new);
        self.unsure.clear();
        let cursor = bus.load_cursor("reader", topic).unwrap().map_or(0, |at| at.0);
        assert!(self.cursors.contains(&cursor), "the cursor stands at {cursor}, not at one of {:?}", self.cursors);
        self.cursors = vec![cursor];
    }
}

/// One seed: a few lives of a log, each ended by a kill or a power cut.
fn live(seed: u64, deaf: Option<Deaf>) {
    let mut chance = Chance::new(seed);
    let (mut disk, topic, mut known) = (SimulatedDisk::default(), Topic::new("t").unwrap(), Known::new());
    for _ in 0..=chance.below(4) {
        if let Some(deaf) = deaf {
            disk.ignore_syncs(deaf);
        }
        if chance.once_in(4) {
            disk.fail_syncs(chance.below(3));
        }
        // Now and then the disk stops while the log is being opened.
        disk.stop_after(if chance.once_in(3) { chance.below(20) as u64 } else { u64::MAX });
        if let Ok(bus) = try_open(&disk) {
            disk.stop_after(u64::MAX);
            known.compare(&bus, &topic);
            disk.fail_syncs(0);
            if chance.once_in(4) {
                disk.fail_syncs(chance.below(3));
            }
            disk.stop_after(chance.below(120) as u64);
            // After a failed sync the log is used on.
            while !disk.has_stopped() {
                known.work(&bus, &topic, &mut chance).unwrap_err();
            }
        }
        disk.stop_after(0);
        disk = if chance.once_in(3) { disk.after_kill() } else { disk.after_power_cut(&mut chance) };
    }
    let bus = open(&disk);
    known.compare(&bus, &topic);
    assert_eq!(bus.append(&topic, vec![vec![7]]).unwrap().first_offset, Offset(known.records.len() as u64));
    drop(bus);
    assert_eq!(check_on(&disk, Path::new(LOG)), []);
}

#[test]
fn nothing_acknowledged_is_lost() {
    seeds(300, |seed| live(seed, None));
}

/// A log that left out its syncs would lose records, and this test would see it.
#[test]
fn a_log_without_its_syncs_is_caught() {
    for deaf in [Deaf::Files, Deaf::Directories] {
        let caught = (0..50).filter(|seed| std::panic::catch_unwind(|| live(*seed, Some(deaf))).is_err()).count();
        assert!(caught > 10, "{deaf:?}: {caught} of 50 seeds");
    }
}
