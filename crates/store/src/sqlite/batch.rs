//! One batch of writes, inside a savepoint of the writer's transaction.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::append::append;
use super::documents;
use super::error::Place;
use super::sum;
use crate::chain::Author;
use crate::contract::{Document, Draft, Expect, Kind, Reply, StoreError, Write};
use crate::heads::Heads;
use crate::request::{Deed, check_fence, check_version, fence_note, notes, permit};

/// Does all of it or fails; the caller rolls back what a failed batch left.
pub(super) fn apply(
    db: &Connection,
    place: &Place,
    heads: &mut Heads,
    author: &Author,
    writes: Vec<Write>,
) -> Result<Vec<u64>, StoreError> {
    let mut batch = Batch { db, place, heads, author };
    let mut sequences = Vec::with_capacity(writes.len());
    let mut deeds = Vec::new();
    for write in writes {
        match write {
            Write::Put { document, expect } => deeds.push(batch.put(document, expect)?),
            Write::Delete { kind, id, expect } => deeds.extend(batch.delete(kind, &id, expect)?),
            Write::SetMark { name, value } => set_mark(db, name, value).map_err(|e| place.failed("marks", &e))?,
            Write::Fence { name, epoch } => {
                let newest = fence(db, name).map_err(|e| place.failed("fences", &e))?;
                check_fence(name, epoch, newest)?;
            }
            Write::Remember(reply) => remember(db, author, &reply).map_err(|e| place.failed("replies", &e))?,
        }
        sequences.push(batch.heads.sequence);
    }
    notes(author, deeds)
        .iter()
        .try_for_each(|note| append(db, batch.heads, author, note))
        .map_err(|e| place.failed("audit", &e))?;
    Ok(sequences)
}

struct Batch<'a> {
    db: &'a Connection,
    place: &'a Place,
    heads: &'a mut Heads,
    author: &'a Author,
}

impl Batch<'_> {
    fn put(&mut self, draft: Draft, expect: Expect) -> Result<Deed, StoreError> {
        let Draft { kind, id, agency, state, place: bounds, time, body } = draft;
        permit(self.author, kind, &id, agency.as_ref())?;
        let before = self.before(kind, &id, expect)?;
        let version = match &before {
            Some(before) => before.version + 1,
            None => last_version(self.db, kind, &id).map_err(|e| self.place.failed("revisions", &e))? + 1,
        };
        let sequence = if kind.is_secret() { 0 } else { self.heads.sequence + 1 };
        let document = Document { kind, id, version, agency, state, place: bounds, time, body, sequence };
        store(self.db, &document).map_err(|e| self.place.failed("documents", &e))?;
        self.revise(&document, false)?;
        let verb = if before.is_some() { "change" } else { "create" };
        Ok(Deed { kind, verb, resource: format!("{}/{}", kind.name(), document.id), version })
    }

    fn delete(&mut self, kind: Kind, id: &str, expect: Expect) -> Result<Option<Deed>, StoreError> {
        permit(self.author, kind, id, None)?;
        let Some(before) = self.before(kind, id, expect)? else {
            return Ok(None);
        };
        self.db
            .prepare_cached("DELETE FROM documents WHERE kind = ?1 AND id = ?2")
            .and_then(|mut statement| statement.execute(params![kind.name(), id]))
            .map_err(|e| self.place.failed("documents", &e))?;
        let last = Document { version: before.version + 1, sequence: self.heads.sequence + 1, ..before };
        self.revise(&last, true)?;
        Ok(Some(Deed { kind, verb: "delete", resource: format!("{}/{id}", kind.name()), version: last.version }))
    }

    /// The document as it is, if it is as expected and whose it is now allows the change: nobody takes a
    /// thing of another agency by writing their own agency on it.
    fn before(&self, kind: Kind, id: &str, expect: Expect) -> Result<Option<Document>, StoreError> {
        let before = documents::get(self.db, self.place, kind, id)?;
        if let Some(before) = &before {
            permit(self.author, kind, id, before.agency.as_ref())?;
        }
        check_version(kind, id, expect, before.as_ref().map(|before| before.version))?;
        Ok(before)
    }

    fn revise(&mut self, document: &Document, deleted: bool) -> Result<(), StoreError> {
        if document.kind.is_secret() {
            return Ok(());
        }
        revise(self.db, self.heads, document, deleted).map_err(|e| self.place.failed("revisions", &e))
    }
}

/// The version an id had when it was deleted, so that an old ETag never fits a new document.
fn last_version(db: &Connection, kind: Kind, id: &str) -> rusqlite::Result<u64> {
    let last = db
        .prepare_cached("SELECT version FROM revisions WHERE kind = ?1 AND id = ?2 ORDER BY sequence DESC LIMIT 1")?
        .query_row(params![kind.name(), id], |row| row.get(0))
        .optional()?;
    Ok(last.unwrap_or(0))
}

fn store(db: &Connection, document: &Document) -> rusqlite::Result<()> {
    let d = document;
    let [west, south, east, north] = edges(d);
    db.prepare_cached(
        "INSERT INTO documents (kind, id, version, agency, state, west, south, east, north, time, sequence, body, sum)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
             row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12))
         ON CONFLICT (kind, id) DO UPDATE SET version = ?3, agency = ?4, state = ?5, west = ?6, south = ?7,
             east = ?8, north = ?9, time = ?10, sequence = ?11, body = ?12, sum = excluded.sum",
    )?
    .execute(params![
        d.kind.name(),
        d.id,
        d.version,
        d.agency.as_ref().map(AsRef::<str>::as_ref),
        d.state,
        west,
        south,
        east,
        north,
        d.time.0,
        d.sequence,
        d.body
    ])?;
    Ok(())
}

fn revise(db: &Connection, heads: &mut Heads, document: &Document, deleted: bool) -> rusqlite::Result<()> {
    let d = document;
    let [west, south, east, north] = edges(d);
    db.prepare_cached(
        "INSERT INTO revisions (sequence, at, deleted, kind, id, version, agency, state, west, south, east, north, time, body,
             sum)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,
             row_sum(?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?1, ?14))",
    )?
    .execute(params![
        d.sequence,
        heads.at.0,
        deleted,
        d.kind.name(),
        d.id,
        d.version,
        d.agency.as_ref().map(AsRef::<str>::as_ref),
        d.state,
        west,
        south,
        east,
        north,
        d.time.0,
        d.body
    ])?;
    heads.sequence = d.sequence;
    Ok(())
}

fn edges(document: &Document) -> [Option<f64>; 4] {
    let b = document.place;
    [b.map(|b| b.west), b.map(|b| b.south), b.map(|b| b.east), b.map(|b| b.north)]
}

fn set_mark(db: &Connection, name: &str, value: u64) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO marks VALUES (?1, ?2, row_sum(?1, ?2)) ON CONFLICT (name) DO UPDATE SET value = ?2, sum = excluded.sum")?
        .execute(params![name, value])?;
    Ok(())
}

fn remember(db: &Connection, author: &Author, reply: &Reply) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO replies VALUES (?1, ?2, ?3, ?4, ?5, ?6, row_sum(?1, ?2, ?3, ?4, ?5, ?6))
         ON CONFLICT (actor, key) DO UPDATE SET fingerprint = ?3, status = ?4, body = ?5, expires = ?6, sum = excluded.sum",
    )?
    .execute(params![author.actor, reply.key, reply.fingerprint, reply.status, reply.body, reply.expires.0])?;
    Ok(())
}

fn fence(db: &Connection, name: &str) -> rusqlite::Result<Option<u64>> {
    db.prepare_cached("SELECT epoch, sum IS row_sum(name, epoch) FROM fences WHERE name = ?1")?
        .query_row([name], |row| sum::check(row, 1).and_then(|()| row.get(0)))
        .optional()
}

/// The next epoch of a fence, audited.
pub(super) fn take_fence(db: &Connection, heads: &mut Heads, author: &Author, name: &str) -> rusqlite::Result<u64> {
    let epoch = db
        .prepare_cached(
            "INSERT INTO fences VALUES (?1, 1, row_sum(?1, 1))
             ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1, sum = row_sum(name, epoch + 1) RETURNING epoch",
        )?
        .query_row([name], |row| row.get(0))?;
    append(db, heads, author, &fence_note(name, epoch))?;
    Ok(epoch)
}
