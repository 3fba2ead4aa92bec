//! The one thread that reads the log: it steps the engine and feeds history, and hands effects on in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use vigiles_bus::{Bus, BusError, Entry, Offset};
use vigiles_engine::{Effect, Engine, Frozen, Input, Statistics};
use vigiles_history::{History, HistoryError};
use vigiles_model::{Observation, Origin, Timestamp};
use vigiles_trust::Context;

use crate::intake::Intake;
use crate::live::{Gatherer, Live};
use crate::load::{Counted, Gauge, Load};
use crate::merged::Merged;
use crate::offers::Questions;
use crate::record::{self, Record, Through};

/// Log entries read at once.
const ENTRIES: usize = 1024;
/// Bytes read at once.
const BYTES: usize = 4 << 20;
/// Observations between two snapshots of the engine.
const SNAPSHOT_OBSERVATIONS: usize = 2_000_000;
/// Time between two snapshots of the engine, if anything happened.
const SNAPSHOT_INTERVAL: vigiles_model::Duration = vigiles_model::Duration::from_secs(30);

/// What the log says is written in the platform's own name.
const LOG: Context = Context::system("log");

/// Whoever asked for a command.
pub(crate) type Asker = Option<Arc<record::Asked>>;

/// Effects of some log entries, to be applied together.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The offset after the last of the entries.
    pub next: Offset,
    /// Effects in order, each with whoever asked for the command it belongs to.
    pub effects: Vec<(Asker, Effect)>,
    /// The engine's state at `next`, and how far the doors were merged, when a snapshot is due.
    pub snapshot: Option<(Frozen, Merged)>,
}

/// How far the pump has come, for readiness and the system page.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The next offset it will read; everything before it has been handed on.
    pub position: AtomicU64,
    /// The same, for those who wait for it.
    pub moved: watch::Sender<u64>,
    /// Of a door: how far what it took stands in the log, for those who wait for it.
    pub own: watch::Sender<Own>,
    /// Batches handed on to the applier.
    pub handed: AtomicU64,
    /// Batches whose effects are in the store.
    pub applied: AtomicU64,
    /// Platform time of the last entry taken, microseconds.
    pub time: AtomicU64,
    /// How far each door was merged.
    pub merged: Arc<Mutex<Merged>>,
    /// The engine's own counts, a second old at most.
    pub engine: Mutex<Statistics>,
    /// What the rules cost, ten seconds old at most.
    pub load: Mutex<Load>,
    /// Why the pump stopped, if it did.
    pub failed: Mutex<Option<String>>,
}

/// How far what a door took stands in the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Own {
    /// Everything before this offset of its own topic.
    pub next: u64,
    /// The offset of the log after the last observations among it: history has them once it is readable to there.
    pub observed: u64,
}

/// The pump.
pub(crate) struct Pump {
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) history: Arc<dyn History>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) engine: Engine,
    /// Next offset to read.
    pub(crate) position: Offset,
    /// Entries before this are only for history: the engine's snapshot holds them.
    pub(crate) engine_from: Offset,
    /// Effects of entries before this are in the store already.
    pub(crate) effects_from: Offset,
    /// Entries before this were in the log at the start: they count for no lag.
    pub(crate) counted_from: Offset,
    /// How far the doors were merged by the entries that are read for history alone.
    pub(crate) merged_before: Merged,
    pub(crate) progress: Arc<Progress>,
    pub(crate) live: Live,
    pub(crate) questions: Questions,
    pub(crate) out: SyncSender<Batch>,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) gauge: Gauge,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum PumpError {
    #[error("reading the log: {0}")]
    Log(#[from] BusError),
    #[error("writing history: {0}")]
    History(#[from] HistoryError),
    #[error("the applier has stopped")]
    Applier,
}

struct Since {
    observations: usize,
    snapshot_at: Timestamp,
    statistics_at: Timestamp,
}

impl Pump {
    /// Runs until told to stop; ends with a last snapshot.
    pub(crate) fn run(mut self) -> Result<(), PumpError> {
        let mut gatherer = Gatherer::default();
        let mut since = Since { observations: 0, snapshot_at: self.intake.now(), statistics_at: Timestamp::default() };
        while !self.stop.load(Ordering::Relaxed) {
            let entries = self.bus.read(&self.intake.topic, self.position, ENTRIES, BYTES)?;
            if entries.is_empty() {
                self.bus.wait(&self.intake.topic, self.position, Duration::from_millis(100))?;
            } else {
                self.take_all(entries, &mut gatherer, &mut since)?;
            }
            let now = self.intake.now();
            self.questions.answer(&self.engine, now);
            if let Some(batch) = gatherer.due(now) {
                self.live.send(batch);
            }
            if now.since(since.statistics_at).as_millis() >= 1000 {
                *self.progress.engine.lock() = self.engine.statistics();
                since.statistics_at = now;
                self.look_at_load();
            }
        }
        self.hand_on(Vec::new(), true)
    }

    fn look_at_load(&mut self) {
        let (engine, progress) = (&self.engine, &self.progress);
        let counted = || Counted { steps: engine.steps(), observations: progress.engine.lock().observations };
        if let Some(load) = self.gauge.look(counted) {
            *progress.load.lock() = load;
        }
    }

    fn take_all(&mut self, entries: Vec<Entry>, gatherer: &mut Gatherer, since: &mut Since) -> Result<(), PumpError> {
        let mut effects = Vec::new();
        let mut at = Timestamp::default();
        let (mut observations, mut counted) = (0, 0);
        for entry in entries {
            at = entry.at;
            let count = self.take(&entry, gatherer, &mut effects)?;
            observations += count;
            counted += if entry.offset < self.counted_from { 0 } else { count };
            self.position = entry.offset.next();
        }
        self.intake.frames.processed(counted, self.position);
        self.progress.time.store(at.0.unsigned_abs(), Ordering::Relaxed);
        since.observations += observations;
        let due = since.observations >= SNAPSHOT_OBSERVATIONS || at.since(since.snapshot_at) >= SNAPSHOT_INTERVAL;
        if due {
            since.observations = 0;
            since.snapshot_at = at;
        }
        self.hand_on(effects, due)?;
        // Last: who sees it knows that the effects before it have been handed on.
        self.progress.position.store(self.position.0, Ordering::Release);
        self.progress.moved.send_replace(self.position.0);
        Ok(())
    }

    /// Takes one entry; gives the number of observations in it.
    fn take(
        &mut self,
        entry: &Entry,
        gatherer: &mut Gatherer,
        out: &mut Vec<(Asker, Effect)>,
    ) -> Result<usize, PumpError> {
        if let Some(through) = record::through(&entry.bytes)
            && !self.is_first(entry.offset, &through)
        {
            return Ok(through.observations as usize);
        }
        let Some((input, asked)) = self.input(entry) else { return Ok(0) };
        if entry.offset >= self.engine_from {
            let mut effects = Vec::new();
            self.gauge.measure(|| self.engine.step(&input, entry.at, &mut effects));
            if entry.offset >= self.effects_from {
                out.extend(effects.into_iter().map(|effect| (asked.clone(), effect)));
            }
        }
        let Input::Observations(mut observations) = input else { return Ok(0) };
        let count = observations.len();
        // What an exercise makes up is nothing that the city saw.
        observations.retain(|o| o.origin != Origin::Exercise);
        self.write_history(entry.offset, &observations)?;
        if self.live.is_observed() || self.live.is_followed() {
            let frame = Arc::new(observations);
            self.live.pass(&frame);
            if self.live.is_observed() {
                gatherer.take(&frame);
            }
        }
        Ok(count)
    }

    /// What an entry says, and who asked for it; none where it cannot be read.
    fn input(&self, entry: &Entry) -> Option<(Input, Asker)> {
        if let Some(frame) = self.intake.frames.take(entry.offset) {
            return Some((Input::Observations(Arc::unwrap_or_clone(frame)), None));
        }
        match record::parse(&entry.bytes) {
            Ok(Record { input, asked, .. }) => Some((input, asked.map(Arc::new))),
            Err(error) => {
                self.intake.counters.undecodable.add(1);
                tracing::error!(offset = entry.offset.0, %error, "log entry skipped");
                None
            }
        }
    }

    /// Whether an entry of a door stands in the log for the first time. Where the log is read for history alone, the
    /// engine's state, which tells how far the doors were merged, is that of later.
    fn is_first(&mut self, offset: Offset, through: &Through) -> bool {
        if offset < self.engine_from {
            self.merged_before.take(through)
        } else {
            self.progress.merged.lock().take(through)
        }
    }

    /// History waits for room by itself; a full disk is waited out here, since the log still holds everything.
    fn write_history(&self, offset: Offset, observations: &[Observation]) -> Result<(), PumpError> {
        loop {
            match self.history.write(&LOG, offset.0, observations) {
                Err(HistoryError::DiskFull { doing, path }) if !self.stop.load(Ordering::Relaxed) => {
                    tracing::error!(doing, path = %path.display(), "disk full: history waits for room");
                    std::thread::park_timeout(Duration::from_secs(1));
                }
                other => return Ok(other?),
            }
        }
    }

    fn hand_on(&mut self, effects: Vec<(Asker, Effect)>, snapshot: bool) -> Result<(), PumpError> {
        // Where the log is read for history alone, the engine's state is that of later, and so is no snapshot of here.
        let snapshot = snapshot && self.position >= self.engine_from;
        if effects.is_empty() && !snapshot {
            return Ok(());
        }
        let snapshot = snapshot.then(|| (self.engine.freeze(), self.progress.merged.lock().clone()));
        let batch = Batch { next: self.position, effects, snapshot };
        self.progress.handed.fetch_add(1, Ordering::Relaxed);
        self.out.send(batch).map_err(|_| PumpError::Applier)
    }
}
