//! Where an acknowledgement means the repository, it is not given before, and nothing is seen before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use vigiles_backup::objects::{DirectoryObjects, Failure, Objects};
use vigiles_backup::{Acknowledge, BackupError, Shipped, take};
use vigiles_bus::{Bus, BusError, ManualClock, Offset};
use vigiles_runtime::topic;

use crate::fixture::{Parts, embedded, in_directory, open};

/// A repository whose line is cut now and then.
struct Cut {
    inner: DirectoryObjects,
    cut: AtomicBool,
}

impl Cut {
    fn pass(&self) -> Result<(), Failure> {
        let failure = || Failure { doing: "reaching", name: String::new(), why: "the line is cut".to_owned() };
        if self.cut.load(Ordering::SeqCst) { Err(failure()) } else { Ok(()) }
    }
}

impl Objects for Cut {
    fn add(&self, name: &str, bytes: &[u8]) -> Result<bool, Failure> {
        self.pass().and_then(|()| self.inner.add(name, bytes))
    }
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.pass().and_then(|()| self.inner.get(name))
    }
    fn has(&self, name: &str) -> Result<bool, Failure> {
        self.pass().and_then(|()| self.inner.has(name))
    }
    fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>, Failure> {
        self.pass().and_then(|()| self.inner.list(prefix))
    }
    fn remove(&self, name: &str) -> Result<(), Failure> {
        self.pass().and_then(|()| self.inner.remove(name))
    }
    fn place(&self) -> String {
        self.inner.place()
    }
}

#[test]
fn nothing_is_acknowledged_or_seen_that_is_not_in_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let inner = DirectoryObjects::new(&folder.path().join("repository"));
    let objects = Arc::new(Cut { inner, cut: AtomicBool::new(false) });
    let repository = open(objects.clone());
    let parts = Parts::open(&folder.path().join("data"), &repository, Acknowledge::Repository);
    assert_eq!(parts.append(&["one", "two"]), 2);
    assert_eq!(parts.log.shipping().status().shipped, 2);

    objects.cut.store(true, Ordering::SeqCst);
    let (sender, answers) = sync_channel(4);
    for text in ["three", "four"] {
        let sender = sender.clone();
        let done = Box::new(move |result| sender.send(result).unwrap());
        parts.log.append_async(&topic(), vec![text.as_bytes().to_vec()], done).unwrap();
    }
    // The entry is on this machine's disk, and the try to ship it has failed.
    while parts.log.shipping().status().failure.is_none() || parts.log.shipping().status().end < 4 {
        std::thread::yield_now();
    }
    assert!(answers.try_recv().is_err(), "acknowledged though it is on this machine alone");
    assert_eq!(parts.log.bounds(&topic()).unwrap(), Offset(0)..Offset(2));
    assert_eq!(parts.log.read(&topic(), Offset(0), 100, 1 << 20).unwrap().len(), 2);
    assert_eq!(parts.log.wait(&topic(), Offset(2), Duration::from_millis(1)).unwrap(), Offset(2));
    let refused = take(&parts.log.shipping(), &parts.source(), &parts.store, &*parts.clock);
    assert!(matches!(refused, Err(BackupError::Objects { .. })), "{refused:?}");

    objects.cut.store(false, Ordering::SeqCst);
    for offset in [2, 3] {
        assert_eq!(answers.recv().unwrap().unwrap().first_offset, Offset(offset));
    }
    assert_eq!(parts.log.read(&topic(), Offset(0), 100, 1 << 20).unwrap().len(), 4);

    // Who stops while the line is cut does not promise what is not kept.
    objects.cut.store(true, Ordering::SeqCst);
    let done = Box::new(move |result| sender.send(result).unwrap());
    parts.log.append_async(&topic(), vec![b"five".to_vec()], done).unwrap();
    while parts.log.shipping().status().end < 5 {
        std::thread::yield_now();
    }
    parts.log.shipping().finish();
    assert!(matches!(answers.recv().unwrap(), Err(BusError::Closed)));
}

#[test]
fn the_log_is_kept_until_it_was_shipped() {
    let folder = tempfile::tempdir().unwrap();
    let inner = DirectoryObjects::new(&folder.path().join("repository"));
    let objects = Arc::new(Cut { inner, cut: AtomicBool::new(false) });
    let repository = open(objects.clone());
    let data = folder.path().join("data");
    let options = vigiles_bus::Options { segment_bytes: 200, ..vigiles_bus::Options::default() };
    let log =
        Arc::new(vigiles_bus::Embedded::open(&data.join("log"), options, Arc::new(ManualClock::default())).unwrap());
    let shipped = Shipped::start(log, topic(), repository, &data, Acknowledge::Log).unwrap();
    objects.cut.store(true, Ordering::SeqCst);
    // Acknowledged at once: that is what this setting promises.
    for _ in 0..20 {
        shipped.append(&topic(), vec![vec![7; 100]]).unwrap();
    }
    let before = shipped.shipping().status().shipped;
    shipped.trim(&topic(), Offset(20)).unwrap();
    assert!(shipped.bounds(&topic()).unwrap().start.0 <= before, "trimmed though it was never shipped");
    objects.cut.store(false, Ordering::SeqCst);
    shipped.shipping().finish();
    shipped.trim(&topic(), Offset(20)).unwrap();
    assert!(shipped.bounds(&topic()).unwrap().start.0 > before);
}

#[test]
fn a_repository_that_cannot_be_reached_keeps_the_platform_from_starting_where_it_acknowledges() {
    let folder = tempfile::tempdir().unwrap();
    let repository = in_directory(&folder.path().join("repository"));
    let data = folder.path().join("data");
    let end = Parts::open(&data, &repository, Acknowledge::Repository).append(&["one"]);
    assert_eq!(end, 1);
    std::fs::remove_dir_all(folder.path().join("repository")).unwrap();
    std::fs::write(folder.path().join("repository"), "no directory").unwrap();
    let log = embedded(&data.join("log"), &Arc::default());
    let started = Shipped::start(log, topic(), repository, &data, Acknowledge::Repository);
    assert!(matches!(started.err(), Some(BackupError::Objects { .. })));
}
