//! Writing a block: its rows as columns, compressed.

use vigiles_model::AssetId;

use super::extras::put_extras;
use super::{
    ARRIVALS, EXTRAS, FLAGS, IDS, Meta, NO_PLACES, PLACE_PER_ROW, PLACE_PER_RUN, PLACES, RUNS, SECTIONS, Section,
    TIMES, VALUES,
};
use crate::embedded::batch::{Batch, Row};
use crate::embedded::bloom::Bloom;
use crate::embedded::codec::{self, put_signed, put_text, put_varint};

/// Appends a block of these rows, which are ordered by series and time, to `out`. `at` is where `out` starts
/// in the file.
pub(crate) fn write(batch: &Batch, rows: &[Row], kind: u32, at: u64, out: &mut Vec<u8>) -> Meta {
    let runs: Vec<&[Row]> = rows.chunk_by(|a, b| a.series == b.series).collect();
    let mut meta = Meta {
        kind,
        rows: rows.len() as u32,
        min_time: rows.iter().map(|r| r.time).min().unwrap_or(0),
        max_time: rows.iter().map(|r| r.time).max().unwrap_or(0),
        bounds: rows.iter().filter_map(|r| batch.bounds(r)).reduce(|a, b| a.union(&b)),
        at: at + out.len() as u64,
        sections: [Section::default(); SECTIONS],
        names: Bloom::sized(2 * runs.len()),
    };
    let mut raw = Vec::with_capacity(rows.len() * 16);
    for section in 0..SECTIONS {
        raw.clear();
        match section {
            RUNS => put_runs(&mut raw, batch, &runs, &mut meta),
            TIMES => codec::put_micros(&mut raw, &rows.iter().map(|r| r.time).collect::<Vec<_>>(), true),
            FLAGS if rows.iter().all(|r| r.flags == rows[0].flags) => raw.push(rows[0].flags),
            FLAGS => raw.extend(rows.iter().map(|r| r.flags)),
            PLACES => put_places(&mut raw, rows, &runs),
            VALUES => codec::put_floats(&mut raw, &rows.iter().map(|r| r.value).collect::<Vec<_>>()),
            ARRIVALS => {
                let lags: Vec<i64> = rows.iter().map(|r| r.arrived.wrapping_sub(r.time)).collect();
                codec::put_micros(&mut raw, &lags, false);
            }
            EXTRAS => put_extras(&mut raw, batch, rows),
            _ => raw.extend(rows.iter().flat_map(|r| r.id().to_le_bytes())),
        }
        meta.sections[section] = put_section(&raw, section != IDS, out);
    }
    meta
}

fn put_section(raw: &[u8], compressible: bool, out: &mut Vec<u8>) -> Section {
    let start = out.len();
    let compressed = if compressible {
        codec::compress(raw, out)
    } else {
        out.extend_from_slice(raw);
        false
    };
    let stored = &out[start..];
    Section { stored_bytes: stored.len() as u32, raw_bytes: raw.len() as u32, compressed, crc: crc32c::crc32c(stored) }
}

fn put_runs(raw: &mut Vec<u8>, batch: &Batch, runs: &[&[Row]], meta: &mut Meta) {
    put_varint(raw, runs.len() as u64);
    for run in runs {
        let series = &batch.series[run[0].series as usize];
        put_varint(raw, run.len() as u64);
        put_signed(raw, run[run.len() - 1].time.wrapping_sub(meta.min_time));
        put_text(raw, series.source.as_str());
        put_text(raw, series.asset.as_ref().map_or("", AssetId::as_str));
        meta.names.insert(series.source.as_str());
        meta.names.insert(series.name());
    }
}

fn put_places(raw: &mut Vec<u8>, rows: &[Row], runs: &[&[Row]]) {
    if rows.iter().all(|r| r.place_type() == 0) {
        return raw.push(NO_PLACES);
    }
    let same = |a: &Row, b: &Row| a.lon.to_bits() == b.lon.to_bits() && a.lat.to_bits() == b.lat.to_bits();
    let (mode, holders): (u8, Vec<&Row>) = if runs.iter().all(|run| run.iter().all(|r| same(r, &run[0]))) {
        (PLACE_PER_RUN, runs.iter().map(|run| &run[0]).collect())
    } else {
        (PLACE_PER_ROW, rows.iter().collect())
    };
    raw.push(mode);
    codec::put_floats(raw, &holders.iter().map(|r| r.lon).collect::<Vec<_>>());
    codec::put_floats(raw, &holders.iter().map(|r| r.lat).collect::<Vec<_>>());
}
