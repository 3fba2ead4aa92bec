//! The log on a real NATS server, documents and history on a real PostgreSQL: killed, taken over, checked.

use std::path::PathBuf;

use tempfile::TempDir;
use vigiles_bus::jetstream::test_server::{NatsServer, administer};
use vigiles_postgres::cluster::Cluster;

use crate::city::{HIGH, KIND, furnish, line};
use crate::kills::{check_commands, check_kills, rounds};
use crate::server::{Server, check, said, token_with};

/// The exit status of a platform that was shut out.
pub(crate) const TAKEN_OVER: i32 = 3;

/// Both servers, and a configuration file that names them.
pub(crate) struct Servers {
    folder: TempDir,
    nats: NatsServer,
    postgres: Cluster,
    config: String,
}

impl Servers {
    pub(crate) fn start() -> Self {
        let (nats, postgres) = (NatsServer::start(), Cluster::start());
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("vigiles.toml").display().to_string();
        let servers = Self { folder, nats, postgres, config };
        servers.configure(&format!("{}\n{}\n", servers.bus("city"), servers.store()));
        servers
    }

    fn configure(&self, text: &str) {
        std::fs::write(&self.config, text).unwrap();
    }

    fn bus(&self, log: &str) -> String {
        format!("bus = {:?}", self.nats.address(log))
    }

    fn store(&self) -> String {
        format!("store = {:?}", self.postgres.url())
    }

    pub(crate) fn arguments(&self) -> [&str; 2] {
        ["--config", &self.config]
    }

    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

#[test]
fn what_was_acknowledged_is_on_the_servers_once() {
    let mut servers = Servers::start();
    let config = servers.config.clone();
    // The platform is killed in every round, and before it one of the servers below it.
    check_kills(&["--config", &config], &rounds(), &mut |round| match round % 3 {
        0 => {
            servers.nats.kill();
            servers.nats.restart();
        }
        1 => {
            servers.postgres.kill();
            servers.postgres.resume();
        }
        _ => {}
    });
}

#[test]
fn a_command_with_a_key_is_done_once_on_the_servers() {
    let servers = Servers::start();
    check_commands(&servers.arguments(), &rounds()[..3]);
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

    let [config, file] = further;
    let second = Server::start_with(&two, &[config, file, "--take-over"]);
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

/// Delivers one reading with this configuration, and finds it and its alarm after an orderly restart.
fn check_restart(servers: &Servers, configuration: &str, parts: &[&str]) {
    servers.configure(configuration);
    let further = servers.arguments();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (source, reader) = (token_with(&data, "source", &further), token_with(&data, "administrator", &further));
    let server = Server::start_with(&data, &further);
    furnish(&server.client(&reader), "{asset} is high", false);
    server.client(&source).deliver(&line("a", HIGH + 1)).unwrap().expect(&[202]);
    server.stop();
    let checked = check(&data, &further);
    assert!(checked.status.success(), "{}", said(&checked));
    let server = Server::start_with(&data, &further);
    let reader = server.client(&reader);
    assert_eq!(reader.all(&format!("/api/v1/observations?kind={KIND}")).len(), 1);
    assert_eq!(reader.all("/api/v1/alarms").len(), 1);
    server.stop();
    let local = ["log", "history", "store"].into_iter().filter(|part| data.join(part).is_dir());
    assert_eq!(local.collect::<Vec<_>>(), parts, "what lies in the directory");
}

#[test]
fn each_key_stands_by_itself() {
    let servers = Servers::start();
    check_restart(&servers, &servers.bus("alone"), &["history", "store"]);
    check_restart(&servers, &servers.store(), &["log"]);
}

#[test]
fn what_is_wrong_on_the_servers_is_named() {
    let servers = Servers::start();
    let (further, data) = (servers.arguments(), servers.directory("data"));
    let source = token_with(&data, "source", &further);
    let server = Server::start_with(&data, &further);
    server.client(&source).deliver("{}").unwrap();
    server.stop();
    assert!(check(&data, &further).status.success(), "{}", said(&check(&data, &further)));

    servers.configure(&format!("{}\n{}\n", servers.bus("other"), servers.store()));
    let checked = check(&data, &further);
    let text = said(&checked);
    assert!(!checked.status.success() && text.contains("ends at 0, though entries up to "), "{text}");
    assert!(Server::refused_with(&data, &further).contains("the log ends at 0, but entries up to "));

    servers.configure(&format!("{}\n{}\n", servers.bus("city"), servers.store()));
    administer(&servers.nats, async |context| {
        context.publish("city.input", "of a stranger".into()).await.unwrap().await.unwrap();
    });
    let checked = check(&data, &further);
    let text = said(&checked);
    let named = text.contains("stream city_input: sequence ") && text.contains("it is no frame of the log");
    assert!(!checked.status.success() && named, "{text}");
}
