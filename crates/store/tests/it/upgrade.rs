//! Files of every schema there ever was open and say the same. `BLESS=1` writes the fixture of the
//! newest schema; a released one is never written again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vigiles_model::Timestamp;
use vigiles_store::contract_tests::KINDS;
use vigiles_store::contract_tests::fixture::{ACCOUNT, INCIDENT, at, in_state, incident, of_kind, system};
use vigiles_store::sqlite::{Options, SqliteStore, VERSION, check};
use vigiles_store::{AuditQuery, Expect, Finding, Query, Reply, Store, StoreError, Write};

fn fixture(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/store-{version}.sqlite"))
}

fn open(dir: &Path) -> Result<SqliteStore, StoreError> {
    let clock = Arc::new(|| Timestamp::from_secs(1000));
    SqliteStore::open(dir, Options { kinds: KINDS, clock, max_bytes: None })
}

fn bless() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let put = |document| Write::Put { document, expect: Expect::Any };
    let reply = Reply {
        key: "k".to_owned(),
        fingerprint: "f".to_owned(),
        status: 201,
        body: "{}".to_owned(),
        expires: Timestamp::from_secs(9_000),
    };
    for batch in [
        vec![put(at(8.5, 47.25, incident("a", 1))), put(incident("b", 2)), put(of_kind(ACCOUNT, incident("root", 3)))],
        vec![put(in_state("closed", incident("a", 1))), Write::SetMark { name: "applied", value: 42 }],
        vec![Write::Delete { kind: INCIDENT, id: "b".to_owned(), expect: Expect::Any }, Write::Remember(reply)],
    ] {
        store.apply(&system(), batch).unwrap();
    }
    drop(store);
    std::fs::copy(dir.path().join("store.sqlite"), fixture(VERSION)).unwrap();
}

#[test]
fn files_of_every_schema_open() {
    if std::env::var_os("BLESS").is_some() && !fixture(VERSION).exists() {
        bless();
    }
    for version in 1..=VERSION {
        let dir = tempfile::tempdir().unwrap();
        std::fs::copy(fixture(version), dir.path().join("store.sqlite")).unwrap();
        let store = open(dir.path()).unwrap();
        let a = store.get(&system(), INCIDENT, "a").unwrap().unwrap();
        assert_eq!((a.version, &*a.state, a.sequence), (2, "closed", 3), "schema {version}");
        assert_eq!(store.get(&system(), INCIDENT, "b"), Ok(None));
        assert_eq!(store.get(&system(), ACCOUNT, "root").unwrap().unwrap().version, 1);
        assert_eq!(store.mark(&system(), "applied"), Ok(Some(42)));
        assert_eq!(store.recall(&system(), "k").unwrap().unwrap().status, 201);
        let past = store.as_of(&system(), &Query::new(INCIDENT), Timestamp::from_secs(1000)).unwrap();
        assert_eq!(past.documents.len(), 1);
        let audit = store.audit(&system(), &AuditQuery { limit: 100, ..AuditQuery::default() }).unwrap();
        assert_eq!(audit.entries.len(), 3);
        drop(store);
        assert_eq!(check(dir.path()), Vec::<Finding>::new(), "schema {version}");
    }
}

#[test]
fn a_file_of_a_newer_program_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    let db = rusqlite::Connection::open(dir.path().join("store.sqlite")).unwrap();
    db.execute("UPDATE meta SET schema = 99", []).unwrap();
    drop(db);
    let error = open(dir.path()).err().unwrap();
    assert!(matches!(error, StoreError::TooNew { found: 99, known: VERSION, .. }), "{error}");
}
