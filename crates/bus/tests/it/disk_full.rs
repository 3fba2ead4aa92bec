use vigiles_bus::{Bus, BusError, Offset, Topic};

use crate::power_cut::{all, open};
use vigiles_disk::simulated::SimulatedDisk;

#[test]
fn a_full_disk_fails_the_append_and_harms_nothing() {
    // Every amount of space left, so that the disk runs full in headers, records and new segments.
    for space in (0..2_200).step_by(7) {
        let disk = SimulatedDisk::default();
        let topic = Topic::new("t").unwrap();
        let bus = open(&disk);
        bus.append(&topic, vec![vec![1; 100]]).unwrap();
        disk.set_space(Some(space));
        let mut stored = 1;
        let error = loop {
            match bus.append(&topic, vec![vec![2; 100], vec![3; 50]]) {
                Ok(done) => {
                    assert_eq!(done.first_offset, Offset(stored));
                    stored += 2;
                }
                Err(error) => break error,
            }
        };
        assert!(matches!(error, BusError::DiskFull { .. }), "{error}");
        assert_eq!(all(&bus, &topic).len() as u64, stored, "readable while full");
        disk.set_space(None);
        assert_eq!(bus.append(&topic, vec![vec![4]]).unwrap().first_offset, Offset(stored), "no gap");
        drop(bus);
        assert_eq!(all(&open(&disk), &topic).len() as u64, stored + 1);
    }
}

#[test]
fn a_failed_sync_fails_the_append_and_the_next_one_succeeds() {
    let disk = SimulatedDisk::default();
    let topic = Topic::new("t").unwrap();
    let bus = open(&disk);
    bus.append(&topic, vec![vec![1]]).unwrap();
    for failures in 1..4 {
        disk.fail_syncs(failures);
        let refused = bus.append(&topic, vec![vec![2]]);
        assert!(matches!(refused, Err(BusError::Io { doing: "syncing", .. })), "{refused:?}");
        disk.fail_syncs(0);
        let next = bus.append(&topic, vec![vec![3]]).unwrap();
        assert_eq!(next.first_offset, Offset(failures as u64), "what failed took no offset");
    }
    assert_eq!(all(&bus, &topic), [[1], [3], [3], [3]]);
}
