//! History in a PostgreSQL database, for many processes: a partition a day, COPY in batches.

mod cells;
mod expire;
mod read;
mod rows;
mod select;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use vigiles_model::{BoundingBox, KindId, Observation, Timestamp};
use vigiles_postgres::{PATIENCE, Pool, PostgresError, Server, fitness, upgrade};
use vigiles_trust::Context;

use crate::rights::{permit_platform, permit_reading};
use crate::{Bucket, Expired, History, HistoryError, Latest, Page, Query, SeriesQuery, Statistics, Visit};
use write::Pending;

/// Where the tables lie in the database.
const SCHEMA: &str = "vigiles_history";
/// Upgrade `n` leads from schema `n` to schema `n + 1`. One that was released is never changed.
const UPGRADES: &[&str] = &[include_str!("upgrade_1.sql")];
/// Reads at the same time in this process; more wait.
const READERS: usize = 4;

/// Bounds of a history in PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Observations of one COPY; a write that makes it more waits until they are stored.
    pub batch_rows: usize,
    /// Observations are stored after this time at the latest, so that the log can be trimmed and other processes see them.
    pub store_after: Duration,
    /// How far [`History::latest`] looks back.
    pub look_back: vigiles_model::Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            batch_rows: 20_000,
            store_after: Duration::from_secs(1),
            look_back: vigiles_model::Duration::from_secs(2 * 3600),
        }
    }
}

/// A history in PostgreSQL. Dropping it stores what is pending and stops.
pub struct PostgresHistory {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    readers: Pool,
    options: Options,
    pending: Mutex<Pending>,
    /// Whether to stop.
    over: Mutex<bool>,
    stopped: Condvar,
    durable_offset: AtomicU64,
    waits: AtomicU64,
    failures: AtomicU64,
}

impl Shared {
    /// Stores what is pending. Reads do so first, so that each sees what was written before it.
    fn store(&self) -> Result<u64, HistoryError> {
        let mut pending = self.pending.lock();
        self.store_locked(&mut pending)
    }

    fn store_locked(&self, pending: &mut Pending) -> Result<u64, HistoryError> {
        let stored = pending.store();
        self.durable_offset.store(pending.durable_offset, Ordering::Release);
        if let Err(error) = stored {
            self.failures.fetch_add(1, Ordering::Relaxed);
            return Err(error.into());
        }
        Ok(pending.durable_offset)
    }
}

impl PostgresHistory {
    /// Opens the history at an address (`postgres://user:password@host/database`), makes or upgrades its tables. Refuses a
    /// server that could lose what it acknowledged, is too old or has no PostGIS, with what to set.
    pub fn open(url: &str, options: Options) -> Result<Self, HistoryError> {
        let server = Server::at(url, SCHEMA)?;
        let mut client = server.connect_until(Instant::now() + PATIENCE)?;
        fitness::check(&mut client, &server)?;
        upgrade(&mut client, &server, UPGRADES)?;
        let next = client
            .query_one("SELECT next_offset FROM progress", &[])
            .map_err(|e| PostgresError::of(server.name(), "opening", &e))?;
        let durable_offset = next.get::<_, i64>(0) as u64;
        let shared = Arc::new(Shared {
            readers: Pool::new(server.clone(), READERS),
            options,
            pending: Mutex::new(Pending::new(server.clone(), durable_offset)),
            over: Mutex::new(false),
            stopped: Condvar::new(),
            durable_offset: AtomicU64::new(durable_offset),
            waits: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        });
        let run = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("history-store".to_owned()).spawn(move || store_in_turns(&run));
        let thread = thread.map_err(|e| HistoryError::Server(format!("{}: starting a thread: {e}", server.name())))?;
        Ok(Self { shared, thread: Some(thread) })
    }
}

fn store_in_turns(shared: &Shared) {
    loop {
        let is_over = {
            let mut over = shared.over.lock();
            shared.stopped.wait_while_for(&mut over, |over| !*over, shared.options.store_after);
            *over
        };
        if let Err(error) = shared.store() {
            tracing::warn!(%error, "history is not stored for now; the log still has it");
        }
        if is_over {
            return;
        }
    }
}

impl Drop for PostgresHistory {
    fn drop(&mut self) {
        *self.shared.over.lock() = true;
        self.shared.stopped.notify_all();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that stores history had panicked");
        }
    }
}

impl History for PostgresHistory {
    fn write(&self, context: &Context, offset: u64, observations: &[Observation]) -> Result<(), HistoryError> {
        permit_platform(context, "write observations")?;
        let mut pending = self.shared.pending.lock();
        if offset < pending.next_offset {
            return Ok(());
        }
        if pending.observations.len() >= self.shared.options.batch_rows {
            self.shared.waits.fetch_add(1, Ordering::Relaxed);
            self.shared.store_locked(&mut pending)?;
        }
        pending.observations.extend_from_slice(observations);
        pending.next_offset = offset + 1;
        Ok(())
    }

    fn durable_offset(&self) -> u64 {
        self.shared.durable_offset.load(Ordering::Acquire)
    }

    fn readable_offset(&self) -> Result<u64, HistoryError> {
        // Reads store what is pending here first.
        let taken = self.shared.pending.lock().next_offset;
        Ok(taken.max(read::next_offset(&self.shared.readers)?))
    }

    fn flush(&self) -> Result<u64, HistoryError> {
        self.shared.store()
    }

    fn page(&self, context: &Context, query: &Query) -> Result<Page, HistoryError> {
        permit_reading(context)?;
        self.shared.store()?;
        read::page(&self.shared.readers, query)
    }

    fn scan(&self, context: &Context, query: &Query, visit: &mut Visit<'_>) -> Result<(), HistoryError> {
        permit_reading(context)?;
        self.shared.store()?;
        read::scan(&self.shared.readers, query, visit)
    }

    fn latest(&self, context: &Context, before: Timestamp, area: Option<BoundingBox>) -> Result<Latest, HistoryError> {
        permit_reading(context)?;
        self.shared.store()?;
        read::latest(&self.shared.readers, before, self.shared.options.look_back, area)
    }

    fn series(&self, context: &Context, query: &SeriesQuery) -> Result<Vec<Bucket>, HistoryError> {
        permit_reading(context)?;
        self.shared.store()?;
        read::series(&self.shared.readers, query)
    }

    fn expire(
        &self,
        context: &Context,
        retention: &dyn Fn(&KindId) -> vigiles_model::Duration,
        now: Timestamp,
    ) -> Result<Expired, HistoryError> {
        permit_platform(context, "expire observations")?;
        expire::expire(&mut self.shared.pending.lock(), retention, now)
    }

    fn statistics(&self) -> Statistics {
        let counts = read::counts(&self.shared.readers).unwrap_or_else(|error| {
            tracing::warn!(%error, "history cannot be counted");
            Statistics::default()
        });
        let pending = self.shared.pending.lock();
        Statistics {
            pending: pending.observations.len() as u64,
            pending_bytes: (pending.observations.len() * size_of::<Observation>()) as u64,
            waits: self.shared.waits.load(Ordering::Relaxed),
            failures: self.shared.failures.load(Ordering::Relaxed),
            ..counts
        }
    }
}
