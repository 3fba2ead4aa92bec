//! Checksums of rows: CRC32C over each value with its type and length. The SQL function `row_sum` gives it for its
//! arguments; nothing in the schema calls it, so that other programs can read and repair the file.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, ffi};

/// The tables whose rows carry a checksum, with the columns that it covers, in this order.
pub(super) const SUMMED: [(&str, &str); 6] = [
    ("documents", DOCUMENT),
    ("revisions", DOCUMENT),
    ("marks", "name, value"),
    ("fences", "name, epoch"),
    ("replies", "actor, key, fingerprint, status, body, expires"),
    ("meta", META),
];
/// What a document and its revision have in common.
pub(super) const DOCUMENT: &str = "kind, id, version, agency, state, west, south, east, north, time, sequence, body";
/// All of `meta`.
pub(super) const META: &str = "schema, sequence, feed_from, kept_from, audit, audit_hash, at";

/// Lets a connection call `row_sum`.
pub(super) fn register(db: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("row_sum", -1, flags, |context| {
        Ok((0..context.len()).fold(0, |sum, place| with(sum, context.get_raw(place))))
    })
}

/// The checksum of a kind's name and the first `columns` values of a row.
pub(super) fn of_document(kind: &str, row: &Row<'_>, columns: usize) -> rusqlite::Result<u32> {
    let kind = with(0, ValueRef::Text(kind.as_bytes()));
    (0..columns).try_fold(kind, |sum, column| Ok(with(sum, row.get_ref(column)?)))
}

/// Refuses a row whose column says that its checksum does not fit.
pub(super) fn check(row: &Row<'_>, column: usize) -> rusqlite::Result<()> {
    if row.get(column)? { Ok(()) } else { Err(misfit()) }
}

/// A row is not what was written.
pub(super) fn misfit() -> rusqlite::Error {
    let what = Some("the checksum of a row does not fit".to_owned());
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), what)
}

fn with(sum: u32, value: ValueRef<'_>) -> u32 {
    let typed = |mark: u8, bytes: &[u8]| {
        let sum = crc32c::crc32c_append(sum, &[mark]);
        let sum = crc32c::crc32c_append(sum, &(bytes.len() as u64).to_le_bytes());
        crc32c::crc32c_append(sum, bytes)
    };
    match value {
        ValueRef::Null => typed(0, &[]),
        ValueRef::Integer(number) => typed(1, &number.to_le_bytes()),
        ValueRef::Real(number) => typed(2, &number.to_bits().to_le_bytes()),
        ValueRef::Text(text) => typed(3, text),
        ValueRef::Blob(bytes) => typed(4, bytes),
    }
}
