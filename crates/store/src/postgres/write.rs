//! The statements of the writer: the lock, what a group asks about, and what it changes, by sets.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use postgres::{Client, Statement, Transaction};

use super::feed::CHANNEL;
use super::plan::{Entry, Held, Key, Revision, Stored, Work};
use super::rows;
use crate::contract::{Document, Kind, StoreError, Write};
use crate::heads::Heads;

/// Rows of one statement.
const ROWS: usize = 1000;
/// Bytes of bodies of one statement; one row may have more.
const BYTES: usize = 32 << 20;

/// What is prepared once for each connection.
pub(super) struct Statements {
    lock: Statement,
    committed: Statement,
    find: Statement,
    fences: Statement,
    store: Statement,
    delete: Statement,
    revise: Statement,
    audit: Statement,
    mark: Statement,
    fence: Statement,
    remember: Statement,
    finish: Statement,
}

impl Statements {
    pub(super) fn prepare(db: &mut Client) -> Result<Self, postgres::Error> {
        Ok(Self {
            lock: db.prepare("SELECT sequence, feed_from, kept_from, audit, audit_hash, at FROM meta FOR UPDATE")?,
            committed: db.prepare("SELECT EXISTS (SELECT 1 FROM writers WHERE id = $1 AND number = $2)")?,
            find: db.prepare(FIND)?,
            fences: db.prepare("SELECT name, epoch FROM fences WHERE name = ANY($1)")?,
            store: db.prepare(STORE)?,
            delete: db.prepare(
                "DELETE FROM documents USING unnest($1::text[], $2::text[]) AS gone (kind, id)
                 WHERE documents.kind = gone.kind AND documents.id = gone.id",
            )?,
            revise: db.prepare(REVISE)?,
            audit: db.prepare(AUDIT)?,
            mark: db
                .prepare("INSERT INTO marks VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")?,
            fence: db.prepare(
                "INSERT INTO fences VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch",
            )?,
            remember: db.prepare(
                "INSERT INTO replies VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (actor, key) DO UPDATE
                 SET fingerprint = $3, status = $4, body = $5, expires = $6",
            )?,
            finish: db.prepare(FINISH)?,
        })
    }

    /// Waits for the writers' lock, which the end of the transaction gives back, and reads the heads.
    pub(super) fn lock(&self, tx: &mut Transaction<'_>) -> Result<Heads, postgres::Error> {
        tx.query_one(&self.lock, &[]).map(|row| rows::as_heads(&row))
    }

    /// Whether the transaction of this number was committed, though its answer was lost.
    pub(super) fn is_committed(
        &self,
        tx: &mut Transaction<'_>,
        id: &str,
        number: i64,
    ) -> Result<bool, postgres::Error> {
        Ok(tx.query_one(&self.committed, &[&id, &number])?.get(0))
    }

    /// What the writes of a group ask about.
    pub(super) fn find<'a>(
        &self,
        tx: &mut Transaction<'_>,
        writes: impl Iterator<Item = &'a Write>,
        taken: impl Iterator<Item = &'a str>,
    ) -> Result<Result<Stored, StoreError>, postgres::Error> {
        let (mut asked, mut fences) = (HashMap::new(), taken.map(str::to_owned).collect::<BTreeSet<_>>());
        for write in writes {
            match write {
                Write::Put { document, .. } => {
                    asked.entry((document.kind, document.id.as_str())).or_insert(false);
                }
                // The last form of a deleted document stays in the feed: it is read whole.
                Write::Delete { kind, id, .. } => drop(asked.insert((*kind, id.as_str()), true)),
                Write::Fence { name, .. } => drop(fences.insert((*name).to_owned())),
                Write::SetMark { .. } | Write::Remember(_) => {}
            }
        }
        let mut stored = Stored::default();
        if !fences.is_empty() {
            let names: Vec<String> = fences.into_iter().collect();
            let found = tx.query(&self.fences, &[&names])?;
            stored.fences = found.iter().map(|row| (row.get(0), row.get::<_, i64>(1) as u64)).collect();
        }
        if asked.is_empty() {
            return Ok(Ok(stored));
        }
        let by_name: HashMap<&str, Kind> = asked.keys().map(|(kind, _)| (kind.name(), *kind)).collect();
        let (keys, whole): (Vec<_>, Vec<bool>) = asked.into_iter().unzip();
        let (kinds, ids): (Vec<&str>, Vec<&str>) = keys.into_iter().map(|(kind, id)| (kind.name(), id)).unzip();
        for row in tx.query(&self.find, &[&kinds, &ids, &whole])? {
            let last = row.get::<_, Option<i64>>(12).unwrap_or(0) as u64;
            let Some(kind) = by_name.get(row.get::<_, &str>(11)) else { continue };
            let document = match row.get::<_, Option<i64>>(1).map(|_| rows::document(*kind, &row)).transpose() {
                Ok(document) => document,
                Err(error) => return Ok(Err(error)),
            };
            let key: Key = (kind.name(), row.get(0));
            stored.documents.insert(key, Held { document: document.map(Arc::new), last });
        }
        Ok(Ok(stored))
    }

    /// Writes what a group changed.
    pub(super) fn write(&self, tx: &mut Transaction<'_>, work: &Work) -> Result<(), postgres::Error> {
        let (mut present, mut gone) = (Vec::new(), (Vec::new(), Vec::new()));
        for ((kind, id), held) in &work.documents {
            if let Some(document) = &held.document {
                present.push(&**document);
            } else {
                gone.0.push(*kind);
                gone.1.push(id.as_str());
            }
        }
        for part in parts(&present, |document| document.body.len()) {
            self.store(tx, part)?;
        }
        if !gone.0.is_empty() {
            tx.execute(&self.delete, &[&gone.0, &gone.1])?;
        }
        for part in parts(&work.revisions, |revision| revision.document.body.len()) {
            self.revise(tx, part)?;
        }
        for part in work.entries.chunks(ROWS) {
            self.audit(tx, part)?;
        }
        for (name, value) in &work.marks {
            tx.execute(&self.mark, &[name, &(*value as i64)])?;
        }
        for (name, epoch) in &work.fences {
            tx.execute(&self.fence, &[name, &(*epoch as i64)])?;
        }
        for ((actor, key), reply) in &work.replies {
            let status = i32::from(reply.status);
            tx.execute(&self.remember, &[actor, key, &reply.fingerprint, &status, &reply.body, &reply.expires.0])?;
        }
        Ok(())
    }

    fn store(&self, tx: &mut Transaction<'_>, documents: &[&Document]) -> Result<(), postgres::Error> {
        let c = Columns::of(documents);
        let [west, south, east, north] = &c.edges;
        tx.execute(
            &self.store,
            &[&c.kind, &c.id, &c.version, &c.agency, &c.state, west, south, east, north, &c.time, &c.sequence, &c.body],
        )
        .map(drop)
    }

    fn revise(&self, tx: &mut Transaction<'_>, revisions: &[Revision]) -> Result<(), postgres::Error> {
        let documents: Vec<&Document> = revisions.iter().map(|revision| &*revision.document).collect();
        let c = Columns::of(&documents);
        let [west, south, east, north] = &c.edges;
        let at: Vec<i64> = revisions.iter().map(|revision| revision.at.0).collect();
        let deleted: Vec<bool> = revisions.iter().map(|revision| revision.deleted).collect();
        tx.execute(
            &self.revise,
            &[
                &c.sequence,
                &at,
                &deleted,
                &c.kind,
                &c.id,
                &c.version,
                &c.agency,
                &c.state,
                west,
                south,
                east,
                north,
                &c.time,
                &c.body,
            ],
        )
        .map(drop)
    }

    fn audit(&self, tx: &mut Transaction<'_>, entries: &[Entry]) -> Result<(), postgres::Error> {
        fn column<'a, T>(entries: &'a [Entry], of: impl Fn(&'a Entry) -> T) -> Vec<T> {
            entries.iter().map(of).collect()
        }
        tx.execute(
            &self.audit,
            &[
                &column(entries, |e| e.sequence as i64),
                &column(entries, |e| e.at.0),
                &column(entries, |e| e.author.actor.as_str()),
                &column(entries, |e| e.author.agency.as_deref()),
                &column(entries, |e| e.author.purpose),
                &column(entries, |e| e.action.as_str()),
                &column(entries, |e| e.resource.as_str()),
                &column(entries, |e| e.outcome),
                &column(entries, |e| e.detail.as_str()),
                &column(entries, |e| e.hash.as_slice()),
            ],
        )
        .map(drop)
    }

    /// Moves the heads, leaves the transaction's number, and wakes other processes with the commit.
    pub(super) fn finish(
        &self,
        tx: &mut Transaction<'_>,
        heads: &Heads,
        (id, number): (&str, i64),
    ) -> Result<(), postgres::Error> {
        let (sequence, feed_from, audit) = (heads.sequence as i64, heads.feed_from as i64, heads.audit as i64);
        let hash = heads.audit_hash.as_slice();
        tx.execute(
            &self.finish,
            &[&sequence, &feed_from, &heads.kept_from.0, &audit, &hash, &heads.at.0, &id, &number, &CHANNEL],
        )
        .map(drop)
    }
}

/// Cuts rows into statements of a bounded size.
fn parts<T>(rows: &[T], bytes: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let mut size = 0;
        let mut fits = |row: &T| {
            size += bytes(row);
            size <= BYTES
        };
        let count = rest.iter().take(ROWS).take_while(|row| fits(row)).count().max(1);
        let (part, after) = rest.split_at_checked(count)?;
        rest = after;
        Some(part)
    })
}

/// Documents, column by column.
struct Columns<'a> {
    kind: Vec<&'static str>,
    id: Vec<&'a str>,
    version: Vec<i64>,
    agency: Vec<Option<&'a str>>,
    state: Vec<&'a str>,
    edges: [Vec<Option<f64>>; 4],
    time: Vec<i64>,
    sequence: Vec<i64>,
    body: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(documents: &[&'a Document]) -> Self {
        let edge = |of: fn(&vigiles_model::BoundingBox) -> f64| {
            documents.iter().map(|d| d.place.as_ref().map(of)).collect::<Vec<_>>()
        };
        Self {
            kind: documents.iter().map(|d| d.kind.name()).collect(),
            id: documents.iter().map(|d| d.id.as_str()).collect(),
            version: documents.iter().map(|d| d.version as i64).collect(),
            agency: documents.iter().map(|d| d.agency.as_ref().map(AsRef::as_ref)).collect(),
            state: documents.iter().map(|d| d.state.as_str()).collect(),
            edges: [edge(|b| b.west), edge(|b| b.south), edge(|b| b.east), edge(|b| b.north)],
            time: documents.iter().map(|d| d.time.0).collect(),
            sequence: documents.iter().map(|d| d.sequence as i64).collect(),
            body: documents.iter().map(|d| d.body.as_str()).collect(),
        }
    }
}

const FIND: &str =
    "SELECT asked.id, d.version, d.agency, d.state, d.west, d.south, d.east, d.north, d.time, d.sequence,
        CASE WHEN asked.whole THEN d.body ELSE '' END, asked.kind,
        CASE WHEN d.id IS NULL THEN (SELECT r.version FROM revisions r WHERE r.kind = asked.kind AND r.id = asked.id
            ORDER BY r.sequence DESC LIMIT 1) ELSE d.version END
    FROM unnest($1::text[], $2::text[], $3::bool[]) AS asked (kind, id, whole)
    LEFT JOIN documents d ON d.kind = asked.kind AND d.id = asked.id";

const STORE: &str =
    "INSERT INTO documents (kind, id, version, agency, state, west, south, east, north, time, sequence, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::float8[], $7::float8[],
        $8::float8[], $9::float8[], $10::bigint[], $11::bigint[], $12::text[])
    ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, agency = excluded.agency, state = excluded.state,
        west = excluded.west, south = excluded.south, east = excluded.east, north = excluded.north,
        time = excluded.time, sequence = excluded.sequence, body = excluded.body";

const REVISE: &str = "INSERT INTO revisions
        (sequence, at, deleted, kind, id, version, agency, state, west, south, east, north, time, body)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bool[], $4::text[], $5::text[], $6::bigint[], $7::text[],
        $8::text[], $9::float8[], $10::float8[], $11::float8[], $12::float8[], $13::bigint[], $14::text[])";

const AUDIT: &str =
    "INSERT INTO audit SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[],
        $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[])";

const FINISH: &str =
    "WITH heads AS (UPDATE meta SET sequence = $1, feed_from = $2, kept_from = $3, audit = $4, audit_hash = $5,
            at = $6),
        writer AS (INSERT INTO writers VALUES ($7, $8, now())
            ON CONFLICT (id) DO UPDATE SET number = excluded.number, at = excluded.at)
    SELECT pg_notify($9, $1::bigint::text)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_bounded() {
        let check = |rows: &[usize], expected: &[usize]| {
            let found: Vec<usize> = parts(rows, |bytes| *bytes).map(<[usize]>::len).collect();
            assert_eq!(found, expected, "{rows:?}");
        };
        check(&[], &[]);
        check(&vec![1; 2500], &[1000, 1000, 500]);
        check(&[BYTES, 1, BYTES - 1, 2 * BYTES, 5], &[1, 2, 1, 1]);
    }
}
