//! The suite that every backend of the log must pass. Call [`run`] from the tests of a backend.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use vigiles_model::Timestamp;

use crate::{Bus, BusError, Clock, ManualClock, Offset, Topic};

/// Makes logs for the suite.
pub trait Factory {
    /// The backend.
    type Bus: Bus + 'static;
    /// Opens the log called `name`, with what earlier calls stored under that name.
    fn open(&self, name: &str, clock: Arc<dyn Clock>) -> Self::Bus;
}

/// Runs the whole suite. Panics at the first broken promise.
pub fn run<F: Factory>(factory: &F) {
    appends_are_read_back_in_order(factory);
    offsets_and_times_survive_a_restart(factory);
    many_threads_append_at_once(factory);
    readers_wait_for_the_next_record(factory);
    cursors_are_kept(factory);
    trimmed_records_are_refused_clearly(factory);
    bad_appends_are_refused(factory);
    topics_are_apart(factory);
}

fn topic(name: &str) -> Topic {
    Topic::new(name).expect("a good name")
}

fn clock(micros: i64) -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp(micros)))
}

fn texts(bus: &dyn Bus, topic: &Topic, from: u64) -> Vec<String> {
    let mut found = Vec::new();
    let end = bus.bounds(topic).expect("bounds").end.0;
    let mut next = from;
    while next < end {
        let entries = bus.read(topic, Offset(next), 3, 1 << 20).expect("durable records can be read");
        assert!(!entries.is_empty(), "offset {next} of {end} is durable");
        for entry in entries {
            assert_eq!(entry.offset.0, next);
            next += 1;
            found.push(String::from_utf8_lossy(&entry.bytes).into_owned());
        }
    }
    found
}

fn appends_are_read_back_in_order<F: Factory>(factory: &F) {
    let bus = factory.open("order", clock(5));
    let t = topic("t");
    assert_eq!(bus.bounds(&t), Ok(Offset(0)..Offset(0)));
    assert_eq!(bus.read(&t, Offset(0), 10, 10), Ok(Vec::new()));
    let first = bus.append(&t, vec![b"a".to_vec(), b"b".to_vec()]).expect("append");
    assert_eq!((first.first_offset, first.at), (Offset(0), Timestamp(5)));
    let second = bus.append(&t, vec![b"c".to_vec(), Vec::new()]).expect("append");
    assert_eq!(second.first_offset, Offset(2));
    assert_eq!(texts(&bus, &t, 0), ["a", "b", "c", ""]);
    assert_eq!(texts(&bus, &t, 2), ["c", ""]);
    assert_eq!(bus.read(&t, Offset(4), 10, 10), Ok(Vec::new()));
    assert_eq!(bus.read(&t, Offset(1), 1, 0).expect("at least one").len(), 1);
}

fn offsets_and_times_survive_a_restart<F: Factory>(factory: &F) {
    let t = topic("t");
    for (run, (now, expected)) in [(1_000, 1_000), (400, 1_000), (2_000, 2_000)].into_iter().enumerate() {
        let bus = factory.open("restart", clock(now));
        let done = bus.append(&t, vec![run.to_string().into_bytes()]).expect("append");
        assert_eq!(done.first_offset, Offset(run as u64));
        assert_eq!(done.at, Timestamp(expected), "platform time never decreases");
        assert_eq!(texts(&bus, &t, 0).len(), run + 1);
    }
}

fn many_threads_append_at_once<F: Factory>(factory: &F) {
    let bus = factory.open("threads", clock(0));
    let t = topic("t");
    let told: Vec<(u64, String)> = std::thread::scope(|scope| {
        let (bus, t) = (&bus, &t);
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                scope.spawn(move || {
                    let append = |i: usize| {
                        let text = format!("{thread}-{i}");
                        let records = vec![text.clone().into_bytes(), format!("{text}b").into_bytes()];
                        (bus.append(t, records).expect("append").first_offset.0, text)
                    };
                    (0..50).map(append).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    let stored = texts(&bus, &t, 0);
    assert_eq!(stored.len(), 400);
    for (offset, text) in &told {
        assert_eq!(&stored[*offset as usize], text);
        assert_eq!(stored[*offset as usize + 1], format!("{text}b"), "one append stands together");
    }
    let by_offset: BTreeMap<_, _> = told.into_iter().collect();
    let mut last = [-1_i64; 4];
    for text in by_offset.values() {
        let (thread, i) = text.split_once('-').expect("thread-i");
        let (thread, i): (usize, i64) = (thread.parse().expect("number"), i.parse().expect("number"));
        assert_eq!(i, last[thread] + 1, "appends of one thread keep their order");
        last[thread] = i;
    }
}

fn readers_wait_for_the_next_record<F: Factory>(factory: &F) {
    let bus = Arc::new(factory.open("wait", clock(0)));
    let t = topic("t");
    assert_eq!(bus.wait(&t, Offset(0), Duration::ZERO), Ok(Offset(0)));
    let waiter = {
        let (bus, t) = (Arc::clone(&bus), t.clone());
        std::thread::spawn(move || bus.wait(&t, Offset(0), Duration::from_mins(1)))
    };
    let (tell, told) = mpsc::sync_channel(1);
    let done = Box::new(move |result| tell.send(result).expect("the test waits"));
    bus.append_async(&t, vec![b"x".to_vec()], done).expect("queued");
    assert_eq!(told.recv().expect("told").expect("durable").first_offset, Offset(0));
    assert_eq!(waiter.join().expect("no panic"), Ok(Offset(1)));
    assert_eq!(bus.wait(&t, Offset(0), Duration::ZERO), Ok(Offset(1)));
}

fn cursors_are_kept<F: Factory>(factory: &F) {
    let t = topic("t");
    {
        let bus = factory.open("cursors", clock(0));
        assert_eq!(bus.load_cursor("reader", &t), Ok(None));
        bus.append(&t, vec![vec![1], vec![2]]).expect("append");
        bus.save_cursor("reader", &t, Offset(1)).expect("saved");
        bus.save_cursor("reader", &t, Offset(2)).expect("saved");
        let beyond = bus.save_cursor("reader", &t, Offset(3));
        assert!(matches!(beyond, Err(BusError::Beyond { .. })), "{beyond:?}");
        assert!(matches!(bus.save_cursor("../x", &t, Offset(0)), Err(BusError::Name(_))));
    }
    let bus = factory.open("cursors", clock(0));
    assert_eq!(bus.load_cursor("reader", &t), Ok(Some(Offset(2))));
    assert_eq!(bus.load_cursor("other", &t), Ok(None));
}

fn trimmed_records_are_refused_clearly<F: Factory>(factory: &F) {
    let t = topic("t");
    {
        let bus = factory.open("trim", clock(0));
        for i in 0..200_u32 {
            bus.append(&t, vec![vec![i as u8; 200]]).expect("append");
        }
        bus.trim(&t, Offset(150)).expect("trim");
        let bounds = bus.bounds(&t).expect("bounds");
        assert!(bounds.start <= Offset(150), "kept what was not to be trimmed: {bounds:?}");
        assert_eq!(bounds.end, Offset(200));
        if bounds.start > Offset(0) {
            let refused = bus.read(&t, Offset(0), 1, 1);
            assert!(matches!(refused, Err(BusError::Trimmed { oldest, .. }) if oldest == bounds.start), "{refused:?}");
        }
    }
    let bus = factory.open("trim", clock(0));
    let start = bus.bounds(&t).expect("bounds").start;
    assert_eq!(texts(&bus, &t, start.0).len() as u64, 200 - start.0);
    let next = bus.append(&t, vec![vec![1]]).expect("append");
    assert_eq!(next.first_offset, Offset(200));
}

fn bad_appends_are_refused<F: Factory>(factory: &F) {
    let bus = factory.open("bad", clock(0));
    let t = topic("t");
    assert!(matches!(bus.append(&t, Vec::new()), Err(BusError::Empty { .. })));
    let huge = bus.append(&t, vec![vec![0; 64 << 20]]);
    assert!(matches!(huge, Err(BusError::TooLarge { .. })), "{huge:?}");
    assert_eq!(bus.bounds(&t), Ok(Offset(0)..Offset(0)));
    for name in ["", "A", "a/b", "..", "1a", &"a".repeat(65)] {
        assert!(matches!(Topic::new(name), Err(BusError::Name(_))), "{name:?}");
    }
}

fn topics_are_apart<F: Factory>(factory: &F) {
    let bus = factory.open("apart", clock(0));
    let (a, b) = (topic("a"), topic("b"));
    bus.append(&a, vec![b"of a".to_vec()]).expect("append");
    bus.append(&b, vec![b"of b".to_vec()]).expect("append");
    assert_eq!(texts(&bus, &a, 0), ["of a"]);
    assert_eq!(texts(&bus, &b, 0), ["of b"]);
}
