//! The power goes between any two changes of the disk while snapshots are saved: the newest that was called saved can be
//! read, and the log has not been trimmed beyond the oldest.

use std::path::Path;

use vigiles_bus::Offset;
use vigiles_disk::simulated::{Chance, Deaf, SimulatedDisk, seeds};
use vigiles_runtime::snapshot::{Snapshot, load_on, save_on};

const DIRECTORY: &str = "/data/engine";

fn state(offset: u64) -> Vec<u8> {
    let mut chance = Chance::new(offset);
    (0..chance.below(3_000)).map(|_| chance.any() as u8).collect()
}

/// One seed: a few lives of an engine that saves snapshots, each ended by a kill or a power cut.
fn live(seed: u64, deaf: Option<Deaf>) {
    let mut chance = Chance::new(seed);
    let mut disk = SimulatedDisk::default();
    let (mut newest, mut trimmed, mut begun) = (None, Offset(0), 0);
    for _ in 0..=chance.below(4) {
        if let Some(deaf) = deaf {
            disk.ignore_syncs(deaf);
        }
        if chance.once_in(4) {
            disk.fail_syncs(chance.below(3));
        }
        disk.stop_after(chance.below(40) as u64);
        loop {
            begun += 1 + chance.below(100) as u64;
            let Ok(needed) = save_on(&disk, Path::new(DIRECTORY), Offset(begun), &state(begun)) else { break };
            (newest, trimmed) = (Some(Offset(begun)), needed);
        }
        disk.stop_after(0);
        disk = if chance.once_in(3) { disk.after_kill() } else { disk.after_power_cut(&mut chance) };
        let found = load_on(&disk, Path::new(DIRECTORY)).unwrap();
        let at = found.as_ref().map(|snapshot| snapshot.offset);
        assert!(at >= newest && at <= Some(Offset(begun)), "{at:?} is the newest, {newest:?} was saved");
        assert!(at.unwrap_or_default() >= trimmed, "{at:?} is the newest, the log begins at {trimmed:?}");
        if let Some(Snapshot { offset, state: found }) = found {
            assert!(found == state(offset.0), "the state at {offset:?} is another one");
            begun = offset.0;
        }
    }
}

#[test]
fn a_saved_snapshot_is_not_lost() {
    seeds(500, |seed| live(seed, None));
}

/// Snapshots without their syncs would be lost, and this test would see it.
#[test]
fn snapshots_without_their_syncs_are_caught() {
    for deaf in [Deaf::Files, Deaf::Directories] {
        let caught = (0..100).filter(|seed| std::panic::catch_unwind(|| live(*seed, Some(deaf))).is_err()).count();
        assert!(caught > 20, "{deaf:?}: {caught} of 100 seeds");
    }
}
