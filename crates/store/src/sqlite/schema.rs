//! The tables, as numbered upgrades, and how a connection is opened.
//!
//! Invariant: an upgrade that was released is never changed; a new one is added, with a fixture of the
//! schema before it in `tests/fixtures`.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::error::Place;
use super::sum;
use crate::contract::StoreError;

/// The name of the file in the directory of a store.
pub const FILE: &str = "store.sqlite";

/// The newest schema this program knows.
pub const VERSION: u32 = 3;

/// Upgrade `n` leads from schema `n` to schema `n + 1`.
const UPGRADES: [&str; 3] =
    [include_str!("upgrade_1.sql"), include_str!("upgrade_2.sql"), include_str!("upgrade_3.sql")];
const _: () = assert!(UPGRADES.len() == VERSION as usize, "one upgrade for each schema version");

/// How long a writer waits for another process (a command beside the running platform).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The write-ahead log is cut back to this after a checkpoint.
const JOURNAL_LIMIT_BYTES: u32 = 64 << 20;
/// When the log is so long the writer checkpoints too: pages of 4 KiB, 32 MiB in all.
pub(super) const JOURNAL_LIMIT_PAGES: u32 = 8192;
const CACHED_STATEMENTS: usize = 64;

/// Opens the file for writing, creates or upgrades it.
pub(super) fn open_writer(file: &Path) -> Result<Connection, StoreError> {
    let place = Place::new(file);
    let mut db = Connection::open(file).map_err(|e| place.failed("open", &e))?;
    prepare(&db).map_err(|e| place.failed("settings", &e))?;
    upgrade(&mut db, &place)?;
    Ok(db)
}

/// Opens the file for reading.
pub(super) fn open_reader(file: &Path) -> Result<Connection, StoreError> {
    let place = Place::new(file);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(file, flags).map_err(|e| place.failed("open", &e))?;
    db.busy_timeout(BUSY_TIMEOUT)
        .and_then(|()| db.pragma_update(None, "query_only", true))
        .and_then(|()| sum::register(&db))
        .map_err(|e| place.failed("settings", &e))?;
    db.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(db)
}

/// Opens the file for checkpoints alone. A commit that was not fsynced yet is, before it is carried over.
pub(super) fn open_checkpointer(file: &Path) -> Result<Connection, StoreError> {
    let place = Place::new(file);
    let db = Connection::open(file).map_err(|e| place.failed("open", &e))?;
    prepare(&db).map_err(|e| place.failed("settings", &e))?;
    Ok(db)
}

fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY_TIMEOUT)?;
    sum::register(db)?;
    db.pragma_update(None, "journal_mode", "wal")?;
    // FULL: each commit is fsynced before it is acknowledged.
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "journal_size_limit", JOURNAL_LIMIT_BYTES)?;
    db.pragma_update(None, "wal_autocheckpoint", JOURNAL_LIMIT_PAGES)?;
    // So that INSERT OR REPLACE cannot pass by the triggers of the audit log.
    db.pragma_update(None, "recursive_triggers", true)?;
    db.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(())
}

fn upgrade(db: &mut Connection, place: &Place) -> Result<(), StoreError> {
    loop {
        // Read inside the transaction: another process may be upgrading too.
        let tx =
            db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|e| place.failed("upgrade", &e))?;
        let found = version(&tx).map_err(|e| place.failed("meta", &e))?;
        if found > VERSION {
            return Err(StoreError::TooNew { file: place.file(), found, known: VERSION });
        }
        let Some(script) = UPGRADES.get(found as usize) else {
            return Ok(());
        };
        tx.execute_batch(script)
            .and_then(|()| tx.execute("UPDATE meta SET schema = ?1", [found + 1]))
            .and_then(|_| if found + 1 >= SUMS_FROM { sum_meta(&tx) } else { Ok(()) })
            .and_then(|()| tx.commit())
            .map_err(|e| place.failed("upgrade", &e))?;
        tracing::info!(file = %place.file(), from = found, to = found + 1, "store upgraded");
    }
}

/// Every row has its checksum from this schema on.
const SUMS_FROM: u32 = 3;

/// Gives the one row of `meta` its checksum.
pub(super) fn sum_meta(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached(&format!("UPDATE meta SET sum = row_sum({})", sum::META))?.execute([]).map(drop)
}

/// What `sqlite_schema` holds in a store that was just made.
pub(super) fn expected() -> rusqlite::Result<Vec<Definition>> {
    let db = Connection::open_in_memory()?;
    sum::register(&db)?;
    UPGRADES.iter().try_for_each(|script| db.execute_batch(script))?;
    definitions(&db)
}

/// Type, name, table and text of a table, an index or a trigger.
pub(super) type Definition = (String, String, String, Option<String>);

/// Every definition of a file.
pub(super) fn definitions(db: &Connection) -> rusqlite::Result<Vec<Definition>> {
    // What SQLite keeps for itself, such as statistics, is not among them.
    let of =
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name";
    let mut statement = db.prepare(of)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    rows.collect()
}

/// The schema of the file; 0 for an empty one.
pub(super) fn version(db: &Connection) -> rusqlite::Result<u32> {
    let exists: bool =
        db.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'meta')", [], |row| row.get(0))?;
    if exists { db.query_row("SELECT schema FROM meta", [], |row| row.get(0)) } else { Ok(0) }
}

/// Lets the file grow no further.
pub(super) fn limit(db: &Connection, bytes: u64) -> rusqlite::Result<()> {
    let page: u64 = db.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    db.query_row(&format!("PRAGMA max_page_count = {}", (bytes / page).max(1)), [], |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kill of the process cannot show a missing fsync, so the settings that make SQLite do it are checked.
    #[test]
    fn commits_are_fsynced() {
        let dir = tempfile::tempdir().unwrap();
        let db = open_writer(&dir.path().join(FILE)).unwrap();
        let mode: String = db.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        let synchronous: u32 = db.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", 2), "2 is FULL");
    }

    #[test]
    fn readers_cannot_write() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE);
        drop(open_writer(&file).unwrap());
        let reader = open_reader(&file).unwrap();
        assert!(reader.execute("INSERT INTO marks VALUES ('a', 1)", []).is_err());
    }
}
