//! The order of rows in a file: kind, day, spans of time, then place, then series and time. A page by kind, area
//! and time so reads few blocks, and the rows of one sensor stand together and compress well.

use super::batch::{Batch, Row};
use super::file::Writer;
use crate::HistoryError;

/// Microseconds of a day.
pub(crate) const DAY_MICROS: i64 = 86_400_000_000;
/// Rows of one block. A page of one zone decodes a few blocks a kind, so they are small; with 512 rows the index
/// would weigh more than it saves.
const BLOCK_ROWS: usize = 1024;
/// Rows of one span of time, which are ordered by place among themselves.
pub(crate) const SPAN_ROWS: usize = 16 * BLOCK_ROWS;
/// Most bytes of rare parts in one block.
const MAX_ASIDE_BYTES: usize = 4 << 20;

/// The day of a moment, counted from 1970-01-01.
pub(crate) fn day_of(micros: i64) -> i64 {
    micros.div_euclid(DAY_MICROS)
}

/// Writes all rows of a batch. Repetitions of an id are written once.
pub(crate) fn write_all(batch: &Batch, writer: &mut Writer) -> Result<(), HistoryError> {
    let ranks = kind_ranks(batch);
    let mut keys: Vec<(u32, i64, u32)> =
        (0..).zip(&batch.rows).map(|(i, row)| (ranks[row.series as usize], row.time, i)).collect();
    keys.sort_unstable();
    let mut rows = Vec::with_capacity(SPAN_ROWS.min(keys.len()));
    for part in keys.chunk_by(|a, b| a.0 == b.0 && day_of(a.1) == day_of(b.1)) {
        for span in spans(part.len()) {
            rows.clear();
            rows.extend(part[span].iter().map(|key| batch.rows[key.2 as usize]));
            write_span(batch, &mut rows, writer)?;
        }
    }
    Ok(())
}

/// Cuts a count into equal spans of at most [`SPAN_ROWS`].
fn spans(count: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let parts = count.div_ceil(SPAN_ROWS).max(1);
    (0..parts).map(move |i| count * i / parts..count * (i + 1) / parts)
}

/// A number for each series that is the same for series of one kind.
fn kind_ranks(batch: &Batch) -> Vec<u32> {
    let mut kinds: Vec<&str> = batch.series.iter().map(|s| s.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let rank = |kind: &str| kinds.binary_search(&kind).unwrap_or(0) as u32;
    batch.series.iter().map(|s| rank(s.kind.as_str())).collect()
}

/// Orders rows of one kind and day by place and writes them as blocks.
pub(crate) fn write_span(batch: &Batch, rows: &mut [Row], writer: &mut Writer) -> Result<(), HistoryError> {
    let mut keys: Vec<(u64, u32, u32)> = (0..).zip(rows.iter()).map(|(i, row)| (cell(row), row.series, i)).collect();
    keys.sort_unstable();
    let mut block = Vec::with_capacity(BLOCK_ROWS);
    let mut aside = 0;
    let parts = rows.len().div_ceil(BLOCK_ROWS).max(1);
    let target = rows.len().div_ceil(parts);
    for (_, _, i) in keys {
        let row = rows[i as usize];
        aside += batch.aside_bytes(&row);
        block.push(row);
        if block.len() >= target || aside > MAX_ASIDE_BYTES {
            write_block(batch, &mut block, writer)?;
            aside = 0;
        }
    }
    write_block(batch, &mut block, writer)
}

fn write_block(batch: &Batch, block: &mut Vec<Row>, writer: &mut Writer) -> Result<(), HistoryError> {
    block.sort_unstable_by_key(|row| (row.series, row.time, row.id(), row.arrived));
    // The first delivery of an observation stays.
    block.dedup_by_key(|row| (row.series, row.id()));
    writer.block(batch, block)?;
    block.clear();
    Ok(())
}

/// The place of a row on a Z-order curve over the earth, about a metre fine; 0 without a place.
fn cell(row: &Row) -> u64 {
    if row.place_type() == 0 {
        return 0;
    }
    let scale = |degrees: f64, range: f64| ((degrees / range + 0.5) * 2_147_483_647.0) as u32;
    spread(scale(row.lon, 360.0)) | spread(scale(row.lat, 180.0)) << 1
}

/// Puts a zero bit between the bits of a number.
fn spread(number: u32) -> u64 {
    let mut x = u64::from(number);
    x = (x | x << 16) & 0x0000_ffff_0000_ffff;
    x = (x | x << 8) & 0x00ff_00ff_00ff_00ff;
    x = (x | x << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    x = (x | x << 2) & 0x3333_3333_3333_3333;
    (x | x << 1) & 0x5555_5555_5555_5555
}
