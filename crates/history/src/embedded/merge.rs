//! The thread that merges: few large files a day instead of many small ones, with bounded work and memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::batch::{Batch, Row};
use super::file::{Sealed, Writer};
use super::footer::Footer;
use super::manifest::Entry;
use super::order::{self, SPAN_ROWS};
use super::seal::RETRY_AFTER;
use super::shared::Shared;
use crate::HistoryError;

/// Files of one size that are merged into one of the next.
pub(crate) const FAN_IN: usize = 8;
/// As many as are merged at once, and as may wait while new ones keep coming.
const MAX_FAN_IN: usize = 4 * FAN_IN;
/// How long no new file has come when it is time to tidy up.
const QUIET: Duration = Duration::from_secs(5);
/// A day with fewer rows shares a file with other days.
const OWN_FILE_ROWS: u64 = 65_536;

/// Merges until closed: when it is quiet, or when so many files wait that reads would feel it. Merging a few files while
/// more keep coming would write the same rows again and again, and take the time from those who write.
pub(crate) fn run(shared: &Shared) {
    let mut seen = None;
    loop {
        let Some(is_quiet) = wait(shared, &mut seen) else { return };
        if let Err(error) = merge_all(shared, if is_quiet { FAN_IN } else { MAX_FAN_IN }) {
            if error != HistoryError::Closed {
                tracing::error!(%error, "could not merge files of history; they stay as they are");
                shared.counters.failures.fetch_add(1, Ordering::Relaxed);
            }
            let mut control = shared.control.lock();
            if !control.closed {
                shared.changed.wait_for(&mut control, RETRY_AFTER);
            }
        }
    }
}

/// Waits until files changed, or until none has for a while since they did. Gives whether it is quiet; none when closed.
fn wait(shared: &Shared, seen: &mut Option<u64>) -> Option<bool> {
    let mut control = shared.control.lock();
    let mut is_quiet = false;
    while !control.closed && *seen == Some(control.changes) && !is_quiet {
        is_quiet = shared.changed.wait_for(&mut control, QUIET).timed_out();
    }
    *seen = Some(control.changes);
    (!control.closed).then_some(is_quiet)
}

/// Merges until nothing is left to merge.
pub(crate) fn merge_all(shared: &Shared, fan_in: usize) -> Result<(), HistoryError> {
    while merge_once(shared, fan_in)? {}
    Ok(())
}

/// Does one merge, if one is due. Gives whether it did.
fn merge_once(shared: &Shared, fan_in: usize) -> Result<bool, HistoryError> {
    let _maintenance = shared.maintenance.lock();
    let files = shared.rest.read().files.clone();
    let Some(inputs) = choose(&files, shared.options.merge_rows, fan_in) else { return Ok(false) };
    let mut outputs = Outputs { shared, day: None, mixed: None, done: Vec::new() };
    if let Err(error) = merge(shared, &inputs, &mut outputs) {
        outputs.abandon();
        return Err(error);
    }
    let fresh = outputs.finish()?;
    shared.commit(&inputs, &fresh, None)?;
    shared.counters.merges.fetch_add(1, Ordering::Relaxed);
    Ok(true)
}

/// The files to merge: of one day (or of several days) and about one size, enough of them, together not too
/// large. The days before the newest are tidied with fewer.
fn choose(files: &[Arc<Sealed>], most_rows: u64, fan_in: usize) -> Option<Vec<Arc<Sealed>>> {
    let newest = files.iter().filter_map(|file| file.entry.day).max();
    let mut groups: BTreeMap<(Option<i64>, u32), Vec<&Arc<Sealed>>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.entry.rows < most_rows / 2) {
        let size = (file.entry.rows / 4096 + 1).ilog(FAN_IN as u64);
        groups.entry((file.entry.day, size)).or_default().push(file);
    }
    for ((day, _), mut group) in groups {
        let cold = day.is_some() && newest > day;
        group.sort_by_key(|file| file.entry.rows);
        let enough = if cold { fan_in / 2 } else { fan_in };
        let mut rows = 0;
        let fitting = group.iter().take_while(|file| {
            rows += file.entry.rows;
            rows <= most_rows
        });
        let count = fitting.take(MAX_FAN_IN).count();
        // Fewer are merged where more would be too large together.
        let full = group.len() >= enough && count > 1 && count < group.len();
        if count >= enough || full {
            return Some(group[..count].iter().map(|file| Arc::clone(file)).collect());
        }
    }
    None
}

/// A block of an input.
struct Input<'a> {
    day: i64,
    kind: &'a str,
    min_time: i64,
    file: usize,
    block: usize,
}

fn merge(shared: &Shared, files: &[Arc<Sealed>], outputs: &mut Outputs<'_>) -> Result<(), HistoryError> {
    let footers: Vec<Footer> = files.iter().map(|file| file.footer()).collect::<Result<_, _>>()?;
    let handles: Vec<_> = files.iter().map(|file| file.open()).collect::<Result<_, _>>()?;
    let mut inputs = Vec::new();
    let mut rows_of_day: BTreeMap<i64, u64> = BTreeMap::new();
    for (file, footer) in footers.iter().enumerate() {
        for (block, meta) in footer.blocks.iter().enumerate() {
            let (day, kind) = (order::day_of(meta.min_time), footer.kinds[meta.kind as usize].as_str());
            *rows_of_day.entry(day).or_default() += u64::from(meta.rows);
            inputs.push(Input { day, kind, min_time: meta.min_time, file, block });
        }
    }
    inputs.sort_unstable_by_key(|input| (input.day, input.kind, input.min_time));
    let one_day = rows_of_day.len() == 1;
    for group in inputs.chunk_by(|a, b| a.day == b.day && a.kind == b.kind) {
        let day = group[0].day;
        let own = one_day || rows_of_day.get(&day).is_some_and(|rows| *rows >= OWN_FILE_ROWS);
        let writer = outputs.writer(own.then_some(day))?;
        let mut pending = Batch::default();
        for input in group {
            if shared.is_closed() {
                return Err(HistoryError::Closed);
            }
            if pending.rows.len() >= 2 * SPAN_ROWS {
                pending = write_ready(pending, input.min_time, writer)?;
            }
            pending.take_from(&files[input.file].block(&*handles[input.file], &footers[input.file], input.block)?);
        }
        order::write_all(&pending, writer)?;
    }
    Ok(())
}

/// Writes the rows before `until`, to which nothing is added any more, in whole spans; gives back the others.
fn write_ready(mut pending: Batch, until: i64, writer: &mut Writer) -> Result<Batch, HistoryError> {
    let mut rows = std::mem::take(&mut pending.rows);
    rows.sort_unstable_by_key(|row| row.time);
    let ready = rows.partition_point(|row| row.time < until) / SPAN_ROWS * SPAN_ROWS;
    for span in rows[..ready].chunks(SPAN_ROWS) {
        let mut span: Vec<Row> = span.to_vec();
        order::write_span(&pending, &mut span, writer)?;
    }
    pending.rows = rows.split_off(ready);
    let mut left = Batch::default();
    left.take_from(&pending);
    Ok(left)
}

/// The files that a merge writes: one a day, and one for the days with few rows.
struct Outputs<'a> {
    shared: &'a Shared,
    day: Option<(i64, Writer)>,
    mixed: Option<Writer>,
    done: Vec<Entry>,
}

impl Outputs<'_> {
    fn writer(&mut self, day: Option<i64>) -> Result<&mut Writer, HistoryError> {
        let shared = self.shared;
        let create = || Writer::create(&shared.disk, &shared.directory, shared.new_id());
        let Some(day) = day else {
            if self.mixed.is_none() {
                self.mixed = Some(create()?);
            }
            return self.mixed.as_mut().ok_or(HistoryError::Closed);
        };
        if self.day.as_ref().is_none_or(|(open, _)| *open != day) {
            if let Some((_, full)) = self.day.take() {
                self.done.push(full.finish()?);
            }
            self.day = Some((day, create()?));
        }
        self.day.as_mut().map(|(_, writer)| writer).ok_or(HistoryError::Closed)
    }

    fn finish(mut self) -> Result<Vec<Entry>, HistoryError> {
        for writer in self.day.take().map(|(_, writer)| writer).into_iter().chain(self.mixed.take()) {
            self.done.push(writer.finish()?);
        }
        Ok(std::mem::take(&mut self.done))
    }

    /// Removes what was begun; what was finished is swept at the next start.
    fn abandon(self) {
        for writer in self.day.map(|(_, writer)| writer).into_iter().chain(self.mixed) {
            writer.abandon();
        }
        for entry in self.done {
            Sealed::new(&self.shared.disk, &self.shared.directory, entry).bury();
        }
    }
}
