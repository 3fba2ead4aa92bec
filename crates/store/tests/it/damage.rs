//! Each kind of damage is found, and the finding says where.

use std::path::Path;
use std::sync::Arc;

use vigiles_model::Timestamp;
use vigiles_store::contract_tests::KINDS;
use vigiles_store::contract_tests::fixture::{incident, system};
use vigiles_store::sqlite::{Options, SqliteStore, check};
use vigiles_store::{Expect, Store, StoreError, Write};

fn fill(dir: &Path) {
    let clock = Arc::new(|| Timestamp::from_secs(1000));
    let store = SqliteStore::open(dir, Options { kinds: KINDS, clock, max_bytes: None }).unwrap();
    for i in 0..5 {
        let put = Write::Put { document: incident(&format!("i{i}"), 1), expect: Expect::Any };
        store.apply(&system(), vec![put]).unwrap();
    }
}

/// Does `sql` to a store of five incidents and compares what is found with `place: what`.
fn check_sql<T: AsRef<str>>(sql: &str, expected: &[T]) {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let db = rusqlite::Connection::open(dir.path().join("store.sqlite")).unwrap();
    db.execute_batch(sql).unwrap();
    drop(db);
    let found: Vec<_> = check(dir.path()).into_iter().map(|f| format!("{}: {}", f.place, f.what)).collect();
    assert_eq!(found, expected.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), "{sql}");
}

#[test]
fn a_sound_store_and_no_store_have_no_findings() {
    check_sql::<&str>("", &[]);
    assert!(check(tempfile::tempdir().unwrap().path()).is_empty());
}

#[test]
fn changes_of_the_audit_log_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let db = rusqlite::Connection::open(dir.path().join("store.sqlite")).unwrap();
    for sql in ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit WHERE sequence = 3"] {
        let refusal = db.execute_batch(sql).unwrap_err().to_string();
        assert!(refusal.contains("the audit log is append-only"), "{refusal}");
    }
}

#[test]
fn changes_past_the_triggers_are_found() {
    let unlocked = |sql: &str| format!("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; {sql}");
    let unlocked_too = |what: &str| {
        [
            "schema, trigger audit_no_delete: is missing or was changed",
            "schema, trigger audit_no_update: is missing or was changed",
            what,
        ]
        .map(str::to_owned)
    };
    check_sql(
        &unlocked("UPDATE audit SET actor = 'eve' WHERE sequence = 3"),
        &unlocked_too("audit, entry 3: its hash does not fit: it or the entry before was changed"),
    );
    check_sql(
        &unlocked("DELETE FROM audit WHERE sequence = 3"),
        &unlocked_too("audit, entry 4: follows entry 2: entries between are missing"),
    );
    check_sql(
        &unlocked("DELETE FROM audit WHERE sequence = 5"),
        &unlocked_too("audit, entry 4: is the last one, but entry 5 was written"),
    );
}

#[test]
fn damaged_documents_are_found() {
    check_sql(
        "UPDATE documents SET body = '{' WHERE id = 'i1'",
        &[
            "documents, incident/i1: its checksum does not fit",
            "documents, incident/i1: differs from its revision 2",
            "documents, incident/i1: its body is not JSON: EOF while parsing an object at line 1 column 1",
        ],
    );
    check_sql(
        "DELETE FROM revisions WHERE sequence = 2",
        &[
            "revisions, sequence 3: follows sequence 1: changes between are missing",
            "documents, incident/i1: differs from its revision 2",
        ],
    );
    check_sql(
        "UPDATE revisions SET at = 5 WHERE sequence = 3",
        &["revisions, sequence 3: is older than the change before it"],
    );
}

#[test]
fn a_file_that_is_no_store_is_said() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("store.sqlite"), "this is not a database, it is a text of some length").unwrap();
    assert!(check(dir.path()).iter().any(|f| f.what.contains("not a database")), "{:?}", check(dir.path()));
    let clock = Arc::new(|| Timestamp::from_secs(1000));
    let error = SqliteStore::open(dir.path(), Options { kinds: KINDS, clock, max_bytes: None }).err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

/// One flipped bit in each page of the file: either found, or in a place that holds no data.
#[test]
fn no_flipped_bit_changes_an_answer_unseen() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let file = dir.path().join("store.sqlite");
    let sound = std::fs::read(&file).unwrap();
    let audit = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        check(dir.path())
    };
    let marker = b"system:test";
    let mut tried = 0;
    for at in (0..sound.len()).filter(|at| sound[*at..].starts_with(marker)) {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        assert!(!audit(&bytes).is_empty(), "a changed actor at byte {at}");
        tried += 1;
    }
    assert!(tried >= 5, "{tried}");
    assert!(audit(&sound).is_empty());
}
