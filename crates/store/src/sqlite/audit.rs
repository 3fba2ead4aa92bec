//! Reading the audit log.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use vigiles_model::Timestamp;
use vigiles_trust::{Action, Context, Resource};

use super::error::Place;
use crate::chain;
use crate::contract::{AuditEntry, AuditPage, AuditQuery, StoreError};
use crate::request::audit_position;

/// A page of entries that the context may see, newest first.
pub(super) fn page(db: &Connection, place: &Place, ctx: &Context, query: &AuditQuery) -> Result<AuditPage, StoreError> {
    let failed = |e: rusqlite::Error| place.failed("audit", &e);
    let (text, values) = select(query)?;
    let mut statement = db.prepare_cached(&text).map_err(failed)?;
    let mut found = statement.query(params_from_iter(values)).map_err(failed)?;
    let mut entries: Vec<AuditEntry> = Vec::new();
    while let Some(row) = found.next().map_err(failed)? {
        let entry = entry(place, row)?;
        let agency = entry.agency.as_deref().and_then(|agency| vigiles_model::AgencyId::new(agency).ok());
        if !ctx.permits(Action::Read(Resource::Audit), agency.as_ref()) {
            continue;
        }
        if entries.len() == query.limit {
            let next = entries.last().map(|last| last.sequence.to_string());
            return Ok(AuditPage { entries, next });
        }
        entries.push(entry);
    }
    Ok(AuditPage { entries, next: None })
}

fn select(query: &AuditQuery) -> Result<(String, Vec<Value>), StoreError> {
    let mut text =
        "SELECT sequence, at, actor, agency, purpose, action, resource, outcome, detail, hash FROM audit".to_owned();
    let mut values: Vec<Value> = Vec::new();
    let mut and = |condition: &str, value: Value| {
        text.push_str(if values.is_empty() { " WHERE " } else { " AND " });
        text.push_str(condition);
        values.push(value);
    };
    if let Some(from) = query.from {
        and("at >= ?", from.0.into());
    }
    if let Some(to) = query.to {
        and("at < ?", to.0.into());
    }
    if let Some(actor) = &query.actor {
        and("actor = ?", actor.clone().into());
    }
    if let Some(action) = &query.action {
        and("action = ?", action.clone().into());
    }
    if let Some(resource) = &query.resource {
        // Everything that begins with the text sorts from it up to it with a last character above all.
        and("resource >= ?", resource.clone().into());
        and("resource < ?", format!("{resource}\u{10ffff}").into());
    }
    if let Some(outcome) = query.outcome {
        and("outcome = ?", outcome.as_str().to_owned().into());
    }
    if let Some(cursor) = &query.cursor {
        and("sequence < ?", audit_position(cursor)?.into());
    }
    text.push_str(" ORDER BY sequence DESC");
    Ok((text, values))
}

fn entry(place: &Place, row: &Row<'_>) -> Result<AuditEntry, StoreError> {
    let failed = |e: rusqlite::Error| place.failed("audit", &e);
    let sequence: u64 = row.get(0).map_err(failed)?;
    let word: String = row.get(7).map_err(failed)?;
    let hash: [u8; 32] = row.get(9).map_err(failed)?;
    Ok(AuditEntry {
        sequence,
        at: Timestamp(row.get(1).map_err(failed)?),
        actor: row.get(2).map_err(failed)?,
        agency: row.get(3).map_err(failed)?,
        purpose: row.get(4).map_err(failed)?,
        action: row.get(5).map_err(failed)?,
        resource: row.get(6).map_err(failed)?,
        outcome: chain::outcome(&word)
            .ok_or_else(|| place.damaged(format!("audit, entry {sequence}"), format!("`{word}` is no outcome")))?,
        detail: row.get(8).map_err(failed)?,
        hash: chain::hex(&hash),
    })
}
