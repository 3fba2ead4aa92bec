//! Verifies a store: what is wrong, and where.

use postgres::{GenericClient, Row};
use vigiles_model::Timestamp;
use vigiles_postgres::{PostgresError, Server};

use super::{SCHEMA, audit, documents, rows};
use crate::chain::{self, Link};
use crate::contract::{Finding, StoreError};

/// Most findings of one sort; a store that is that bad needs no longer list.
const MAX_FINDINGS: i64 = 100;
/// Audit entries read at once.
const CHUNK: i64 = 5000;

/// Checks the store at an address: the audit chain, that no sequence is missing, and that documents are their last revision.
/// Reads only, and sees one moment; the server keeps and checks its own files.
pub fn check(url: &str) -> Result<Vec<Finding>, StoreError> {
    let server = Server::at(url, SCHEMA)?;
    let mut client = server.connect()?;
    let mut findings = Vec::new();
    let checked = documents::snapshot(&mut client).and_then(|mut tx| {
        chain_of(&mut tx, server.name(), &mut findings)?;
        revisions(&mut tx, server.name(), &mut findings)
    });
    checked.map_err(|e| PostgresError::of(server.name(), "checking", &e))?;
    Ok(findings)
}

fn finding(server: &str, place: String, what: String) -> Finding {
    Finding { file: server.to_owned(), place, what }
}

/// Walks the chain from its start: every entry must follow the one before, and the last must be the one that `meta` knows.
fn chain_of(db: &mut impl GenericClient, server: &str, findings: &mut Vec<Finding>) -> Result<(), postgres::Error> {
    let (mut before, mut last) = (chain::START, 0_u64);
    loop {
        let found = db.query(
            &format!("SELECT {} FROM audit WHERE sequence > $1 ORDER BY sequence LIMIT $2", audit::COLUMNS),
            &[&(last as i64), &CHUNK],
        )?;
        for row in &found {
            let (sequence, stored) = (row.get::<_, i64>(0) as u64, rows::hash(row, 9));
            let place = format!("audit, entry {sequence}");
            if sequence != last + 1 {
                findings.push(finding(server, place, format!("follows entry {last}: entries between are missing")));
            } else if link_hash(row, sequence, &before) != stored {
                let what = "its hash does not fit: it or the entry before was changed".to_owned();
                findings.push(finding(server, place, what));
            }
            (before, last) = (stored, sequence);
        }
        if (found.len() as i64) < CHUNK || findings.len() as i64 > MAX_FINDINGS {
            break;
        }
    }
    let heads = rows::heads(db)?;
    if (heads.audit, heads.audit_hash) != (last, before) {
        let what = format!("is the last one, but entry {} was written", heads.audit);
        findings.push(finding(server, format!("audit, entry {last}"), what));
    }
    Ok(())
}

fn link_hash(row: &Row, sequence: u64, before: &[u8; 32]) -> [u8; 32] {
    let link = Link {
        sequence,
        at: Timestamp(row.get(1)),
        actor: row.get(2),
        agency: row.get(3),
        purpose: row.get(4),
        action: row.get(5),
        resource: row.get(6),
        outcome: row.get(7),
        detail: row.get(8),
    };
    link.hash(before)
}

/// After the start of the feed every sequence has its revision, up to the last; each document in the feed is its last revision.
fn revisions(db: &mut impl GenericClient, server: &str, findings: &mut Vec<Finding>) -> Result<(), postgres::Error> {
    let heads = rows::heads(db)?;
    let missing = db.query(
        "SELECT sequence FROM generate_series($1::bigint + 1, $2) AS sequence
         WHERE NOT EXISTS (SELECT 1 FROM revisions r WHERE r.sequence = sequence.sequence)
         UNION ALL SELECT sequence FROM revisions WHERE sequence > $2 LIMIT $3",
        &[&(heads.feed_from as i64), &(heads.sequence as i64), &MAX_FINDINGS],
    )?;
    for row in missing {
        let what = format!("is missing, or beyond the last, which is {}", heads.sequence);
        findings.push(finding(server, format!("revisions, sequence {}", row.get::<_, i64>(0)), what));
    }
    let other = db.query(
        "SELECT d.kind, d.id, d.sequence FROM documents d
         LEFT JOIN revisions r ON r.sequence = d.sequence AND r.kind = d.kind AND r.id = d.id
         WHERE d.sequence > 0 AND (r.body = d.body AND r.version = d.version AND NOT r.deleted) IS NOT TRUE ORDER BY d.kind, d.id LIMIT $1",
        &[&MAX_FINDINGS],
    )?;
    for row in other {
        let place = format!("documents, {}/{}", row.get::<_, &str>(0), row.get::<_, &str>(1));
        findings.push(finding(server, place, format!("differs from its revision {}", row.get::<_, i64>(2))));
    }
    Ok(())
}
