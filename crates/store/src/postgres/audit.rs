//! Reading the audit log.

use std::fmt::Write as _;

use postgres::types::ToSql;
use postgres::{GenericClient, Row};
use vigiles_model::Timestamp;
use vigiles_trust::{Action, Context, Resource};

use super::documents::Answer;
use super::rows;
use crate::chain;
use crate::contract::{AuditEntry, AuditPage, AuditQuery, StoreError};
use crate::request::audit_position;

/// All columns, in the order of the table.
pub(super) const COLUMNS: &str = "sequence, at, actor, agency, purpose, action, resource, outcome, detail, hash";

/// A page of entries that the context may see, newest first.
pub(super) fn page(db: &mut impl GenericClient, ctx: &Context, query: &AuditQuery) -> Answer<AuditPage> {
    let mut before = match query.cursor.as_deref().map(audit_position).transpose() {
        Ok(cursor) => cursor.unwrap_or(i64::MAX),
        Err(error) => return Ok(Err(error)),
    };
    let mut entries: Vec<AuditEntry> = Vec::new();
    // One more than is shown, to know whether there is a next page.
    let chunk = query.limit + 1;
    loop {
        let found = select(db, query, before, chunk as i64)?;
        for row in &found {
            let entry = match entry(row) {
                Ok(entry) => entry,
                Err(error) => return Ok(Err(error)),
            };
            let agency = entry.agency.as_deref().and_then(|agency| vigiles_model::AgencyId::new(agency).ok());
            if !ctx.permits(Action::Read(Resource::Audit), agency.as_ref()) {
                continue;
            }
            if entries.len() == query.limit {
                let next = entries.last().map(|last| last.sequence.to_string());
                return Ok(Ok(AuditPage { entries, next }));
            }
            entries.push(entry);
        }
        match found.last().filter(|_| found.len() == chunk) {
            Some(row) => before = row.get(0),
            None => return Ok(Ok(AuditPage { entries, next: None })),
        }
    }
}

fn select(
    db: &mut impl GenericClient,
    query: &AuditQuery,
    before: i64,
    limit: i64,
) -> Result<Vec<Row>, postgres::Error> {
    let mut text = format!("SELECT {COLUMNS} FROM audit WHERE sequence < $1");
    let mut values: Vec<Box<dyn ToSql + Sync>> = vec![Box::new(before)];
    let mut and = |condition: &str, value: Box<dyn ToSql + Sync>| {
        values.push(value);
        let _ = write!(text, " AND {condition} ${}", values.len());
    };
    if let Some(from) = query.from {
        and("at >=", Box::new(from.0));
    }
    if let Some(to) = query.to {
        and("at <", Box::new(to.0));
    }
    if let Some(actor) = &query.actor {
        and("actor =", Box::new(actor.clone()));
    }
    if let Some(action) = &query.action {
        and("action =", Box::new(action.clone()));
    }
    if let Some(resource) = &query.resource {
        // Everything that begins with the text sorts from it up to it with a last character above all.
        and("resource >=", Box::new(resource.clone()));
        and("resource <", Box::new(format!("{resource}\u{10ffff}")));
    }
    if let Some(outcome) = query.outcome {
        and("outcome =", Box::new(outcome.as_str()));
    }
    let _ = write!(text, " ORDER BY sequence DESC LIMIT {limit}");
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(AsRef::as_ref).collect();
    db.query(&text, &values)
}

fn entry(row: &Row) -> Result<AuditEntry, StoreError> {
    let (sequence, word) = (row.get::<_, i64>(0) as u64, row.get::<_, &str>(7));
    let outcome = chain::outcome(word).ok_or_else(|| StoreError::Damaged {
        file: "audit".to_owned(),
        place: format!("entry {sequence}"),
        what: format!("`{word}` is no outcome"),
    })?;
    Ok(AuditEntry {
        sequence,
        at: Timestamp(row.get(1)),
        actor: row.get(2),
        agency: row.get(3),
        purpose: row.get(4),
        action: row.get(5),
        resource: row.get(6),
        outcome,
        detail: row.get(8),
        hash: chain::hex(&rows::hash(row, 9)),
    })
}
