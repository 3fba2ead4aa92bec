//! Any bit of the file is flipped, or its end is cut off: that is found, or it was in a place that holds nothing, and then
//! the store says exactly what it said before.

use std::path::Path;
use std::sync::Arc;

use rusqlite::types::Value;
use vigiles_disk::simulated::{Chance, seeds};
use vigiles_model::Timestamp;
use vigiles_store::contract_tests::KINDS;
use vigiles_store::contract_tests::fixture::{ACCOUNT, INCIDENT, at, in_state, incident, of_kind, system};
use vigiles_store::sqlite::{Options, SqliteStore, check};
use vigiles_store::{Expect, Reply, Store, Write};

/// Something in every table.
fn fill(dir: &Path) {
    let clock = Arc::new(|| Timestamp::from_secs(1000));
    let store = SqliteStore::open(dir, Options { kinds: KINDS, clock, max_bytes: None }).unwrap();
    let put = |document| Write::Put { document, expect: Expect::Any };
    for number in 0..60 {
        let id = format!("i{}", number % 25);
        let reply = Reply {
            key: format!("k{number}"),
            fingerprint: "f".to_owned(),
            status: 201,
            body: format!("{{\"done\":{number}}}"),
            expires: Timestamp::from_secs(9_000),
        };
        let state = ["new", "closed"][number % 2];
        let batch = vec![
            put(in_state(state, at(8.5, 47.25, incident(&id, number as i64)))),
            put(of_kind(ACCOUNT, incident(&format!("person{}", number % 5), number as i64))),
            Write::SetMark { name: "applied", value: number as u64 },
            Write::Remember(reply),
        ];
        store.apply(&system(), batch).unwrap();
    }
    store.apply(&system(), vec![Write::Delete { kind: INCIDENT, id: "i3".to_owned(), expect: Expect::Any }]).unwrap();
    store.take_fence(&system(), "engine").unwrap();
}

/// Every row of every table, with what is stored of tables and indexes.
fn everything(file: &Path) -> rusqlite::Result<Vec<Vec<Value>>> {
    let db = rusqlite::Connection::open(file)?;
    let mut all = Vec::new();
    for table in ["documents", "revisions", "marks", "fences", "replies", "meta", "audit", "sqlite_schema"] {
        let mut statement = db.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2, 3"))?;
        let columns = if table == "sqlite_schema" { vec![0, 1, 2, 4] } else { (0..statement.column_count()).collect() };
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            all.push(columns.iter().map(|column| row.get(*column)).collect::<Result<_, _>>()?);
        }
    }
    Ok(all)
}

#[test]
fn no_damage_changes_what_is_said_unseen() {
    let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    fill(dir.path());
    let file = dir.path().join("store.sqlite");
    let (sound, said) = (std::fs::read(&file).unwrap(), everything(&file).unwrap());
    assert_eq!(check(dir.path()), []);
    let found = std::cell::Cell::new(0_u64);
    seeds(300, |seed| {
        let mut chance = Chance::new(seed);
        let mut bytes = sound.clone();
        if chance.once_in(5) {
            bytes.truncate(chance.below(bytes.len()));
        } else {
            bytes[chance.below(sound.len())] ^= 1 << chance.below(8);
        }
        for beside in ["store.sqlite-wal", "store.sqlite-shm"] {
            let _absent = std::fs::remove_file(dir.path().join(beside));
        }
        std::fs::write(&file, &bytes).unwrap();
        if check(dir.path()).is_empty() {
            assert_eq!(everything(&file).ok().as_ref(), Some(&said), "changed, and not found");
        } else {
            found.set(found.get() + 1);
        }
    });
    println!("{} were found, the others changed nothing", found.get());
    assert!(found.get() > 0 || std::env::var_os("VIGILES_SEED").is_some());
}
