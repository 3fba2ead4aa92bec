//! What signed-in consoles see at once: the latest values, a batch at most each quarter of a second,
//! and notices. Nothing here is durable; a reader that is slow misses batches and sees the next.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHasher};
use serde::Serialize;
use tokio::sync::broadcast;
use vigiles_model::{Duration, IncidentId, Observation, Timestamp};

/// Batches a slow reader may be behind before it misses some.
const BACKLOG: usize = 64;
/// Time between two batches.
const INTERVAL: Duration = Duration::from_millis(250);

/// Something for the consoles.
#[derive(Debug, Clone)]
pub enum LiveEvent {
    /// The newest observation of each series and kind that changed since the last batch.
    Observations(Arc<Vec<Observation>>),
    /// A notice of a playbook.
    Notice(Arc<Notice>),
}

/// A notice to everyone at a console.
#[derive(Debug, Clone, Serialize)]
pub struct Notice {
    /// The text.
    pub message: String,
    /// The incident it belongs to.
    pub incident: IncidentId,
    /// When.
    pub at: Timestamp,
}

/// Where consoles listen.
#[derive(Debug, Clone)]
pub struct Live(broadcast::Sender<LiveEvent>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Live {
    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<LiveEvent> {
        self.0.subscribe()
    }

    /// Whether anybody listens.
    pub fn has_listeners(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Tells everyone who listens; nobody is not an error.
    pub fn send(&self, event: LiveEvent) {
        let _nobody_listens = self.0.send(event);
    }
}

/// Gathers the newest observation of each series and kind between two batches.
#[derive(Debug, Default)]
pub struct Gatherer {
    newest: FxHashMap<u64, (Arc<Vec<Observation>>, usize)>,
    sent: Timestamp,
}

impl Gatherer {
    /// Takes a frame as it passes.
    pub fn take(&mut self, frame: &Arc<Vec<Observation>>) {
        for (index, observation) in frame.iter().enumerate() {
            let mut hasher = FxHasher::default();
            observation.series().hash(&mut hasher);
            observation.kind.hash(&mut hasher);
            let entry = self.newest.entry(hasher.finish()).or_insert_with(|| (frame.clone(), index));
            if entry.0[entry.1].time <= observation.time {
                *entry = (frame.clone(), index);
            }
        }
    }

    /// The batch, where one is due.
    pub fn due(&mut self, now: Timestamp) -> Option<Arc<Vec<Observation>>> {
        if self.newest.is_empty() || now.since(self.sent) < INTERVAL {
            return None;
        }
        self.sent = now;
        Some(Arc::new(self.newest.drain().map(|(_, (frame, index))| frame[index].clone()).collect()))
    }
}
