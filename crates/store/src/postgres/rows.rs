//! Between rows and documents.

use postgres::{GenericClient, Row};
use vigiles_model::{AgencyId, BoundingBox, Timestamp};

use crate::contract::{Document, Kind, StoreError};
use crate::heads::Heads;

/// The columns that [`document`] reads, in its order, of a table that has all of them.
pub(super) const COLUMNS: &str = "id, version, agency, state, west, south, east, north, time, sequence, body";

/// A document from the first eleven columns of a row, or what is wrong with it.
pub(super) fn document(kind: Kind, row: &Row) -> Result<Document, StoreError> {
    let id: String = row.get(0);
    let agency = row.get::<_, Option<String>>(2).map(AgencyId::new).transpose().map_err(|e| StoreError::Damaged {
        file: "documents".to_owned(),
        place: format!("{}/{id} agency", kind.name()),
        what: e.to_string(),
    })?;
    Ok(Document {
        kind,
        version: row.get::<_, i64>(1) as u64,
        agency,
        state: row.get(3),
        place: bounds(row, 4),
        time: Timestamp(row.get(8)),
        sequence: row.get::<_, i64>(9) as u64,
        body: row.get(10),
        id,
    })
}

fn bounds(row: &Row, first: usize) -> Option<BoundingBox> {
    let edge = |i: usize| row.get::<_, Option<f64>>(first + i);
    match (edge(0), edge(1), edge(2), edge(3)) {
        (Some(west), Some(south), Some(east), Some(north)) => Some(BoundingBox { west, south, east, north }),
        _ => None,
    }
}

/// The ends of feed and chain, as the reader's snapshot has them.
pub(super) fn heads(db: &mut impl GenericClient) -> Result<Heads, postgres::Error> {
    db.query_one("SELECT sequence, feed_from, kept_from, audit, audit_hash, at FROM meta", &[])
        .map(|row| as_heads(&row))
}

/// From the columns of `meta`, in the order of [`heads`].
pub(super) fn as_heads(row: &Row) -> Heads {
    Heads {
        sequence: row.get::<_, i64>(0) as u64,
        feed_from: row.get::<_, i64>(1) as u64,
        kept_from: Timestamp(row.get(2)),
        audit: row.get::<_, i64>(3) as u64,
        audit_hash: hash(row, 4),
        at: Timestamp(row.get(5)),
    }
}

/// A hash; the table lets no other length in.
pub(super) fn hash(row: &Row, column: usize) -> [u8; 32] {
    row.get::<_, &[u8]>(column).try_into().unwrap_or_default()
}
