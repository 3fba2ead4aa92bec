//! What the server loses or what somebody changes is noticed, and named.

use std::fs;

use async_nats::jetstream::Context;
use async_nats::jetstream::stream::{Config, Stream};
use vigiles_bus::{Bus, BusError, JetStream, Offset};

use crate::jetstream::{bytes, open, topic};
use vigiles_bus::jetstream::test_server::{NatsServer, administer};

const STREAM: &str = "city_t";

/// A stream that lets its messages be deleted, as an administrator may have made it beforehand. The log's own does not.
async fn lax_stream(context: Context) -> Stream {
    let config = Config {
        name: STREAM.to_owned(),
        subjects: vec!["city.t".to_owned()],
        allow_direct: true,
        ..Config::default()
    };
    context.create_stream(config).await.unwrap()
}

/// Ten records, each in a message of its own: offset `n` is sequence `n + 2`, behind the message of the owner.
fn ten(server: &NatsServer) {
    let bus = open(server);
    for i in 0..10_u8 {
        bus.append(&topic(), vec![vec![i; 100]]).unwrap();
    }
    bus.save_cursor("reader", &topic(), Offset(10)).unwrap();
}

fn damage(result: Result<impl std::fmt::Debug, BusError>) -> (u64, String) {
    match result {
        Err(BusError::DamagedStream { stream, sequence, what }) => {
            assert_eq!(stream, STREAM);
            (sequence, what)
        }
        other => panic!("{other:?}"),
    }
}

fn all(bus: &JetStream) -> Result<Vec<Vec<u8>>, BusError> {
    bytes(bus, bus.bounds(&topic())?.start.0)
}

#[test]
fn no_message_can_be_deleted_from_a_stream_that_the_log_made() {
    let server = NatsServer::start();
    ten(&server);
    let refused = administer(&server, async |context| {
        context.get_stream(STREAM).await.unwrap().delete_message(5).await.unwrap_err().to_string()
    });
    assert!(refused.contains("message delete not permitted"), "{refused}");
    assert_eq!(all(&open(&server)).unwrap().len(), 10);
}

#[test]
fn a_deleted_message_is_named() {
    for (sequence, expected) in
        [(5, (6, "message 5 before it is missing")), (11, (11, "the newest message is missing"))]
    {
        let server = NatsServer::start();
        administer(&server, async |context| drop(lax_stream(context).await));
        ten(&server);
        administer(&server, async |context| {
            context.get_stream(STREAM).await.unwrap().delete_message(sequence).await.unwrap()
        });
        let (found, what) = damage(all(&open(&server)));
        assert_eq!((found, &what[..]), expected);
    }
}

#[test]
fn messages_missing_at_the_beginning_are_told_from_trimmed_ones() {
    let server = NatsServer::start();
    ten(&server);
    open(&server).trim(&topic(), Offset(3)).unwrap();
    assert_eq!(all(&open(&server)).unwrap().len(), 7);
    administer(&server, async |context| context.get_stream(STREAM).await.unwrap().purge().sequence(8).await.unwrap());
    let (sequence, what) = damage(open(&server).bounds(&topic()));
    assert_eq!((sequence, &what[..]), (8, "it is the oldest message, but offsets 3 to 5 are missing before it"));
    administer(&server, async |context| context.get_stream(STREAM).await.unwrap().purge().await.unwrap());
    let (_, what) = damage(open(&server).bounds(&topic()));
    assert_eq!(what, "all messages are missing");
    administer(&server, async |context| context.delete_stream(STREAM).await.unwrap());
    let (_, what) = damage(open(&server).append(&topic(), vec![vec![1]]));
    assert_eq!(what, "it is empty, though it had been written up to offset 10");
}

#[test]
fn a_message_of_a_stranger_is_named_by_reader_and_writer() {
    let server = NatsServer::start();
    let stranger = |payload: &'static str| {
        administer(&server, async |context| context.publish("city.t", payload.into()).await.unwrap().await.unwrap());
    };
    let (writer, reader) = (open(&server), open(&server));
    writer.append(&topic(), vec![vec![1]]).unwrap();
    assert_eq!(reader.wait(&topic(), Offset(0), std::time::Duration::from_mins(1)), Ok(Offset(1)));
    stranger("not of the log");
    let (sequence, what) = damage(reader.wait(&topic(), Offset(1), std::time::Duration::from_mins(1)));
    assert_eq!((sequence, what.starts_with("it is no frame of the log")), (3, true), "{what}");
    let (sequence, _) = damage(reader.read(&topic(), Offset(1), 1, 1));
    assert_eq!(sequence, 3);
    // What was there before can still be read, and the writer does not build on it.
    assert_eq!(bytes(&reader, 0).unwrap(), [[1]]);
    assert_eq!(damage(writer.append(&topic(), vec![vec![2]])).0, 3);
}

/// Writes the stream anew with `change` made to the payload of each message.
fn rewrite(server: &NatsServer, change: impl Fn(u64, Vec<u8>) -> Vec<u8>) {
    administer(server, async |context| {
        let stream = context.get_stream(STREAM).await.unwrap();
        let mut payloads = Vec::new();
        for sequence in 1..=11 {
            payloads.push(change(sequence, stream.get_raw_message(sequence).await.unwrap().payload.to_vec()));
        }
        context.delete_stream(STREAM).await.unwrap();
        lax_stream(context.clone()).await;
        for payload in payloads {
            context.publish("city.t", payload.into()).await.unwrap().await.unwrap();
        }
    });
}

#[test]
fn an_edited_message_is_named() {
    let server = NatsServer::start();
    ten(&server);
    rewrite(&server, |_, payload| payload);
    assert_eq!(all(&open(&server)).unwrap().len(), 10, "an unchanged copy is whole");
    rewrite(&server, |sequence, mut payload| {
        if sequence == 6 {
            payload[100] ^= 1;
        }
        payload
    });
    let (sequence, what) = damage(all(&open(&server)));
    assert_eq!((sequence, &what[..]), (6, "its contents do not fit its hash"));
}

#[test]
fn an_edited_message_with_a_right_hash_of_its_own_does_not_join() {
    use bytes::Bytes;
    use vigiles_bus::jetstream::frame;
    let server = NatsServer::start();
    ten(&server);
    rewrite(&server, |sequence, payload| {
        if sequence != 6 {
            return payload;
        }
        let frame = frame::parse(STREAM, &Bytes::from(payload)).unwrap();
        frame::write(STREAM, &frame.head, &[Bytes::from_static(b"forged")]).0.to_vec()
    });
    let (sequence, what) = damage(all(&open(&server)));
    assert_eq!(sequence, 7);
    assert!(what.starts_with("it does not join the message before it: it names hash "), "{what}");
}

#[test]
fn a_flipped_bit_on_the_servers_disk_is_named() {
    let mut server = NatsServer::start();
    ten(&server);
    server.kill();
    let [file] = &server.message_files(STREAM)[..] else {
        panic!("one file of messages");
    };
    let mut stored = fs::read(file).unwrap();
    // Inside the record of offset 4, which is in sequence 6.
    let at = stored.windows(50).position(|window| window == [4; 50]).unwrap();
    stored[at + 20] ^= 1;
    fs::write(file, stored).unwrap();
    server.restart();
    let (sequence, what) = damage(all(&open(&server)));
    // The server drops, without a word, what it cannot read and everything behind it.
    assert_eq!((sequence, &what[..]), (5, "it is the newest message and ends at offset 4, but 10 had been reached"));
}

#[test]
fn newest_messages_that_the_server_lost_are_missed_by_cursors_and_by_the_writer() {
    let mut server = NatsServer::start();
    ten(&server);
    let writer = open(&server);
    writer.append(&topic(), vec![vec![10; 100]]).unwrap();
    server.kill();
    // What a disk that lies about its syncs leaves after a power cut: the last messages are not there.
    let [file] = &server.message_files(STREAM)[..] else {
        panic!("one file of messages");
    };
    let stored = fs::read(file).unwrap();
    let at = stored.windows(50).position(|window| window == [8; 50]).unwrap();
    fs::write(file, &stored[..at]).unwrap();
    server.restart();
    let (sequence, what) = damage(writer.append(&topic(), vec![vec![11]]));
    assert!(sequence < 13 && what.contains("but 13 had been acknowledged"), "sequence {sequence}: {what}");
    let (_, what) = damage(open(&server).bounds(&topic()));
    assert_eq!(what, "it is the newest message and ends at offset 8, but 10 had been reached");
}
