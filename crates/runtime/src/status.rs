//! How the platform is doing, for the system page and the metrics.

use std::sync::atomic::Ordering;

use vigiles_bus::Kept;
use vigiles_engine::Statistics;
use vigiles_model::Timestamp;

use crate::load::Load;
use crate::platform::{Platform, topic};
use crate::start;
use crate::storage::Measured;

/// The platform at a glance.
#[derive(Debug, Clone)]
pub struct Status {
    /// When this process started.
    pub started: Timestamp,
    /// Observations made durable in the last second, per second.
    pub observations_per_s: f64,
    /// How far the engine is behind the log, in milliseconds of platform time; 0 when it has taken everything.
    pub lag_ms: i64,
    /// Observations the engine has still to take.
    pub lag_observations: u64,
    /// Next log offset the engine takes.
    pub position: u64,
    /// Oldest kept and next log offset.
    pub log: std::ops::Range<u64>,
    /// What is kept of the log.
    pub kept: Kept,
    /// Alarms raised in the last hour.
    pub alarms_last_hour: u64,
    /// The document store, snapshots and the volume, some seconds old at most.
    pub measured: Measured,
    /// The engine's counts.
    pub engine: Statistics,
    /// What the rules cost.
    pub load: Load,
    /// Bounded queues.
    pub queues: Vec<Queue>,
    /// History's counts.
    pub history: vigiles_history::Statistics,
    /// Why the engine stopped, if it did.
    pub failed: Option<String>,
}

/// A bounded queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Its name.
    pub name: &'static str,
    /// What waits in it.
    pub depth: u64,
    /// How much may wait.
    pub capacity: u64,
    /// What was dropped from it since the start.
    pub shed: u64,
}

impl Platform {
    /// How the platform is doing.
    pub fn status(&self) -> Status {
        let log = topic();
        let bounds = self.parts.bus.bounds(&log).map_or(0..0, |b| b.start.0..b.end.0);
        let queued = self.parts.bus.queued(&self.intake.topic).unwrap_or_default();
        let position = self.progress.position.load(Ordering::Relaxed);
        let time = Timestamp(self.progress.time.load(Ordering::Relaxed) as i64);
        let behind = position < bounds.end;
        let history = self.history().statistics();
        let handed = self.progress.handed.load(Ordering::Relaxed);
        let tasks = self.tasks.upgrade().map_or((0, 0), |sender| {
            let most = sender.max_capacity();
            (most - sender.capacity(), most)
        });
        Status {
            started: self.started,
            observations_per_s: f64::from_bits(self.rate_per_s.load(Ordering::Relaxed)),
            lag_ms: if behind { self.now().since(time).as_millis().max(0) } else { 0 },
            lag_observations: self.intake.frames.lag(),
            position,
            log: bounds,
            kept: self.parts.bus.kept(&log).unwrap_or_default(),
            alarms_last_hour: self.intake.counters.last_hour.count(self.now()),
            measured: *self.measured.lock(),
            engine: self.progress.engine.lock().clone(),
            load: self.progress.load.lock().clone(),
            queues: vec![
                Queue { name: "log", depth: queued.records as u64, capacity: queued.most_records as u64, shed: 0 },
                Queue {
                    name: "engine",
                    depth: self.intake.frames.lag(),
                    capacity: crate::intake::MAX_LAG,
                    shed: self.intake.counters.shed.get(),
                },
                Queue {
                    name: "changes",
                    depth: handed.saturating_sub(self.progress.applied.load(Ordering::Relaxed)),
                    capacity: start::BATCHES as u64,
                    shed: 0,
                },
                Queue { name: "tasks", depth: tasks.0 as u64, capacity: tasks.1 as u64, shed: 0 },
            ],
            history,
            failed: self.progress.failed.lock().clone(),
        }
    }
}
