//! The log on a real NATS server, documents and history on a real PostgreSQL: killed, taken over, checked.

use std::path::PathBuf;

use tempfile::TempDir;
use vigiles_bus::jetstream::test_server::NatsServer;
use vigiles_postgres::cluster::Cluster;

use crate::city::{HIGH, KIND, furnish, line};
use crate::kills::{check_commands, check_kills};
use crate::server::{Server, check, said, token_with};

/// Acknowledged deliveries before each kill.
const ROUNDS: [u64; 3] = [2, 9, 4];
/// The exit status of a platform that was shut out.
const TAKEN_OVER: i32 = 3;

/// Both servers, and a configuration file that names them.
struct Servers {
    folder: TempDir,
    _nats: NatsServer,
    _postgres: Cluster,
    config: String,
}

impl Servers {
    fn start() -> Self {
        let (nats, postgres) = (NatsServer::start(), Cluster::start());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vigiles.toml");
        std::fs::write(&file, format!("bus = {:?}\nstore = {:?}\n", nats.address("city"), postgres.url())).unwrap();
        Self { folder, _nats: nats, _postgres: postgres, config: file.display().to_string() }
    }

    fn arguments(&self) -> [&str; 2] {
        ["--config", &self.config]
    }

    fn directory(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

#[test]
fn what_was_acknowledged_is_on_the_servers_once() {
    let servers = Servers::start();
    check_kills(&servers.arguments(), &ROUNDS);
}

#[test]
fn a_command_with_a_key_is_done_once_on_the_servers() {
    let servers = Servers::start();
    check_commands(&servers.arguments(), &ROUNDS);
}

/// The one that is started last works on; the other acknowledges nothing more, says why, and ends.
#[test]
fn a_second_process_shuts_the_first_one_out() {
    let servers = Servers::start();
    let (further, log) = (servers.arguments(), servers.directory("log"));
    let (one, two) = (servers.directory("one"), servers.directory("two"));
    let (source, reader) = (token_with(&one, "source", &further), token_with(&one, "administrator", &further));
    let mut first = Server::start_logged(&one, &further, &log);
    furnish(&first.client(&reader), "{asset} is high", true);
    first.client(&source).deliver(&line("a", HIGH + 1)).unwrap().expect(&[202]);
    // On one data directory there is one process, wherever the log lies.
    assert!(Server::refused_with(&one, &further).contains("is in use by another process"));

    let second = Server::start_with(&two, &further);
    let late = first.client(&source).deliver(&line("b", HIGH + 2));
    // An error is a connection that was refused: it had noticed before.
    assert!(late.as_ref().map_or(true, |answer| answer.status >= 500), "{:?}", late.ok());
    assert_eq!(first.ended(), Some(TAKEN_OVER));
    let said_last = std::fs::read_to_string(&log).unwrap();
    assert!(said_last.contains("another process has taken over"), "{said_last}");

    second.client(&source).deliver(&line("c", HIGH + 3)).unwrap().expect(&[202]);
    let reader = second.client(&reader);
    for list in ["/api/v1/alarms", "/api/v1/incidents"] {
        while reader.all(list).len() < 2 {}
        assert_eq!(reader.all(list).len(), 2, "{list}");
    }
    let found = reader.all(&format!("/api/v1/observations?kind={KIND}"));
    let mut assets: Vec<_> = found.iter().map(|item| item["asset"].as_str().unwrap()).collect();
    assets.sort_unstable();
    assert_eq!(assets, ["a", "c"]);
    second.stop();
    let checked = check(&two, &further);
    assert!(checked.status.success(), "{}", said(&checked));
}
