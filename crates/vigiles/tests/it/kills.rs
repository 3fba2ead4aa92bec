//! kill -9 at moments given by progress: everything acknowledged is there afterwards, once.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::city::{HIGH, KIND, furnish, line};
use crate::server::{Client, Server, check, said, token_with};

/// Readings in a delivery; the last one is high.
const BATCH: u64 = 30;
/// How many kills there are instead of ten: `scripts/durability kills` asks for a thousand.
const KILLS: &str = "VIGILES_KILLS";
/// A platform's directory is checked after each kill, up to so many; then after every fiftieth, since it grows.
const CHECKED: usize = 50;

/// Acknowledged deliveries before each kill.
pub(crate) fn rounds() -> Vec<u64> {
    let kills = std::env::var(KILLS).ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    (0..kills).map(|kill: u64| 1 + kill * 7919 % 13).collect()
}

/// What else is done to a platform in the middle of a round.
pub(crate) type Disturb<'a> = &'a mut dyn FnMut(usize);

/// More than a round ever tells, so that telling never waits.
const MOST_TOLD: usize = 65_536;

/// Delivery `number`: each has one asset of its own.
fn delivery(number: u64) -> String {
    let value = |place| number * BATCH + place + if place + 1 == BATCH { HIGH } else { 0 };
    (0..BATCH).map(|place| line(&format!("a{number}"), value(place))).collect()
}

/// Delivers from `next` on until the platform is gone, telling each acknowledgement; gives the first that has none.
fn deliver(client: &Client, mut next: u64, acknowledged: &SyncSender<u64>) -> u64 {
    while let Ok(answer) = client.deliver(&delivery(next)) {
        match answer.status {
            202 => next += 1,
            429 | 503 => {}
            _ => panic!("{answer:?}"),
        }
        // Nobody counts any more once the kill is under way.
        let _killed = acknowledged.send(next);
    }
    next
}

/// Publishes with quality of service 1; whether it was acknowledged.
pub(crate) fn publish(server: &Server, token: &str, asset: &str, value: u64) -> bool {
    let (host, port) = server.mqtt.split_once(':').unwrap();
    let topic = format!("vigiles/v1/observations/{KIND}/{asset}");
    let arguments = ["-h", host, "-p", port, "-u", "test", "-P", token, "-q", "1", "-t", &topic, "-m"];
    let mut command = Command::new("mosquitto_pub");
    command.args(arguments).arg(value.to_string()).stderr(Stdio::null());
    command.status().unwrap().success()
}

/// Round after round on one directory, each with so many acknowledged deliveries before the kill; gives how many deliveries
/// and messages were acknowledged.
fn kill_often(data: &Path, further: &[&str], source: &str, rounds: &[u64], disturb: Disturb<'_>) -> (u64, u64) {
    let (mut next, mut messages) = (0, 0);
    for (round, after) in rounds.iter().enumerate() {
        let mut server = Server::start_with(data, further);
        let client = server.client(source);
        let (sender, receiver) = sync_channel(MOST_TOLD);
        let goal = next + after;
        next = std::thread::scope(|scope| {
            let delivering = scope.spawn(move || deliver(&client, next, &sender));
            messages += u64::from(publish(&server, source, &format!("m{round}"), round as u64 + 1));
            disturb(round);
            while receiver.recv().is_ok_and(|done| done < goal) {}
            server.kill();
            delivering.join().unwrap()
        });
        assert!(next >= goal, "{next} of {goal}");
        if round < CHECKED || round % CHECKED == 0 {
            let checked = check(data, further);
            assert!(checked.status.success(), "after kill {round}: {}", said(&checked));
        }
    }
    (next, messages)
}

/// Kills a platform with these further arguments again and again, and looks for everything that it acknowledged.
#[allow(clippy::print_stdout, reason = "who asks for a thousand kills reads on the terminal how it went")]
pub(crate) fn check_kills(further: &[&str], rounds: &[u64], disturb: Disturb<'_>) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (source, reader) = (token_with(&data, "source", further), token_with(&data, "administrator", further));
    let mut server = Server::start_with(&data, further);
    furnish(&server.client(&reader), "{asset} is high", true);
    server.kill();
    let (deliveries, messages) = kill_often(&data, further, &source, rounds, disturb);
    assert_eq!(messages, rounds.len() as u64, "messages acknowledged");

    let server = Server::start_with(&data, further);
    let reader = server.client(&reader);
    let mut stored: HashMap<(String, u64), u32> = HashMap::new();
    for item in reader.all(&format!("/api/v1/observations?kind={KIND}")) {
        let key = (item["asset"].as_str().unwrap().to_owned(), item["value"].as_f64().unwrap() as u64);
        *stored.entry(key).or_default() += 1;
    }
    assert!(stored.values().all(|times| *times == 1), "doubled: {stored:?}");
    for number in 0..deliveries {
        for place in 0..BATCH {
            let value = number * BATCH + place + if place + 1 == BATCH { HIGH } else { 0 };
            assert!(stored.contains_key(&(format!("a{number}"), value)), "lost: {place} of delivery {number}");
        }
    }
    for round in 0..rounds.len() as u64 {
        assert!(stored.contains_key(&(format!("m{round}"), round + 1)), "the message of round {round}");
    }
    // One alarm and one incident of each delivery, also where it was delivered again after a kill.
    let assets: u64 = stored.keys().filter(|(_, value)| *value >= HIGH).count() as u64;
    for list in ["/api/v1/alarms", "/api/v1/incidents"] {
        // Ready means that the log has been read; its last effects may be on their way to the store.
        while (reader.all(list).len() as u64) < assets {}
        assert_eq!(reader.all(list).len() as u64, assets, "{list}");
    }
    server.stop();
    let checked = check(&data, further);
    assert!(checked.status.success(), "{}", said(&checked));
    println!(
        "{} kills, {} observations acknowledged: none lost, none doubled",
        rounds.len(),
        deliveries * BATCH + messages
    );
    println!("{assets} alarms and incidents: none doubled");
}

#[test]
fn what_was_acknowledged_is_there_once() {
    check_kills(&[], &rounds(), &mut |_| {});
}

/// Opens incidents with a key each until the platform is gone; gives the first that was not answered.
fn command(client: &Client, mut next: u64, answered: &SyncSender<u64>) -> u64 {
    loop {
        let body = format!(
            "{{\"title\":\"deed {next}\",\"incident_type\":\"test\",\"priority\":\"p3\",\"severity\":\"minor\"}}"
        );
        match client.post("/api/v1/incidents", "application/json", &format!("k{next}"), &body) {
            Ok(answer) if answer.status == 201 => next += 1,
            Ok(answer) => drop(answer.expect(&[409, 503])),
            Err(_gone) => return next,
        }
        let _killed = answered.send(next);
    }
}

/// Kills a platform with these further arguments while it carries out commands.
pub(crate) fn check_commands(further: &[&str], rounds: &[u64]) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let operator = token_with(&data, "supervisor", further);
    let mut next = 0;
    for after in rounds {
        let mut server = Server::start_with(&data, further);
        let client = server.client(&operator);
        let (sender, receiver) = sync_channel(MOST_TOLD);
        let goal = next + after;
        next = std::thread::scope(|scope| {
            // The one that the last kill cut off comes first, with the same key.
            let commanding = scope.spawn(move || command(&client, next, &sender));
            while receiver.recv().is_ok_and(|done| done < goal) {}
            server.kill();
            commanding.join().unwrap()
        });
    }
    let server = Server::start_with(&data, further);
    let mut titles: Vec<String> = server
        .client(&operator)
        .all("/api/v1/incidents")
        .iter()
        .map(|incident| incident["title"].as_str().unwrap().to_owned())
        .collect();
    titles.sort();
    let count = titles.len() as u64;
    titles.dedup();
    assert_eq!(titles.len() as u64, count, "done twice");
    assert!((next..=next + 1).contains(&count), "{count} of {next}");
}

#[test]
fn a_command_with_a_key_is_done_once() {
    check_commands(&[], &rounds());
}
