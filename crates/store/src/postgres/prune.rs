//! Forgetting old revisions in small steps, so that no writer waits long.
//!
//! Invariant: for every moment that is kept, the last form of each document at that moment stays; a
//! deletion goes only after all the forms it ended.

use postgres::Transaction;
use vigiles_model::Timestamp;

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
#[derive(Debug, Clone, Copy)]
pub(super) enum Progress {
    /// Go on here.
    Next(Step),
    /// All done; so many rows went.
    Done(u64),
}

pub(super) fn step(tx: &mut Transaction<'_>, heads: &mut Heads, step: Step) -> Result<Progress, postgres::Error> {
    match step {
        Step::Begin { before } => begin(tx, heads, before),
        Step::Replaced { after, removed } => {
            let removed = removed
                + tx.execute(
                    "DELETE FROM revisions WHERE sequence > $1 AND sequence <= $2 AND EXISTS (
                         SELECT 1 FROM revisions AS later WHERE later.kind = revisions.kind
                         AND later.id = revisions.id AND later.sequence > revisions.sequence AND later.sequence <= $3)",
                    &[&(after as i64), &(end(heads, after) as i64), &(heads.feed_from as i64)],
                )?;
            Ok(match next(tx, heads, after)? {
                Some(after) => Progress::Next(Step::Replaced { after, removed }),
                None => Progress::Next(Step::Deletions { after: 0, removed }),
            })
        }
        Step::Deletions { after, removed } => {
            let removed = removed
                + tx.execute(
                    "DELETE FROM revisions WHERE sequence > $1 AND sequence <= $2 AND deleted",
                    &[&(after as i64), &(end(heads, after) as i64)],
                )?;
            Ok(match next(tx, heads, after)? {
                Some(after) => Progress::Next(Step::Deletions { after, removed }),
                None => Progress::Done(removed),
            })
        }
    }
}

fn begin(tx: &mut Transaction<'_>, heads: &mut Heads, before: Timestamp) -> Result<Progress, postgres::Error> {
    let removed = tx.execute("DELETE FROM replies WHERE expires <= $1", &[&heads.at.0])?;
    let boundary = tx.query_opt(
        "SELECT sequence FROM revisions WHERE at < $1 ORDER BY at DESC, sequence DESC LIMIT 1",
        &[&before.0],
    )?;
    heads.feed_from = heads.feed_from.max(boundary.map_or(0, |row| row.get::<_, i64>(0) as u64));
    heads.kept_from = heads.kept_from.max(before.min(heads.at));
    Ok(Progress::Next(Step::Replaced { after: 0, removed }))
}

fn end(heads: &Heads, after: u64) -> u64 {
    heads.feed_from.min(after.saturating_add(STEP))
}

/// The sequence after which the next step looks: gaps left by earlier pruning are jumped over.
fn next(tx: &mut Transaction<'_>, heads: &Heads, after: u64) -> Result<Option<u64>, postgres::Error> {
    let first: Option<i64> = tx
        .query_one(
            "SELECT min(sequence) FROM revisions WHERE sequence > $1 AND sequence <= $2",
            &[&(end(heads, after) as i64), &(heads.feed_from as i64)],
        )?
        .get(0);
    Ok(first.map(|sequence| sequence as u64 - 1))
}
