//! Putting a platform together: where to replay from, and the threads.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use tokio::sync::mpsc;
use vigiles_bus::Offset;
use vigiles_engine::Engine;
use vigiles_trust::Context;

use crate::applier::{APPLIED, Applier, FENCE};
use crate::door_start;
use crate::lease::Lease;
use crate::load::Gauge;
use crate::merged::Merged;
use crate::platform::{Parts, Platform, StartError, acted_on_beside, topic};
use crate::pump::{Batch, Pump};
use crate::seat::Seat;
use crate::snapshots::SnapshotsError;
use crate::told::Teller;
use crate::{followed, housekeeping, lease, merging, offers};

/// Batches of effects between the pump and the applier; when full, the engine waits and then the doors.
pub(crate) const BATCHES: usize = 256;
/// Automatic tasks that wait to be taken up.
const ERRANDS: usize = 1024;

/// Where each reader of the log goes on.
struct Resume {
    engine: Engine,
    merged: Merged,
    engine_from: Offset,
    effects_from: Offset,
    position: Offset,
    end: Offset,
    /// Of the fence in the store.
    epoch: u64,
}

pub(crate) fn start(parts: Parts) -> Result<Arc<Platform>, StartError> {
    match parts.seat.clone() {
        Seat::Door { name, has_consoles } => door_start::start(parts, &name, has_consoles),
        Seat::Alone | Seat::Engine => start_engine(parts),
    }
}

fn start_engine(parts: Parts) -> Result<Arc<Platform>, StartError> {
    let resume = find_resume(&parts)?;
    // Before anything is read that is kept in step with it.
    let feed = followed::position(&*parts.store)?;
    let shared = (parts.seat == Seat::Engine).then(|| Shared::begin(&parts, resume.epoch)).transpose()?;
    let teller = shared.as_ref().map(|shared| shared.teller.clone());
    let (errand_sender, errand_receiver) = mpsc::channel(ERRANDS);
    let (questions, asked) = offers::channel();
    let tasks = errand_sender.downgrade();
    let platform = Platform::assemble(parts, Some(errand_receiver), tasks, Some(questions), shared.clone())?;
    if let Some(shared) = shared {
        // Before the rest: the lease is kept from now on.
        share(&platform, feed, shared)?;
    }
    platform.progress.position.store(resume.position.0, Ordering::Relaxed);
    *platform.progress.merged.lock() = resume.merged;
    let (sender, receiver) = sync_channel(BATCHES);
    let applier = Applier {
        store: platform.parts.store.clone(),
        bus: platform.parts.bus.clone(),
        history: platform.parts.history.clone(),
        intake: platform.intake.clone(),
        waiting: platform.waiting.clone(),
        under_way: platform.under_way.clone(),
        progress: platform.progress.clone(),
        errands: errand_sender,
        snapshots: platform.parts.snapshots.clone(),
        teller: teller.clone(),
        stop: platform.stop.clone(),
        takeover: platform.takeover.clone(),
        applied: resume.effects_from,
        epoch: resume.epoch,
    };
    let pump = Pump {
        bus: platform.parts.bus.clone(),
        history: platform.parts.history.clone(),
        intake: platform.intake.clone(),
        engine: resume.engine,
        position: resume.position,
        engine_from: resume.engine_from,
        effects_from: resume.effects_from,
        counted_from: resume.end,
        merged_before: Merged::default(),
        progress: platform.progress.clone(),
        live: platform.live.clone(),
        questions: asked,
        out: sender,
        stop: platform.stop.clone(),
        gauge: Gauge::new(),
    };
    // Before the first observation: hours are judged by the city's clocks from the start. It also takes the log over.
    platform.log_utc_offset();
    platform.measure();
    // What another engine appended until then is before it.
    let end = platform.parts.bus.bounds(&topic())?.end;
    platform.ready_at.store(end.0, Ordering::Release);
    run(&platform, pump, applier, receiver)?;
    Ok(platform)
}

/// What an engine has beside which other processes work.
#[derive(Clone)]
pub(crate) struct Shared {
    /// To the doors.
    pub(crate) teller: Teller,
    /// So that others who could take over do not.
    pub(crate) lease: Lease,
}

impl Shared {
    /// Shuts out an engine that was before, where the store's fence does not.
    fn begin(parts: &Parts, epoch: u64) -> Result<Self, StartError> {
        let lease = Lease::begin(parts.store.clone(), epoch)?;
        parts.snapshots.begin()?;
        let teller = Teller::begin(parts.bus.clone())?;
        Ok(Self { teller, lease })
    }
}

fn run(platform: &Arc<Platform>, pump: Pump, applier: Applier, receiver: Receiver<Batch>) -> Result<(), StartError> {
    let progress = platform.progress.clone();
    let weak = Arc::downgrade(platform);
    let threads = [
        spawn("applier", move || applier.run(&receiver))?,
        spawn("pump", move || run_pump(pump, &progress))?,
        spawn("housekeeping", move || housekeeping::run(&weak))?,
    ];
    // The pump first: it ends the applier by leaving.
    platform.threads.lock().extend(threads.into_iter().rev());
    Ok(())
}

/// The threads of an engine beside which other processes work.
fn share(platform: &Arc<Platform>, feed: u64, shared: Shared) -> Result<(), StartError> {
    let (merging, keeping) = (Arc::downgrade(platform), Arc::downgrade(platform));
    let threads = [
        spawn("lease", move || lease::keep(&keeping, &shared.lease))?,
        spawn("merging", move || merging::run(&merging, &shared.teller))?,
        follow(Arc::downgrade(platform), feed)?,
    ];
    platform.threads.lock().extend(threads);
    Ok(())
}

/// The thread that follows the store's change feed.
pub(crate) fn follow(platform: Weak<Platform>, feed: u64) -> Result<JoinHandle<()>, StartError> {
    spawn("follower", move || followed::run(&platform, feed))
}

fn run_pump(pump: Pump, progress: &crate::pump::Progress) {
    if let Err(error) = pump.run() {
        tracing::error!(%error, "the engine stopped reading the log");
        *progress.failed.lock() = Some(error.to_string());
    }
}

fn find_resume(parts: &Parts) -> Result<Resume, StartError> {
    let topic = topic();
    // Before the bounds: a platform that is about to be shut out goes on meanwhile.
    let snapshot = parts.snapshots.load()?;
    let beside = acted_on_beside(&*parts.store, &*parts.history)?;
    let acted_on = snapshot.as_ref().map_or(0, |found| found.snapshot.offset.0).max(beside);
    let bounds = parts.bus.bounds(&topic)?;
    let (engine, merged, engine_from) = match snapshot {
        Some(found) => match Engine::restore(&found.snapshot.state) {
            Ok(engine) => (engine, found.merged, found.snapshot.offset),
            Err(error) => {
                tracing::warn!(%error, "the engine is rebuilt from the log");
                (Engine::new(), Merged::default(), Offset(0))
            }
        },
        None => (Engine::new(), Merged::default(), Offset(0)),
    };
    if engine_from < bounds.start {
        return Err(StartError::Gap { log: bounds.start.0, snapshot: engine_from.0 });
    }
    if bounds.end.0 < acted_on {
        return Err(StartError::Behind { log: bounds.end.0, acted_on });
    }
    // Only who can start shuts another out, and what that one has applied is known for good only then.
    let ctx = Context::system("start");
    let epoch = parts.store.take_fence(&ctx, FENCE)?;
    let applied = Offset(parts.store.mark(&ctx, APPLIED)?.unwrap_or(0));
    let history_from = Offset(parts.history.durable_offset()).max(bounds.start);
    let position = engine_from.min(history_from);
    tracing::info!(
        engine_from = engine_from.0,
        applied = applied.0,
        history_from = history_from.0,
        log_end = bounds.end.0,
        "replaying the log"
    );
    let engine = engine.knowing(parts.task_kinds.clone());
    Ok(Resume { engine, merged, engine_from, effects_from: applied, position, end: bounds.end, epoch })
}

pub(crate) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(|source| StartError::Io { what: format!("starting the thread {name}"), source })
}

impl From<SnapshotsError> for StartError {
    fn from(error: SnapshotsError) -> Self {
        match error {
            SnapshotsError::Log(error) => Self::Log(error),
            SnapshotsError::Directory { directory, source } => {
                Self::Io { what: format!("reading {}", directory.display()), source }
            }
        }
    }
}
