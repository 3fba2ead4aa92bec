//! Backups of a platform that runs, and what comes back of them after the machine is lost.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Instant;

use serde_json::json;
use vigiles_bus::{Clock as _, SystemClock};

use crate::city::{HIGH, KIND, furnish, furnish_with, line};
use crate::server::{Client, Server, check, command, said, token, token_with};

/// Readings in a delivery; the last one is high.
const BATCH: u64 = 10;
/// More than a test ever tells, so that telling never waits.
const MOST_TOLD: usize = 65_536;

/// A folder with a key, a configuration file and a repository; the data directory is `data` in it.
struct Town {
    folder: tempfile::TempDir,
}

impl Town {
    fn new(acknowledge: &str) -> Self {
        let town = Self { folder: tempfile::tempdir().unwrap() };
        let made = command(&["backup", "key", &town.path("key")]);
        assert!(made.status.success(), "{}", said(&made));
        let text = format!(
            "[backup]\nto = '{}'\nkey_file = '{}'\nacknowledge = '{acknowledge}'\n",
            town.path("repository"),
            town.path("key")
        );
        std::fs::write(town.path("vigiles.toml"), text).unwrap();
        town
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn config(&self) -> [String; 2] {
        ["--config".to_owned(), self.path("vigiles.toml")]
    }

    fn start(&self, data: &Path) -> Server {
        let config = self.config();
        Server::start_with(data, &[&config[0], &config[1]])
    }

    /// A token of a platform that does not run.
    fn token(&self, role: &str) -> String {
        token(&self.data(), role)
    }

    fn now(&self) -> String {
        let (data, config) = (self.path("data"), self.path("vigiles.toml"));
        printed(&command(&["backup", "now", "--data", &data, "--config", &config]))
    }

    fn restore(&self, into: &str, further: &[&str]) -> Output {
        let (into, config) = (self.path(into), self.path("vigiles.toml"));
        let mut arguments = vec!["restore", &into, "--config", &config];
        arguments.extend(further);
        command(&arguments)
    }

    fn repository(&self, what: &str) -> Output {
        command(&["backup", what, "--config", &self.path("vigiles.toml")])
    }
}

#[track_caller]
fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

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

/// Which deliveries are there; each reading must be there once.
#[track_caller]
fn delivered(reader: &Client) -> HashMap<String, u64> {
    let (mut seen, mut found) = (HashMap::new(), HashMap::new());
    for item in reader.all(&format!("/api/v1/observations?kind={KIND}")) {
        let asset = item["asset"].as_str().unwrap().to_owned();
        *seen.entry((asset.clone(), item["value"].to_string())).or_insert(0_u64) += 1;
        *found.entry(asset).or_insert(0) += 1;
    }
    assert!(seen.values().all(|times| *times == 1), "doubled: {seen:?}");
    found
}

/// The drill of docs/backup.md: load, a backup while it runs, more load, the machine is lost in the middle of it.
#[test]
fn the_restore_drill_loses_nothing_that_was_acknowledged() {
    let town = Town::new("repository");
    let (source, reader) = (town.token("source"), town.token("administrator"));
    let mut server = town.start(&town.data());
    furnish(&server.client(&reader), "{asset} is high", true);
    let client = server.client(&source);
    let (sender, receiver) = sync_channel(MOST_TOLD);
    let next = std::thread::scope(|scope| {
        let delivering = scope.spawn(move || deliver(&client, 0, &sender));
        while receiver.recv().is_ok_and(|done| done < 20) {}
        let told = town.now();
        assert!(told.starts_with("backup "), "{told}");
        while receiver.recv().is_ok_and(|done| done < 60) {}
        server.kill();
        delivering.join().unwrap()
    });
    assert!(next >= 60, "{next}");
    std::fs::remove_dir_all(town.data()).unwrap();

    let checked = town.repository("check");
    assert!(printed(&checked).contains("everything is in order"), "{}", said(&checked));
    let begun = Instant::now();
    let text = printed(&town.restore("data", &[]));
    assert!(text.contains("restored and checked in"), "{text}");
    let server = town.start(&town.data());
    let rto = begun.elapsed();
    let reader = server.client(&reader);
    let found = delivered(&reader);
    for number in 0..next {
        assert_eq!(found.get(&format!("a{number}")), Some(&BATCH), "delivery {number} was acknowledged");
    }
    // Each of them raised an alarm and opened an incident, those that came back from the log too.
    for list in ["/api/v1/alarms", "/api/v1/incidents"] {
        while reader.all(list).len() < found.len() {}
        assert_eq!(reader.all(list).len(), found.len(), "{list}");
    }
    let audit = reader.get("/api/v1/audit?limit=200").unwrap().expect(&[200]).text;
    assert!(audit.contains("\"restore\"") && audit.contains("all data, sealed, to "), "{audit}");
    server.stop();
    assert!(check(&town.data(), &[]).status.success(), "{}", said(&check(&town.data(), &[])));
    println!(
        "restore drill: {next} deliveries of {BATCH} readings acknowledged, 0 lost (RPO 0); from the restore command to ready in \
         {:.2} s (RTO)",
        rto.as_secs_f64()
    );
}

#[test]
fn a_moment_is_restored_and_the_platform_goes_on_from_it() {
    let town = Town::new("log");
    let (source, reader) = (town.token("source"), town.token("administrator"));
    let server = town.start(&town.data());
    furnish(&server.client(&reader), "{asset} is high", true);
    let client = server.client(&source);
    client.deliver(&delivery(0)).unwrap().expect(&[202]);
    let first = town.now();
    client.deliver(&delivery(1)).unwrap().expect(&[202]);
    // The log stamps what comes with the same clock, later.
    let moment = SystemClock.now().to_string();
    client.deliver(&delivery(2)).unwrap().expect(&[202]);
    let second = town.now();
    server.stop();
    assert!(second.starts_with("backup "), "{second}");

    let text = printed(&town.restore("then", &["--to", &moment]));
    assert!(first.contains(text.split_whitespace().nth(2).unwrap()), "the first backup: {text}");
    let then = town.folder.path().join("then");
    let kept = std::fs::read_to_string(then.join("configuration/vigiles.toml")).unwrap();
    assert!(kept.contains("[backup]"), "{kept}");
    let server = town.start(&then);
    let found = delivered(&server.client(&reader));
    assert_eq!((found.get("a0"), found.get("a1"), found.get("a2")), (Some(&BATCH), Some(&BATCH), None));
    server.client(&source).deliver(&delivery(3)).unwrap().expect(&[202]);
    server.stop();
    // What was restored went on as a line of its own, and is what is newest now.
    let refused = town.restore("then", &[]);
    assert!(!refused.status.success() && said(&refused).contains("is there already"), "{}", said(&refused));
    printed(&town.restore("newest", &[]));
    let server = Server::start(&town.folder.path().join("newest"));
    let found = delivered(&server.client(&reader));
    assert_eq!((found.get("a2"), found.get("a3")), (None, Some(&BATCH)));
    server.stop();
    let listed = printed(&town.repository("list"));
    assert!(listed.contains("backups in "), "{listed}");
}

#[test]
fn a_platform_that_does_not_run_is_backed_up_too() {
    let town = Town::new("log");
    crate::damage::used(&town.data());
    let told = town.now();
    assert!(told.starts_with("backup "), "{told}");
    assert!(printed(&town.repository("check")).contains("1 backups can be restored"));
    printed(&town.restore("back", &[]));
    let back = town.folder.path().join("back");
    let server = Server::start(&back);
    let reader = server.client(&token_with(&back, "administrator", &[]));
    assert_eq!(reader.all(&format!("/api/v1/observations?kind={KIND}")).len(), 20);
    server.stop();

    let wrong = town.path("wrong");
    std::fs::write(&wrong, "another passphrase altogether").unwrap();
    let repository = town.path("repository");
    let refused = command(&["backup", "list", "--repository", &repository, "--key-file", &wrong]);
    assert!(!refused.status.success() && said(&refused).contains("repository.json"), "{}", said(&refused));
}

/// An endpoint that says 200 to every request; gives where it is, and how many it has had.
fn endpoint() -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicU64::new(0)));
    let counted = count.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            if stream.read(&mut request).unwrap_or(0) > 0 {
                counted.fetch_add(1, Ordering::SeqCst);
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _gone = stream.write_all(answer.as_bytes());
            }
        }
    });
    (format!("http://{address}"), count)
}

/// The state of the one task of the one incident.
fn task_state(reader: &Client) -> Option<String> {
    let incidents = reader.all("/api/v1/incidents");
    let id = incidents.first()?["id"].as_str()?.to_owned();
    let incident = reader.get(&format!("/api/v1/incidents/{id}")).unwrap().expect(&[200]).json();
    Some(incident["tasks"].as_array()?.first()?["state"].as_str()?.to_owned())
}

/// The backup is older than the task: the log has its start, and further on that it was done.
#[test]
fn a_task_that_was_done_is_not_done_again_after_a_restore() {
    let town = Town::new("repository");
    let (signs, count) = endpoint();
    let config = std::fs::read_to_string(town.path("vigiles.toml")).unwrap();
    std::fs::write(town.path("vigiles.toml"), format!("{config}\n[[endpoint]]\nname = 'signs'\nurl = '{signs}'\n"))
        .unwrap();
    let (source, reader) = (town.token("source"), town.token("administrator"));
    let mut server = town.start(&town.data());
    let client = server.client(&reader);
    let step = json!({"title": "Tell the signs", "action": {"http": {"endpoint": "signs", "method": "post", "path": "/x", "body": "{}"}}});
    let plan = json!({"id": "tell", "name": "Tell", "steps": [step]});
    client.put("/api/v1/playbooks/tell", &plan).expect(&[200, 201]);
    furnish_with(&client, "tell");
    town.now();
    server.client(&source).deliver(&line("a", HIGH + 1)).unwrap().expect(&[202]);
    while task_state(&client).as_deref() != Some("done") {}
    assert_eq!(count.load(Ordering::SeqCst), 1);
    server.kill();
    std::fs::remove_dir_all(town.data()).unwrap();

    let first = printed(&town.repository("list"));
    let newest = first.lines().rev().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    printed(&town.restore("data", &["--backup", &newest]));
    let server = town.start(&town.data());
    let client = server.client(&reader);
    while task_state(&client).as_deref() != Some("done") {}
    // A second incident, so that the carrier has certainly been at work.
    server.client(&source).deliver(&line("b", HIGH + 2)).unwrap().expect(&[202]);
    while count.load(Ordering::SeqCst) < 2 {}
    server.stop();
    assert_eq!(count.load(Ordering::SeqCst), 2, "once for each incident");
}
