//! Verifies a store: what is wrong, and where.

use std::fmt::Display;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Row};
use vigiles_model::Timestamp;

use super::{schema, sum};
use crate::chain::{self, Link};
use crate::contract::Finding;

/// Most findings reported; a file that is that bad needs no longer list.
const MAX_FINDINGS: usize = 100;

/// Checks `store.sqlite` in a directory: SQLite's own check, the audit chain, the bodies, and that no
/// sequence is missing. Reads only. A directory without a store has nothing wrong.
pub fn check(dir: &Path) -> Vec<Finding> {
    let file = dir.join(schema::FILE);
    if !file.exists() {
        return Vec::new();
    }
    let mut report = Report { file: file.display().to_string(), findings: Vec::new() };
    let opened =
        Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let checks: [(&str, Check); 7] = [
        ("file", integrity),
        ("meta", version),
        ("schema", definitions),
        ("rows", sums),
        ("audit", audit),
        ("revisions", revisions),
        ("documents", documents),
    ];
    match opened {
        Ok(db) => {
            for (part, check) in checks {
                if let Err(error) = check(&db, &mut report) {
                    report.add(part, error);
                }
            }
        }
        Err(error) => report.add("file", error),
    }
    report.findings
}

type Check = fn(&Connection, &mut Report) -> rusqlite::Result<()>;

struct Report {
    file: String,
    findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, place: impl Into<String>, what: impl Display) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { file: self.file.clone(), place: place.into(), what: what.to_string() });
        }
    }
}

fn integrity(db: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = db.prepare("PRAGMA integrity_check(20)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            report.add("file", said);
        }
    }
    Ok(())
}

fn version(db: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let found = schema::version(db)?;
    if found != schema::VERSION {
        report.add("meta", format!("schema {found}; this program writes {}", schema::VERSION));
    }
    Ok(())
}

/// Tables, indexes and triggers are those that this program makes.
fn definitions(db: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let (found, expected) = (schema::definitions(db)?, schema::expected()?);
    let strange = found.iter().filter(|one| !expected.contains(one)).map(|one| (one, "is not what this program makes"));
    let absent = expected.iter().filter(|one| !found.contains(one)).map(|one| (one, "is missing or was changed"));
    for ((sort, name, ..), what) in strange.chain(absent) {
        report.add(format!("schema, {sort} {name}"), what);
    }
    Ok(())
}

/// Each row has the checksum of what it holds.
fn sums(db: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    sum::register(db)?;
    for (table, columns) in sum::SUMMED {
        let name =
            if columns.starts_with("kind, id") { "kind || '/' || id" } else { columns.split(',').next().unwrap_or("") };
        let sql = format!("SELECT {name} FROM {table} WHERE sum IS NOT row_sum({columns}) LIMIT {MAX_FINDINGS}");
        let mut statement = db.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let which: rusqlite::types::Value = row.get(0)?;
            let which = match which {
                rusqlite::types::Value::Text(text) => text,
                other => format!("{other:?}"),
            };
            report.add(format!("{table}, {which}"), "its checksum does not fit");
        }
    }
    Ok(())
}

/// Walks the chain from its start: every entry must follow the one before, and the last must be the one
/// that `meta` knows.
fn audit(db: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = db.prepare(
        "SELECT sequence, at, actor, agency, purpose, action, resource, outcome, detail, hash FROM audit ORDER BY sequence",
    )?;
    let mut rows = statement.query([])?;
    let (mut before, mut last) = (chain::START, 0);
    while let Some(row) = rows.next()? {
        let sequence: u64 = row.get(0)?;
        let stored: [u8; 32] = row.get(9)?;
        if sequence != last + 1 {
            report
                .add(format!("audit, entry {sequence}"), format!("follows entry {last}: entries between are missing"));
        } else if link_hash(row, sequence, &before)? != stored {
            report.add(format!("audit, entry {sequence}"), "its hash does not fit: it or the entry before was changed");
        }
        (before, last) = (stored, sequence);
    }
    let (head, hash): (u64, [u8; 32]) =
        db.query_row("SELECT audit, audit_hash FROM meta", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if (head, hash) != (last, before) {
        report.add(format!("audit, entry {last}"), format!("is the last one, but entry {head} was written"));
    }
    Ok(())
}

fn link_hash(row: &Row<'_>, sequence: u64, before: &[u8; 32]) -> rusqlite::Result<[u8; 32]> {
    let text = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    let link = Link {
        sequence,
        at: Timestamp(row.get(1)?),
        actor: text(2)?,
        agency: row.get_ref(3)?.as_str_or_null().map_err(rusqlite::Error::from)?,
        purpose: text(4)?,
        action: text(5)?,
        resource: text(6)?,
        outcome: text(7)?,
        detail: text(8)?,
    };
    Ok(link.hash(before))
}

/// After the start of the feed every sequence has its revision, up to the last; bodies are JSON; time
/// does not run backwards.
fn revisions(db: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let (feed_from, head): (u64, u64) =
        db.query_row("SELECT feed_from, sequence FROM meta", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut statement = db.prepare("SELECT sequence, at, kind, id, body FROM revisions ORDER BY sequence")?;
    let mut rows = statement.query([])?;
    let (mut last, mut time) = (feed_from, i64::MIN);
    while let Some(row) = rows.next()? {
        let (sequence, at): (u64, i64) = (row.get(0)?, row.get(1)?);
        let place = format!("revisions, sequence {sequence}");
        if sequence > feed_from {
            if sequence != last + 1 {
                report.add(&place, format!("follows sequence {last}: changes between are missing"));
            }
            last = sequence;
        }
        if at < time {
            report.add(&place, "is older than the change before it");
        }
        time = at;
        body(row, 2, &place, report)?;
    }
    if last != head {
        report.add(format!("revisions, sequence {last}"), format!("is the last one, but {head} was written"));
    }
    Ok(())
}

/// Bodies are JSON, and each document in the feed equals its last revision.
fn documents(db: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = db.prepare(
        "SELECT d.sequence, r.body IS d.body AND r.version = d.version AND r.deleted = 0, d.kind, d.id, d.body
         FROM documents d LEFT JOIN revisions r ON r.sequence = d.sequence AND r.kind = d.kind AND r.id = d.id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (sequence, same): (u64, Option<bool>) = (row.get(0)?, row.get(1)?);
        let (kind, id): (String, String) = (row.get(2)?, row.get(3)?);
        let place = format!("documents, {kind}/{id}");
        if sequence > 0 && same != Some(true) {
            report.add(&place, format!("differs from its revision {sequence}"));
        }
        body(row, 2, &place, report)?;
    }
    Ok(())
}

fn body(row: &Row<'_>, kind: usize, place: &str, report: &mut Report) -> rusqlite::Result<()> {
    let text = row.get_ref(kind + 2)?.as_str().map_err(rusqlite::Error::from)?;
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        report.add(place, format!("its body is not JSON: {error}"));
    }
    Ok(())
}
