//! Putting a platform together: where to replay from, and the threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tokio::sync::mpsc;
use vigiles_bus::Offset;
use vigiles_engine::Engine;
use vigiles_trust::Context;

use crate::applier::{APPLIED, Applier, FENCE, Waiting};
use crate::catalogue::Catalogue;
use crate::directory::Directory;
use crate::housekeeping;
use crate::intake::Intake;
use crate::live::Live;
use crate::offers;
use crate::once::UnderWay;
use crate::platform::{Parts, Platform, StartError, acted_on, topic};
use crate::pump::{Batch, Progress, Pump};
use crate::snapshot;
use crate::storage::LastHour;
use crate::strangers::Strangers;
use crate::takeover::Takeover;
use crate::time_zone::Logged;

/// Batches of effects between the pump and the applier; when full, the engine waits and then the doors.
pub(crate) const BATCHES: usize = 256;
/// Automatic tasks that wait to be taken up.
const ERRANDS: usize = 1024;

/// Where each reader of the log goes on.
struct Resume {
    engine: Engine,
    engine_from: Offset,
    effects_from: Offset,
    position: Offset,
    end: Offset,
    /// Of the fence in the store.
    epoch: u64,
}

pub(crate) fn start(parts: Parts) -> Result<Arc<Platform>, StartError> {
    let resume = find_resume(&parts)?;
    let stop = Arc::new(AtomicBool::new(false));
    let takeover = Takeover::new(stop.clone());
    let intake = Arc::new(intake(&parts, takeover.clone())?);
    let directory = Directory::open(parts.store.clone())?;
    let progress = Arc::new(Progress::default());
    progress.position.store(resume.position.0, Ordering::Relaxed);
    let (waiting, under_way) = (Arc::<Waiting>::default(), Arc::<UnderWay>::default());
    let live = Live::default();
    let (errand_sender, errand_receiver) = mpsc::channel(ERRANDS);
    let tasks = errand_sender.downgrade();
    let (sender, receiver) = sync_channel(BATCHES);
    let (questions, asked) = offers::channel();
    let applier = Applier {
        store: parts.store.clone(),
        bus: parts.bus.clone(),
        history: parts.history.clone(),
        intake: intake.clone(),
        waiting: waiting.clone(),
        under_way: under_way.clone(),
        progress: progress.clone(),
        errands: errand_sender,
        snapshots: parts.snapshots.clone(),
        stop: stop.clone(),
        takeover: takeover.clone(),
        epoch: resume.epoch,
    };
    let pump = Pump {
        bus: parts.bus.clone(),
        history: parts.history.clone(),
        intake: intake.clone(),
        engine: resume.engine,
        position: resume.position,
        engine_from: resume.engine_from,
        effects_from: resume.effects_from,
        progress: progress.clone(),
        live: live.clone(),
        questions: asked,
        out: sender,
        stop: stop.clone(),
    };
    let platform = Arc::new(Platform {
        ready_at: resume.end.0,
        started: parts.clock.now(),
        parts,
        intake,
        progress: progress.clone(),
        waiting,
        under_way,
        live,
        questions,
        stop,
        takeover,
        threads: Mutex::default(),
        carrier: OnceLock::new(),
        directory,
        errands: Mutex::new(Some(errand_receiver)),
        tasks,
        handed_at_ready: OnceLock::new(),
        rate_per_s: AtomicU64::new(0),
        tickets: AtomicU64::new(0),
        utc_offset: Logged::default(),
        measured: Mutex::default(),
        strangers: Strangers::new(),
        exercises: tokio::sync::Mutex::default(),
    });
    // Before the first observation: hours are judged by the city's clocks from the start.
    platform.log_utc_offset();
    platform.measure();
    run(&platform, pump, applier, receiver)?;
    Ok(platform)
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

fn intake(parts: &Parts, takeover: Takeover) -> Result<Intake, StartError> {
    let catalogue = Catalogue::load(&*parts.store)?;
    let mut intake = Intake::new(parts.bus.clone(), topic(), parts.clock.clone(), catalogue, takeover);
    intake.counters.last_hour = LastHour::load(&*parts.store, parts.clock.now())?;
    Ok(intake)
}

fn run_pump(pump: Pump, progress: &Progress) {
    if let Err(error) = pump.run() {
        tracing::error!(%error, "the engine stopped reading the log");
        *progress.failed.lock() = Some(error.to_string());
    }
}

fn find_resume(parts: &Parts) -> Result<Resume, StartError> {
    let topic = topic();
    let io = |source| StartError::Io { what: format!("reading {}", parts.snapshots.display()), source };
    // Before the bounds: a platform that is about to be shut out goes on meanwhile.
    let acted_on = acted_on(&*parts.store, &*parts.history, &parts.snapshots)?;
    let bounds = parts.bus.bounds(&topic)?;
    let (engine, engine_from) = match snapshot::load(&parts.snapshots).map_err(io)? {
        Some(found) => match Engine::restore(&found.state) {
            Ok(engine) => (engine, found.offset),
            Err(error) => {
                tracing::warn!(%error, "the engine is rebuilt from the log");
                (Engine::new(), Offset(0))
            }
        },
        None => (Engine::new(), Offset(0)),
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
    Ok(Resume { engine, engine_from, effects_from: applied, position, end: bounds.end, epoch })
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(|source| StartError::Io { what: format!("starting the thread {name}"), source })
}
