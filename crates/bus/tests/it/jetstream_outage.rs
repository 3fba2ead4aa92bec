//! Servers that go away and come back: nothing acknowledged is lost, nothing is stored twice.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use vigiles_bus::jetstream::Options;
use vigiles_bus::{Bus, BusError, JetStream, Offset, SystemClock};

use crate::jetstream::{bytes, open, topic};
use vigiles_bus::jetstream::test_server::NatsServer;

#[test]
fn a_server_killed_again_and_again_loses_and_doubles_nothing() {
    const THREADS: usize = 4;
    const APPENDS: usize = 120;
    let mut server = NatsServer::start();
    let bus = open(&server);
    bus.append(&topic(), vec![b"first".to_vec()]).unwrap();
    let (tell, told) = mpsc::sync_channel(THREADS * APPENDS);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (bus, tell) = (&bus, tell.clone());
            scope.spawn(move || {
                for i in 0..APPENDS {
                    let records = [format!("{thread}-{i}a"), format!("{thread}-{i}b")].map(String::into_bytes);
                    tell.send((bus.append(&topic(), records.to_vec()).unwrap().first_offset.0, records)).unwrap();
                }
            });
        }
        let mut stored = vec![b"first".to_vec(); 1 + 2 * THREADS * APPENDS];
        for done in 0..THREADS * APPENDS {
            // In the middle of appends: each thread has one under way.
            if done % 100 == 99 {
                server.kill();
                server.restart();
            }
            let (offset, records) = told.recv().unwrap();
            for (place, record) in stored[offset as usize..].iter_mut().zip(records) {
                assert_eq!(std::mem::replace(place, record), b"first", "an offset was given twice");
            }
        }
        assert_eq!(bytes(&bus, 0).unwrap(), stored);
        assert_eq!(bytes(&open(&server), 0).unwrap(), stored);
    });
}

#[test]
fn without_a_server_an_append_fails_in_time_and_a_later_one_goes_on() {
    let mut server = NatsServer::start();
    let hurried =
        Options { patience: Duration::ZERO, answer_timeout: Duration::from_millis(500), ..Options::default() };
    let bus = JetStream::open(&server.address("city"), hurried, Arc::new(SystemClock)).unwrap();
    let patient = open(&server);
    bus.append(&topic(), vec![b"a".to_vec()]).unwrap();
    server.kill();
    let failed = bus.append(&topic(), vec![b"b".to_vec()]);
    assert!(matches!(failed, Err(BusError::Unavailable { doing: "appending to", .. })), "{failed:?}");
    // What is in memory can still be read.
    assert_eq!(bus.read(&topic(), Offset(0), 1, 1).unwrap()[0].bytes[..], *b"a");
    server.restart();
    // The patient one waits until the server is there, and takes the topic over.
    assert_eq!(patient.append(&topic(), vec![b"c".to_vec()]).unwrap().first_offset, Offset(1));
    assert_eq!(bytes(&patient, 0).unwrap(), [b"a", b"c"]);
}

#[test]
fn without_a_server_the_queue_fills_and_says_so_and_is_written_later() {
    let mut server = NatsServer::start();
    let options = Options { queue_records: 2, ..Options::default() };
    let bus = JetStream::open(&server.address("city"), options, Arc::new(SystemClock)).unwrap();
    bus.append(&topic(), vec![vec![0]]).unwrap();
    server.kill();
    let (tell, told) = mpsc::sync_channel(2);
    for i in 1..=2 {
        let tell = tell.clone();
        bus.append_async(&topic(), vec![vec![i]], Box::new(move |done| tell.send(done).unwrap())).unwrap();
    }
    let full = bus.append_async(&topic(), vec![vec![3]], Box::new(|_| panic!("never queued")));
    assert!(matches!(full, Err(BusError::Full { records: 2, .. })), "{full:?}");
    assert_eq!(bus.queued(&topic()).unwrap().records, 2);
    server.restart();
    for offset in 1..=2 {
        assert_eq!(told.recv().unwrap().unwrap().first_offset, Offset(offset));
    }
    assert_eq!(bytes(&bus, 0).unwrap(), [[0], [1], [2]]);
}

/// Stands between client and server and cuts the connection instead of passing on an answer to an append.
fn cutting_proxy(server: &NatsServer, cuts: &Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, to, cuts) = (listener.local_addr().unwrap(), server.client.clone(), Arc::clone(cuts));
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(&to).unwrap());
            let (mut up, mut into) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || {
                // Either side may end the connection at any time.
                let _copied = std::io::copy(&mut up, &mut into);
            });
            let cuts = Arc::clone(&cuts);
            std::thread::spawn(move || pass_answers(server, client, &cuts));
        }
    });
    address.to_string()
}

fn pass_answers(mut server: TcpStream, mut client: TcpStream, cuts: &AtomicUsize) {
    const ACKNOWLEDGED: &[u8] = br#"{"stream":"city_t","seq":"#;
    let (mut buffer, mut seen) = (vec![0; 64 << 10], Vec::new());
    while let Ok(length @ 1..) = server.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..length]);
        let acknowledged = seen.windows(ACKNOWLEDGED.len()).any(|window| window == ACKNOWLEDGED);
        let less = |left: usize| left.checked_sub(1);
        if acknowledged && cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            // It may be closed by now.
            let _cut = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
            return;
        }
        seen.drain(..if acknowledged { seen.len() } else { seen.len().saturating_sub(ACKNOWLEDGED.len()) });
        if client.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
}

#[test]
fn an_append_whose_answer_was_lost_is_stored_once() {
    let server = NatsServer::start();
    let cuts = Arc::new(AtomicUsize::new(0));
    let address = format!("nats://{}/city?monitor=http://{}", cutting_proxy(&server, &cuts), server.monitor);
    let bus = JetStream::open(&address, Options::default(), Arc::new(SystemClock)).unwrap();
    // The first answer lost is that to the message by which this process becomes the owner.
    for (i, lost) in [(0, 1), (1, 1), (2, 3), (3, 0)] {
        cuts.store(lost, Ordering::SeqCst);
        assert_eq!(bus.append(&topic(), vec![vec![i]]).unwrap().first_offset, Offset(u64::from(i)));
        assert_eq!(cuts.load(Ordering::SeqCst), lost.saturating_sub(lost.min(1)), "answers were lost");
    }
    assert_eq!(bytes(&open(&server), 0).unwrap(), [[0], [1], [2], [3]]);
}
