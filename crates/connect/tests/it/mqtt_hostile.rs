//! What the broker promises when things go wrong.

use std::sync::atomic::Ordering::Relaxed;

use vigiles_connect::mqtt::Config;
use vigiles_runtime::door::SubmitError;

use crate::door::{Running, start};
use crate::raw::Raw;

const TOPIC: &str = "vigiles/v1/observations/air.pm25/s1";
const PUBACK: u8 = 0x40;
const DISCONNECT: u8 = 0xe0;

#[tokio::test]
async fn puback_only_after_durable() {
    let run = start(Config::default()).await;
    run.door.hold.send_replace(true);
    let (mut raw, _) = Raw::connect(run.address, false, "a", "good").await;
    raw.publish(1, 7, TOPIC, b"12.5").await;
    run.door.asked(1).await;
    assert!(raw.stream.try_read(&mut [0; 9]).is_err(), "acknowledged before it was durable");
    run.door.hold.send_replace(false);
    assert_eq!(raw.receive().await, Some((PUBACK, vec![0, 7])));
    assert_eq!(run.door.stored(), ["air.pm25 s1 Number(12.5)"]);
}

#[tokio::test]
async fn redelivery_after_a_lost_puback_does_no_harm() {
    let run = start(Config::default()).await;
    run.door.hold.send_replace(true);
    let (mut raw, _) = Raw::connect(run.address, false, "a", "good").await;
    let payload = br#"{"value":12.5,"time":"2026-01-01T00:00:00Z"}"#;
    raw.publish(1, 7, TOPIC, payload).await;
    run.door.asked(1).await;
    drop(raw);
    run.door.hold.send_replace(false);
    let (mut again, _) = Raw::connect(run.address, false, "a", "good").await;
    again.publish(1, 7, TOPIC, payload).await;
    assert_eq!(again.receive().await, Some((PUBACK, vec![0, 7])));
    assert_eq!(run.door.stored(), ["air.pm25 s1 Number(12.5)"]);
}

#[tokio::test]
async fn a_repeated_exactly_once_message_is_taken_once() {
    let run = start(Config::default()).await;
    let (mut raw, _) = Raw::connect(run.address, false, "a", "good").await;
    raw.publish(2, 9, TOPIC, b"1").await;
    assert_eq!(raw.receive().await, Some((0x50, vec![0, 9])));
    raw.publish(2, 9, TOPIC, b"1").await;
    assert_eq!(raw.receive().await, Some((0x50, vec![0, 9])));
    raw.send(0x62, &[0, 9]).await;
    assert_eq!(raw.receive().await, Some((0x70, vec![0, 9])));
    assert_eq!(*run.door.asked.borrow(), 1);
}

#[tokio::test]
async fn an_identifier_is_free_after_its_pubrel() {
    let run = start(Config::default()).await;
    run.door.hold.send_replace(true);
    let (mut raw, _) = Raw::connect(run.address, false, "a", "good").await;
    raw.publish(2, 9, TOPIC, b"1").await;
    run.door.asked(1).await;
    // These wait in the socket and become one batch.
    raw.send(0x62, &[0, 9]).await;
    raw.publish(2, 9, TOPIC, b"2").await;
    run.door.hold.send_replace(false);
    for first in [0x50, 0x70, 0x50] {
        assert_eq!(raw.receive().await, Some((first, vec![0, 9])));
    }
    assert_eq!(run.door.stored().len(), 2);
}

#[tokio::test]
async fn overload_waits_and_loses_nothing() {
    let run = start(Config::default()).await;
    *run.door.overloads.lock().unwrap() = 3;
    let (mut raw, _) = Raw::connect(run.address, true, "a", "good").await;
    raw.publish(1, 1, TOPIC, b"1").await;
    assert_eq!(raw.receive().await.map(|p| p.0), Some(PUBACK));
    assert_eq!(run.broker.counters().waits.load(Relaxed), 3);
    assert_eq!(run.door.stored().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_acknowledged() {
    let run = start(Config::default()).await;
    *run.door.fails.lock().unwrap() = Some(SubmitError::Storage("disk full".into()));
    let (mut raw, _) = Raw::connect(run.address, true, "a", "good").await;
    raw.publish(1, 1, TOPIC, b"1").await;
    let (first, body) = raw.receive().await.unwrap();
    assert_eq!((first, body[0]), (DISCONNECT, 0x80));
    assert!(String::from_utf8_lossy(&body).contains("disk full"));
}

#[tokio::test]
async fn refused_observations_are_told_to_mqtt_5() {
    let run = start(Config::default()).await;
    let (mut raw, _) = Raw::connect(run.address, true, "a", "good").await;
    raw.publish(1, 3, TOPIC, b"warm").await;
    let (first, body) = raw.receive().await.unwrap();
    assert_eq!((first, &body[..3]), (PUBACK, &[0, 3, 0x99][..]));
    assert!(String::from_utf8_lossy(&body).contains("1 of 1 observations refused"), "{body:?}");
    raw.publish(1, 4, "vigiles/v1/observations", br#"[{"kind":"air.pm25","value":1},{"kind":"x","value":1}]"#).await;
    let (_, body) = raw.receive().await.unwrap();
    assert_eq!(&body[..3], &[0, 4, 0]);
    assert!(String::from_utf8_lossy(&body).contains("number 1 at kind: unknown kind"), "{body:?}");
    let (mut old, _) = Raw::connect(run.address, false, "b", "good").await;
    old.publish(1, 3, TOPIC, b"\xff\xfe").await;
    assert_eq!(old.receive().await, Some((PUBACK, vec![0, 3])));
    assert_eq!(run.broker.counters().rejected.load(Relaxed), 3);
}

#[tokio::test]
async fn wrong_tokens_are_refused() {
    let run = start(Config::default()).await;
    let (_, old) = Raw::connect(run.address, false, "a", "bad").await;
    assert_eq!(old, [0, 5]);
    let (_, new) = Raw::connect(run.address, true, "a", "bad").await;
    assert_eq!(new[1], 0x87);
    assert!(String::from_utf8_lossy(&new).contains("unknown or wrong token"));
    assert_eq!(run.broker.counters().refused.load(Relaxed), 2);
}

/// Sends bytes after a good CONNECT; the connection must end, with this MQTT 5 reason.
async fn check_broken(run: &Running, first: u8, body: &[u8], reason: u8) {
    let (mut raw, _) = Raw::connect(run.address, true, "broken", "good").await;
    raw.send(first, body).await;
    let (kind, answer) = raw.receive().await.expect("a reason");
    assert_eq!((kind, answer[0]), (DISCONNECT, reason), "{first:#x} {body:?}");
    assert_eq!(raw.receive().await, None);
}

#[tokio::test]
async fn broken_packets_end_their_connection_and_no_other() {
    let run = start(Config { max_packet_bytes: 2000, ..Config::default() }).await;
    let (mut good, _) = Raw::connect(run.address, false, "good", "good").await;
    check_broken(&run, 0x30, &[0, 9, b'a'], 0x81).await;
    check_broken(&run, 0x30, &[0, 1, 0xff, 0, b'1'], 0x81).await;
    check_broken(&run, 0x32, &[0, 1, b'a', 0, 0, 0], 0x81).await;
    check_broken(&run, 0x30, &[b'x'; 3000], 0x95).await;
    check_broken(&run, 0x80, &[0, 1, 0], 0x81).await;
    check_broken(&run, 0xf0, &[0], 0x81).await;
    check_broken(&run, 0x10, &[0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 0, 0, 0, 0], 0x82).await;
    // A topic alias.
    check_broken(&run, 0x30, &[0, 0, 3, 35, 0, 1, b'1'], 0x94).await;
    let mut http = Raw::open(run.address, false).await;
    http.stream.try_write(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(http.receive().await, None);
    good.publish(1, 1, TOPIC, b"1").await;
    assert_eq!(good.receive().await.map(|p| p.0), Some(PUBACK));
    assert!(run.broker.counters().protocol_errors.load(Relaxed) >= 6);
}

#[tokio::test]
async fn topics_of_others_are_closed_to_devices() {
    let run = start(Config::default()).await;
    let (mut raw, _) = Raw::connect(run.address, true, "d", "device").await;
    assert_eq!(raw.subscribe(1, "#", 0).await[3], 0x87);
    assert_eq!(raw.subscribe(2, "devices/dev2/#", 0).await[3], 0x87);
    assert_eq!(raw.subscribe(3, "devices/dev1/#", 0).await[3], 0x00);
    raw.publish(1, 4, "devices/dev2/command", b"x").await;
    let (_, body) = raw.receive().await.unwrap();
    assert_eq!(body[2], 0x87);
    raw.publish(1, 5, "vigiles/v2/secret", b"x").await;
    let (_, body) = raw.receive().await.unwrap();
    assert_eq!(body[2], 0x87);
}

#[tokio::test]
async fn who_only_delivers_reads_nothing_and_who_only_reads_delivers_nothing() {
    let run = start(Config::default()).await;
    let (mut source, _) = Raw::connect(run.address, true, "s", "source").await;
    assert_eq!(source.subscribe(1, "#", 0).await[3], 0x87);
    assert_eq!(source.subscribe(2, "devices/feed/#", 0).await[3], 0x00);
    source.publish(1, 3, TOPIC, b"1").await;
    assert_eq!(source.receive().await, Some((PUBACK, vec![0, 3])));
    let (mut desk, _) = Raw::connect(run.address, true, "o", "operator").await;
    assert_eq!(desk.subscribe(1, "vigiles/v1/observations/#", 0).await[3], 0x00);
    desk.publish(1, 2, TOPIC, b"2").await;
    assert_eq!(desk.receive().await.unwrap().1[2], 0x87);
    desk.publish(1, 3, "devices/feed/command", b"open").await;
    assert_eq!(desk.receive().await.unwrap().1[2], 0x87);
    assert_eq!(run.door.stored(), ["air.pm25 s1 Number(1.0)"]);
}

#[tokio::test]
async fn a_slow_subscriber_is_cut_off_and_counted() {
    let run = start(Config { subscriber_queue: 4, ..Config::default() }).await;
    let (mut slow, _) = Raw::connect(run.address, true, "slow", "good").await;
    assert_eq!(slow.subscribe(1, "news/#", 0).await[3], 0);
    let (mut sender, _) = Raw::connect(run.address, false, "sender", "good").await;
    let payload = vec![b'x'; 100_000];
    let counters = run.broker.counters();
    let mut id = 0;
    while counters.slow_subscribers.load(Relaxed) == 0 {
        id += 1;
        assert!(id < 2000, "never cut off");
        sender.publish(1, id, "news/1", &payload).await;
        assert_eq!(sender.receive().await.map(|p| p.0), Some(PUBACK));
    }
    drop(slow);
}

#[tokio::test]
async fn one_name_one_client() {
    let run = start(Config::default()).await;
    let (mut first, _) = Raw::connect(run.address, true, "same", "good").await;
    let (mut second, _) = Raw::connect(run.address, true, "same", "good").await;
    let (kind, body) = first.receive().await.unwrap();
    assert_eq!((kind, body[0]), (DISCONNECT, 0x8e));
    let (mut other, _) = Raw::connect(run.address, true, "same", "device").await;
    for raw in [&mut second, &mut other] {
        raw.send(0xc0, &[]).await;
        assert_eq!(raw.receive().await, Some((0xd0, vec![])));
    }
}

#[tokio::test]
async fn too_many_clients_are_told() {
    let run = start(Config { max_connections: 1, ..Config::default() }).await;
    let (_first, _) = Raw::connect(run.address, true, "a", "good").await;
    let (_, body) = Raw::connect(run.address, true, "b", "good").await;
    assert_eq!(body[1], 0x89);
}

#[tokio::test]
async fn stopping_tells_the_clients() {
    let run = start(Config::default()).await;
    let (mut raw, _) = Raw::connect(run.address, true, "a", "good").await;
    run.stop.send_replace(true);
    let (kind, body) = raw.receive().await.unwrap();
    assert_eq!((kind, body[0]), (DISCONNECT, 0x8b));
    run.served.await.unwrap();
}
