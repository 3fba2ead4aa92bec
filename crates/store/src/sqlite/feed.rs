//! The change feed: the revisions in order.

use rusqlite::{Connection, params};
use vigiles_model::Timestamp;
use vigiles_trust::{Action, Context};

use super::error::Place;
use super::rows;
use super::writer;
use crate::contract::{Change, Changes, Kind, StoreError};

/// What came after a sequence, for one reader.
pub(super) fn changes(
    db: &Connection,
    place: &Place,
    kinds: &[Kind],
    ctx: &Context,
    after: u64,
    limit: usize,
) -> Result<Changes, StoreError> {
    let failed = |e: rusqlite::Error| place.failed("revisions", &e);
    // One read transaction: the heads and the rows are of the same moment.
    let tx = db.unchecked_transaction().map_err(failed)?;
    let heads = writer::heads(&tx).map_err(failed)?;
    if after < heads.feed_from || after > heads.sequence {
        return Ok(Changes::Resync { oldest: heads.feed_from, latest: heads.sequence });
    }
    let mut statement = tx
        .prepare_cached(
            "SELECT id, version, agency, state, west, south, east, north, time, sequence, body, sum, kind, at, deleted
             FROM revisions WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
        )
        .map_err(failed)?;
    let mut found = statement.query(params![after, limit as u64]).map_err(failed)?;
    let (mut changes, mut next) = (Vec::new(), after);
    while let Some(row) = found.next().map_err(failed)? {
        next = row.get(9).map_err(failed)?;
        let name: String = row.get(12).map_err(failed)?;
        // A kind that this program was not told of belongs to a newer or an older one.
        let Some(kind) = kinds.iter().copied().find(|kind| kind.name() == name) else { continue };
        let document = rows::document(place, kind, row)?;
        if ctx.permits(Action::Read(kind.resource()), document.agency.as_ref()) {
            changes.push(Change {
                sequence: next,
                at: Timestamp(row.get(13).map_err(failed)?),
                deleted: row.get(14).map_err(failed)?,
                document,
            });
        }
    }
    Ok(Changes::Events { changes, next })
}
