//! The contract on a real PostgreSQL server, and a server that dies while observations are stored.

use std::path::Path;
use std::sync::Mutex;

use vigiles_history::contract_tests::{self, Factory, all, newest_first, reading};
use vigiles_history::postgres::Options;
use vigiles_history::{History, HistoryError, PostgresHistory, Query};
use vigiles_model::{Duration, KindId, Observation};
use vigiles_postgres::cluster::Cluster;
use vigiles_trust::Context;

const CONTEXT: Context = Context::system("test");

fn client(url: &str) -> postgres::Client {
    postgres::Client::connect(url, postgres::NoTls).unwrap()
}

/// One database; a new name empties it, since the cases come one after another.
struct OnServer {
    cluster: Cluster,
    options: Options,
    name: Mutex<String>,
}

impl Factory for OnServer {
    type History = PostgresHistory;
    fn open(&self, name: &str) -> PostgresHistory {
        let url = self.cluster.url();
        let mut last = self.name.lock().unwrap();
        if *last != name {
            client(&url).batch_execute("DROP SCHEMA IF EXISTS vigiles_history CASCADE").unwrap();
            name.clone_into(&mut last);
        }
        PostgresHistory::open(&url, self.options).unwrap()
    }
}

fn check_contract(options: Options) {
    contract_tests::run(&OnServer { cluster: Cluster::start(), options, name: Mutex::default() });
}

#[test]
fn history_in_postgres_keeps_the_contract() {
    check_contract(Options::default());
}

#[test]
fn it_keeps_it_with_small_batches() {
    check_contract(Options { batch_rows: 30, ..Options::default() });
}

fn open(cluster: &Cluster) -> PostgresHistory {
    PostgresHistory::open(&cluster.url(), Options { batch_rows: 200, ..Options::default() }).unwrap()
}

fn entry(offset: u64) -> Vec<Observation> {
    (0..20).map(|sensor| reading("k", sensor, offset as i64 * 600, offset as f64)).collect()
}

fn check_crash(crash: fn(&mut Cluster)) {
    const ENTRIES: u64 = 240;
    let mut cluster = Cluster::start();
    let history = open(&cluster);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for offset in 0..ENTRIES {
                history.write(&CONTEXT, offset, &entry(offset)).unwrap();
            }
            history.flush().unwrap()
        });
        for round in 1..=2 {
            while history.durable_offset() < round * 50 && !writer.is_finished() {
                std::thread::yield_now();
            }
            crash(&mut cluster);
            cluster.resume();
        }
        assert_eq!(writer.join().unwrap(), ENTRIES);
    });
    let expected = newest_first((0..ENTRIES).flat_map(entry).collect());
    assert_eq!(all(&history, &Query { limit: 1000, ..Query::default() }), expected);
    assert_eq!(history.statistics().sealed, expected.len() as u64, "nothing is counted twice");
}

#[test]
fn nothing_is_lost_or_doubled_when_the_server_is_killed() {
    check_crash(Cluster::kill);
}

#[test]
fn nothing_is_lost_or_doubled_by_an_immediate_shutdown() {
    check_crash(Cluster::abort);
}

/// What is not durable is in the log, and comes again from the durable offset on.
#[test]
fn redelivery_after_a_restart_changes_nothing() {
    let cluster = Cluster::start();
    let history = open(&cluster);
    (0..30).for_each(|offset| history.write(&CONTEXT, offset, &entry(offset)).unwrap());
    assert_eq!(history.flush(), Ok(30));
    // Another process on the same log, which takes it from the start.
    client(&cluster.url()).execute("UPDATE vigiles_history.progress SET next_offset = 0", &[]).unwrap();
    let again = open(&cluster);
    assert_eq!(again.durable_offset(), 0);
    (0..40).for_each(|offset| again.write(&CONTEXT, offset, &entry(offset)).unwrap());
    assert_eq!(again.flush(), Ok(40));
    let expected = newest_first((0..40).flat_map(entry).collect());
    assert_eq!(all(&again, &Query { limit: 1000, ..Query::default() }), expected);
    assert_eq!(again.statistics().sealed, expected.len() as u64);
}

/// A day of which nothing stays goes as a whole table, and what comes late makes it anew.
#[test]
fn whole_days_are_dropped() {
    const DAY: i64 = 86_400;
    let cluster = Cluster::start();
    let history = open(&cluster);
    let days: Vec<_> = (0..5).map(|day| reading("k", 1, day * DAY, 0.0)).collect();
    history.write(&CONTEXT, 0, &days).unwrap();
    history.flush().unwrap();
    let retention = |_: &KindId| Duration::from_secs(2 * DAY);
    let expired = history.expire(&CONTEXT, &retention, days[4].time).unwrap();
    assert_eq!((expired.observations, expired.files), (2, 2));
    assert!(expired.bytes > 0);
    assert_eq!(history.statistics().files, 3);
    history.write(&CONTEXT, 1, &days[..1]).unwrap();
    assert_eq!(all(&history, &Query { limit: 10, ..Query::default() }).len(), 4);
}

#[test]
fn a_newer_schema_is_refused() {
    let cluster = Cluster::start();
    drop(open(&cluster));
    client(&cluster.url()).execute("UPDATE vigiles_history.schema_version SET version = 99", &[]).unwrap();
    let opened = PostgresHistory::open(&cluster.url(), Options::default()).err().unwrap();
    let expected = |path: &Path| path.to_string_lossy().contains("vigiles_history");
    assert!(matches!(&opened, HistoryError::Version { path, found: 99, known: 1 } if expected(path)), "{opened}");
}
