//! History in a directory of this machine: a bounded batch in memory, sealed by one thread into immutable columnar
//! files, merged by another.

mod batch;
mod block;
mod bloom;
mod candidate;
mod check;
mod codec;
mod expire;
mod file;
pub mod footer;
mod latest;
pub mod manifest;
mod merge;
mod order;
mod page;
mod repair;
mod scan;
mod seal;
mod select;
mod shared;
pub mod upgrade;

use std::any::Any;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub use check::{check, check_on, parse_file};
pub use codec::Malformed;
use manifest::Manifest;
pub use repair::repair;
use shared::Shared;
use vigiles_disk::{Disk, LocalDisk};
use vigiles_model::{BoundingBox, KindId, Observation, Timestamp};
use vigiles_trust::Context;

use crate::rights::{permit_platform, permit_reading};
use crate::{Bucket, Expired, History, HistoryError, Latest, Page, Query, SeriesQuery, Statistics, Visit};

/// Bounds of the embedded history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Most memory for observations not yet sealed, in bytes.
    pub memory_bytes: usize,
    /// Most memory for the indexes of files, in bytes.
    pub index_bytes: usize,
    /// Observations are sealed after this time at the latest, so that the log can be trimmed.
    pub seal_after: Duration,
    /// Most observations of a file made by merging.
    pub merge_rows: u64,
    /// How far [`History::latest`] looks back.
    pub look_back: vigiles_model::Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            index_bytes: 64 << 20,
            seal_after: Duration::from_mins(1),
            merge_rows: 2_000_000,
            look_back: vigiles_model::Duration::from_secs(2 * 3600),
        }
    }
}

/// The embedded history. Dropping it seals what is in memory and stops.
pub struct Embedded {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    _lock: Box<dyn Any + Send + Sync>,
}

impl Embedded {
    /// Opens or makes the history in `directory`.
    pub fn open(directory: &Path, options: Options) -> Result<Self, HistoryError> {
        Self::open_on(Arc::new(LocalDisk), directory, options)
    }

    /// [`Embedded::open`] on any file system.
    pub fn open_on(disk: Arc<dyn Disk>, directory: &Path, options: Options) -> Result<Self, HistoryError> {
        vigiles_disk::make_directory(&*disk, directory).map_err(|e| HistoryError::io("creating", directory, &e))?;
        let lock = lock(&*disk, directory)?;
        upgrade::bring_up_to_date(&*disk, directory, upgrade::UPGRADES)?;
        // A process that was killed may have left a list of files here that the disk does not have yet: what it calls
        // durable goes from the log.
        disk.sync_directory(directory).map_err(|e| HistoryError::io("syncing", directory, &e))?;
        let manifest = Manifest::load(&*disk, directory)?;
        let shared = Arc::new(Shared::new(disk, directory.to_owned(), options, manifest));
        shared.sweep()?;
        let mut history = Self { shared, threads: Vec::new(), _lock: lock };
        history.start("history-seal", seal::run)?;
        history.start("history-merge", merge::run)?;
        Ok(history)
    }

    fn start(&mut self, name: &str, run: fn(&Shared)) -> Result<(), HistoryError> {
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || run(&shared));
        let directory = &self.shared.directory;
        self.threads.push(thread.map_err(|e| HistoryError::io("starting a thread for", directory, &e))?);
        Ok(())
    }

    /// Merges small files until none are left that should be; for benches and tests, which cannot wait.
    pub fn merge_all(&self) -> Result<(), HistoryError> {
        merge::merge_all(&self.shared, merge::FAN_IN)
    }
}

fn lock(disk: &dyn Disk, directory: &Path) -> Result<Box<dyn Any + Send + Sync>, HistoryError> {
    let path = directory.join("lock");
    let lock = disk.lock(&path).map_err(|e| HistoryError::io("locking", &path, &e))?;
    lock.ok_or_else(|| HistoryError::Locked { path: directory.to_owned() })
}

impl History for Embedded {
    fn write(&self, context: &Context, offset: u64, observations: &[Observation]) -> Result<(), HistoryError> {
        permit_platform(context, "write observations")?;
        let shared = &self.shared;
        let _writing = shared.writing.lock();
        let (repeated, full) = {
            let active = shared.active.read();
            (offset < active.next_offset, active.batch.bytes() >= shared.full_bytes())
        };
        if repeated {
            return Ok(());
        }
        if full {
            shared.freeze()?;
        }
        let mut active = shared.active.write();
        for observation in observations {
            active.batch.push(observation);
        }
        active.next_offset = offset + 1;
        Ok(())
    }

    fn durable_offset(&self) -> u64 {
        self.shared.rest.read().durable_offset
    }

    fn readable_offset(&self) -> Result<u64, HistoryError> {
        Ok(self.shared.active.read().next_offset)
    }

    fn flush(&self) -> Result<u64, HistoryError> {
        let shared = &self.shared;
        let _writing = shared.writing.lock();
        shared.freeze()?;
        let mut control = shared.control.lock();
        while !shared.rest.read().sealing.is_empty() {
            if let Some(failure) = &control.failure {
                return Err(failure.clone());
            }
            shared.changed.wait(&mut control);
        }
        Ok(shared.rest.read().durable_offset)
    }

    fn page(&self, context: &Context, query: &Query) -> Result<Page, HistoryError> {
        permit_reading(context)?;
        page::page(&self.shared, query)
    }

    fn scan(&self, context: &Context, query: &Query, visit: &mut Visit<'_>) -> Result<(), HistoryError> {
        permit_reading(context)?;
        scan::scan(&self.shared, query, visit)
    }

    fn latest(&self, context: &Context, before: Timestamp, area: Option<BoundingBox>) -> Result<Latest, HistoryError> {
        permit_reading(context)?;
        latest::latest(&self.shared, before, area)
    }

    fn series(&self, context: &Context, query: &SeriesQuery) -> Result<Vec<Bucket>, HistoryError> {
        permit_reading(context)?;
        latest::series(&self.shared, query)
    }

    fn expire(
        &self,
        context: &Context,
        retention: &dyn Fn(&KindId) -> vigiles_model::Duration,
        now: Timestamp,
    ) -> Result<Expired, HistoryError> {
        permit_platform(context, "expire observations")?;
        expire::expire(&self.shared, retention, now)
    }

    fn statistics(&self) -> Statistics {
        let active = self.shared.active.read();
        let rest = self.shared.rest.read();
        let sealing = rest.sealing.iter().map(|frozen| &frozen.batch);
        let (pending, pending_bytes) = sealing
            .chain([&active.batch])
            .fold((0, 0), |(rows, bytes), batch| (rows + batch.rows.len() as u64, bytes + batch.bytes() as u64));
        let entries = || rest.files.iter().map(|file| file.entry);
        let min = entries().map(|entry| entry.min_time).min();
        let counters = &self.shared.counters;
        Statistics {
            sealed: entries().map(|entry| entry.rows).sum(),
            pending,
            pending_bytes,
            files: rest.files.len() as u64,
            bytes: entries().map(|entry| entry.bytes).sum(),
            blocks: entries().map(|entry| entry.blocks).sum(),
            span: min.zip(entries().map(|entry| entry.max_time).max()).map(|(a, b)| (Timestamp(a), Timestamp(b))),
            waits: counters.waits.load(Ordering::Relaxed),
            merges: counters.merges.load(Ordering::Relaxed),
            failures: counters.failures.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Err(error) = self.flush() {
            tracing::warn!(%error, "not everything was sealed at the end; the log still has it");
        }
        self.shared.control.lock().closed = true;
        self.shared.tell();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of history had panicked");
            }
        }
    }
}
