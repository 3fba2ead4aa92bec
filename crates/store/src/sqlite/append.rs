//! Appending to the audit log.

use rusqlite::{Connection, params};

use crate::chain::{Author, Link};
use crate::contract::AuditNote;
use crate::heads::Heads;

/// Writes the entry that follows the heads, and moves them on.
pub(super) fn append(db: &Connection, heads: &mut Heads, author: &Author, note: &AuditNote) -> rusqlite::Result<()> {
    let (link, own) = Link::follow(heads, author, note);
    db.prepare_cached("INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?.execute(params![
        link.sequence,
        link.at.0,
        link.actor,
        link.agency,
        link.purpose,
        link.action,
        link.resource,
        link.outcome,
        link.detail,
        own
    ])?;
    Ok(())
}
