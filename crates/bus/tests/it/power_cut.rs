use std::path::Path;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use vigiles_bus::embedded::check_on;
use vigiles_bus::{Bus, Embedded, ManualClock, Offset, Options, Topic};

use crate::sim_disk::SimDisk;

const LOG: &str = "/log";

pub(crate) fn open(disk: &SimDisk) -> Embedded {
    let options = Options { segment_bytes: 1_500, cache_bytes: 200, ..Options::default() };
    Embedded::open_on(Arc::new(disk.clone()), Path::new(LOG), options, Arc::new(ManualClock::default())).unwrap()
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever a power cut leaves of the unsynced writes: every acknowledged record is there, in its place, and
    /// what else is there had been appended and follows without a gap.
    #[test]
    fn nothing_acknowledged_is_lost(
        rounds in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..4), 1..30),
        cuts in prop::collection::vec(0_usize..2_000, 1..50),
        fail_at in 0_usize..30,
    ) {
        let disk = SimDisk::default();
        let topic = Topic::new("t").unwrap();
        let appended: Vec<Vec<u8>> = rounds.iter().flatten().cloned().collect();
        let acknowledged = Arc::new(Mutex::new(0));
        let bus = open(&disk);
        for (i, records) in rounds.iter().enumerate() {
            if i == fail_at {
                // The write stays unsynced, and so does the mending: the power goes at that moment.
                disk.fail_syncs(1_000_000);
            }
            match bus.append(&topic, records.clone()) {
                Ok(_) => *acknowledged.lock().unwrap() += records.len(),
                Err(_) => break,
            }
        }
        let mut cuts = cuts.into_iter().cycle();
        let after = disk.after_power_cut(|_| cuts.next().unwrap());
        drop(bus);
        let bus = open(&after);
        let found = all(&bus, &topic);
        prop_assert!(found.len() >= *acknowledged.lock().unwrap());
        prop_assert_eq!(&found[..], &appended[..found.len()]);
        let next = bus.append(&topic, vec![b"after".to_vec()]).unwrap();
        prop_assert_eq!(next.first_offset, Offset(found.len() as u64));
        drop(bus);
        prop_assert_eq!(check_on(&after, Path::new(LOG)), []);
    }
}
