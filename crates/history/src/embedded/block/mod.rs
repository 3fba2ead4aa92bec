//! One block: up to some thousand rows of one kind and one day, near in place and time, as compressed columns.
//!
//! Invariant: the rows of a block are ordered by series, then time. Each column is a section with its own
//! checksum, so that a query reads and checks only the columns it needs.

mod extras;
mod write;

use vigiles_model::{BoundingBox, KindId};

pub(crate) use self::extras::parse_extras;
pub(crate) use self::write::write;
use super::batch::{Batch, PLACE_POINT, PLACE_SHAPE, Row};
use super::bloom::Bloom;
use super::codec::{self, Malformed, Reader};

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
        self.decode_into(kind, &mut batch)?;
        Ok(batch)
    }

    /// Every row, added to those of a batch.
    pub(crate) fn decode_into(&self, kind: &KindId, batch: &mut Batch) -> Result<(), Malformed> {
        let raw_runs = self.section(RUNS)?;
        let runs = parse_runs(&raw_runs, self.meta)?;
        let (times, flags, ids) = (self.times()?, self.flags()?, self.ids()?);
        let (places, values) = (self.places(&runs)?, self.values()?);
        let lags = codec::micros(&self.section(ARRIVALS)?, self.count(), false)?;
        let mut extras = parse_extras(&self.section(EXTRAS)?, self.count())?.into_iter().peekable();
        batch.rows.reserve(self.count());
        let mut series = 0;
        for run in &runs {
            series = batch.intern_names(kind, (run.source, run.asset), series + 1)?;
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
        Ok(())
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
