//! The newest observation of every series, and the readings of one series for a chart.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use vigiles_model::{BoundingBox, KindId, Observation, Timestamp};

use super::batch::{self, Batch, VALUE_BOOLEAN, VALUE_TEXT};
use super::block::{self, Block, RUNS};
use super::codec::Malformed;
use super::file::Sealed;
use super::footer::Footer;
use super::shared::Shared;
use crate::contract::MAX_BUCKETS;
use crate::{Bucket, HistoryError, Latest, SeriesQuery};

/// Most series given at once.
const MAX_LATEST: usize = 200_000;

/// Where the newest of a series is.
enum Place {
    Memory(Box<Observation>),
    Block { candidate: usize, row: usize },
}

type Newest = FxHashMap<(KindId, String), (i64, Place)>;

struct Candidate {
    file: Arc<Sealed>,
    footer: Arc<Footer>,
    block: usize,
}

/// Per series and kind the newest observation at or before `before`.
pub(crate) fn latest(shared: &Shared, before: Timestamp, area: Option<BoundingBox>) -> Result<Latest, HistoryError> {
    let since = before - shared.options.look_back;
    let mut newest = Newest::default();
    let files = in_memory(shared, |batch| scan(batch, since.0, before.0, &mut newest));
    let mut candidates = Vec::new();
    for file in files.into_iter().filter(|f| f.entry.min_time <= before.0 && f.entry.max_time >= since.0) {
        let footer = shared.footers.get(&file)?;
        let wanted = |meta: &block::Meta| meta.min_time <= before.0 && meta.max_time >= since.0;
        for block in (0..footer.blocks.len()).filter(|i| wanted(&footer.blocks[*i])) {
            candidates.push(Candidate { file: Arc::clone(&file), footer: Arc::clone(&footer), block });
        }
    }
    candidates.sort_by_key(|c| std::cmp::Reverse(c.footer.blocks[c.block].max_time));
    for (number, Candidate { file, footer, block }) in candidates.iter().enumerate() {
        let meta = &footer.blocks[*block];
        let bytes = file.block_bytes(&*file.open()?, meta)?;
        let kind = &footer.kinds[meta.kind as usize];
        look_into(&Block { meta, bytes: &bytes }, kind, number, since.0..=before.0, &mut newest)
            .map_err(|e| file.damaged(format!("block {block} at byte {}", meta.at), e))?;
    }
    collect(newest, &candidates, area)
}

/// Calls `see` with every batch in memory; gives the files that go with them.
fn in_memory(shared: &Shared, mut see: impl FnMut(&Batch)) -> Vec<Arc<Sealed>> {
    let active = shared.active.read();
    let (sealing, files) = {
        let rest = shared.rest.read();
        (rest.sealing.clone(), rest.files.clone())
    };
    see(&active.batch);
    drop(active);
    for frozen in sealing {
        see(&frozen.batch);
    }
    files
}

fn scan(batch: &Batch, since: i64, before: i64, newest: &mut Newest) {
    let mut best: Vec<Option<usize>> = vec![None; batch.series.len()];
    for (i, row) in batch.rows.iter().enumerate() {
        let known = &mut best[row.series as usize];
        if row.time >= since && row.time <= before && known.is_none_or(|k| batch.rows[k].time < row.time) {
            *known = Some(i);
        }
    }
    for row in best.into_iter().flatten().map(|i| &batch.rows[i]) {
        let series = &batch.series[row.series as usize];
        let key = (series.kind.clone(), series.name().to_owned());
        if newest.get(&key).is_none_or(|(time, _)| *time < row.time) {
            newest.insert(key, (row.time, Place::Memory(Box::new(batch.observation(row)))));
        }
    }
}

fn look_into(
    block: &Block<'_>,
    kind: &KindId,
    candidate: usize,
    span: std::ops::RangeInclusive<i64>,
    newest: &mut Newest,
) -> Result<(), Malformed> {
    let raw = block.section(RUNS)?;
    let runs = block::parse_runs(&raw, block.meta)?;
    // The last time of a run is known without its column, unless the moment lies inside the block.
    let times = if block.meta.max_time > *span.end() { Some(block.times()?) } else { None };
    for run in runs {
        let (row, time) = match &times {
            None => (run.first + run.count - 1, run.last_time),
            Some(times) => {
                let upto = times[run.first..run.first + run.count].partition_point(|time| time <= span.end());
                let Some(row) = (run.first + upto).checked_sub(1).filter(|_| upto > 0) else { continue };
                (row, times[row])
            }
        };
        if !span.contains(&time) {
            continue;
        }
        let key = (kind.clone(), run.name().to_owned());
        if newest.get(&key).is_none_or(|(known, _)| *known < time) {
            newest.insert(key, (time, Place::Block { candidate, row }));
        }
    }
    Ok(())
}

fn collect(newest: Newest, candidates: &[Candidate], area: Option<BoundingBox>) -> Result<Latest, HistoryError> {
    let mut latest = Latest::default();
    let mut by_block: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
    let mut take = |observation: Observation| {
        let place = observation.place.as_ref().map(vigiles_model::Geometry::bounding_box);
        if area.is_none_or(|area| place.is_some_and(|place| place.intersects(&area))) {
            latest.truncated |= latest.observations.len() >= MAX_LATEST;
            if !latest.truncated {
                latest.observations.push(observation);
            }
        }
    };
    for (_, place) in newest.into_values() {
        match place {
            Place::Memory(observation) => take(*observation),
            Place::Block { candidate, row } => by_block.entry(candidate).or_default().push(row),
        }
    }
    for (candidate, rows) in by_block {
        let Candidate { file, footer, block } = &candidates[candidate];
        let batch = file.block(&*file.open()?, footer, *block)?;
        for row in rows {
            take(batch.observation(&batch.rows[row]));
        }
    }
    Ok(latest)
}

/// The readings of one series in equal spans.
pub(crate) fn series(shared: &Shared, query: &SeriesQuery) -> Result<Vec<Bucket>, HistoryError> {
    if query.to <= query.from {
        return Err(HistoryError::Span { from: query.from, to: query.to });
    }
    let mut chart = Chart::new(query);
    let files = in_memory(shared, |batch| {
        let wanted: Vec<bool> = batch.series.iter().map(|s| s.kind == query.kind && s.name() == query.series).collect();
        for row in batch.rows.iter().filter(|row| wanted[row.series as usize]) {
            if !matches!(row.value_type(), VALUE_BOOLEAN | VALUE_TEXT) {
                chart.add(row.time, row.id(), row.value);
            }
        }
    });
    for file in files.iter().filter(|f| f.entry.min_time < query.to.0 && f.entry.max_time >= query.from.0) {
        let footer = shared.footers.get(file)?;
        let handle = file.open()?;
        for (i, meta) in footer.blocks.iter().enumerate() {
            let wanted = footer.kinds[meta.kind as usize] == query.kind
                && meta.min_time < query.to.0
                && meta.max_time >= query.from.0
                && meta.names.may_hold(&query.series);
            if wanted {
                let bytes = file.block_bytes(&*handle, meta)?;
                chart
                    .add_block(&Block { meta, bytes: &bytes }, &query.series)
                    .map_err(|e| file.damaged(format!("block {i} at byte {}", meta.at), e))?;
            }
        }
    }
    Ok(chart.finish())
}

/// Sums per span of time.
struct Chart {
    from: i64,
    to: i64,
    buckets: Vec<Bucket>,
    /// A reading that was delivered twice counts once.
    seen: FxHashSet<u128>,
}

impl Chart {
    fn new(query: &SeriesQuery) -> Self {
        let (from, to) = (query.from.0, query.to.0);
        let count = query.buckets.clamp(1, MAX_BUCKETS);
        let span = i128::from(to) - i128::from(from);
        let start = |i: usize| Timestamp((i128::from(from) + span * i as i128 / count as i128) as i64);
        let empty = |i| Bucket { start: start(i), min: f64::INFINITY, mean: 0.0, max: f64::NEG_INFINITY, count: 0 };
        Self { from, to, buckets: (0..count).map(empty).collect(), seen: FxHashSet::default() }
    }

    fn add(&mut self, time: i64, id: u128, value: f64) {
        if time < self.from || time >= self.to || !self.seen.insert(id) {
            return;
        }
        let after = self.buckets.partition_point(|bucket| bucket.start.0 <= time);
        let bucket = &mut self.buckets[after - 1];
        bucket.count += 1;
        bucket.min = bucket.min.min(value);
        bucket.max = bucket.max.max(value);
        bucket.mean += (value - bucket.mean) / bucket.count as f64;
    }

    fn add_block(&mut self, block: &Block<'_>, name: &str) -> Result<(), Malformed> {
        let raw = block.section(RUNS)?;
        let runs = block::parse_runs(&raw, block.meta)?;
        if !runs.iter().any(|run| run.name() == name) {
            return Ok(());
        }
        let (times, values, flags, ids) = (block.times()?, block.values()?, block.flags()?, block.ids()?);
        for run in runs.iter().filter(|run| run.name() == name) {
            for row in run.first..run.first + run.count {
                if batch::value_type(flags[row]) == 0 {
                    self.add(times[row], ids[row], values[row]);
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Vec<Bucket> {
        self.buckets.into_iter().filter(|bucket| bucket.count > 0).collect()
    }
}
