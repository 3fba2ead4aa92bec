//! The broker against clients that others wrote.

use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use vigiles_connect::mqtt::Config;
use vigiles_formats::mapping::Mapping;
use vigiles_model::SourceId;
use vigiles_runtime::door::{Source, Sources};

use crate::door::{Running, start};

fn client(program: &str, run: &Running, arguments: &[&str]) -> Command {
    // Line by line: a program that writes to a pipe would keep its lines back.
    let mut command = Command::new("stdbuf");
    command
        .args(["-oL", program, "-h", "127.0.0.1", "-p", &run.address.port().to_string(), "-u", "any"])
        .args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn publish(run: &Running, arguments: &[&str]) -> Output {
    client("mosquitto_pub", run, arguments).output().await.unwrap()
}

/// Starts mosquitto_sub and waits until it has subscribed.
async fn subscribe(
    run: &Running,
    arguments: &[&str],
) -> (Child, tokio::io::Lines<BufReader<tokio::process::ChildStdout>>) {
    let mut child = client("mosquitto_sub", run, arguments).args(["-d", "-F", "got %t %p %q %r"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap().expect("subscribed");
        if line.contains("Subscribed") {
            return (child, lines);
        }
    }
}

async fn got(lines: &mut tokio::io::Lines<BufReader<tokio::process::ChildStdout>>) -> String {
    loop {
        let line = lines.next_line().await.unwrap().expect("a message");
        if let Some(message) = line.strip_prefix("got ") {
            return message.to_owned();
        }
    }
}

#[tokio::test]
async fn mosquitto_publishes_in_every_version_and_quality() {
    let run = start(Config::default()).await;
    for (i, (version, qos)) in
        [("311", "0"), ("311", "1"), ("311", "2"), ("5", "0"), ("5", "1"), ("5", "2")].into_iter().enumerate()
    {
        let topic = format!("vigiles/v1/observations/air.pm25/s{i}");
        let out = publish(&run, &["-P", "good", "-V", version, "-q", qos, "-t", &topic, "-m", "12.5"]).await;
        assert!(out.status.success(), "{version} {qos}: {out:?}");
    }
    run.door.asked(6).await;
    let mut stored = run.door.stored();
    stored.sort();
    assert_eq!(stored, [0, 1, 2, 3, 4, 5].map(|i| format!("air.pm25 s{i} Number(12.5)")));
}

#[tokio::test]
async fn mosquitto_is_told_of_a_wrong_token() {
    let run = start(Config::default()).await;
    for (version, said) in [("311", "not authorised"), ("5", "Not authorized")] {
        let out = publish(&run, &["-P", "bad", "-V", version, "-t", "a", "-m", "1"]).await;
        let text = String::from_utf8_lossy(&out.stderr).to_lowercase();
        assert!(!out.status.success() && text.contains(&said.to_lowercase()), "{out:?}");
    }
}

#[tokio::test]
async fn ndjson_by_mosquitto_from_a_file() {
    let run = start(Config::default()).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("day.ndjson");
    std::fs::write(&file, "{\"kind\":\"air.pm25\",\"value\":1}\n{\"kind\":\"door.open\",\"value\":true}\n").unwrap();
    let out =
        publish(&run, &["-P", "good", "-q", "1", "-t", "vigiles/v1/observations", "-f", file.to_str().unwrap()]).await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(run.door.stored(), ["air.pm25 - Number(1.0)", "door.open - Boolean(true)"]);
}

#[tokio::test]
async fn messages_between_mosquitto_clients() {
    let run = start(Config::default()).await;
    for version in ["311", "5"] {
        let (_child, mut lines) =
            subscribe(&run, &["-P", "good", "-V", version, "-q", "2", "-t", "site/+/state", "-t", "other"]).await;
        for qos in ["0", "1", "2"] {
            let out = publish(&run, &["-P", "good", "-V", version, "-q", qos, "-t", "site/7/state", "-m", qos]).await;
            assert!(out.status.success(), "{out:?}");
            let granted = if qos == "0" { "0" } else { "1" };
            assert_eq!(got(&mut lines).await, format!("site/7/state {qos} {granted} 0"));
        }
    }
    assert_eq!(run.broker.counters().unmatched.load(Relaxed), 6);
}

#[tokio::test]
async fn retained_messages_and_wills() {
    let run = start(Config::default()).await;
    let out = publish(&run, &["-P", "good", "-r", "-q", "1", "-t", "site/7/mode", "-m", "night"]).await;
    assert!(out.status.success());
    let (_child, mut lines) = subscribe(&run, &["-P", "good", "-V", "5", "-t", "site/#"]).await;
    assert_eq!(got(&mut lines).await, "site/7/mode night 0 1");
    let arguments = ["-P", "good", "-t", "none", "--will-topic", "site/7/lost", "--will-payload", "gone"];
    let (mut dying, _) = subscribe(&run, &arguments).await;
    dying.kill().await.unwrap();
    assert_eq!(got(&mut lines).await, "site/7/lost gone 0 0");
}

#[tokio::test]
async fn a_mapped_source() {
    let run = start(Config::default()).await;
    let mapping =
        Mapping::from_toml("format='json'\nasset='{topic.2}'\n[[observations]]\nkind='air.pm25'\nvalue='/pm'").unwrap();
    let source = Source {
        id: SourceId::new("lora").unwrap(),
        name: "LoRa".into(),
        topic: Some("lora/+/up".into()),
        mapping: Some(Arc::new(mapping)),
    };
    *run.door.sources.lock().unwrap() = Arc::new(Sources { list: vec![source] });
    let out = publish(&run, &["-P", "good", "-q", "1", "-t", "lora/n1/up", "-m", r#"{"pm":4}"#]).await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(run.door.stored(), ["air.pm25 n1 Number(4.0)"]);
    assert_eq!(run.door.taken.lock().unwrap()[0].source.as_str(), "lora");
}

#[tokio::test]
async fn rumqttc_v4_many_in_flight() {
    let run = start(Config::default()).await;
    let mut options = rumqttc::MqttOptions::new("r4", "127.0.0.1", run.address.port());
    options.set_credentials("any", "good").set_keep_alive(Duration::from_secs(30)).set_inflight(100);
    let (client, mut events) = rumqttc::AsyncClient::new(options, 2000);
    for i in 0..1000 {
        let qos = if i % 2 == 0 { rumqttc::QoS::AtLeastOnce } else { rumqttc::QoS::ExactlyOnce };
        client.publish("vigiles/v1/observations/air.pm25/s", qos, false, i.to_string()).await.unwrap();
    }
    let mut done = 0;
    while done < 1000 {
        if let rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_) | rumqttc::Packet::PubComp(_)) =
            events.poll().await.unwrap()
        {
            done += 1;
        }
    }
    assert_eq!(run.door.stored().len(), 1000);
}

#[tokio::test]
async fn rumqttc_v5_round_trip() {
    use rumqttc::v5;
    let run = start(Config::default()).await;
    let mut options = v5::MqttOptions::new("r5", "127.0.0.1", run.address.port());
    options.set_credentials("any", "good").set_keep_alive(Duration::from_secs(30));
    let (client, mut events) = v5::AsyncClient::new(options, 100);
    client.subscribe("vigiles/v1/observations/#", v5::mqttbytes::QoS::AtLeastOnce).await.unwrap();
    client
        .publish("vigiles/v1/observations/door.open/d", v5::mqttbytes::QoS::ExactlyOnce, false, "true")
        .await
        .unwrap();
    let (mut arrived, mut completed) = (false, false);
    while !(arrived && completed) {
        match events.poll().await.unwrap() {
            v5::Event::Incoming(v5::Incoming::Publish(p)) => arrived = &p.payload[..] == b"true",
            v5::Event::Incoming(v5::Incoming::PubComp(_)) => completed = true,
            _ => {}
        }
    }
    assert_eq!(run.door.stored(), ["door.open d Boolean(true)"]);
}

#[tokio::test]
async fn sensorthings_publish_and_subscribe() {
    let run = start(Config::default()).await;
    let own = "v1.1/Datastreams('s7,air.pm25')/Observations";
    let (mut child, mut lines) =
        subscribe(&run, &["-P", "good", "-q", "1", "-t", own, "-t", "v1.1/Observations"]).await;
    // Nothing of the message itself is handed on: what subscribers see is what the platform took.
    let sent = r#"{"result": 12.5, "phenomenonTime": "2026-11-23T03:00:00Z", "parameters": {"side": "north"}}"#;
    let out = publish(&run, &["-P", "source", "-q", "1", "-t", own, "-m", sent]).await;
    assert!(out.status.success(), "{out:?}");
    let mut told = [got(&mut lines).await, got(&mut lines).await];
    told.sort();
    for (line, topic) in told.iter().zip([own, "v1.1/Observations"]) {
        let payload = line.strip_prefix(topic).unwrap_or_else(|| panic!("{line}")).trim();
        let (payload, _) = payload.rsplit_once('}').unwrap();
        let told: serde_json::Value = serde_json::from_str(&format!("{payload}}}")).unwrap();
        assert_eq!((&told["result"], &told["Datastream"]["@iot.id"]), (&12.5.into(), &"s7,air.pm25".into()), "{told}");
        assert_eq!(told["parameters"]["side"], "north");
    }
    // A reading that came as the platform's own form is told too.
    let out = publish(&run, &["-P", "good", "-t", "vigiles/v1/observations/air.pm25/s7", "-m", "99"]).await;
    assert!(out.status.success(), "{out:?}");
    assert!(got(&mut lines).await.contains("99"));
    child.kill().await.unwrap();
    // What is wrong is refused, and the other branches of the API are no topics to publish to.
    let refused = [(own, r#"{"result": "wet"}"#, "RC:153"), ("v1.1/Things", "{}", "RC:135")];
    for (topic, sent, said) in refused {
        let out = publish(&run, &["-P", "good", "-V", "5", "-d", "-q", "1", "-t", topic, "-m", sent]).await;
        let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(text.contains(said), "{topic}: {text}");
    }
    assert_eq!(run.door.stored().len(), 2);
}
