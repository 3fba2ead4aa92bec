//! As a client of a real Mosquitto.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use vigiles_connect::mqtt_client::{Config, ConfigError, MqttClient};
use vigiles_formats::mapping::Mapping;
use vigiles_model::SourceId;
use vigiles_runtime::door::{Door, Knock, Source};

use crate::door::FakeDoor;

/// A Mosquitto on the port, once it listens.
async fn mosquitto(dir: &tempfile::TempDir, port: u16) -> Child {
    let config = dir.path().join("mosquitto.conf");
    std::fs::write(&config, format!("listener {port} 127.0.0.1\nallow_anonymous true\n")).unwrap();
    let program =
        if std::path::Path::new("/usr/sbin/mosquitto").exists() { "/usr/sbin/mosquitto" } else { "mosquitto" };
    let mut child = Command::new(program)
        .args(["-v", "-c", config.to_str().unwrap()])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap().expect("mosquitto runs");
        if line.contains("running") {
            break;
        }
    }
    // Keep reading, so that it can go on writing.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    child
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn publish(port: u16, topic: &str, payload: &str) {
    let arguments = ["-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1", "-t", topic, "-m", payload];
    assert!(Command::new("mosquitto_pub").args(arguments).status().await.unwrap().success());
}

fn config(port: u16, door: &FakeDoor) -> Config {
    let mapping =
        Mapping::from_toml("format='json'\nasset='{topic.2}'\n[[observations]]\nkind='air.pm25'\nvalue='/pm'").unwrap();
    Config {
        url: format!("mqtt://127.0.0.1:{port}"),
        ca: None,
        client_id: "vigiles-test".into(),
        credentials: None,
        filters: vec!["lora/+/up".into()],
        source: Source {
            id: SourceId::new("lora").unwrap(),
            name: "LoRa".into(),
            topic: None,
            mapping: Some(Arc::new(mapping)),
        },
        grant: door.authenticate("good", &Knock { door: "test", from: None }).unwrap(),
        max_packet_bytes: 256 * 1024,
    }
}

async fn until(what: impl Fn() -> bool) {
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    while !what() {
        ticks.tick().await;
    }
}

#[tokio::test]
async fn messages_are_acknowledged_when_durable_and_kept_while_away() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let _mosquitto = mosquitto(&dir, port).await;
    let door = FakeDoor::new();
    door.hold.send_replace(true);

    let (stop, stopped) = watch::channel(false);
    let client = MqttClient::new(config(port, &door), door.clone()).unwrap();
    let health = client.health();
    let running = tokio::spawn(client.run(stopped));
    until(|| health.connected.load(Relaxed)).await;
    // The subscription is on its way: a message before it would be lost by right.
    let mut asked = 0;
    while *door.asked.borrow() == 0 {
        asked += 1;
        publish(port, "lora/n1/up", r#"{"pm":4}"#).await;
        assert!(asked < 1000);
    }
    // The door holds it back, so it is not acknowledged; the client goes away.
    running.abort();
    let _ = running.await;
    drop(stop);
    assert!(door.stored().is_empty());
    publish(port, "lora/n2/up", r#"{"pm":5}"#).await;

    door.hold.send_replace(false);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(MqttClient::new(config(port, &door), door.clone()).unwrap().run(stopped));
    until(|| door.stored().len() == 2).await;
    assert_eq!(door.stored(), ["air.pm25 n1 Number(4.0)", "air.pm25 n2 Number(5.0)"]);
    stop.send_replace(true);
    running.await.unwrap();
}

/// As a network server publishes them: by the mapping of the manual, and no other event of a device.
#[tokio::test]
async fn uplinks_of_chirpstack_are_taken_once() {
    let manual = include_str!("../../../../docs/mappings.md");
    let mapping = manual.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let mapping = mapping.replace("air.temperature", "air.pm25").replace("\"Cel\"", "\"ug/m3\"");
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let _mosquitto = mosquitto(&dir, port).await;
    let door = FakeDoor::new();
    let mut config = config(port, &door);
    config.filters = vec!["application/+/device/+/event/up".into()];
    config.source.mapping = Some(Arc::new(Mapping::from_toml(&mapping).unwrap()));
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(MqttClient::new(config, door.clone()).unwrap().run(stopped));

    let event = |device: &str, rest: &str| {
        format!(r#"{{"time":"2022-07-18T09:34:15.775023242+00:00","deviceInfo":{{"devEui":"{device}"}},{rest}}}"#)
    };
    let topic = |device: &str, event: &str| format!("application/ca739e26/device/{device}/event/{event}");
    // The subscription is on its way; what comes again is the same observation.
    let first = event("0101", r#""object":{"temp":195}"#);
    while *door.asked.borrow() == 0 {
        publish(port, &topic("0101", "up"), &first).await;
    }
    publish(port, &topic("0102", "join"), &event("0102", r#""devAddr":"00189440""#)).await;
    publish(port, &topic("0102", "up"), &event("0102", r#""data":"qg==""#)).await;
    publish(port, &topic("0103", "up"), &event("0103", r#""object":{"open":true}"#)).await;
    until(|| door.stored().iter().any(|line| line.contains("0103"))).await;
    let ids: BTreeSet<_> = door.taken.lock().unwrap().iter().map(|o| o.id).collect();
    assert_eq!(ids.len(), 2, "{:?}", door.stored());
    assert_eq!(door.stored().first().map(String::as_str), Some("air.pm25 0101 Number(19.5)"));
    assert_eq!(door.stored().last().map(String::as_str), Some("door.open 0103 Boolean(true)"));
    stop.send_replace(true);
    running.await.unwrap();
}

#[tokio::test]
async fn a_broker_that_comes_late_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let door = FakeDoor::new();
    let (_stop, stopped) = watch::channel(false);
    let client = MqttClient::new(config(port, &door), door.clone()).unwrap();
    let health = client.health();
    tokio::spawn(client.run(stopped));
    until(|| health.failures.load(Relaxed) > 0).await;
    assert!(health.last_error.lock().is_some());
    let _mosquitto = mosquitto(&dir, port).await;
    until(|| health.connected.load(Relaxed)).await;
}

#[test]
fn configurations_are_checked() {
    let door = FakeDoor::new();
    let refuse =
        |config: Config, expected: ConfigError| assert_eq!(MqttClient::new(config, door.clone()).err(), Some(expected));
    refuse(Config { url: "http://x".into(), ..config(1, &door) }, ConfigError::Url("http://x".into()));
    let tls = |ca: &[u8]| Config { url: "mqtts://x".into(), ca: Some(ca.to_vec()), ..config(1, &door) };
    refuse(tls(b"no certificate"), ConfigError::Authority("holds no certificate".into()));
    refuse(Config { filters: vec!["a/#/b".into()], ..config(1, &door) }, ConfigError::Filter("a/#/b".into()));
}
