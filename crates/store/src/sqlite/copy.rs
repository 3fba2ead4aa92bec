//! A copy of the store as it is at one moment, while others write to it.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::error::Place;
use super::schema;
use crate::contract::StoreError;

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Every mark of the copied store, by name.
    pub marks: Vec<(String, u64)>,
    /// Latest sequence of the change feed.
    pub sequence: u64,
    /// Entries of the audit log.
    pub audit_entries: u64,
}

/// Copies the store in `dir` to the new file `to`, page by page by SQLite's own means: what it does not know about is in
/// it whole or not at all. Writers go on meanwhile. Pages keep their places, so that two copies differ where the stores do.
/// None where `dir` has no store.
pub fn copy(dir: &Path, to: &Path) -> Result<Option<Copied>, StoreError> {
    let file = dir.join(schema::FILE);
    if !file.exists() {
        return Ok(None);
    }
    let (from, into) = (Place::new(&file), Place::new(to));
    let source = schema::open_reader(&file)?;
    let mut target = Connection::open(to).map_err(|e| into.failed("open", &e))?;
    let backup = Backup::new(&source, &mut target).map_err(|e| from.failed("copy", &e))?;
    // All pages in one step: one moment, whatever is written meanwhile.
    backup.step(-1).map_err(|e| from.failed("copy", &e))?;
    drop(backup);
    let copied = read(&target).map_err(|e| into.failed("marks", &e))?;
    // The log of a store that nobody has open is part of the file.
    target.pragma_update(None, "journal_mode", "delete").map_err(|e| into.failed("settings", &e))?;
    target.close().map_err(|(_, e)| into.failed("close", &e))?;
    Ok(Some(copied))
}

fn read(db: &Connection) -> rusqlite::Result<Copied> {
    let mut statement = db.prepare("SELECT name, value FROM marks ORDER BY name")?;
    let marks = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let (sequence, audit_entries) =
        db.query_row("SELECT sequence, audit FROM meta", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Copied { marks, sequence, audit_entries })
}
