//! What happens at the door while history can take nothing more, and the engine with it.

use std::path::Path;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};
use vigiles_bus::SystemClock;
use vigiles_engine::CommandBody;
use vigiles_formats::observation::Draft;
use vigiles_history::{
    Bucket, Embedded, Expired, History, HistoryError, Latest, Options, Page, Query, SeriesQuery, Statistics, Visit,
};
use vigiles_model::kind::Overload;
use vigiles_model::{BoundingBox, Duration, KindId, Observation, ObservationKind, Timestamp, Value};
use vigiles_runtime::door::{Door, Receipt, SubmitError};
use vigiles_runtime::{Platform, TimeZone};
use vigiles_trust::Context;

use crate::world::{furnish, grant, kind, open_on, put, reading, settle};

/// More than the engine may be behind.
const BATCHES: i64 = 101;
const BATCH: i64 = 5000;

/// A history that takes nothing while it is held.
struct Held {
    inner: Embedded,
    waits: Mutex<bool>,
    changed: Condvar,
}

impl Held {
    fn open(dir: &Path) -> Arc<Self> {
        let inner = Embedded::open(&dir.join("history"), Options::default()).unwrap();
        Arc::new(Self { inner, waits: Mutex::new(false), changed: Condvar::new() })
    }

    fn hold(&self, held: bool) {
        *self.waits.lock() = held;
        self.changed.notify_all();
    }
}

impl History for Held {
    fn write(&self, context: &Context, offset: u64, observations: &[Observation]) -> Result<(), HistoryError> {
        self.changed.wait_while(&mut self.waits.lock(), |held| *held);
        self.inner.write(context, offset, observations)
    }

    fn durable_offset(&self) -> u64 {
        self.inner.durable_offset()
    }

    fn readable_offset(&self) -> Result<u64, HistoryError> {
        self.inner.readable_offset()
    }

    fn flush(&self) -> Result<u64, HistoryError> {
        self.inner.flush()
    }

    fn page(&self, context: &Context, query: &Query) -> Result<Page, HistoryError> {
        self.inner.page(context, query)
    }

    fn scan(&self, context: &Context, query: &Query, visit: &mut Visit<'_>) -> Result<(), HistoryError> {
        self.inner.scan(context, query, visit)
    }

    fn latest(&self, context: &Context, before: Timestamp, area: Option<BoundingBox>) -> Result<Latest, HistoryError> {
        self.inner.latest(context, before, area)
    }

    fn series(&self, context: &Context, query: &SeriesQuery) -> Result<Vec<Bucket>, HistoryError> {
        self.inner.series(context, query)
    }

    fn expire(
        &self,
        context: &Context,
        retention: &dyn Fn(&KindId) -> Duration,
        now: Timestamp,
    ) -> Result<Expired, HistoryError> {
        self.inner.expire(context, retention, now)
    }

    fn statistics(&self) -> Statistics {
        self.inner.statistics()
    }
}

fn count(value: f64) -> Draft {
    Draft::new("people.count", Value::Number(value))
}

/// Fills what lies between the door and the engine.
async fn fill(platform: &Arc<Platform>) -> usize {
    let start = platform.now() - Duration::from_secs(3600);
    let mut accepted = 0;
    for batch in 0..BATCHES {
        let time = |i| start + Duration::from_millis(batch * BATCH + i);
        let drafts = (0..BATCH).map(|i| reading(10.0, time(i))).collect();
        accepted += platform.submit(&grant(), drafts).await.unwrap().accepted;
    }
    accepted
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_history_slows_sources_that_can_wait_and_sheds_only_what_may_be_shed() {
    let dir = tempfile::tempdir().unwrap();
    let history = Held::open(dir.path());
    let platform = furnish(open_on(dir.path(), history.clone(), Arc::new(SystemClock), TimeZone::default())).await;
    let people = ObservationKind {
        id: KindId::new("people.count").unwrap(),
        unit: "1".to_owned(),
        overload: Overload::Shed,
        ..kind()
    };
    put(&platform, CommandBody::PutKind(Box::new(people))).await.unwrap();

    history.hold(true);
    let accepted = fill(&platform).await;
    assert_eq!(accepted, (BATCHES * BATCH) as usize);

    let shed = platform.submit(&grant(), vec![count(1.0), count(2.0)]).await.unwrap();
    assert_eq!(shed, Receipt { shed: 2, ..Receipt::default() });
    let waits = platform.submit(&grant(), vec![reading(11.0, platform.now())]).await;
    assert!(matches!(waits, Err(SubmitError::Overloaded { .. })), "{waits:?}");
    let mixed = platform.submit(&grant(), vec![count(3.0), reading(12.0, platform.now())]).await;
    assert!(matches!(mixed, Err(SubmitError::Overloaded { .. })), "{mixed:?}");
    let status = platform.status();
    let engine = status.queues.iter().find(|queue| queue.name == "engine").unwrap();
    assert!(engine.depth > engine.capacity, "{engine:?}");
    assert_eq!(engine.shed, 2);
    assert_eq!(platform.intake().counters.overloaded.get(), 2);

    history.hold(false);
    settle(&platform).await;
    let taken = platform.submit(&grant(), vec![reading(11.0, platform.now()), count(3.0)]).await.unwrap();
    assert_eq!(taken, Receipt { accepted: 2, ..Receipt::default() });
    settle(&platform).await;
    let stored = platform.history().statistics();
    assert_eq!(stored.sealed + stored.pending, accepted as u64 + 2, "all that was acknowledged, and nothing else");
    platform.stop();
}
