//! All observations of a query, oldest first, without keeping more of them in memory than overlap in time.

use std::sync::Arc;

use vigiles_disk::DiskFile;
use vigiles_model::{AssetId, Geometry, KindId, Observation, ObservationId, Position, SourceId, Timestamp, Value};

use super::batch::{Batch, Row, Series, VALUE_BOOLEAN};
use super::candidate::{Order, candidates};
use super::file::Sealed;
use super::select::Filter;
use super::shared::Shared;
use crate::contract::Visit;
use crate::{HistoryError, Query};

/// Rows that are sorted and handed on together, where none older can still come.
const TOGETHER: usize = 64 * 1024;
/// Rows that are fetched together before they are handed on.
const FETCHED: usize = 64;

/// Calls `visit` for each observation, oldest first, until it has enough.
pub(crate) fn scan(shared: &Shared, query: &Query, visit: &mut Visit<'_>) -> Result<(), HistoryError> {
    let filter = Filter::of(query);
    let mut sweep = Sweep::new(&filter);
    let files = sweep.take_memory(shared);
    let candidates = candidates(shared, &filter, files, Order::OldestFirst)?;
    let mut open: Option<(u64, Arc<dyn DiskFile>)> = None;
    for (i, candidate) in candidates.iter().enumerate() {
        let id = candidate.file.entry.id;
        let handle = match &mut open {
            Some((known, handle)) if *known == id => handle,
            place => &mut place.insert((id, candidate.file.open()?)).1,
        };
        sweep.block.clear_rows();
        candidate.file.block_into(&**handle, &candidate.footer, candidate.block, &mut sweep.block)?;
        sweep.take_block();
        let next = candidates.get(i + 1).map_or(i64::MAX, |next| next.meta().min_time);
        if sweep.all.rows.len() >= sweep.enough && !sweep.hand_on(next, visit) {
            return Ok(());
        }
    }
    sweep.hand_on(i64::MAX, visit);
    Ok(())
}

/// Rows that wait for older ones, and one observation for each series that takes the figures of each of its rows.
struct Sweep<'a> {
    filter: &'a Filter<'a>,
    all: Batch,
    /// The rows of one block, and every series that blocks have named so far.
    block: Batch,
    /// What is the number in `all` of each series of `block`, where it is wanted.
    numbers: Vec<Option<u32>>,
    /// Time and place of each row that is ready.
    order: Vec<(i64, u32)>,
    templates: Vec<Observation>,
    /// So many rows are looked through at once: more where most of them had to wait.
    enough: usize,
}

impl<'a> Sweep<'a> {
    fn new(filter: &'a Filter<'a>) -> Self {
        Self {
            filter,
            all: Batch::default(),
            block: Batch::default(),
            numbers: Vec::new(),
            order: Vec::new(),
            templates: Vec::new(),
            enough: TOGETHER,
        }
    }

    /// Takes what is in memory; gives the files to read.
    fn take_memory(&mut self, shared: &Shared) -> Vec<Arc<Sealed>> {
        let active = shared.active.read();
        let (sealing, files) = {
            let rest = shared.rest.read();
            (rest.sealing.clone(), rest.files.clone())
        };
        self.take(&active.batch);
        drop(active);
        for frozen in sealing {
            self.take(&frozen.batch);
        }
        files
    }

    /// Takes a batch that is in memory.
    fn take(&mut self, batch: &Batch) {
        let numbers: Vec<_> = batch.series.iter().map(|s| number(self.filter, s, &mut self.all)).collect();
        put(self.filter, batch, &numbers, &mut self.all);
    }

    /// Takes the block that was read.
    fn take_block(&mut self) {
        for i in self.numbers.len()..self.block.series.len() {
            let number = number(self.filter, &self.block.series[i], &mut self.all);
            self.numbers.push(number);
        }
        put(self.filter, &self.block, &self.numbers, &mut self.all);
    }

    /// Hands on every row before `end`, each id once; false when the visitor has enough.
    fn hand_on(&mut self, end: i64, visit: &mut Visit<'_>) -> bool {
        let rows = std::mem::take(&mut self.all.rows);
        let (ready, waiting): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| row.time < end || end == i64::MAX);
        self.order.clear();
        self.order.extend(ready.iter().zip(0..).map(|(row, i)| (row.time, i)));
        let id = |i: u32| ready[i as usize].id();
        self.order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| id(a.1).cmp(&id(b.1))));
        self.order.dedup_by(|a, b| a.0 == b.0 && id(a.1) == id(b.1));
        self.fill_templates();
        // Some at once: rows lie where their blocks were, and fetching one after the other would wait for each.
        let mut some: Vec<Row> = Vec::with_capacity(FETCHED);
        for order in self.order.chunks(FETCHED) {
            some.clear();
            some.extend(order.iter().map(|(_, i)| ready[*i as usize]));
            for row in &some {
                let template = &mut self.templates[row.series as usize];
                fill(template, &self.all, row);
                if !visit(row.series as usize, template) {
                    return false;
                }
            }
        }
        self.enough = TOGETHER.max(2 * waiting.len());
        self.keep(waiting);
        true
    }

    /// Goes on with the rows that wait; the rare parts of the others are forgotten.
    fn keep(&mut self, waiting: Vec<Row>) {
        let old = std::mem::take(&mut self.all.extras);
        for mut row in waiting {
            if let Some(extra) = (row.extra as usize).checked_sub(1).and_then(|at| old.get(at)) {
                row.extra = self.all.put_extra(extra.clone());
            }
            self.all.rows.push(row);
        }
    }

    fn fill_templates(&mut self) {
        let known = self.templates.len();
        self.templates.extend(self.all.series[known..].iter().map(|s| template(&s.kind, &s.source, s.asset.as_ref())));
    }
}

/// The number of a series among all; none where it is not wanted.
fn number(filter: &Filter<'_>, s: &Series, all: &mut Batch) -> Option<u32> {
    filter.wants_series(s).then(|| all.intern(&s.kind, &s.source, s.asset.as_ref()))
}

/// Adds the rows that are wanted to all, with the numbers that their series have there.
fn put(filter: &Filter<'_>, batch: &Batch, numbers: &[Option<u32>], all: &mut Batch) {
    for row in &batch.rows {
        if let Some(series) = numbers[row.series as usize]
            && filter.wants_row(batch, row)
        {
            let mut row = *row;
            row.extra = batch.extra(&row).map_or(0, |extra| all.put_extra(extra.clone()));
            row.series = series;
            all.rows.push(row);
        }
    }
}

fn template(kind: &KindId, source: &SourceId, asset: Option<&AssetId>) -> Observation {
    Observation {
        id: ObservationId(0),
        kind: kind.clone(),
        source: source.clone(),
        asset: asset.cloned(),
        time: Timestamp(0),
        arrived: Timestamp(0),
        place: None,
        value: Value::Number(0.0),
        quality: vigiles_model::Quality::Good,
        origin: vigiles_model::Origin::Live,
        attributes: Vec::new(),
    }
}

/// Gives an observation of a series the figures of one of its rows. The common ones are plain numbers at a point.
fn fill(o: &mut Observation, batch: &Batch, row: &Row) {
    if row.extra != 0 {
        *o = batch.observation(row);
        return;
    }
    o.id = ObservationId(row.id());
    (o.time, o.arrived) = (Timestamp(row.time), Timestamp(row.arrived));
    o.place = (row.place_type() != 0).then_some(Geometry::Point(Position { lon: row.lon, lat: row.lat }));
    o.value = match row.value_type() {
        VALUE_BOOLEAN => Value::Boolean(row.value != 0.0),
        _ => Value::Number(row.value),
    };
    (o.quality, o.origin) = (row.quality(), row.origin());
    o.attributes.clear();
}
