//! Forgetting old revisions in small steps, so that no writer waits long.
//!
//! Invariant: for every moment that is kept, the last form of each document at that moment stays; a
//! deletion goes only after all the forms it ended.

use rusqlite::{Connection, OptionalExtension as _, params};
use vigiles_model::Timestamp;

use super::append::append;
use crate::chain::Author;
use crate::contract::{AuditNote, Outcome};
use crate::heads::Heads;

/// Revisions looked at in one step.
const STEP: u64 = 2000;

/// What to do next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Move the start of the feed and forget expired replies.
    Begin { before: Timestamp },
    /// Revisions after this sequence that a later one replaced before the start of the feed.
    Replaced { after: u64, removed: u64 },
    /// Deletions after this sequence.
    Deletions { after: u64, removed: u64 },
}

/// What was done.
pub(super) enum Progress {
    /// Go on here.
    Next(Step),
    /// All done; so many rows went.
    Done(u64),
}

pub(super) fn step(db: &Connection, heads: &mut Heads, author: &Author, step: &Step) -> rusqlite::Result<Progress> {
    match *step {
        Step::Begin { before } => begin(db, heads, before),
        Step::Replaced { after, removed } => {
            let removed = removed
                + db.prepare_cached(
                    "DELETE FROM revisions WHERE sequence > ?1 AND sequence <= ?2 AND EXISTS (
                         SELECT 1 FROM revisions AS later WHERE later.kind = revisions.kind
                         AND later.id = revisions.id AND later.sequence > revisions.sequence AND later.sequence <= ?3)",
                )?
                .execute(params![after, end(heads, after), heads.feed_from])? as u64;
            Ok(match next(db, heads, after)? {
                Some(after) => Progress::Next(Step::Replaced { after, removed }),
                None => Progress::Next(Step::Deletions { after: 0, removed }),
            })
        }
        Step::Deletions { after, removed } => {
            let removed = removed
                + db.prepare_cached("DELETE FROM revisions WHERE sequence > ?1 AND sequence <= ?2 AND deleted = 1")?
                    .execute(params![after, end(heads, after)])? as u64;
            if let Some(after) = next(db, heads, after)? {
                return Ok(Progress::Next(Step::Deletions { after, removed }));
            }
            let note = AuditNote {
                action: "prune".to_owned(),
                resource: "revisions".to_owned(),
                outcome: Outcome::Allowed,
                detail: format!("{removed} rows from before {}", heads.kept_from),
            };
            append(db, heads, author, &note)?;
            Ok(Progress::Done(removed))
        }
    }
}

fn begin(db: &Connection, heads: &mut Heads, before: Timestamp) -> rusqlite::Result<Progress> {
    let removed = db.prepare_cached("DELETE FROM replies WHERE expires <= ?1")?.execute([heads.at.0])? as u64;
    let boundary: Option<u64> = db
        .prepare_cached("SELECT sequence FROM revisions WHERE at < ?1 ORDER BY at DESC, sequence DESC LIMIT 1")?
        .query_row([before.0], |row| row.get(0))
        .optional()?;
    heads.feed_from = heads.feed_from.max(boundary.unwrap_or(0));
    heads.kept_from = heads.kept_from.max(before.min(heads.at));
    Ok(Progress::Next(Step::Replaced { after: 0, removed }))
}

fn end(heads: &Heads, after: u64) -> u64 {
    heads.feed_from.min(after.saturating_add(STEP))
}

/// The sequence after which the next step looks: gaps left by earlier pruning are jumped over.
fn next(db: &Connection, heads: &Heads, after: u64) -> rusqlite::Result<Option<u64>> {
    let first: Option<u64> = db
        .prepare_cached("SELECT min(sequence) FROM revisions WHERE sequence > ?1 AND sequence <= ?2")?
        .query_row(params![end(heads, after), heads.feed_from], |row| row.get(0))?;
    Ok(first.map(|sequence| sequence - 1))
}
