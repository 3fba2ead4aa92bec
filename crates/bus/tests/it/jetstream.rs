use std::sync::Arc;
use std::time::Duration;

use vigiles_bus::contract_tests::{self, Factory};
use vigiles_bus::jetstream::Options;
use vigiles_bus::{Bus, BusError, Clock, JetStream, ManualClock, Offset, SystemClock, Topic};

use vigiles_bus::jetstream::test_server::NatsServer;

struct OnServer<'a>(&'a NatsServer);

impl Factory for OnServer<'_> {
    type Bus = JetStream;
    fn open(&self, name: &str, clock: Arc<dyn Clock>) -> JetStream {
        // A small cache, so that finding offsets and reading from the server take part.
        let options = Options { cache_bytes: 300, ..Options::default() };
        JetStream::open(&self.0.address(name), options, clock).unwrap()
    }
}

pub(crate) fn open(server: &NatsServer) -> JetStream {
    JetStream::open(&server.address("city"), Options::default(), Arc::new(ManualClock::default())).unwrap()
}

pub(crate) fn topic() -> Topic {
    Topic::new("t").unwrap()
}

pub(crate) fn bytes(bus: &dyn Bus, from: u64) -> Result<Vec<Vec<u8>>, BusError> {
    let (mut next, end) = (from, bus.bounds(&topic())?.end.0);
    let mut found = Vec::new();
    while next < end {
        for entry in bus.read(&topic(), Offset(next), 100, 1 << 20)? {
            assert_eq!(entry.offset, Offset(next), "offsets have no gaps");
            next += 1;
            found.push(entry.bytes.to_vec());
        }
    }
    Ok(found)
}

#[test]
fn the_log_on_servers_keeps_the_contract() {
    let server = NatsServer::start();
    contract_tests::run(&OnServer(&server));
}

#[test]
fn every_offset_is_found_without_a_cache_whatever_was_trimmed() {
    let server = NatsServer::start();
    let bus = OnServer(&server).open("city", Arc::new(SystemClock));
    let sizes = [1, 3, 1, 7, 2, 2, 5, 1, 1, 9];
    let mut first = 0_u64;
    for count in sizes {
        let records = (first..first + count).map(|offset| offset.to_le_bytes().to_vec()).collect();
        assert_eq!(bus.append(&topic(), records).unwrap().first_offset, Offset(first));
        first += count;
    }
    // It learns of what another trims only when it meets it.
    let stale = OnServer(&server).open("city", Arc::new(SystemClock));
    for trimmed in [0, 5, 20, 1_000] {
        bus.trim(&topic(), Offset(trimmed)).unwrap();
        let fresh = OnServer(&server).open("city", Arc::new(SystemClock));
        let bounds = fresh.bounds(&topic()).unwrap();
        assert_eq!(bounds, bus.bounds(&topic()).unwrap());
        assert!(bounds.start.0 <= trimmed && bounds.end == Offset(first), "{bounds:?}");
        for offset in 0..first {
            let read = fresh.read(&topic(), Offset(offset), 1, 1);
            if offset < bounds.start.0 {
                assert!(matches!(read, Err(BusError::Trimmed { .. })), "{read:?}");
            } else {
                assert_eq!(read.unwrap()[0].bytes[..], offset.to_le_bytes());
                let read = stale.read(&topic(), Offset(offset), 1, 1);
                assert_eq!(read.unwrap()[0].bytes[..], offset.to_le_bytes());
            }
        }
    }
    assert!(bus.bounds(&topic()).unwrap().start > Offset(20), "whole messages were trimmed");
    assert!(bus.kept(&topic()).unwrap().segments < sizes.len());
}

#[test]
fn a_reader_in_another_process_follows_the_writer() {
    let server = NatsServer::start();
    let (writer, reader) = (open(&server), open(&server));
    writer.append(&topic(), vec![b"a".to_vec()]).unwrap();
    assert_eq!(reader.wait(&topic(), Offset(0), Duration::from_mins(1)), Ok(Offset(1)));
    writer.append(&topic(), vec![b"b".to_vec(), b"c".to_vec()]).unwrap();
    assert_eq!(reader.wait(&topic(), Offset(1), Duration::from_mins(1)), Ok(Offset(3)));
    assert_eq!(bytes(&reader, 0).unwrap(), [b"a", b"b", b"c"]);
}

#[test]
fn a_reader_that_sleeps_through_a_trim_goes_on_behind_it() {
    let server = NatsServer::start();
    let (writer, reader) = (open(&server), open(&server));
    writer.append(&topic(), vec![vec![0]]).unwrap();
    // This opens the topic, and does not follow it yet.
    assert_eq!(reader.load_cursor("reader", &topic()), Ok(None));
    for i in 1..7 {
        writer.append(&topic(), vec![vec![i]]).unwrap();
    }
    writer.trim(&topic(), Offset(5)).unwrap();
    assert_eq!(reader.wait(&topic(), Offset(6), Duration::from_mins(1)), Ok(Offset(7)));
    assert_eq!(reader.bounds(&topic()), Ok(Offset(5)..Offset(7)));
    assert_eq!(bytes(&reader, 5).unwrap(), [[5], [6]]);
}

#[test]
fn a_new_owner_shuts_the_old_one_out() {
    let server = NatsServer::start();
    let (first, second) = (open(&server), open(&server));
    first.append(&topic(), vec![b"first".to_vec()]).unwrap();
    assert_eq!(second.append(&topic(), vec![b"second".to_vec()]).unwrap().first_offset, Offset(1));
    for _ in 0..2 {
        let late = first.append(&topic(), vec![b"late".to_vec()]);
        assert_eq!(late, Err(BusError::Fenced { topic: "t".to_owned(), epoch: 2 }));
    }
    assert_eq!(second.append(&topic(), vec![b"third".to_vec()]).unwrap().first_offset, Offset(2));
    // It still reads what the other writes.
    assert_eq!(first.wait(&topic(), Offset(2), Duration::from_mins(1)), Ok(Offset(3)));
    for bus in [&first, &second] {
        assert_eq!(bytes(bus, 0).unwrap(), [&b"first"[..], b"second", b"third"]);
    }
}

#[test]
fn owners_that_race_leave_one_and_no_record_twice() {
    let server = NatsServer::start();
    let told: Vec<Result<Offset, BusError>> = std::thread::scope(|scope| {
        let append = |bus: &JetStream, i: u8| bus.append(&topic(), vec![vec![i]]).map(|done| done.first_offset);
        let owners = (0..4).map(|i| {
            let bus = open(&server);
            scope.spawn(move || append(&bus, i))
        });
        owners.collect::<Vec<_>>().into_iter().map(|owner| owner.join().unwrap()).collect()
    });
    let stored = bytes(&open(&server), 0).unwrap();
    for (i, result) in told.iter().enumerate() {
        let copies = stored.iter().filter(|record| record[..] == [i as u8]).count();
        match result {
            Ok(offset) => assert_eq!((&stored[offset.0 as usize][..], copies), (&[i as u8][..], 1)),
            Err(BusError::Fenced { .. }) => assert_eq!(copies, 0),
            Err(other) => panic!("{other}"),
        }
    }
    assert!(told.iter().any(Result::is_ok), "{told:?}");
}

#[test]
fn an_append_larger_than_a_message_is_refused_with_the_size_that_fits() {
    let server = NatsServer::start();
    let bus = open(&server);
    let refused = bus.append(&topic(), vec![vec![0; 600_000], vec![0; 600_000]]);
    let Err(BusError::TooLarge { what: "an append", most, .. }) = refused else {
        panic!("{refused:?}");
    };
    let records = |bytes: usize| vec![vec![1; bytes], vec![2; 100]];
    let fixed = vigiles_bus::jetstream::frame::size(&records(0));
    assert!(bus.append(&topic(), records(most - fixed + 1)).is_err());
    assert_eq!(bus.append(&topic(), records(most - fixed)).unwrap().first_offset, Offset(0));
    // Many that fit, but not together.
    let large = |i: u8| vec![vec![i; 400_000]];
    let (tell, told) = std::sync::mpsc::sync_channel(8);
    for i in 0..8 {
        let tell = tell.clone();
        bus.append_async(&topic(), large(i), Box::new(move |done| tell.send(done.unwrap().first_offset).unwrap()))
            .unwrap();
    }
    let offsets: Vec<_> = told.iter().take(8).map(|offset| offset.0).collect();
    assert_eq!(offsets, (2..10).collect::<Vec<_>>());
    assert_eq!(bytes(&bus, 2).unwrap(), (0..8).map(|i| vec![i; 400_000]).collect::<Vec<_>>());
}
