//! Reading documents, pages and the past.

use std::fmt::Write as _;

use postgres::types::ToSql;
use postgres::{GenericClient, IsolationLevel, Row, Transaction};
use vigiles_model::Timestamp;
use vigiles_trust::{Action, Context};

use super::rows::{self, COLUMNS};
use crate::contract::{Document, Kind, Page, Query, Reply, StoreError};
use crate::request::position;

/// What a read gives: the server's failure outside, the request's own inside.
pub(super) type Answer<T> = Result<Result<T, StoreError>, postgres::Error>;

/// One document.
pub(super) fn get(db: &mut impl GenericClient, kind: Kind, id: &str) -> Answer<Option<Document>> {
    let sql = format!("SELECT {COLUMNS} FROM documents WHERE kind = $1 AND id = $2");
    let found = db.query_opt(&sql, &[&kind.name(), &id])?;
    Ok(found.map(|row| rows::document(kind, &row)).transpose())
}

/// A page of what is now.
pub(super) fn list(db: &mut impl GenericClient, ctx: &Context, query: &Query) -> Answer<Page> {
    let mut states: Vec<Option<&str>> = query.states.iter().map(|state| Some(state.as_str())).collect();
    states.sort_unstable();
    states.dedup();
    if states.is_empty() {
        states.push(None);
    }
    page(db, ctx, query, |sql, after, limit| {
        // Each state is one ordered walk of its index that ends early, so that a page of few states out of many
        // documents reads no more rows than it needs.
        sql.text.push_str("SELECT * FROM (");
        for (i, state) in states.iter().enumerate() {
            sql.text.push_str(if i > 0 { " UNION ALL (" } else { "(" });
            let _ = write!(sql.text, "SELECT {COLUMNS} FROM documents WHERE kind = ");
            sql.bind(query.kind.name());
            if let Some(state) = state {
                sql.and("state = ", (*state).to_owned());
            }
            if let Some(area) = query.area {
                // The index knows boxes in single precision, rounded outwards; `narrow` compares exactly.
                sql.and("place && ST_MakeEnvelope(", area.west);
                for edge in [area.south, area.east, area.north] {
                    sql.text.push_str(", ");
                    sql.bind(edge);
                }
                sql.text.push_str(", 4326)");
            }
            sql.narrow(query, after);
            sql.order(limit);
            sql.text.push(')');
        }
        sql.text.push_str(") AS found");
        sql.order(limit);
    })
}

/// A page of what was at a moment.
pub(super) fn at_moment(db: &mut postgres::Client, ctx: &Context, query: &Query, at: Timestamp) -> Answer<Page> {
    // One snapshot: pruning cannot come between the two questions.
    let mut tx = snapshot(db)?;
    let heads = rows::heads(&mut tx)?;
    if at < heads.kept_from {
        let why = format!("revisions are kept from {} on, {at} is earlier", heads.kept_from);
        return Ok(Err(StoreError::Invalid { field: "at", why }));
    }
    let newest = tx
        .query_opt("SELECT sequence FROM revisions WHERE at <= $1 ORDER BY at DESC, sequence DESC LIMIT 1", &[&at.0])?;
    let sequence: i64 = newest.map_or(0, |row| row.get(0));
    page(&mut tx, ctx, query, |sql, after, limit| {
        let _ = write!(sql.text, "SELECT {COLUMNS} FROM revisions WHERE sequence IN (SELECT last FROM (");
        sql.text.push_str("SELECT DISTINCT ON (id) sequence AS last, deleted, state FROM revisions WHERE kind = ");
        sql.bind(query.kind.name());
        sql.and("sequence <= ", sequence);
        sql.among(&query.ids);
        sql.text.push_str(" ORDER BY id, sequence DESC) AS form WHERE NOT deleted");
        if !query.states.is_empty() {
            sql.and("state = ANY(", query.states.clone());
            sql.text.push(')');
        }
        sql.text.push(')');
        sql.narrow(query, after);
        sql.order(limit);
    })
}

/// A transaction that sees one moment.
pub(super) fn snapshot(db: &mut postgres::Client) -> Result<Transaction<'_>, postgres::Error> {
    db.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start()
}

/// The value of a mark.
pub(super) fn mark(db: &mut impl GenericClient, name: &str) -> Result<Option<u64>, postgres::Error> {
    let found = db.query_opt("SELECT value FROM marks WHERE name = $1", &[&name])?;
    Ok(found.map(|row| row.get::<_, i64>(0) as u64))
}

/// A remembered answer that has not expired.
pub(super) fn recall(
    db: &mut impl GenericClient,
    actor: &str,
    key: &str,
    now: Timestamp,
) -> Result<Option<Reply>, postgres::Error> {
    let found = db.query_opt(
        "SELECT fingerprint, status, body, expires FROM replies WHERE actor = $1 AND key = $2 AND expires > $3",
        &[&actor, &key, &now.0],
    )?;
    Ok(found.map(|row| Reply {
        key: key.to_owned(),
        fingerprint: row.get(0),
        status: row.get::<_, i32>(1) as u16,
        body: row.get(2),
        expires: Timestamp(row.get(3)),
    }))
}

/// How many documents there are of each kind, by its stored name, and the bytes of all tables.
pub(super) fn counts(db: &mut impl GenericClient) -> Result<(Vec<(String, u64)>, u64), postgres::Error> {
    let counts = db.query("SELECT kind, count(*) FROM documents GROUP BY kind ORDER BY kind", &[])?;
    let counts = counts.iter().map(|row| (row.get(0), row.get::<_, i64>(1) as u64)).collect();
    let bytes = db.query_one(
        "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'",
        &[],
    )?;
    Ok((counts, bytes.get::<_, i64>(0) as u64))
}

/// Reads on until the page is full: rows that the context may not see, or that are not as asked, are left out here.
fn page(
    db: &mut impl GenericClient,
    ctx: &Context,
    query: &Query,
    write: impl Fn(&mut Sql, Option<&(i64, String)>, i64),
) -> Answer<Page> {
    let action = Action::Read(query.kind.resource());
    let mut after = match query.cursor.as_deref().map(position).transpose() {
        Ok(after) => after,
        Err(error) => return Ok(Err(error)),
    };
    let mut documents: Vec<Document> = Vec::new();
    // One more than is shown, to know whether there is a next page.
    let chunk = query.limit + 1;
    loop {
        let mut sql = Sql::default();
        write(&mut sql, after.as_ref(), chunk as i64);
        let found = db.query(&sql.text, &sql.values())?;
        for row in &found {
            let document = match rows::document(query.kind, row) {
                Ok(document) => document,
                Err(error) => return Ok(Err(error)),
            };
            if !ctx.permits(action, document.agency.as_ref()) || !has_fields(query, &document.body) {
                continue;
            }
            if documents.len() == query.limit {
                let next = documents.last().map(|last| crate::cursor_after(last.time, &last.id));
                return Ok(Ok(Page { documents, next }));
            }
            documents.push(document);
        }
        match found.last().filter(|_| found.len() == chunk) {
            Some(row) => after = Some(place_of(row)),
            None => return Ok(Ok(Page { documents, next: None })),
        }
    }
}

/// Where a row stands in the order of a list.
fn place_of(row: &Row) -> (i64, String) {
    (row.get(8), row.get(0))
}

/// Whether the body has in each field one of the texts: exact, where the server could only say "perhaps".
fn has_fields(query: &Query, body: &str) -> bool {
    let mut asked = query.fields.iter().filter(|(_, texts)| !texts.is_empty()).peekable();
    if asked.peek().is_none() {
        return true;
    }
    let Ok(serde_json::Value::Object(body)) = serde_json::from_str(body) else { return false };
    asked.all(|(field, texts)| {
        body.get(*field).and_then(|found| found.as_str()).is_some_and(|found| texts.iter().any(|text| text == found))
    })
}

/// SQL text with its values in order.
#[derive(Default)]
struct Sql {
    text: String,
    values: Vec<Box<dyn ToSql + Sync>>,
}

impl Sql {
    fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(AsRef::as_ref).collect()
    }

    fn bind(&mut self, value: impl ToSql + Sync + 'static) {
        self.values.push(Box::new(value));
        let _ = write!(self.text, "${}", self.values.len());
    }

    fn and(&mut self, condition: &str, value: impl ToSql + Sync + 'static) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.bind(value);
    }

    fn among(&mut self, ids: &[String]) {
        if !ids.is_empty() {
            self.and("id = ANY(", ids.to_vec());
            self.text.push(')');
        }
    }

    fn order(&mut self, limit: i64) {
        self.text.push_str(" ORDER BY time DESC, id DESC LIMIT ");
        self.bind(limit);
    }

    fn narrow(&mut self, query: &Query, after: Option<&(i64, String)>) {
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
            // In this collation only ASCII has two cases, as the contract says.
            self.and("position(", text.to_ascii_lowercase());
            self.text.push_str(" IN lower(body COLLATE \"C\")) > 0");
        }
        for (field, texts) in query.fields.iter().filter(|(_, texts)| !texts.is_empty()) {
            // The server's JSON knows no NUL and no lone surrogate, which a body may hold: such ones it leaves to us.
            self.text
                .push_str(r" AND CASE WHEN body ~ '\\u(0000|[dD][89abcdefABCDEF])' THEN true ELSE body::json ->> ");
            self.bind(*field);
            self.text.push_str(" = ANY(");
            self.bind(texts.clone());
            self.text.push_str(") END");
        }
        if let Some((time, id)) = after {
            self.and("(time, id) < (", *time);
            self.text.push_str(", ");
            self.bind(id.clone());
            self.text.push(')');
        }
    }
}
