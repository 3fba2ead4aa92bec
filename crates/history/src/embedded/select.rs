//! Which blocks and rows a query wants, decided as early as possible.

use std::ops::Range;

use vigiles_model::{BoundingBox, KindId};

use super::batch::{Batch, PLACE_SHAPE, Row, Series};
use super::block::{self, Block, EXTRAS, Meta, RUNS, Run};
use super::codec::Malformed;
use super::footer::Footer;
use super::manifest::Entry;
use crate::Query;

/// The filters of a query, with its span of time.
pub(crate) struct Filter<'a> {
    pub(crate) kinds: Vec<&'a str>,
    pub(crate) sources: Vec<&'a str>,
    pub(crate) assets: Vec<&'a str>,
    pub(crate) area: Option<BoundingBox>,
    /// Microseconds.
    pub(crate) times: Range<i64>,
}

impl<'a> Filter<'a> {
    pub(crate) fn of(query: &'a Query) -> Self {
        let from = query.from.map_or(i64::MIN, |time| time.0);
        let mut to = query.to.map_or(i64::MAX, |time| time.0);
        if let Some(cursor) = query.cursor {
            to = to.min(cursor.time.0.saturating_add(1));
        }
        Self {
            kinds: query.kinds.iter().map(KindId::as_str).collect(),
            sources: query.sources.iter().map(AsRef::as_ref).collect(),
            assets: query.assets.iter().map(AsRef::as_ref).collect(),
            area: query.area,
            times: from..to,
        }
    }

    fn wants_kind(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    fn wants_names(&self, source: &str, asset: Option<&str>) -> bool {
        (self.sources.is_empty() || self.sources.contains(&source))
            && (self.assets.is_empty() || asset.is_some_and(|asset| self.assets.contains(&asset)))
    }

    pub(crate) fn wants_series(&self, series: &Series) -> bool {
        self.wants_kind(series.kind.as_str())
            && self.wants_names(series.source.as_str(), series.asset.as_ref().map(AsRef::as_ref))
    }

    fn overlaps(&self, min: i64, max: i64) -> bool {
        min < self.times.end && max >= self.times.start
    }

    pub(crate) fn may_want_file(&self, entry: &Entry) -> bool {
        self.overlaps(entry.min_time, entry.max_time)
    }

    pub(crate) fn may_want_block(&self, footer: &Footer, meta: &Meta) -> bool {
        let any = |names: &[&str]| names.is_empty() || names.iter().any(|name| meta.names.may_hold(name));
        self.overlaps(meta.min_time, meta.max_time)
            && self.wants_kind(footer.kinds[meta.kind as usize].as_str())
            && self.area.is_none_or(|area| meta.bounds.is_some_and(|bounds| bounds.intersects(&area)))
            && any(&self.sources)
            && any(&self.assets)
    }

    /// Whether a row of a batch in memory is wanted, its series apart.
    pub(crate) fn wants_row(&self, batch: &Batch, row: &Row) -> bool {
        self.times.contains(&row.time)
            && self.area.is_none_or(|area| batch.bounds(row).is_some_and(|bounds| bounds.intersects(&area)))
    }

    /// The rows of a block that are wanted: index and time, in order of rows. Decodes only what it must.
    pub(crate) fn rows(&self, block: &Block<'_>) -> Result<Vec<(usize, i64)>, Malformed> {
        let times = block.times()?;
        let mut rows: Vec<(usize, i64)> =
            times.into_iter().enumerate().filter(|(_, time)| self.times.contains(time)).collect();
        let by_name = !self.sources.is_empty() || !self.assets.is_empty();
        let inside = block.meta.bounds.is_some_and(|b| self.area.is_some_and(|area| holds(&area, &b)));
        if rows.is_empty() || (!by_name && self.area.is_none()) {
            return Ok(rows);
        }
        let raw = block.section(RUNS)?;
        let runs = block::parse_runs(&raw, block.meta)?;
        if by_name {
            let wanted = self.wanted_rows(&runs, block.count());
            rows.retain(|(row, _)| wanted[*row]);
        }
        if let Some(area) = self.area {
            let flags = block.flags()?;
            let place = |row: usize| flags[row] >> 6 & 3;
            if inside {
                rows.retain(|(row, _)| place(*row) != 0);
            } else {
                let points = block.places(&runs)?;
                let shapes = block::parse_extras(&block.section(EXTRAS)?, block.count())?;
                rows.retain(|(row, _)| match place(*row) {
                    0 => false,
                    PLACE_SHAPE => shapes
                        .binary_search_by_key(row, |(at, _)| *at)
                        .is_ok_and(|i| shapes[i].1.shape.as_ref().is_some_and(|s| s.bounding_box().intersects(&area))),
                    _ => area.contains(vigiles_model::Position { lon: points[*row].0, lat: points[*row].1 }),
                });
            }
        }
        Ok(rows)
    }

    fn wanted_rows(&self, runs: &[Run<'_>], count: usize) -> Vec<bool> {
        let mut wanted = vec![false; count];
        for run in runs.iter().filter(|run| self.wants_names(run.source, run.asset)) {
            wanted[run.first..run.first + run.count].fill(true);
        }
        wanted
    }
}

/// Whether `outer` holds all of `inner`.
fn holds(outer: &BoundingBox, inner: &BoundingBox) -> bool {
    outer.west <= inner.west && outer.east >= inner.east && outer.south <= inner.south && outer.north >= inner.north
}
