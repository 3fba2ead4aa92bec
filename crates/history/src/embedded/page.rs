//! Pages, newest first: blocks from the newest on, until no older block can add to the page.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use vigiles_disk::DiskFile;
use vigiles_model::{Observation, ObservationId, Timestamp};

use super::batch::Batch;
use super::block::Block;
use super::candidate::{Candidate, Order, candidates};
use super::select::Filter;
use super::shared::Shared;
use crate::contract::MAX_PAGE;
use crate::{Cursor, HistoryError, Page, Query};

/// Where an observation of the page is.
enum Place {
    Memory(Box<Observation>),
    Block { candidate: usize, row: usize },
}

/// The best so far: by time and id, at most one more than the page holds.
struct Best {
    most: usize,
    cursor: Option<(i64, u128)>,
    found: BTreeMap<(i64, u128), Place>,
}

impl Best {
    /// The oldest time that can still enter.
    fn floor(&self) -> i64 {
        let full = self.found.len() >= self.most;
        self.found.keys().next().filter(|_| full).map_or(i64::MIN, |(time, _)| *time)
    }

    fn offer(&mut self, key: (i64, u128), place: impl FnOnce() -> Place) {
        let enters = self.cursor.is_none_or(|cursor| key < cursor)
            && (self.found.len() < self.most || self.found.keys().next().is_some_and(|lowest| key > *lowest));
        if enters && !self.found.contains_key(&key) {
            self.found.insert(key, place());
            if self.found.len() > self.most {
                self.found.pop_first();
            }
        }
    }
}

/// One page of a query.
pub(crate) fn page(shared: &Shared, query: &Query) -> Result<Page, HistoryError> {
    let filter = Filter::of(query);
    let limit = query.limit.clamp(1, MAX_PAGE);
    let cursor = query.cursor.map(|c| (c.time.0, c.id.0));
    let mut best = Best { most: limit + 1, cursor, found: BTreeMap::new() };
    let files = {
        let active = shared.active.read();
        let (sealing, files) = {
            let rest = shared.rest.read();
            (rest.sealing.clone(), rest.files.clone())
        };
        scan(&filter, &active.batch, &mut best);
        drop(active);
        for frozen in sealing {
            scan(&filter, &frozen.batch, &mut best);
        }
        files
    };
    let candidates = candidates(shared, &filter, files, Order::NewestFirst)?;
    let mut last: Option<(u64, Arc<dyn DiskFile>)> = None;
    for (number, candidate) in candidates.iter().enumerate() {
        let meta = candidate.meta();
        if meta.max_time < best.floor() {
            break;
        }
        let id = candidate.file.entry.id;
        if last.as_ref().is_none_or(|(open, _)| *open != id) {
            last = Some((id, candidate.file.open()?));
        }
        let Some((_, handle)) = &last else { continue };
        let bytes = candidate.file.block_bytes(&**handle, meta)?;
        let block = Block { meta, bytes: &bytes };
        look_into(&filter, &block, number, &mut best)
            .map_err(|e| candidate.file.damaged(format!("block {} at byte {}", candidate.block, meta.at), e))?;
    }
    collect(best, &candidates, limit)
}

fn scan(filter: &Filter<'_>, batch: &Batch, best: &mut Best) {
    let wanted: Vec<bool> = batch.series.iter().map(|series| filter.wants_series(series)).collect();
    for row in &batch.rows {
        if row.time >= best.floor() && wanted[row.series as usize] && filter.wants_row(batch, row) {
            best.offer((row.time, row.id()), || Place::Memory(Box::new(batch.observation(row))));
        }
    }
}

fn look_into(
    filter: &Filter<'_>,
    block: &Block<'_>,
    candidate: usize,
    best: &mut Best,
) -> Result<(), super::codec::Malformed> {
    let mut rows = filter.rows(block)?;
    rows.retain(|(_, time)| *time >= best.floor());
    if rows.is_empty() {
        return Ok(());
    }
    rows.sort_unstable_by_key(|(_, time)| std::cmp::Reverse(*time));
    let ids = block.ids()?;
    for (row, time) in rows {
        if time < best.floor() {
            break;
        }
        best.offer((time, ids[row]), || Place::Block { candidate, row });
    }
    Ok(())
}

fn collect(mut best: Best, candidates: &[Candidate], limit: usize) -> Result<Page, HistoryError> {
    let more = best.found.len() > limit;
    if more {
        best.found.pop_first();
    }
    let next = best.found.keys().next().filter(|_| more);
    let next = next.map(|(time, id)| Cursor { time: Timestamp(*time), id: ObservationId(*id) });
    let mut decoded: FxHashMap<usize, Batch> = FxHashMap::default();
    let mut observations = Vec::with_capacity(best.found.len());
    for place in best.found.into_values().rev() {
        match place {
            Place::Memory(observation) => observations.push(*observation),
            Place::Block { candidate, row } => {
                if !decoded.contains_key(&candidate) {
                    // Bounded also where every observation comes from another block.
                    if decoded.len() >= 64 {
                        decoded.clear();
                    }
                    let Candidate { file, footer, block } = &candidates[candidate];
                    decoded.insert(candidate, file.block(&*file.open()?, footer, *block)?);
                }
                let batch = &decoded[&candidate];
                observations.push(batch.observation(&batch.rows[row]));
            }
        }
    }
    Ok(Page { observations, next })
}
