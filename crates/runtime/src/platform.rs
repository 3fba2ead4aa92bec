//! The handle that the API and the protocols hold, and how the platform starts and stops.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use vigiles_bus::{Bus, BusError, Clock, Topic};
use vigiles_engine::{Command, CommandDone, CommandError};
use vigiles_formats::observation::Draft;
use vigiles_history::History;
use vigiles_model::{Incident, IncidentId, Timestamp};
use vigiles_store::{AuditNote, Outcome, Store, StoreError};
use vigiles_trust::Context;

use crate::applier::{Errand, Waiting};
use crate::carrier::Carrier;
use crate::directory::Directory;
use crate::door::{Door, Grant, Knock, Receipt, Refusal, Sources, SubmitError};
use crate::intake::Intake;
use crate::live::Live;
use crate::once::{Once, UnderWay};
use crate::pump::Progress;
use crate::record::Asked;
use crate::storage::Measured;
use crate::strangers::Strangers;
use crate::time_zone::{Logged, TimeZone};
use crate::{documents, errands, record, start};

/// How long a command may take until its caller is told to look again.
const COMMAND_PATIENCE: Duration = Duration::from_secs(10);

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
    pub snapshots: PathBuf,
    /// What the city's clocks show.
    pub time_zone: TimeZone,
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

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandFailure {
    /// The engine refused it.
    #[error(transparent)]
    Refused(#[from] CommandError),
    /// The log or the store could not take it. Nothing was done.
    #[error("the command cannot be stored: {0}")]
    Storage(String),
    /// The log's queue is full.
    #[error("the platform is overloaded; try again in a second")]
    Overloaded,
    /// It is in the log and will be done, but not within the time a caller waits.
    #[error("the command is stored and will be carried out; look again in a moment")]
    Late,
    /// The platform is stopping.
    #[error("the platform is stopping")]
    Closed,
}

impl CommandFailure {
    /// Whether it is certain that nothing was done and nothing will be.
    fn is_certain(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Overloaded)
    }
}

/// The running platform.
pub struct Platform {
    pub(crate) parts: Parts,
    pub(crate) intake: Arc<Intake>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) waiting: Arc<Waiting>,
    pub(crate) under_way: Arc<UnderWay>,
    pub(crate) live: Live,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) threads: Mutex<Vec<JoinHandle<()>>>,
    pub(crate) carrier: OnceLock<Arc<dyn Carrier>>,
    pub(crate) directory: Directory,
    pub(crate) errands: Mutex<Option<mpsc::Receiver<Errand>>>,
    /// The log position at the start: the platform is ready once it has come so far.
    pub(crate) ready_at: u64,
    /// The batches of effects that had been handed on when it had come so far.
    pub(crate) handed_at_ready: OnceLock<u64>,
    pub(crate) started: Timestamp,
    pub(crate) rate_per_s: AtomicU64,
    pub(crate) tickets: AtomicU64,
    pub(crate) utc_offset: Logged,
    pub(crate) measured: Mutex<Measured>,
    pub(crate) strangers: Strangers,
}

impl Platform {
    /// Starts the threads of a platform on its backends: replays what the log has beyond the last snapshot,
    /// then follows the log.
    pub fn start(parts: Parts) -> Result<Arc<Self>, StartError> {
        start::start(parts)
    }

    /// Starts the automatic tasks; needs the asynchronous runtime that the doors run on.
    pub fn run_errands(self: &Arc<Self>, carrier: Option<Arc<dyn Carrier>>) {
        if let Some(carrier) = carrier {
            let _set_before = self.carrier.set(carrier);
        }
        if let Some(receiver) = self.errands.lock().take() {
            tokio::spawn(errands::run(self.clone(), receiver));
        }
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
        if progress.failed.lock().is_some() || progress.position.load(Ordering::Acquire) < self.ready_at {
            return false;
        }
        let handed = *self.handed_at_ready.get_or_init(|| progress.handed.load(Ordering::Relaxed));
        progress.applied.load(Ordering::Acquire) >= handed
    }

    pub(crate) fn carrier(&self) -> Option<&Arc<dyn Carrier>> {
        self.carrier.get()
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

    /// A command of a person: audited, then durable, then carried out; the answer comes when its effects are
    /// in the store.
    pub async fn command(self: &Arc<Self>, ctx: &Context, command: Command) -> Result<CommandDone, CommandFailure> {
        self.audited(ctx, command, None).await
    }

    pub(crate) async fn audited(
        self: &Arc<Self>,
        ctx: &Context,
        command: Command,
        once: Option<Once>,
    ) -> Result<CommandDone, CommandFailure> {
        let note = audit_note(&command);
        self.note(ctx, note.clone()).await?;
        let answer = self.order(command, once).await;
        if let Err(failure) = &answer
            && failure.is_certain()
        {
            let detail = format!("{}{}{failure}", note.detail, if note.detail.is_empty() { "" } else { ": " });
            self.note(ctx, AuditNote { outcome: Outcome::Failed, detail, ..note }).await?;
        }
        answer
    }

    async fn note(self: &Arc<Self>, ctx: &Context, note: AuditNote) -> Result<(), CommandFailure> {
        let (platform, ctx) = (self.clone(), ctx.clone());
        tokio::task::spawn_blocking(move || platform.store().record(&ctx, note))
            .await
            .map_err(|_| CommandFailure::Closed)?
            .map_err(|e| CommandFailure::Storage(e.to_string()))
    }

    /// A command of the platform itself, or one that was audited.
    pub(crate) async fn order(&self, command: Command, once: Option<Once>) -> Result<CommandDone, CommandFailure> {
        let ticket = self.ticket();
        let asked = Asked { ticket, once };
        let bytes = record::command(&asked, &command).map_err(|e| CommandFailure::Storage(e.to_string()))?;
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().insert(ticket, sender);
        let outcome = self.append_and_wait(bytes, receiver).await;
        self.waiting.lock().remove(&ticket);
        outcome
    }

    async fn append_and_wait(
        &self,
        bytes: Vec<u8>,
        outcome: oneshot::Receiver<Result<CommandDone, CommandError>>,
    ) -> Result<CommandDone, CommandFailure> {
        let (sender, appended) = oneshot::channel();
        let done = Box::new(move |result| drop::<Result<(), _>>(sender.send(result)));
        self.parts.bus.append_async(&self.intake.topic, vec![bytes], done).map_err(append_failure)?;
        appended.await.map_err(|_| CommandFailure::Closed)?.map_err(append_failure)?;
        match tokio::time::timeout(COMMAND_PATIENCE, outcome).await {
            Ok(Ok(outcome)) => Ok(outcome?),
            Ok(Err(_)) => Err(CommandFailure::Closed),
            Err(_) => Err(CommandFailure::Late),
        }
    }

    /// Unique while any command of an earlier process can still be in the log.
    fn ticket(&self) -> u128 {
        let count = self.tickets.fetch_add(1, Ordering::Relaxed);
        (u128::from(self.started.0.unsigned_abs()) << 64) | u128::from(count)
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
    }
}

impl Door for Arc<Platform> {
    fn authenticate(&self, token: &str, from: &Knock) -> Result<Grant, Refusal> {
        Platform::authenticate(self, token, from)
    }

    fn submit<'a>(&'a self, grant: &'a Grant, drafts: Vec<Draft>) -> BoxFuture<'a, Result<Receipt, SubmitError>> {
        Box::pin(self.intake.submit(grant, drafts))
    }

    fn sources(&self) -> Arc<Sources> {
        self.directory.sources()
    }
}

fn append_failure(error: BusError) -> CommandFailure {
    match error {
        BusError::Full { .. } => CommandFailure::Overloaded,
        BusError::Closed => CommandFailure::Closed,
        other => CommandFailure::Storage(other.to_string()),
    }
}

/// Who asked for what; the texts of notes and reasons are in the incident, not in the audit log.
fn audit_note(command: &Command) -> AuditNote {
    use vigiles_engine::CommandBody as B;
    let (action, resource) = match &command.body {
        B::PutKind(d) => ("put", format!("kind/{}", d.id)),
        B::PutAsset(d) => ("put", format!("asset/{}", d.id)),
        B::PutZone(d) => ("put", format!("zone/{}", d.id)),
        B::PutRule(d) => ("put", format!("rule/{}", d.id)),
        B::PutPlaybook(d) => ("put", format!("playbook/{}", d.id)),
        B::Delete { what, id } => ("delete", format!("{}/{id}", what.as_str())),
        B::OpenIncident { .. } => ("open", "incident".to_owned()),
        B::ChangeState { incident, .. } => ("change_state", format!("incident/{incident}")),
        B::SetPriority { incident, .. } => ("set_priority", format!("incident/{incident}")),
        B::AddNote { incident, .. } => ("add_note", format!("incident/{incident}")),
        B::Merge { into, .. } => ("merge", format!("incident/{into}")),
        B::Split { incident, .. } => ("split", format!("incident/{incident}")),
        B::StartPlaybook { incident, .. } => ("start_playbook", format!("incident/{incident}")),
        B::CompleteTask { incident, .. } => ("complete_task", format!("incident/{incident}")),
    };
    let detail = match &command.body {
        B::ChangeState { to, .. } => format!("to {}", documents::word(to)),
        B::SetPriority { priority, .. } => format!("to {}", documents::word(priority)),
        B::Merge { from, .. } => format!("from incident/{from}"),
        B::Split { alarms, .. } => format!("{} alarms", alarms.len()),
        B::StartPlaybook { playbook, .. } => format!("playbook/{playbook}"),
        B::CompleteTask { task, outcome, .. } => format!("task {task} {}", documents::word(outcome)),
        _ => String::new(),
    };
    AuditNote { action: action.to_owned(), resource, outcome: Outcome::Allowed, detail }
}

/// The offset up to which others have acted on the log: the log must not end before it.
pub fn acted_on(store: &dyn Store, history: &dyn History, snapshots: &std::path::Path) -> Result<u64, StartError> {
    let io = |source| StartError::Io { what: format!("reading {}", snapshots.display()), source };
    let snapshot = crate::snapshot::load(snapshots).map_err(io)?.map_or(0, |found| found.offset.0);
    let applied = store.mark(crate::applier::APPLIED)?.unwrap_or(0);
    Ok(applied.max(snapshot).max(history.durable_offset()))
}

/// Where the log ends: the number of its next entry.
pub fn log_end(bus: &dyn Bus) -> Result<u64, BusError> {
    Ok(bus.bounds(&topic())?.end.0)
}

pub(crate) const TOPIC: &str = "input";

pub(crate) fn topic() -> Topic {
    Topic::new(TOPIC).expect("the name is in the alphabet of topics")
}
