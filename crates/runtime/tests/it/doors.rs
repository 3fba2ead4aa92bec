//! Doors and an engine on one log and one store: entries take effect once, in the order of the log, whoever merged them.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vigiles_bus::{Bus, Clock, ManualClock, Offset, SystemClock, Topic};
use vigiles_engine::{CommandBody, Told};
use vigiles_history::{History, Query};
use vigiles_model::{Geometry, PlaybookId, Position, Priority, Reality, Severity, Timestamp};
use vigiles_runtime::door::Door;
use vigiles_runtime::support::Bundle;
use vigiles_runtime::{OffersError, Parts, Platform, Seat, Snapshots, TimeZone, documents, record};
use vigiles_store::{Query as Listing, Store};

use crate::world::{SYSTEM, alarms, furnish, grant, incidents, put, reading, settle, store, wait_until};

/// Longer than any wait that ends.
const PATIENCE: Duration = Duration::from_mins(2);

/// What the processes share.
pub(crate) struct Shared {
    bus: Arc<dyn Bus>,
    history: Arc<dyn History>,
    pub(crate) store: Arc<dyn Store>,
    snapshots: Arc<Snapshots>,
    clock: Arc<dyn Clock>,
}

impl Shared {
    pub(crate) fn open(dir: &Path) -> Self {
        Self::open_with(dir, Arc::new(SystemClock))
    }

    fn open_with(dir: &Path, clock: Arc<dyn Clock>) -> Self {
        let bus =
            vigiles_bus::Embedded::open(&dir.join("log"), vigiles_bus::Options::default(), clock.clone()).unwrap();
        let history =
            vigiles_history::Embedded::open(&dir.join("history"), vigiles_history::Options::default()).unwrap();
        let bus: Arc<dyn Bus> = Arc::new(bus);
        let snapshots = Arc::new(Snapshots::beside_log(bus.clone(), dir.join("engine")));
        Self { bus, history: Arc::new(history), store: store(dir, clock.clone()), snapshots, clock }
    }

    fn parts(&self, seat: Seat) -> Parts {
        Parts {
            bus: self.bus.clone(),
            history: self.history.clone(),
            store: self.store.clone(),
            clock: self.clock.clone(),
            snapshots: self.snapshots.clone(),
            time_zone: TimeZone::default(),
            seat,
            task_kinds: crate::kinds::kinds(),
        }
    }

    pub(crate) fn start(&self, seat: Seat) -> Arc<Platform> {
        Platform::start(self.parts(seat)).unwrap()
    }

    pub(crate) fn door(&self, name: &str) -> Arc<Platform> {
        self.start(Seat::Door { name: name.parse().unwrap(), has_consoles: true })
    }

    /// The doors that are known.
    fn known(&self) -> Vec<String> {
        let page = self.store.list(&SYSTEM, &Listing::new(documents::DOOR)).unwrap();
        let mut names: Vec<_> = page.documents.into_iter().map(|document| document.id).collect();
        names.sort_unstable();
        names
    }

    /// Appends every entry of a door to the log once more, as an engine does that does not know whether it did.
    fn merge_again(&self) {
        let log = Topic::new("input").unwrap();
        let entries = self.bus.read(&log, Offset(0), 10_000, 16 << 20).unwrap();
        let of_doors = entries.iter().filter(|entry| record::through(&entry.bytes).is_some());
        let again: Vec<_> = of_doors.map(|entry| entry.bytes.to_vec()).collect();
        assert!(!again.is_empty());
        self.bus.append(&log, again).unwrap();
    }

    fn stored(&self) -> usize {
        self.history.page(&SYSTEM, &Query { limit: 10_000, ..Query::default() }).unwrap().observations.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_doors_take_takes_effect_once() {
    let dir = tempfile::tempdir().unwrap();
    let shared = Shared::open(dir.path());
    let mut engine = shared.start(Seat::Engine);
    let doors = [shared.door("a"), shared.door("b")];
    // Its commands are answered by the engine, and its catalogue follows the store.
    let one = furnish(doors[0].clone()).await;
    for (round, from) in [(0_usize, 2_000_i64), (1, 1_000)] {
        for (number, door) in doors.iter().enumerate() {
            for value in [90.0, 20.0, 95.0] {
                let time = Timestamp::from_secs(one.now().0 / 1_000_000 - from + value as i64 * 2 + number as i64);
                let taken = loop {
                    let receipt = door.submit(&grant(), vec![reading(value, time)]).await.unwrap();
                    // Until the kind is known at this door too.
                    if receipt.rejected.is_empty() {
                        break receipt.accepted;
                    }
                };
                assert_eq!(taken, 1);
            }
        }
        settle(&one).await;
        settle(&doors[1]).await;
        let before = (alarms(&engine), incidents(&engine), shared.stored());
        assert!(!before.0.is_empty() && before.2 == 6 * (round + 1), "{before:?}");
        shared.merge_again();
        settle(&one).await;
        assert_eq!((alarms(&engine), incidents(&engine), shared.stored()), before);
        // The snapshot tells how far the doors were merged.
        engine.stop();
        drop(engine);
        engine = shared.start(Seat::Engine);
        shared.merge_again();
        settle(&one).await;
        assert_eq!((alarms(&engine), incidents(&engine), shared.stored()), before);
    }
    for platform in doors.iter().chain([&engine]) {
        platform.stop();
    }
    let reproduced = Bundle::gather(&shared.parts(Seat::Engine))
        .unwrap()
        .reproduce(&crate::kinds::kinds(), NonZeroUsize::new(1))
        .unwrap();
    assert!(reproduced.different.is_empty() && reproduced.alarms > 0, "{reproduced:?}");
}

/// A second engine shuts the first one out, and takes what the doors took meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn another_engine_goes_on_where_the_first_was_shut_out() {
    let dir = tempfile::tempdir().unwrap();
    let shared = Shared::open(dir.path());
    let first = shared.start(Seat::Engine);
    let door = furnish(shared.door("a")).await;
    assert_eq!(door.submit(&grant(), vec![reading(90.0, door.now())]).await.unwrap().accepted, 1);
    settle(&door).await;
    let second = shared.start(Seat::Engine);
    assert!(first.taken_over().await.contains("another has taken over"));
    let later = Timestamp(door.now().0 + 1_000_000);
    assert_eq!(door.submit(&grant(), vec![reading(20.0, later)]).await.unwrap().accepted, 1);
    settle(&door).await;
    assert_eq!((alarms(&second).len(), shared.stored()), (1, 2));
    for platform in [&first, &second, &door] {
        platform.stop();
    }
}

/// Each reading goes by once, and can be read once the door says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_door_shows_what_was_taken_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let shared = Shared::open(dir.path());
    let engine = shared.start(Seat::Engine);
    let door = furnish(shared.door("a")).await;
    let mut passing = door.passing();
    for count in 1..=5 {
        let time = Timestamp(door.now().0 + count as i64 * 1_000_000);
        assert_eq!(door.submit(&grant(), vec![reading(90.0, time)]).await.unwrap().accepted, 1);
        assert!(door.settled(PATIENCE).await.unwrap());
        assert_eq!(shared.stored(), count);
    }
    shared.merge_again();
    settle(&door).await;
    assert!(door.settled(PATIENCE).await.unwrap());
    for _ in 0..5 {
        assert_eq!(passing.try_recv().unwrap().len(), 1);
    }
    assert!(passing.try_recv().is_err(), "what stands in the log again does not go by again");
    for platform in [&door, &engine] {
        platform.stop();
    }
}

/// What only the engine knows is asked of it, and nothing of that is in the log; without an engine that is said.
#[tokio::test(flavor = "multi_thread")]
async fn a_door_asks_the_engine_what_is_near() {
    let dir = tempfile::tempdir().unwrap();
    let shared = Shared::open(dir.path());
    let engine = shared.start(Seat::Engine);
    let door = furnish(shared.door("a")).await;
    let place = Some(Geometry::Point(Position { lon: 13.4, lat: 52.5 }));
    let told = Told { incident_type: None, place, reality: Reality::Actual };
    assert_eq!(door.offers(told.clone()).await, Ok(Vec::new()));
    put(&door, call(1, None, told.place.clone())).await.unwrap();
    let found = door.offers(told.clone()).await.unwrap();
    assert_eq!(found.iter().map(|offer| &offer.incident).collect::<Vec<_>>(), [&incidents(&engine)[0].id]);
    let at_the_engine = engine.offers(told.clone()).await.unwrap();
    assert_eq!(at_the_engine.len(), 1);
    assert_eq!((&at_the_engine[0].incident, at_the_engine[0].relation), (&found[0].incident, found[0].relation));
    // What it asked is behind what it took: that waits for nothing but its own.
    assert_eq!(door.submit(&grant(), vec![reading(20.0, door.now())]).await.unwrap().accepted, 1);
    assert!(door.offers(told.clone()).await.is_ok());
    assert!(door.settled(PATIENCE).await.unwrap());
    engine.stop();
    let log = shared.bus.read(&Topic::new("input").unwrap(), Offset(0), 10_000, 16 << 20).unwrap();
    assert!(log.iter().all(|entry| record::parse(&entry.bytes).is_ok()));
    assert_eq!(door.offers(told).await, Err(OffersError::Away));
    door.stop();
}

/// A door that is gone for good is forgotten, with all that it took in the log; one that lives makes itself known again, and one
/// that comes back is taken again.
#[tokio::test(flavor = "multi_thread")]
async fn doors_that_are_gone_are_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let shared = Shared::open_with(dir.path(), clock.clone());
    let engine = shared.start(Seat::Engine);
    let (here, gone) = (furnish(shared.door("here")).await, shared.door("gone"));
    let take = async |door: &Arc<Platform>, value| {
        let receipt = door.submit(&grant(), vec![reading(value, door.now())]).await.unwrap();
        assert_eq!(receipt.accepted, 1);
    };
    take(&gone, 10.0).await;
    gone.stop();
    assert_eq!(shared.known(), ["gone", "here"]);
    // Again and again: the engine counts from when it found the last sign.
    wait_until(&engine, |_| {
        clock.set(Timestamp(clock.now().0 + 2 * 3600 * 1_000_000));
        !shared.known().contains(&"gone".to_owned())
    });
    take(&here, 20.0).await;
    let back = shared.door("gone");
    take(&back, 30.0).await;
    settle(&here).await;
    settle(&back).await;
    assert_eq!(shared.stored(), 3);
    wait_until(&engine, |_| shared.known() == ["gone", "here"]);
    for platform in [&here, &back, &engine] {
        platform.stop();
    }
}

pub(crate) fn call(number: usize, playbook: Option<PlaybookId>, place: Option<Geometry>) -> CommandBody {
    CommandBody::OpenIncident {
        title: format!("call {number}"),
        incident_type: "call".into(),
        priority: Priority::P3,
        severity: Severity::Minor,
        place,
        playbook,
        reality: Reality::Actual,
    }
}
