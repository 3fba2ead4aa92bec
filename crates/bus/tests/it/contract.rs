use std::path::PathBuf;
use std::sync::Arc;

use vigiles_bus::contract_tests::{self, Factory};
use vigiles_bus::{Bus, BusError, Clock, Embedded, ManualClock, Offset, Options, SystemClock, Topic};

struct InDirectory(PathBuf);

impl Factory for InDirectory {
    type Bus = Embedded;
    fn open(&self, name: &str, clock: Arc<dyn Clock>) -> Embedded {
        // Small segments and a small cache, so that rolling, trimming and reading from the disk take part.
        let options = Options { segment_bytes: 2_000, cache_bytes: 300, ..Options::default() };
        Embedded::open(&self.0.join(name), options, clock).unwrap()
    }
}

#[test]
fn the_embedded_log_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    contract_tests::run(&InDirectory(directory.path().to_owned()));
    for log in std::fs::read_dir(directory.path()).unwrap() {
        assert_eq!(vigiles_bus::check(&log.unwrap().path()), []);
    }
}

#[test]
fn one_process_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let first = Embedded::open(directory.path(), Options::default(), Arc::new(SystemClock)).unwrap();
    let second = Embedded::open(directory.path(), Options::default(), Arc::new(SystemClock)).err();
    assert!(matches!(second, Some(BusError::Locked { .. })), "{second:?}");
    drop(first);
    assert!(Embedded::open(directory.path(), Options::default(), Arc::new(SystemClock)).is_ok());
}

#[test]
fn a_newer_format_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("format"), "vigiles-log 2\n").unwrap();
    let opened = Embedded::open(directory.path(), Options::default(), Arc::new(SystemClock)).err();
    assert!(matches!(opened, Some(BusError::Version { found: 2, known: 1, .. })), "{opened:?}");
}

fn note(path: &std::path::Path, text: &str) {
    let before = std::fs::read_to_string(path.join("noted")).unwrap_or_default();
    std::fs::write(path.join("noted"), before + text).unwrap();
}

#[test]
fn upgrades_run_in_order_once() {
    use vigiles_bus::embedded::upgrade::{Upgrade, bring_up_to_date};
    use vigiles_disk::LocalDisk;
    let directory = tempfile::tempdir().unwrap();
    let steps = [
        Upgrade {
            from: 2,
            run: |_, path| {
                note(path, "2");
                Ok(())
            },
        },
        Upgrade {
            from: 1,
            run: |_, path| {
                note(path, "1");
                Ok(())
            },
        },
    ];
    bring_up_to_date(&LocalDisk, directory.path(), &[]).unwrap();
    bring_up_to_date(&LocalDisk, directory.path(), &steps).unwrap();
    bring_up_to_date(&LocalDisk, directory.path(), &steps).unwrap();
    assert_eq!(std::fs::read_to_string(directory.path().join("noted")).unwrap(), "12");
}

#[test]
fn a_full_queue_says_so_and_a_patient_append_waits() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { queue_records: 2, ..Options::default() };
    let bus = Embedded::open(directory.path(), options, Arc::new(ManualClock::default())).unwrap();
    let t = Topic::new("t").unwrap();
    // The first answer holds the writer until the test lets go, so that the queue stays full meanwhile.
    let (go, gone) = std::sync::mpsc::sync_channel::<()>(1);
    let (started, start) = std::sync::mpsc::sync_channel(1);
    let hold = Box::new(move |_| {
        started.send(()).unwrap();
        gone.recv().unwrap();
    });
    bus.append_async(&t, vec![vec![0]], hold).unwrap();
    start.recv().unwrap();
    bus.append_async(&t, vec![vec![1], vec![2]], Box::new(|_| ())).unwrap();
    let full = bus.append_async(&t, vec![vec![3]], Box::new(|_| panic!("never queued")));
    assert!(matches!(full, Err(BusError::Full { records: 2, .. })), "{full:?}");
    std::thread::scope(|scope| {
        let patient = scope.spawn(|| bus.append(&t, vec![vec![3]]).unwrap().first_offset);
        go.send(()).unwrap();
        assert_eq!(patient.join().unwrap(), Offset(3));
    });
}

#[test]
fn a_panicking_answer_does_not_stop_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let bus = Embedded::open(directory.path(), Options::default(), Arc::new(SystemClock)).unwrap();
    let t = Topic::new("t").unwrap();
    bus.append_async(&t, vec![vec![1]], Box::new(|_| panic!("on purpose"))).unwrap();
    assert_eq!(bus.append(&t, vec![vec![2]]).unwrap().first_offset, Offset(1));
}
