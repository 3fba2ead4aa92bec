use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use vigiles_bus::{Bus, BusError, Embedded, JetStream, ManualClock, Offset, Options, Topic, jetstream};
use vigiles_model::Timestamp;

use vigiles_bus::jetstream::test_server::NatsServer;

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Vec<u8>>),
    Read { from: u64, records: usize, bytes: usize },
    Trim(u64),
    Clock(i64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let records = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 1..5);
    prop_oneof![
        4 => records.prop_map(Step::Append),
        4 => (0..120_u64, 0..20_usize, 0..500_usize).prop_map(|(from, records, bytes)| Step::Read { from, records, bytes }),
        1 => (0..100_u64).prop_map(Step::Trim),
        1 => (0..1_000_i64).prop_map(Step::Clock),
        1 => Just(Step::Restart),
    ]
}

/// Takes the steps on a log and on a plain list: both must show the same.
fn play(steps: Vec<Step>, open: impl Fn(Arc<ManualClock>) -> Box<dyn Bus>) -> Result<(), TestCaseError> {
    let clock = Arc::new(ManualClock::default());
    let topic = Topic::new("t").unwrap();
    let mut bus = Some(open(clock.clone()));
    let mut list: Vec<(Timestamp, Vec<u8>)> = Vec::new();
    let (mut now, mut last) = (0, 0);
    for step in steps {
        let log = bus.as_ref().unwrap();
        match step {
            Step::Append(records) => {
                last = last.max(now);
                let done = log.append(&topic, records.clone()).unwrap();
                prop_assert_eq!((done.first_offset, done.at), (Offset(list.len() as u64), Timestamp(last)));
                list.extend(records.into_iter().map(|r| (Timestamp(last), r)));
            }
            Step::Read { from, records, bytes } => {
                let bounds = log.bounds(&topic).unwrap();
                match log.read(&topic, Offset(from), records, bytes) {
                    Ok(entries) => {
                        prop_assert!(entries.len() <= records);
                        prop_assert_eq!(entries.is_empty(), records == 0 || from >= list.len() as u64);
                        for (i, entry) in entries.iter().enumerate() {
                            let expected = &list[from as usize + i];
                            prop_assert_eq!((entry.at, &entry.bytes[..]), (expected.0, &expected.1[..]));
                        }
                    }
                    Err(BusError::Trimmed { oldest, .. }) => {
                        prop_assert!(from < bounds.start.0);
                        prop_assert_eq!(oldest, bounds.start);
                    }
                    Err(other) => prop_assert!(false, "{}", other),
                }
            }
            Step::Trim(before) => {
                let start = log.bounds(&topic).unwrap().start.0;
                log.trim(&topic, Offset(before)).unwrap();
                prop_assert!(log.bounds(&topic).unwrap().start.0 <= before.max(start));
            }
            Step::Clock(micros) => {
                now = micros;
                clock.set(Timestamp(micros));
            }
            Step::Restart => {
                bus = None;
                bus.replace(open(clock.clone()));
            }
        }
        let bounds = bus.as_ref().unwrap().bounds(&topic).unwrap();
        prop_assert_eq!(bounds.end.0, list.len() as u64);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The log behaves as a plain list of records, whatever the order of calls.
    #[test]
    fn behaves_as_a_list(steps in prop::collection::vec(step(), 1..60)) {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { segment_bytes: 700, cache_bytes: 250, ..Options::default() };
        play(steps, |clock| Box::new(Embedded::open(directory.path(), options, clock).unwrap()))?;
        prop_assert_eq!(vigiles_bus::check(directory.path()), []);
    }
}

/// So does the log on servers.
#[test]
fn behaves_as_a_list_on_servers() {
    let server = NatsServer::start();
    let options = jetstream::Options { cache_bytes: 250, ..jetstream::Options::default() };
    let logs = AtomicUsize::new(0);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(12));
    let result = runner.run(&prop::collection::vec(step(), 1..60), |steps| {
        let address = server.address(&format!("city{}", logs.fetch_add(1, Ordering::SeqCst)));
        play(steps, |clock| Box::new(JetStream::open(&address, options, clock).unwrap()))
    });
    result.unwrap();
}
