//! The handle that the API and the protocols hold, and how the platform starts and stops.

use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use vigiles_bus::{Bus, BusError, Clock, Topic};
use vigiles_formats::observation::{Draft, Rejection};
use vigiles_history::History;
use vigiles_model::playbook::OutwardKinds;
use vigiles_model::{Incident, IncidentId, SourceId, Timestamp};
use vigiles_store::{Store, StoreError};
use vigiles_trust::Context;

use crate::applier::{Errand, Waiting};
use crate::carrier::{Carrier, Carriers};
use crate::catalogue::Catalogue;
use crate::directory::Directory;
use crate::door::{Door, Grant, Knock, Receipt, Refusal, Sources, SubmitError};
use crate::followed::Followed;
use crate::intake::Intake;
use crate::live::Live;
use crate::notices::Receipts;
use crate::offers::{Asked, Question};
use crate::once::UnderWay;
use crate::pump::Progress;
use crate::seat::Seat;
use crate::snapshots::Snapshots;
use crate::start::Shared;
use crate::storage::{LastHour, Measured};
use crate::strangers::Strangers;
use crate::support::{Bundle, SupportError};
use crate::takeover::Takeover;
use crate::time_zone::{Logged, TimeZone};
use crate::{documents, errands, exercise, follow, start};

/// Entries and bytes of the log that are read at once where it is checked.
const ENTRIES: usize = 1024;
const BYTES: usize = 4 << 20;

/// The backends and places a platform is made of.
pub struct Parts {
    /// The log.
    pub bus: Arc<dyn Bus>,
    /// Observations.
    pub history: Arc<dyn History>,
    /// Documents.
    pub store: Arc<dyn Store>,
    /// Platform time.
    pub clock: Arc<dyn Clock>,
    /// Where the engine's snapshots lie.
    pub snapshots: Arc<Snapshots>,
    /// What the city's clocks show.
    pub time_zone: TimeZone,
    /// How the process takes part.
    pub seat: Seat,
    /// The task kinds that act outward.
    pub task_kinds: OutwardKinds,
}

/// Why a platform does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    /// The log.
    #[error("the log: {0}")]
    Log(#[from] BusError),
    /// A file.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The log is missing, or older than the rest: what it takes now would stand under numbers that were acted on before.
    #[error(
        "the log ends at {log}, but entries up to {acted_on} were acted on: it is missing or older than the rest of the data \
         directory; restore all of it from one backup"
    )]
    Behind {
        /// Where the log ends.
        log: u64,
        /// Where what was made from it ends.
        acted_on: u64,
    },
    /// No further door.
    #[error("there are {most} processes without the role `engine` already, and no more are taken")]
    Doors {
        /// How many there may be.
        most: usize,
    },
    /// The log no longer reaches back to the newest usable snapshot.
    #[error(
        "the engine cannot be rebuilt: the log starts at {log}, the newest usable snapshot is at {snapshot}; restore a backup of both"
    )]
    Gap {
        /// The oldest offset of the log.
        log: u64,
        /// Where the replay would have to start.
        snapshot: u64,
    },
}

/// The running platform.
pub struct Platform {
    pub(crate) parts: Parts,
    pub(crate) intake: Arc<Intake>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) waiting: Arc<Waiting>,
    pub(crate) under_way: Arc<UnderWay>,
    pub(crate) live: Live,
    /// To the engine, where it stands in this process.
    pub(crate) questions: Option<SyncSender<Question>>,
    /// Questions of a door to the engine that wait for an answer.
    pub(crate) asked: Asked,
    /// What doors say of the notices that they were told.
    pub(crate) receipts: Arc<Receipts>,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) takeover: Takeover,
    pub(crate) threads: Mutex<Vec<JoinHandle<()>>>,
    pub(crate) carriers: OnceLock<Carriers>,
    pub(crate) directory: Directory,
    pub(crate) errands: Mutex<Option<mpsc::Receiver<Errand>>>,
    /// Where automatic tasks are handed in, for their count.
    pub(crate) tasks: mpsc::WeakSender<Errand>,
    /// The log position at the start: the platform is ready once it has come so far.
    pub(crate) ready_at: AtomicU64,
    /// The batches of effects that had been handed on when it had come so far.
    pub(crate) handed_at_ready: OnceLock<u64>,
    pub(crate) started: Timestamp,
    pub(crate) rate_per_s: AtomicU64,
    pub(crate) tickets: AtomicU64,
    /// A number of this run of this process, for its tickets.
    pub(crate) run: u64,
    /// How far what other processes change in the store is known.
    pub(crate) followed: Followed,
    /// Set for an engine beside which other processes work.
    pub(crate) shared: Option<Shared>,
    pub(crate) utc_offset: Logged,
    pub(crate) measured: Mutex<Measured>,
    pub(crate) strangers: Strangers,
    /// Held while an exercise begins, ends or is played on.
    pub(crate) exercises: tokio::sync::Mutex<()>,
}

impl Platform {
    /// Starts the threads of a platform on its backends: replays what the log has beyond the last snapshot,
    /// then follows the log.
    pub fn start(parts: Parts) -> Result<Arc<Self>, StartError> {
        start::start(parts)
    }

    /// A platform without its threads.
    pub(crate) fn assemble(
        parts: Parts,
        errands: Option<mpsc::Receiver<Errand>>,
        tasks: mpsc::WeakSender<Errand>,
        questions: Option<SyncSender<Question>>,
        shared: Option<Shared>,
    ) -> Result<Arc<Self>, StartError> {
        let stop = Arc::new(AtomicBool::new(false));
        let takeover = Takeover::new(stop.clone());
        let directory = Directory::open(parts.store.clone())?;
        let started = parts.clock.now();
        let catalogue = Catalogue::load(&*parts.store)?;
        let door = parts.seat.door().cloned();
        // An engine is ready once the log was read as far as it reaches when it is taken over.
        let ready_at = if door.is_some() { 0 } else { u64::MAX };
        let run = rustc_hash::FxBuildHasher.hash_one((started, &door));
        let mut intake = Intake::new(parts.bus.clone(), door, parts.clock.clone(), catalogue, takeover.clone());
        intake.counters.last_hour = LastHour::load(&*parts.store, started)?;
        Ok(Arc::new(Self {
            parts,
            intake: Arc::new(intake),
            progress: Arc::default(),
            waiting: Arc::default(),
            under_way: Arc::default(),
            live: Live::default(),
            questions,
            asked: Asked::default(),
            receipts: Arc::default(),
            stop,
            takeover,
            threads: Mutex::default(),
            carriers: OnceLock::new(),
            directory,
            errands: Mutex::new(errands),
            tasks,
            ready_at: AtomicU64::new(ready_at),
            handed_at_ready: OnceLock::new(),
            started,
            rate_per_s: AtomicU64::new(0),
            tickets: AtomicU64::new(0),
            run,
            shared,
            followed: Followed::default(),
            utc_offset: Logged::default(),
            measured: Mutex::default(),
            strangers: Strangers::new(),
            exercises: tokio::sync::Mutex::default(),
        }))
    }

    /// Starts the automatic tasks; needs the asynchronous runtime that the doors run on.
    pub fn run_errands(self: &Arc<Self>, carriers: Carriers) {
        let _set_before = self.carriers.set(carriers);
        if let Some(receiver) = self.errands.lock().take() {
            tokio::spawn(errands::run(self.clone(), receiver));
            tokio::spawn(exercise::run(self.clone()));
        }
    }

    /// The task kinds that act outward.
    pub fn task_kinds(&self) -> &OutwardKinds {
        &self.parts.task_kinds
    }

    /// The document store.
    pub fn store(&self) -> &dyn Store {
        &*self.parts.store
    }

    /// Observations.
    pub fn history(&self) -> &dyn History {
        &*self.parts.history
    }

    /// Counts, sources and kinds at the doors.
    pub fn intake(&self) -> &Intake {
        &self.intake
    }

    /// What consoles see at once.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// What the engine was given lately and what came of it.
    pub fn bundle(&self) -> Result<Bundle, SupportError> {
        Bundle::gather(&self.parts)
    }

    /// Platform time.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// When this process started.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// Whether everything that was in the log at the start has been taken, and its effects are in the store.
    pub fn is_ready(&self) -> bool {
        let progress = &self.progress;
        if progress.failed.lock().is_some()
            || progress.position.load(Ordering::Acquire) < self.ready_at.load(Ordering::Acquire)
        {
            return false;
        }
        let handed = *self.handed_at_ready.get_or_init(|| progress.handed.load(Ordering::Relaxed));
        progress.applied.load(Ordering::Acquire) >= handed
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whoever carries out a task kind.
    pub(crate) fn carrier(&self, kind: &str) -> Option<&Arc<dyn Carrier>> {
        self.carriers.get()?.get(kind)
    }

    /// Checks a bearer text; a refusal leaves an audit entry, as far as [`Strangers`] lets it.
    pub fn authenticate(self: &Arc<Self>, token: &str, from: &Knock) -> Result<Grant, Refusal> {
        let now = self.now();
        self.directory.authenticate(token, now).inspect_err(|refusal| {
            if let Some(note) = self.strangers.note(from, refusal, now) {
                let platform = self.clone();
                // Nothing was given away, so nobody waits for the entry.
                drop(tokio::task::spawn_blocking(move || {
                    if let Err(error) = platform.store().record(&Context::system("doors"), note) {
                        tracing::warn!(%error, "a refused token was not noted in the audit log");
                    }
                }));
            }
        })
    }

    /// Accounts, sessions, tokens, links, agencies and sources.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(crate) async fn incident(self: &Arc<Self>, id: &IncidentId) -> Option<Incident> {
        let platform = self.clone();
        let id = id.clone();
        let read = move || {
            let ctx = Context::system("errands");
            let document = platform.store().get(&ctx, documents::INCIDENT, id.as_str()).ok()??;
            documents::read(&document).ok()
        };
        tokio::task::spawn_blocking(read).await.ok()?
    }

    /// Stops in order: the engine's state and history are made durable. Later calls fail with `Closed`.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.lock().drain(..) {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("a thread of the platform ended by a panic");
            }
        }
        if let Err(error) = self.parts.history.flush() {
            tracing::error!(%error, "history not flushed; it is rebuilt from the log at the next start");
        }
        if let Some(shared) = self.shared.as_ref().filter(|_| !self.takeover.has_happened()) {
            shared.lease.release();
        }
        if !self.takeover.has_happened() {
            self.take_leave();
        }
    }
}

impl Door for Arc<Platform> {
    fn authenticate(&self, token: &str, from: &Knock) -> Result<Grant, Refusal> {
        Platform::authenticate(self, token, from)
    }

    fn submit<'a>(&'a self, grant: &'a Grant, drafts: Vec<Draft>) -> BoxFuture<'a, Result<Receipt, SubmitError>> {
        let off = grant.source.as_ref().filter(|source| self.directory.is_off(source));
        let drafts = match off {
            Some(source) => refused(source, drafts.len()),
            None => drafts,
        };
        Box::pin(self.intake.submit(grant, drafts))
    }

    fn follow<'a>(&'a self, grant: &'a Grant, filter: &'a str) -> BoxFuture<'a, Result<(), Refusal>> {
        Box::pin(follow::follow(self.clone(), grant.clone(), filter.to_owned()))
    }

    fn passing(&self) -> tokio::sync::broadcast::Receiver<Arc<Vec<vigiles_model::Observation>>> {
        self.live.passing()
    }

    fn sources(&self) -> Arc<Sources> {
        self.directory.sources()
    }
}

/// What a source that is switched off sends: counted and answered as any other refusal.
fn refused(source: &SourceId, count: usize) -> Vec<Draft> {
    let why = Rejection::new("source", format_args!("{source} is switched off; an integrator can switch it on"));
    vec![Draft::flawed(why); count]
}

/// The offset up to which others have acted on the log: the log must not end before it.
pub fn acted_on(store: &dyn Store, history: &dyn History, snapshots: &Snapshots) -> Result<u64, StartError> {
    let snapshot = snapshots.load()?.map_or(0, |found| found.snapshot.offset.0);
    Ok(acted_on_beside(store, history)?.max(snapshot))
}

/// The same, but for the snapshots.
pub(crate) fn acted_on_beside(store: &dyn Store, history: &dyn History) -> Result<u64, StoreError> {
    let applied = store.mark(&Context::system("start"), crate::applier::APPLIED)?.unwrap_or(0);
    Ok(applied.max(history.durable_offset()))
}

/// The same, of a store whose marks these are, by name.
pub fn acted_on_in(marks: &[(String, u64)]) -> u64 {
    marks.iter().find(|(name, _)| name == crate::applier::APPLIED).map_or(0, |(_, offset)| *offset)
}

/// Where the log ends: the number of its next entry.
pub fn log_end(bus: &dyn Bus) -> Result<u64, BusError> {
    Ok(bus.bounds(&topic())?.end.0)
}

/// Reads the whole log, so that a backend that checks what it reads names its first fault.
pub fn read_through(bus: &dyn Bus) -> Result<(), BusError> {
    let bounds = bus.bounds(&topic())?;
    let mut next = bounds.start;
    while next < bounds.end {
        match bus.read(&topic(), next, ENTRIES, BYTES) {
            Ok(entries) => next = entries.last().map_or(bounds.end, |entry| entry.offset.next()),
            // A platform that runs elsewhere trims its log.
            Err(BusError::Trimmed { oldest, .. }) => next = oldest,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

pub(crate) const TOPIC: &str = "input";

/// The topic of the log that the platform lives by.
pub fn topic() -> Topic {
    Topic::new(TOPIC).expect("the name is in the alphabet of topics")
}
