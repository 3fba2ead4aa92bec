//! Kills a process under load again and again: what it was told is stored must be there.
//!
//! The child is this test binary, asked for [`writes_until_killed`] with a directory in its environment.
//! It prints a line after each acknowledged write; a line is only printed once the write is durable.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use vigiles_model::Timestamp;
use vigiles_store::contract_tests::KINDS;
use vigiles_store::contract_tests::fixture::{INCIDENT, incident, system};
use vigiles_store::sqlite::{Options, SqliteStore, check};
use vigiles_store::{Expect, Finding, Store, Write};

const ROUNDS: u64 = 20;
const THREADS: u64 = 4;
const DIRECTORY: &str = "VIGILES_TEST_KILL_DIR";

fn open(dir: &Path) -> SqliteStore {
    let clock = Arc::new(|| Timestamp::from_secs(1000));
    SqliteStore::open(dir, Options { kinds: KINDS, clock, max_bytes: None }).unwrap()
}

/// The child: puts one document and a mark of the same number in each batch, as fast as it can.
#[test]
fn writes_until_killed() {
    let Some(dir) = std::env::var_os(DIRECTORY) else { return };
    let store = open(Path::new(&dir));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                let id = format!("t{thread}");
                loop {
                    let batch = vec![
                        Write::Put { document: incident(&id, 1), expect: Expect::Any },
                        Write::Put { document: incident(&format!("{id}-twin"), 1), expect: Expect::Any },
                    ];
                    let sequence = store.apply(&system(), batch).unwrap()[0];
                    let version = store.get(&system(), INCIDENT, &id).unwrap().unwrap().version;
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "acknowledged {id} {version} {sequence}").unwrap();
                    out.flush().unwrap();
                }
            });
        }
    });
}

/// Runs the child until it has acknowledged so many writes, kills it, and returns the newest
/// acknowledged version of each document.
fn run_and_kill(dir: &Path, lines: u64) -> BTreeMap<String, u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::writes_until_killed", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (mut newest, mut seen) = (BTreeMap::new(), 0);
    let mut line = String::new();
    // After the kill the pipe still holds lines that the child had written: they count too.
    while out.read_line(&mut line).unwrap() > 0 {
        // The first line may follow the test harness's own words on the same line.
        if let Some((_, rest)) = line.split_once("acknowledged ")
            && line.ends_with('\n')
        {
            let mut words = rest.split_whitespace();
            let (id, version) = (words.next().unwrap().to_owned(), words.next().unwrap().parse().unwrap());
            newest.insert(id, version);
            seen += 1;
            if seen == lines {
                child.kill().unwrap();
            }
        }
        line.clear();
    }
    child.wait().unwrap();
    assert!(seen >= lines, "the child ended by itself after {seen} writes");
    newest
}

#[test]
fn nothing_acknowledged_is_lost() {
    if std::env::var_os(DIRECTORY).is_some() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for round in 0..ROUNDS {
        // Spread over start, first checkpoint and steady running.
        let lines = 1 + (round * 7919) % 211;
        let acknowledged = run_and_kill(dir.path(), lines);
        let store = open(dir.path());
        for (id, version) in acknowledged {
            let found = store.get(&system(), INCIDENT, &id).unwrap().unwrap().version;
            assert!(found >= version, "round {round}: {id} was acknowledged at version {version}, found {found}");
            let twin = store.get(&system(), INCIDENT, &format!("{id}-twin")).unwrap().unwrap().version;
            assert_eq!(found, twin, "round {round}: a batch was torn");
        }
        drop(store);
        assert_eq!(check(dir.path()), Vec::<Finding>::new(), "round {round}");
    }
}
