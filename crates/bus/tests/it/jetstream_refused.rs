//! Servers that would lose acknowledged records, and addresses that lead nowhere, are refused with what to do.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::stream::Config;
use vigiles_bus::jetstream::Options;
use vigiles_bus::{Bus, BusError, JetStream, Offset, SystemClock};

use crate::jetstream::{open, topic};
use vigiles_bus::jetstream::test_server::{NatsServer, SYNC_ALWAYS, administer};

const HURRIED: Options = Options {
    queue_bytes: 1 << 20,
    queue_records: 100,
    cache_bytes: 1 << 20,
    record_bytes: 1 << 20,
    patience: Duration::ZERO,
    answer_timeout: Duration::from_secs(5),
};

fn refusal(address: &str) -> String {
    match JetStream::open(address, HURRIED, Arc::new(SystemClock)).err() {
        Some(error) => error.to_string(),
        None => panic!("{address} was taken"),
    }
}

#[track_caller]
fn check(address: &str, expected: &str) {
    let found = refusal(address);
    assert!(found.contains(expected), "{found:?} does not contain {expected:?}");
}

#[test]
fn servers_that_acknowledge_too_early_are_refused_with_what_to_set() {
    let good = NatsServer::start();
    let early = NatsServer::start_with("jetstream { store_dir: \"STORE\" }");
    let none = NatsServer::start_with("");
    check(&early.address("city"), "set jetstream { sync_interval: always }");
    check(&none.address("city"), "server one (http://127.0.0.1:");
    check(&none.address("city"), "has no JetStream: add jetstream {");
    let without = format!("nats://{}/city", good.client);
    check(&without, "Add ?monitor=http://HOST:8222 to the address of the log");
    check(&format!("{without}?monitor=http://{}", early.monitor), "set jetstream { sync_interval: always }");
    let other = NatsServer::start();
    check(&format!("{without}?monitor=http://{}", other.monitor), "is none of those that monitor names: add it");
    check(&format!("{without}?monitor=http://{}", good.client), "no answer from the log's server within 0 s");
}

#[test]
fn a_server_that_comes_back_with_other_settings_is_refused() {
    let mut server = NatsServer::start();
    let bus = open(&server);
    bus.append(&topic(), vec![vec![1]]).unwrap();
    server.kill();
    server.restart_with(SYNC_ALWAYS, "sync_interval: 2m");
    let refused = bus.append(&topic(), vec![vec![2]]);
    let Err(BusError::Refused(what)) = &refused else {
        panic!("{refused:?}");
    };
    assert!(what.contains("set jetstream { sync_interval: always }"), "{what}");
}

#[test]
fn streams_that_forget_by_themselves_are_refused() {
    let limits = [
        ("max_age", Config { max_age: Duration::from_hours(1), ..Config::default() }),
        ("max_msgs", Config { max_messages: 1_000, ..Config::default() }),
        ("storage", Config { storage: async_nats::jetstream::stream::StorageType::Memory, ..Config::default() }),
        ("allow_direct", Config { allow_direct: false, ..Config::default() }),
    ];
    let server = NatsServer::start();
    for (i, (setting, config)) in limits.into_iter().enumerate() {
        let log = format!("city{i}");
        let (name, subjects) = (format!("{log}_t"), vec![format!("{log}.t")]);
        let allow_direct = setting != "allow_direct";
        administer(&server, async |context| {
            context.create_stream(Config { name, subjects, allow_direct, ..config }).await.unwrap()
        });
        let bus = JetStream::open(&server.address(&log), HURRIED, Arc::new(SystemClock)).unwrap();
        let refused = bus.append(&topic(), vec![vec![1]]);
        let expected = format!("stream {log}_t is no place for the log: its {setting} must be ");
        assert!(matches!(&refused, Err(BusError::Refused(what)) if what.starts_with(&expected)), "{refused:?}");
    }
}

#[test]
fn a_login_is_used_and_never_told() {
    let jetstream = format!("jetstream {{ store_dir: \"STORE\", {SYNC_ALWAYS} }}");
    for (lines, good, bad) in [
        ("authorization { user: city, password: \"p@ss word\" }", "city:p%40ss%20word", "city:wr%6fng-secret"),
        ("authorization { token: \"t0ken\" }", "t0ken", "wrong-secret"),
    ] {
        let server = NatsServer::start_with(&format!("{jetstream}\n{lines}"));
        let address = |login: &str| server.address("city").replace("://127", &format!("://{login}@127"));
        // The monitoring address takes no login.
        let address = |login: &str| address(login).replace(&format!("monitor=http://{login}@"), "monitor=http://");
        let bus = JetStream::open(&address(good), HURRIED, Arc::new(SystemClock)).unwrap();
        bus.append(&topic(), vec![vec![1]]).unwrap();
        let found = refusal(&address(bad));
        assert!(found.contains("authorization violation") && !found.contains("wrong-secret"), "{found}");
        check(&server.address("city"), "authorization violation");
    }
    check("nats://127.0.0.1:1/city?monitor=http://127.0.0.1:1", "connecting to the servers of stream city");
}

/// The rights that `docs/scale-out.md` names are enough for everything.
#[test]
fn an_account_needs_only_the_rights_that_the_manual_names() {
    let rights = r#"
        authorization { users: [{ user: city, password: city, permissions: {
            publish: ["city.>", "$JS.API.STREAM.INFO.*", "$JS.API.STREAM.CREATE.*", "$JS.API.STREAM.MSG.GET.*",
                "$JS.API.STREAM.PURGE.*", "$JS.API.DIRECT.GET.*", "$JS.API.CONSUMER.>"]
            subscribe: ["_INBOX.>"]
        } }] }"#;
    let server = NatsServer::start_with(&format!("jetstream {{ store_dir: \"STORE\", {SYNC_ALWAYS} }}{rights}"));
    let address = server.address("city").replacen("nats://", "nats://city:city@", 1);
    let open = || JetStream::open(&address, Options { cache_bytes: 1, ..HURRIED }, Arc::new(SystemClock)).unwrap();
    let (bus, reader) = (open(), open());
    for i in 0..9 {
        bus.append(&topic(), vec![vec![i]]).unwrap();
    }
    assert_eq!(reader.wait(&topic(), Offset(8), Duration::from_mins(1)), Ok(Offset(9)));
    assert_eq!(reader.read(&topic(), Offset(4), 1, 1).unwrap()[0].bytes[..], [4]);
    bus.trim(&topic(), Offset(5)).unwrap();
    bus.save_cursor("reader", &topic(), Offset(7)).unwrap();
    assert_eq!(reader.load_cursor("reader", &topic()), Ok(Some(Offset(7))));
    assert_eq!(open().bounds(&topic()), Ok(Offset(5)..Offset(9)));
}

/// A key and a certificate that signs itself, in the directory of the server.
fn certificate(directory: &Path) {
    let made = Command::new("openssl")
        .current_dir(directory)
        .args(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost".split(' '),
        )
        .args("-addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE".split(' '))
        .args("-keyout key.pem -out ca.pem".split(' '))
        .output();
    let made = made.unwrap();
    assert!(made.status.success(), "{made:?}");
}

#[test]
fn tls_trusts_the_authority_that_the_address_names_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    certificate(directory.path());
    let path = directory.path().display();
    let server = NatsServer::start_with(&format!(
        "jetstream {{ store_dir: \"STORE\", {SYNC_ALWAYS} }}\ntls {{ cert_file: \"{path}/ca.pem\", key_file: \"{path}/key.pem\" }}"
    ));
    let address = server.address("city").replacen("nats://127.0.0.1", "tls://localhost", 1);
    let bus = JetStream::open(&format!("{address}&ca={path}/ca.pem"), HURRIED, Arc::new(SystemClock)).unwrap();
    bus.append(&topic(), vec![vec![1]]).unwrap();
    check(&address, "invalid peer certificate");
    check(&format!("{address}&ca={path}/none.pem"), "connecting to the servers of stream city");
}
