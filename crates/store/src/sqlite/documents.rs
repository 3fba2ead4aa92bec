//! Reading documents, pages and the past.

use std::fmt::Write as _;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};
use vigiles_model::Timestamp;
use vigiles_trust::{Action, Context};

use super::error::Place;
use super::rows::{self, COLUMNS};
use super::sum;
use super::writer;
use crate::contract::{Document, Kind, Page, Query, Reply, StoreError};
use crate::request::position;

/// One document.
pub(super) fn get(db: &Connection, place: &Place, kind: Kind, id: &str) -> Result<Option<Document>, StoreError> {
    let failed = |e: rusqlite::Error| place.failed("documents", &e);
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM documents WHERE kind = ?1 AND id = ?2")).map_err(failed)?;
    let mut found = statement.query(params![kind.name(), id]).map_err(failed)?;
    found.next().map_err(failed)?.map(|row| rows::document(place, kind, row)).transpose()
}

/// A page of what is now.
pub(super) fn list(db: &Connection, place: &Place, ctx: &Context, query: &Query) -> Result<Page, StoreError> {
    let mut sql = Sql::default();
    let states: Vec<Option<&str>> = states(query);
    // The planner would rather walk the whole kind in the order of the answer than sort a few found by id.
    let index = if query.ids.is_empty() { "" } else { "INDEXED BY documents_by_id" };
    for (i, state) in states.iter().enumerate() {
        let union = if i > 0 { " UNION ALL " } else { "" };
        let _ = write!(sql.text, "{union}SELECT {COLUMNS} FROM documents {index} WHERE kind = ");
        sql.bind(query.kind.name().to_owned());
        if let Some(state) = state {
            sql.and("state = ", (*state).to_owned());
        }
        sql.narrow(query)?;
    }
    sql.text.push_str(" ORDER BY time DESC, id DESC");
    page(db, place, ctx, query, &sql)
}

/// A page of what was at the moment of the newest revision up to `sequence`.
fn as_of(db: &Connection, place: &Place, ctx: &Context, query: &Query, sequence: u64) -> Result<Page, StoreError> {
    let mut sql = Sql::default();
    let _ = write!(sql.text, "SELECT {COLUMNS} FROM revisions WHERE sequence IN (SELECT last FROM (");
    // A bare column beside max() is that of the row with the maximum (documented by SQLite).
    sql.text.push_str("SELECT max(sequence) AS last, deleted, state FROM revisions WHERE kind = ");
    sql.bind(query.kind.name().to_owned());
    sql.and("sequence <= ", Value::Integer(sequence as i64));
    sql.among(&query.ids);
    sql.text.push_str(" GROUP BY id) WHERE deleted = 0");
    if !query.states.is_empty() {
        sql.text.push_str(" AND state IN (");
        for (i, state) in query.states.iter().enumerate() {
            sql.text.push_str(if i > 0 { ", " } else { "" });
            sql.bind(state.clone());
        }
        sql.text.push(')');
    }
    sql.text.push(')');
    sql.narrow(query)?;
    sql.text.push_str(" ORDER BY time DESC, id DESC");
    page(db, place, ctx, query, &sql)
}

/// A page of what was at a moment.
pub(super) fn at_moment(
    db: &Connection,
    place: &Place,
    ctx: &Context,
    query: &Query,
    at: Timestamp,
) -> Result<Page, StoreError> {
    // One read transaction: pruning cannot come between the two questions.
    let tx = db.unchecked_transaction().map_err(|e| place.failed("begin", &e))?;
    let heads = writer::heads(&tx).map_err(|e| place.failed("meta", &e))?;
    if at < heads.kept_from {
        let why = format!("revisions are kept from {} on, {at} is earlier", heads.kept_from);
        return Err(StoreError::Invalid { field: "at", why });
    }
    let sequence = sequence_at(&tx, place, at)?;
    as_of(&tx, place, ctx, query, sequence)
}

/// The value of a mark.
pub(super) fn mark(db: &Connection, name: &str) -> rusqlite::Result<Option<u64>> {
    db.prepare_cached("SELECT value, sum IS row_sum(name, value) FROM marks WHERE name = ?1")?
        .query_row([name], |row| sum::check(row, 1).and_then(|()| row.get(0)))
        .optional()
}

/// How many documents there are of each kind, by its stored name.
pub(super) fn counts(db: &Connection) -> rusqlite::Result<Vec<(String, u64)>> {
    db.prepare_cached("SELECT kind, count(*) FROM documents GROUP BY kind")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// The newest sequence at or before a moment.
fn sequence_at(db: &Connection, place: &Place, at: Timestamp) -> Result<u64, StoreError> {
    db.prepare_cached("SELECT sequence FROM revisions WHERE at <= ?1 ORDER BY at DESC, sequence DESC LIMIT 1")
        .and_then(|mut statement| statement.query_row([at.0], |row| row.get(0)).optional())
        .map(|sequence| sequence.unwrap_or(0))
        .map_err(|e| place.failed("revisions", &e))
}

/// A remembered answer that has not expired.
pub(super) fn recall(db: &Connection, actor: &str, key: &str, now: Timestamp) -> rusqlite::Result<Option<Reply>> {
    db.prepare_cached(
        "SELECT fingerprint, status, body, expires, sum IS row_sum(actor, key, fingerprint, status, body, expires)
         FROM replies WHERE actor = ?1 AND key = ?2 AND expires > ?3",
    )?
    .query_row(params![actor, key, now.0], |row| {
        sum::check(row, 4)?;
        Ok(Reply {
            key: key.to_owned(),
            fingerprint: row.get(0)?,
            status: row.get(1)?,
            body: row.get(2)?,
            expires: Timestamp(row.get(3)?),
        })
    })
    .optional()
}

fn states(query: &Query) -> Vec<Option<&str>> {
    if query.states.is_empty() {
        return vec![None];
    }
    // Each state is one ordered walk of the index and SQLite merges the walks, so that a page of few
    // states out of many documents reads no more rows than it shows.
    let mut states: Vec<_> = query.states.iter().map(|state| Some(state.as_str())).collect();
    states.sort_unstable();
    states.dedup();
    states
}

/// Steps through the rows, leaves out what the context may not see, stops when the page is full.
fn page(db: &Connection, place: &Place, ctx: &Context, query: &Query, sql: &Sql) -> Result<Page, StoreError> {
    let failed = |e: rusqlite::Error| place.failed("documents", &e);
    let action = Action::Read(query.kind.resource());
    let mut statement = db.prepare_cached(&sql.text).map_err(failed)?;
    let mut found = statement.query(params_from_iter(&sql.values)).map_err(failed)?;
    let mut documents: Vec<Document> = Vec::new();
    while let Some(row) = found.next().map_err(failed)? {
        let document = rows::document(place, query.kind, row)?;
        if !ctx.permits(action, document.agency.as_ref()) {
            continue;
        }
        if documents.len() == query.limit {
            let next = documents.last().map(|last| crate::cursor_after(last.time, &last.id));
            return Ok(Page { documents, next });
        }
        documents.push(document);
    }
    Ok(Page { documents, next: None })
}

/// SQL text with its values in order.
#[derive(Default)]
struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    fn bind(&mut self, value: impl Into<Value>) {
        self.text.push('?');
        self.values.push(value.into());
    }

    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.bind(value);
    }

    /// One value, so that the statement is the same for any number of ids.
    fn among(&mut self, ids: &[String]) {
        if !ids.is_empty() {
            self.and("id IN (SELECT value FROM json_each(", serde_json::json!(ids).to_string());
            self.text.push_str("))");
        }
    }

    fn narrow(&mut self, query: &Query) -> Result<(), StoreError> {
        self.among(&query.ids);
        if let Some(agency) = &query.agency {
            self.and("agency = ", agency.to_string());
        }
        if let Some(area) = query.area {
            self.and("east >= ", area.west);
            self.and("west <= ", area.east);
            self.and("north >= ", area.south);
            self.and("south <= ", area.north);
        }
        if let Some(from) = query.from {
            self.and("time >= ", from.0);
        }
        if let Some(to) = query.to {
            self.and("time < ", to.0);
        }
        if let Some(text) = &query.text {
            self.and("instr(lower(body), ", text.to_ascii_lowercase());
            self.text.push_str(") > 0");
        }
        for (field, texts) in query.fields.iter().filter(|(_, texts)| !texts.is_empty()) {
            self.and("json_extract(body, ", format!("$.{field}"));
            self.text.push_str(") IN (");
            for (i, text) in texts.iter().enumerate() {
                self.text.push_str(if i == 0 { "" } else { ", " });
                self.bind(text.clone());
            }
            self.text.push(')');
        }
        if let Some(cursor) = &query.cursor {
            let (time, id) = position(cursor)?;
            self.and("(time, id) < (", time);
            self.text.push_str(", ");
            self.bind(id);
            self.text.push(')');
        }
        Ok(())
    }
}
