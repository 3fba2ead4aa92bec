//! What the callers and the two background threads share: memory, files, and the order of changes to them.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Condvar, Mutex, RwLock};
use vigiles_disk::Disk;

use super::batch::Batch;
use super::file::{FooterCache, Sealed};
use super::manifest::{Entry, Manifest};
use super::{Options, file};
use crate::HistoryError;

/// Batches that may wait to be sealed, the one being sealed included.
const MOST_SEALING: usize = 2;

/// What is written to.
#[derive(Default)]
pub(crate) struct Active {
    pub(crate) batch: Batch,
    /// The offset after the last log entry taken.
    pub(crate) next_offset: u64,
}

/// A full batch on its way to a file.
pub(crate) struct Frozen {
    pub(crate) batch: Batch,
    pub(crate) next_offset: u64,
}

/// All but the active batch.
#[derive(Default)]
pub(crate) struct Rest {
    pub(crate) sealing: VecDeque<Arc<Frozen>>,
    pub(crate) files: Vec<Arc<Sealed>>,
    pub(crate) durable_offset: u64,
}

/// What the threads tell each other.
#[derive(Default)]
pub(crate) struct Control {
    pub(crate) closed: bool,
    /// Why the last seal failed; none once one succeeds.
    pub(crate) failure: Option<HistoryError>,
    /// Counts file changes, so that the merging thread knows when to look.
    pub(crate) changes: u64,
}

/// Counters for the system page.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) waits: AtomicU64,
    pub(crate) merges: AtomicU64,
    pub(crate) failures: AtomicU64,
}

/// The state behind an open history.
///
/// Invariant: locks are taken in the order `writing`, `maintenance`, `ledger`, `control`, `active`, `rest`; the
/// sealing thread never waits for `writing`, whose holder may be waiting for a seal.
pub(crate) struct Shared {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) directory: PathBuf,
    pub(crate) options: Options,
    /// One writer at a time.
    pub(crate) writing: Mutex<()>,
    /// One merge or expiry at a time.
    pub(crate) maintenance: Mutex<()>,
    pub(crate) ledger: Mutex<Manifest>,
    pub(crate) active: RwLock<Active>,
    pub(crate) rest: RwLock<Rest>,
    pub(crate) control: Mutex<Control>,
    pub(crate) changed: Condvar,
    pub(crate) footers: FooterCache,
    pub(crate) counters: Counters,
}

impl Shared {
    pub(crate) fn new(disk: Arc<dyn Disk>, directory: PathBuf, options: Options, manifest: Manifest) -> Self {
        let files = manifest.files.iter().map(|entry| Arc::new(Sealed::new(&disk, &directory, *entry))).collect();
        let durable_offset = manifest.durable_offset;
        let active = Active { next_offset: durable_offset, ..Active::default() };
        Self {
            disk,
            directory,
            options,
            writing: Mutex::default(),
            maintenance: Mutex::default(),
            ledger: Mutex::new(manifest),
            active: RwLock::new(active),
            rest: RwLock::new(Rest { files, durable_offset, ..Rest::default() }),
            control: Mutex::default(),
            changed: Condvar::new(),
            footers: FooterCache::new(options.index_bytes),
            counters: Counters::default(),
        }
    }

    /// Bytes at which a batch is full: the bound of all memory, shared by the active one and those waiting.
    pub(crate) fn full_bytes(&self) -> usize {
        self.options.memory_bytes / (1 + MOST_SEALING)
    }

    /// Hands the active batch to the sealing thread; waits for a place. The caller holds `writing`.
    pub(crate) fn freeze(&self) -> Result<(), HistoryError> {
        let mut control = self.control.lock();
        let mut waited = false;
        while self.rest.read().sealing.len() >= MOST_SEALING {
            if let Some(failure) = &control.failure {
                return Err(failure.clone());
            }
            if control.closed {
                return Err(HistoryError::Closed);
            }
            waited = true;
            self.changed.wait(&mut control);
        }
        drop(control);
        self.counters.waits.fetch_add(u64::from(waited), Ordering::Relaxed);
        let mut active = self.active.write();
        let mut rest = self.rest.write();
        if active.next_offset > rest.sealing.back().map_or(rest.durable_offset, |f| f.next_offset) {
            let batch = std::mem::take(&mut active.batch);
            rest.sealing.push_back(Arc::new(Frozen { batch, next_offset: active.next_offset }));
        }
        drop((active, rest));
        self.tell();
        Ok(())
    }

    /// Wakes whoever waits for a change.
    pub(crate) fn tell(&self) {
        let _order = self.control.lock();
        self.changed.notify_all();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.control.lock().closed
    }

    /// Takes the number of a new file.
    pub(crate) fn new_id(&self) -> u64 {
        let mut ledger = self.ledger.lock();
        ledger.next_id += 1;
        ledger.next_id - 1
    }

    /// Puts `fresh` in the place of `gone`, durably and at once; `sealed` also ends the oldest sealing batch.
    pub(crate) fn commit(
        &self,
        gone: &[Arc<Sealed>],
        fresh: &[Entry],
        sealed: Option<u64>,
    ) -> Result<(), HistoryError> {
        self.disk.sync_directory(&self.directory).map_err(|e| HistoryError::io("syncing", &self.directory, &e))?;
        let mut ledger = self.ledger.lock();
        let mut next = ledger.clone();
        next.files.retain(|entry| gone.iter().all(|file| file.entry.id != entry.id));
        next.files.extend_from_slice(fresh);
        next.durable_offset = sealed.unwrap_or(next.durable_offset);
        next.save(&*self.disk, &self.directory)?;
        let mut rest = self.rest.write();
        rest.files.retain(|file| gone.iter().all(|old| old.entry.id != file.entry.id));
        rest.files.extend(fresh.iter().map(|entry| Arc::new(Sealed::new(&self.disk, &self.directory, *entry))));
        rest.durable_offset = next.durable_offset;
        if sealed.is_some() {
            rest.sealing.pop_front();
        }
        drop(rest);
        *ledger = next;
        drop(ledger);
        for file in gone {
            self.footers.forget(file.entry.id);
            file.bury();
        }
        let mut control = self.control.lock();
        control.changes += 1;
        self.changed.notify_all();
        Ok(())
    }

    /// Removes what an interrupted seal, merge or expiry left behind.
    pub(crate) fn sweep(&self) -> Result<(), HistoryError> {
        let io = |doing, e: std::io::Error| HistoryError::io(doing, &self.directory, &e);
        let known: Vec<u64> = self.ledger.lock().files.iter().map(|entry| entry.id).collect();
        let mut highest = 0;
        for name in self.disk.list(&self.directory).map_err(|e| io("listing", e))? {
            let Some(id) = file::id_of(&name) else { continue };
            highest = highest.max(id + 1);
            if !known.contains(&id) {
                let path = self.directory.join(name);
                tracing::info!(file = %path.display(), "removing a file that was never committed");
                self.disk.remove(&path).map_err(|e| io("removing from", e))?;
            }
        }
        let mut ledger = self.ledger.lock();
        ledger.next_id = ledger.next_id.max(highest);
        Ok(())
    }
}
