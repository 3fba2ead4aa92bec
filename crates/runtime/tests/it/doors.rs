//! Doors and an engine on one log and one store: entries take effect once, in the order of the log, whoever merged them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vigiles_bus::{Bus, Offset, SystemClock, Topic};
use vigiles_engine::{CommandBody, Told};
use vigiles_history::{History, Query};
use vigiles_model::playbook::{Action, Step};
use vigiles_model::{Playbook, PlaybookId, Priority, Reality, Severity, TaskState, Timestamp};
use vigiles_runtime::door::Door;
use vigiles_runtime::support::Bundle;
use vigiles_runtime::{OffersError, Parts, Platform, Seat, Snapshots, TimeZone, record};
use vigiles_store::Store;

use crate::world::{SYSTEM, alarms, furnish, grant, incidents, put, reading, settle, store, wait_until};

/// Longer than any wait that ends.
const PATIENCE: Duration = Duration::from_mins(2);

/// What the processes share.
struct Shared {
    bus: Arc<dyn Bus>,
    history: Arc<dyn History>,
    store: Arc<dyn Store>,
    snapshots: Arc<Snapshots>,
}

impl Shared {
    fn open(dir: &Path) -> Self {
        let clock = Arc::new(SystemClock);
        let bus =
            vigiles_bus::Embedded::open(&dir.join("log"), vigiles_bus::Options::default(), clock.clone()).unwrap();
        let history =
            vigiles_history::Embedded::open(&dir.join("history"), vigiles_history::Options::default()).unwrap();
        let bus: Arc<dyn Bus> = Arc::new(bus);
        let snapshots = Arc::new(Snapshots::beside_log(bus.clone(), dir.join("engine")));
        Self { bus, history: Arc::new(history), store: store(dir, clock), snapshots }
    }

    fn parts(&self, seat: Seat) -> Parts {
        Parts {
            bus: self.bus.clone(),
            history: self.history.clone(),
            store: self.store.clone(),
            clock: Arc::new(SystemClock),
            snapshots: self.snapshots.clone(),
            time_zone: TimeZone::default(),
            seat,
        }
    }

    fn start(&self, seat: Seat) -> Arc<Platform> {
        Platform::start(self.parts(seat)).unwrap()
    }

    fn door(&self, name: &str) -> Arc<Platform> {
        self.start(Seat::Door(name.parse().unwrap()))
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
    let reproduced = Bundle::gather(&shared.parts(Seat::Engine)).unwrap().reproduce(true).unwrap();
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

/// Each reading goes by once, and can be read once the door says so; what only the engine knows is refused.
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
    let told = Told { incident_type: None, place: None, reality: Reality::Actual };
    assert_eq!(door.offers(told.clone()).await, Err(OffersError::Elsewhere));
    assert_eq!(engine.offers(told).await, Ok(Vec::new()), "nothing is near nowhere");
    for platform in [&door, &engine] {
        platform.stop();
    }
}

/// An incident whose playbook sends a notice once; gives what came of it.
async fn notify(engine: &Arc<Platform>, number: usize) -> (TaskState, String) {
    let open = CommandBody::OpenIncident {
        title: format!("call {number}"),
        incident_type: "call".into(),
        priority: Priority::P3,
        severity: Severity::Minor,
        place: None,
        playbook: Some(PlaybookId::new("p").unwrap()),
        reality: Reality::Actual,
    };
    put(engine, open).await.unwrap();
    let task = |platform: &Platform| {
        let found = incidents(platform).into_iter().find(|incident| incident.title == format!("call {number}"));
        found.and_then(|incident| incident.tasks.into_iter().next()).filter(|task| task.outcome.is_some())
    };
    wait_until(engine, |platform| task(platform).is_some());
    let task = task(engine).unwrap();
    (task.state, task.outcome.unwrap())
}

/// The timeline says what is known where the notice was sent: how many consoles are here, and that the doors have it.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_handed_to_the_doors() {
    let dir = tempfile::tempdir().unwrap();
    let shared = Shared::open(dir.path());
    let engine = shared.start(Seat::Engine);
    engine.run_errands(None);
    let notice = Step { retries: Some(0), ..Step::new("tell", Action::NotifyConsole { message: "look".into() }) };
    let (id, text) = (PlaybookId::new("p").unwrap(), String::new);
    let book = Playbook { id, name: "P".into(), steps: vec![notice], version: 0, description: text(), source: text() };
    put(&engine, CommandBody::PutPlaybook(Box::new(book))).await.unwrap();
    let check = async |number, state, outcome: &str| {
        assert_eq!(notify(&engine, number).await, (state, outcome.to_owned()));
    };
    check(1, TaskState::Failed, "no console was open to show it").await;
    {
        let (_feed, _console) = (engine.live().notices(), engine.live().attend());
        check(2, TaskState::Done, "sent to one console").await;
    }
    let door = shared.door("a");
    let (mut notices, _console) = (door.live().notices(), door.live().attend());
    check(3, TaskState::Done, "handed to the doors, for their consoles").await;
    assert_eq!(notices.recv().await.unwrap().message, "look");
    let (_feed, _here) = (engine.live().notices(), engine.live().attend());
    check(4, TaskState::Done, "sent to one console, and handed to the doors, for theirs").await;
    assert_eq!(notices.recv().await.unwrap().message, "look");
    for platform in [&door, &engine] {
        platform.stop();
    }
}
