//! What signed-in consoles see at once: the latest values, a batch at most each quarter of a second, large ones less
//! often, and notices. Nothing here is durable; a reader that is slow misses batches and sees the next.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustc_hash::{FxHashMap, FxHasher};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use vigiles_model::{Duration, IncidentId, Observation, Timestamp};

/// Batches a slow reader may be behind before it misses some.
const BACKLOG: usize = 64;
/// Log entries with observations that one who follows all of them may be behind before it misses some.
const PASSING: usize = 1024;
/// Least time between two batches.
const INTERVAL: Duration = Duration::from_millis(250);
/// Time that each observation of a batch holds the next one back, in microseconds: no console draws more than 20,000
/// values a second, and no reader could tell.
const INTERVAL_EACH: i64 = 50;
/// Most time between two batches.
const MAX_INTERVAL: Duration = Duration::from_secs(2);

/// A notice to everyone at a console.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Notice {
    /// The text.
    pub message: String,
    /// The incident it belongs to.
    pub incident: IncidentId,
    /// When.
    pub at: Timestamp,
}

/// Where consoles listen. To batches nobody need listen; a notice that nobody would see is told to its sender.
#[derive(Debug, Clone)]
pub struct Live {
    observations: broadcast::Sender<Arc<Vec<Observation>>>,
    notices: broadcast::Sender<Arc<Notice>>,
    consoles: Arc<AtomicUsize>,
    passing: broadcast::Sender<Arc<Vec<Observation>>>,
}

/// A console that shows notices, for as long as this is held. The feed that notices pass through serves all of them, and
/// may be there without any.
#[derive(Debug)]
pub struct Console(Arc<AtomicUsize>);

impl Drop for Console {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Default for Live {
    fn default() -> Self {
        Self {
            observations: broadcast::channel(BACKLOG).0,
            notices: broadcast::channel(BACKLOG).0,
            consoles: Arc::default(),
            passing: broadcast::channel(PASSING).0,
        }
    }
}

impl Live {
    /// Listens to batches from now on: the newest observation of each series and kind that changed since the batch
    /// before. They are gathered only while somebody listens.
    pub fn observations(&self) -> broadcast::Receiver<Arc<Vec<Observation>>> {
        self.observations.subscribe()
    }

    /// Listens to the notices of playbooks from now on.
    pub fn notices(&self) -> broadcast::Receiver<Arc<Notice>> {
        self.notices.subscribe()
    }

    /// A console shows notices from now on.
    pub fn attend(&self) -> Console {
        self.consoles.fetch_add(1, Ordering::Relaxed);
        Console(self.consoles.clone())
    }

    /// Every observation from now on, in the order of the log; where the engine stands in this process, once history has it.
    pub fn passing(&self) -> broadcast::Receiver<Arc<Vec<Observation>>> {
        self.passing.subscribe()
    }

    pub(crate) fn is_followed(&self) -> bool {
        self.passing.receiver_count() > 0
    }

    pub(crate) fn pass(&self, frame: &Arc<Vec<Observation>>) {
        let _nobody_follows = self.passing.send(frame.clone());
    }

    pub(crate) fn is_observed(&self) -> bool {
        self.observations.receiver_count() > 0
    }

    pub(crate) fn send(&self, batch: Arc<Vec<Observation>>) {
        let _nobody_listens = self.observations.send(batch);
    }

    /// Sends a notice to the consoles; to how many.
    pub(crate) fn tell(&self, notice: Notice) -> usize {
        let consoles = self.consoles.load(Ordering::Relaxed);
        // Without the feed no console is served, however many are coming.
        if consoles == 0 || self.notices.send(Arc::new(notice)).is_err() { 0 } else { consoles }
    }
}

/// Gathers the newest observation of each series and kind between two batches.
#[derive(Debug, Default)]
pub struct Gatherer {
    newest: FxHashMap<u64, (Arc<Vec<Observation>>, usize)>,
    next: Timestamp,
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
        // A clock set back must not hold the next batch for longer than it would have waited.
        self.next = self.next.min(now + MAX_INTERVAL);
        if self.newest.is_empty() || now < self.next {
            return None;
        }
        let pause = Duration(self.newest.len() as i64 * INTERVAL_EACH);
        self.next = now + pause.clamp(INTERVAL, MAX_INTERVAL);
        Some(Arc::new(self.newest.drain().map(|(_, (frame, index))| frame[index].clone()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use vigiles_model::{KindId, ObservationId, Origin, Quality, SourceId, Value};

    use super::*;

    fn reading(source: usize, second: i64) -> Observation {
        Observation {
            id: ObservationId(0),
            kind: KindId::new("air.pm25").unwrap(),
            source: SourceId::new(format!("s{source}")).unwrap(),
            asset: None,
            time: Timestamp::from_secs(second),
            arrived: Timestamp::from_secs(second),
            place: None,
            value: Value::Number(1.0),
            quality: Quality::Good,
            origin: Origin::Live,
            attributes: Vec::new(),
        }
    }

    /// The times, in milliseconds after the first batch, at which a batch of so many series is followed by the next.
    fn check(series: usize, expected: i64) {
        let frame = Arc::new((0..series).map(|i| reading(i, 1)).collect());
        let (mut gatherer, start) = (Gatherer::default(), Timestamp::from_secs(1000));
        gatherer.take(&frame);
        assert_eq!(gatherer.due(start).unwrap().len(), series);
        gatherer.take(&frame);
        assert_eq!(gatherer.due(start + Duration::from_millis(expected - 1)), None);
        assert!(gatherer.due(start + Duration::from_millis(expected)).is_some());
    }

    fn notice() -> Notice {
        Notice { message: "look".into(), incident: IncidentId::new("inc-1").unwrap(), at: Timestamp::from_secs(1) }
    }

    #[test]
    fn a_notice_counts_the_consoles_that_are_there() {
        let live = Live::default();
        let one = live.attend();
        assert_eq!(live.tell(notice()), 0, "no feed serves the console");
        let mut feed = live.notices();
        drop(one);
        assert_eq!(live.tell(notice()), 0, "the feed is no console");
        assert!(feed.try_recv().is_err(), "what nobody would see is not sent: it is tried again");
        let both = (live.attend(), live.clone().attend());
        assert_eq!(live.tell(notice()), 2);
        assert_eq!(feed.try_recv().unwrap().message, "look");
        drop(both);
        assert_eq!(live.tell(notice()), 0);
    }

    #[test]
    fn large_batches_come_less_often() {
        check(1, 250);
        check(10_000, 500);
        check(100_000, 2000);
    }

    #[test]
    fn only_the_newest_of_a_series_is_sent() {
        let mut gatherer = Gatherer::default();
        gatherer.take(&Arc::new(vec![reading(1, 5), reading(2, 1), reading(1, 4)]));
        let mut batch = gatherer.due(Timestamp::from_secs(9)).unwrap().to_vec();
        batch.sort_by_key(|o| o.time);
        assert_eq!(batch, [reading(2, 1), reading(1, 5)]);
    }

    #[test]
    fn a_clock_set_back_does_not_stop_the_batches() {
        let (mut gatherer, frame) = (Gatherer::default(), Arc::new(vec![reading(1, 1)]));
        gatherer.take(&frame);
        assert!(gatherer.due(Timestamp::from_secs(1_000_000)).is_some());
        gatherer.take(&frame);
        assert_eq!(gatherer.due(Timestamp::from_secs(10)), None);
        assert!(gatherer.due(Timestamp::from_secs(12)).is_some());
    }
}
