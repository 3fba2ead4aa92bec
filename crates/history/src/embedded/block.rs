//! One block: up to some thousand rows of one kind and one day, near in place and time, as compressed columns.
//!
//! Invariant: the rows of a block are ordered by series, then time. Each column is a section with its own
//! checksum, so that a query reads and checks only the columns it needs.

use compact_str::CompactString;
use vigiles_model::{AssetId, BoundingBox, Geometry, KindId, Position, SourceId};

use super::batch::{Batch, Extra, PLACE_POINT, PLACE_SHAPE, Row};
use super::bloom::Bloom;
use super::codec::{self, Malformed, Reader, put_signed, put_text, put_varint};

/// Most rows that a block may have; readers refuse more.
pub(crate) const MAX_ROWS: usize = 4096;

/// The columns of a block, in the order they are stored.
pub(crate) const RUNS: usize = 0;
pub(crate) const TIMES: usize = 1;
pub(crate) const FLAGS: usize = 2;
pub(crate) const PLACES: usize = 3;
pub(crate) const VALUES: usize = 4;
pub(crate) const ARRIVALS: usize = 5;
pub(crate) const EXTRAS: usize = 6;
pub(crate) const IDS: usize = 7;
/// How many columns there are.
pub(crate) const SECTIONS: usize = 8;

const NO_PLACES: u8 = 0;
const PLACE_PER_RUN: u8 = 1;
const PLACE_PER_ROW: u8 = 2;

/// Where a column is and how it is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) stored_bytes: u32,
    pub(crate) raw_bytes: u32,
    pub(crate) compressed: bool,
    pub(crate) crc: u32,
}

/// What the index of a file says of a block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Meta {
    /// Index into the kinds of the file.
    pub(crate) kind: u32,
    pub(crate) rows: u32,
    pub(crate) min_time: i64,
    pub(crate) max_time: i64,
    /// Around every place; none without places.
    pub(crate) bounds: Option<BoundingBox>,
    /// First byte in the file.
    pub(crate) at: u64,
    pub(crate) sections: [Section; SECTIONS],
    /// Of assets and sources.
    pub(crate) names: Bloom,
}

impl Meta {
    /// Bytes of all columns together.
    pub(crate) fn bytes(&self) -> u64 {
        self.sections.iter().map(|s| u64::from(s.stored_bytes)).sum()
    }
}

/// Rows of one series that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run<'a> {
    pub(crate) source: &'a str,
    pub(crate) asset: Option<&'a str>,
    pub(crate) first: usize,
    pub(crate) count: usize,
    pub(crate) last_time: i64,
}

impl Run<'_> {
    /// The asset, or else the source.
    pub(crate) fn name(&self) -> &str {
        self.asset.unwrap_or(self.source)
    }
}

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

fn put_extras(raw: &mut Vec<u8>, batch: &Batch, rows: &[Row]) {
    for (i, row) in rows.iter().enumerate() {
        let Some(extra) = batch.extra(row) else { continue };
        put_varint(raw, i as u64);
        put_text(raw, &extra.text);
        put_varint(raw, extra.attributes.len() as u64);
        for (name, value) in &extra.attributes {
            put_text(raw, name);
            put_text(raw, value);
        }
        put_shape(raw, extra.shape.as_ref());
    }
}

fn put_shape(raw: &mut Vec<u8>, shape: Option<&Geometry>) {
    let rings: &[Vec<Position>] = match shape {
        None => return raw.push(0),
        Some(Geometry::Point(point)) => &[vec![*point]],
        Some(Geometry::Line(line)) => {
            raw.push(1);
            return put_line(raw, line);
        }
        Some(Geometry::Polygon(rings)) => rings,
    };
    raw.push(2);
    put_varint(raw, rings.len() as u64);
    for ring in rings {
        put_line(raw, ring);
    }
}

fn put_line(raw: &mut Vec<u8>, line: &[Position]) {
    put_varint(raw, line.len() as u64);
    for point in line {
        raw.extend_from_slice(&point.lon.to_le_bytes());
        raw.extend_from_slice(&point.lat.to_le_bytes());
    }
}

/// The stored bytes of a block with what the index says of it: decodes columns on demand.
pub(crate) struct Block<'a> {
    pub(crate) meta: &'a Meta,
    pub(crate) bytes: &'a [u8],
}

impl Block<'_> {
    /// A column, checked and decompressed.
    pub(crate) fn section(&self, which: usize) -> Result<Vec<u8>, Malformed> {
        let start: usize = self.meta.sections[..which].iter().map(|s| s.stored_bytes as usize).sum();
        let section = &self.meta.sections[which];
        let stored = start.checked_add(section.stored_bytes as usize).and_then(|end| self.bytes.get(start..end));
        let stored = stored.ok_or(Malformed("a block ends too early"))?;
        if crc32c::crc32c(stored) != section.crc {
            return Err(Malformed("the checksum of a column does not fit its bytes"));
        }
        if section.compressed { codec::decompress(stored, section.raw_bytes as usize) } else { Ok(stored.to_vec()) }
    }

    pub(crate) fn count(&self) -> usize {
        self.meta.rows as usize
    }

    pub(crate) fn times(&self) -> Result<Vec<i64>, Malformed> {
        codec::micros(&self.section(TIMES)?, self.count(), true)
    }

    pub(crate) fn flags(&self) -> Result<Vec<u8>, Malformed> {
        let raw = self.section(FLAGS)?;
        match raw.len() {
            1 => Ok(vec![raw[0]; self.count()]),
            n if n == self.count() => Ok(raw),
            _ => Err(Malformed("the flags have another count than the rows")),
        }
    }

    pub(crate) fn values(&self) -> Result<Vec<f64>, Malformed> {
        codec::floats(&mut Reader(&self.section(VALUES)?), self.count())
    }

    /// The ids, one `u128` a row.
    pub(crate) fn ids(&self) -> Result<Vec<u128>, Malformed> {
        let raw = self.section(IDS)?;
        if raw.len() != 16 * self.count() {
            return Err(Malformed("the ids have another count than the rows"));
        }
        Ok(raw.chunks_exact(16).map(|id| u128::from_le_bytes(id.try_into().unwrap_or_default())).collect())
    }

    /// Longitude and latitude a row; zero without a place.
    pub(crate) fn places(&self, runs: &[Run<'_>]) -> Result<Vec<(f64, f64)>, Malformed> {
        let raw = self.section(PLACES)?;
        let mut reader = Reader(&raw);
        let mode = reader.byte()?;
        let count = match mode {
            NO_PLACES => return Ok(vec![(0.0, 0.0); self.count()]),
            PLACE_PER_RUN => runs.len(),
            PLACE_PER_ROW => self.count(),
            _ => return Err(Malformed("places are stored in an unknown way")),
        };
        let lon = codec::floats(&mut reader, count)?;
        let lat = codec::floats(&mut reader, count)?;
        let places = lon.into_iter().zip(lat);
        if mode == PLACE_PER_ROW {
            return Ok(places.collect());
        }
        Ok(runs.iter().zip(places).flat_map(|(run, place)| std::iter::repeat_n(place, run.count)).collect())
    }

    /// Every row, as a batch of its own.
    pub(crate) fn decode(&self, kind: &KindId) -> Result<Batch, Malformed> {
        let mut batch = Batch::default();
        let raw_runs = self.section(RUNS)?;
        let runs = parse_runs(&raw_runs, self.meta)?;
        let (times, flags, ids) = (self.times()?, self.flags()?, self.ids()?);
        let (places, values) = (self.places(&runs)?, self.values()?);
        let lags = codec::micros(&self.section(ARRIVALS)?, self.count(), false)?;
        let mut extras = parse_extras(&self.section(EXTRAS)?, self.count())?.into_iter().peekable();
        for run in &runs {
            let source = SourceId::new(run.source).map_err(|_| Malformed("a source is not an id"))?;
            let asset = run.asset.map(AssetId::new).transpose().map_err(|_| Malformed("an asset is not an id"))?;
            let series = batch.intern(kind, &source, asset.as_ref());
            for i in run.first..run.first + run.count {
                let mut row = Row::empty(times[i], flags[i]);
                row.set_id(ids[i]);
                (row.series, row.value) = (series, values[i]);
                row.arrived = times[i].wrapping_add(lags[i]);
                if matches!(row.place_type(), PLACE_POINT | PLACE_SHAPE) {
                    (row.lon, row.lat) = places[i];
                }
                if let Some((_, extra)) = extras.next_if(|(at, _)| *at == i) {
                    row.extra = batch.put_extra(extra);
                }
                batch.rows.push(row);
            }
        }
        Ok(batch)
    }
}

/// Reads the runs of a block; their counts add up to its rows.
pub(crate) fn parse_runs<'a>(raw: &'a [u8], meta: &Meta) -> Result<Vec<Run<'a>>, Malformed> {
    let mut reader = Reader(raw);
    let count = reader.varint()? as usize;
    let mut runs = Vec::with_capacity(count.min(raw.len()));
    let mut first = 0_usize;
    for _ in 0..count {
        let rows = reader.varint()? as usize;
        let last_time = meta.min_time.wrapping_add(reader.signed()?);
        let (source, asset) = (reader.text()?, reader.text()?);
        runs.push(Run { source, asset: (!asset.is_empty()).then_some(asset), first, count: rows, last_time });
        first = first.checked_add(rows).ok_or(Malformed("the runs are longer than the block"))?;
    }
    if first == meta.rows as usize && runs.iter().all(|run| run.count > 0) {
        Ok(runs)
    } else {
        Err(Malformed("the runs have another count than the rows"))
    }
}

/// Reads the rare parts: row and parts, in order of rows.
pub(crate) fn parse_extras(raw: &[u8], rows: usize) -> Result<Vec<(usize, Extra)>, Malformed> {
    let mut reader = Reader(raw);
    let mut extras: Vec<(usize, Extra)> = Vec::new();
    while !reader.is_empty() {
        let row = reader.varint()? as usize;
        if row >= rows || extras.last().is_some_and(|(last, _)| *last >= row) {
            return Err(Malformed("rare parts are out of order"));
        }
        let text = CompactString::from(reader.text()?);
        let count = reader.varint()?;
        let mut attributes = Vec::new();
        for _ in 0..count {
            attributes.push((CompactString::from(reader.text()?), CompactString::from(reader.text()?)));
        }
        extras.push((row, Extra { text, shape: shape(&mut reader)?, attributes }));
    }
    Ok(extras)
}

fn shape(reader: &mut Reader<'_>) -> Result<Option<Geometry>, Malformed> {
    match reader.byte()? {
        0 => Ok(None),
        1 => line(reader).map(|line| Some(Geometry::Line(line))),
        2 => {
            let count = reader.varint()?;
            let rings: Result<Vec<_>, _> = (0..count).map(|_| line(reader)).collect();
            rings.map(|rings| Some(Geometry::Polygon(rings)))
        }
        _ => Err(Malformed("a place has an unknown shape")),
    }
}

fn line(reader: &mut Reader<'_>) -> Result<Vec<Position>, Malformed> {
    let count = reader.varint()?;
    (0..count).map(|_| Ok(Position { lon: reader.f64()?, lat: reader.f64()? })).collect()
}
