//! A disk that is full, a file that another process holds.

use std::path::Path;
use std::sync::Arc;

use vigiles_model::Timestamp;
use vigiles_store::contract_tests::KINDS;
use vigiles_store::contract_tests::fixture::{INCIDENT, incident, system};
use vigiles_store::sqlite::{Options, SqliteStore, check};
use vigiles_store::{Draft, Expect, Finding, Store, StoreError, Write};

fn open(dir: &Path, max_bytes: Option<u64>) -> Result<SqliteStore, StoreError> {
    let clock = Arc::new(|| Timestamp::from_secs(1000));
    SqliteStore::open(dir, Options { kinds: KINDS, clock, max_bytes })
}

fn large(i: u32) -> Vec<Write> {
    let body = format!("\"{}\"", "x".repeat(20_000));
    vec![Write::Put { document: Draft { body, ..incident(&format!("i{i}"), 1) }, expect: Expect::Any }]
}

#[test]
fn a_full_disk_is_said_and_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Some(600_000)).unwrap();
    let mut stored = 0;
    let error = loop {
        match store.apply(&system(), large(stored)) {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 100, "the limit was not kept");
    };
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(error.to_string().contains("store.sqlite is full"), "{error}");
    assert!(stored > 2);
    for i in 0..stored {
        assert!(store.get(&system(), INCIDENT, &format!("i{i}")).unwrap().is_some(), "i{i}");
    }
    drop(store);
    assert_eq!(check(dir.path()), Vec::<Finding>::new());
    let store = open(dir.path(), None).unwrap();
    assert!(store.apply(&system(), large(stored)).is_ok(), "writes go on when there is room");
}

#[test]
fn a_second_process_may_write_in_between() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path(), None).unwrap(), open(dir.path(), None).unwrap());
    for (i, store) in [&one, &two, &one, &two].into_iter().enumerate() {
        let put = Write::Put { document: incident(&format!("i{i}"), 1), expect: Expect::Absent };
        assert_eq!(store.apply(&system(), vec![put]), Ok(vec![i as u64 + 1]));
    }
    drop((one, two));
    assert_eq!(check(dir.path()), Vec::<Finding>::new());
}

#[test]
fn a_file_held_too_long_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), None).unwrap();
    let other = rusqlite::Connection::open(dir.path().join("store.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.apply(&system(), large(0)).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(store.apply(&system(), large(0)).is_ok());
}
