//! Between rows and documents.

use rusqlite::Row;
use vigiles_model::{AgencyId, BoundingBox, Timestamp};

use super::error::Place;
use super::sum;
use crate::contract::{Document, Kind, StoreError};

/// The columns that [`document`] reads, in its order, of a table or alias that has all of them.
pub(super) const COLUMNS: &str = "id, version, agency, state, west, south, east, north, time, sequence, body, sum";

/// Which of them is the checksum.
const SUM: usize = 11;

/// A document from the first twelve columns of a row, whose checksum must fit.
pub(super) fn document(place: &Place, kind: Kind, row: &Row<'_>) -> Result<Document, StoreError> {
    let read = |e: rusqlite::Error| place.failed("documents", &e);
    let id: String = row.get(0).map_err(read)?;
    let own = sum::of_document(kind.name(), row, SUM).map_err(read)?;
    if row.get::<_, Option<u32>>(SUM).map_err(read)? != Some(own) {
        return Err(place.damaged(format!("{}/{id}", kind.name()), "its checksum does not fit"));
    }
    let agency = agency(row, 2).map_err(read)?;
    let agency =
        agency.map(AgencyId::new).transpose().map_err(|e| place.damaged(format!("{}/{id} agency", kind.name()), e))?;
    Ok(Document {
        kind,
        version: row.get(1).map_err(read)?,
        agency,
        state: row.get(3).map_err(read)?,
        place: bounds(row, 4).map_err(read)?,
        time: Timestamp(row.get(8).map_err(read)?),
        sequence: row.get(9).map_err(read)?,
        body: row.get(10).map_err(read)?,
        id,
    })
}

fn agency(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    row.get(column)
}

fn bounds(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<BoundingBox>> {
    let edge = |i: usize| row.get::<_, Option<f64>>(first + i);
    Ok(match (edge(0)?, edge(1)?, edge(2)?, edge(3)?) {
        (Some(west), Some(south), Some(east), Some(north)) => Some(BoundingBox { west, south, east, north }),
        _ => None,
    })
}
