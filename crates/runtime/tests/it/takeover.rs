//! Effects are applied by one platform, and once, also where another takes over or the store's answer is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vigiles_bus::SystemClock;
use vigiles_engine::CommandBody;
use vigiles_model::Timestamp;
use vigiles_runtime::door::{Door, SubmitError};
use vigiles_runtime::{CommandFailure, documents};
use vigiles_store::{
    AuditNote, AuditPage, AuditQuery, Changes, Document, Kind, Page, Query, Reply, Statistics, Store, StoreError, Write,
};
use vigiles_trust::Context;

use crate::world::{SYSTEM, alarms, furnish, furnished, grant, kind, open_with_store, put, reading, settle, store};

/// The name of the fence, which is stored and so never changes.
const FENCE: &str = "engine";

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_was_shut_out_changes_nothing_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let platform = furnished(dir.path()).await;
    let successor = store(dir.path(), Arc::new(SystemClock));
    assert_eq!(successor.take_fence(&SYSTEM, FENCE).unwrap(), 2, "the platform took it first");

    let late = put(&platform, CommandBody::PutKind(Box::new(kind())));
    let (why, late) = tokio::join!(platform.taken_over(), late);
    assert!(why.contains("another has taken over"), "{why}");
    assert!(matches!(late, Err(CommandFailure::Closed | CommandFailure::Late)), "{late:?}");
    // What is delivered until the process ends may reach the log, and with it the successor; here it changes nothing.
    let delivered = platform.submit(&grant(), vec![reading(90.0, platform.now())]).await;
    assert!(matches!(delivered, Ok(_) | Err(SubmitError::Closed)), "{delivered:?}");
    assert_eq!(alarms(&platform), []);
    assert!(!platform.is_ready());
    platform.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_takes_the_fence_anew() {
    let dir = tempfile::tempdir().unwrap();
    furnished(dir.path()).await.stop();
    let platform = crate::world::open(dir.path());
    settle(&platform).await;
    assert_eq!(platform.store().take_fence(&SYSTEM, FENCE).unwrap(), 3);
    platform.stop();
}

/// A store whose answer to the next batch with an alarm is lost: after it was stored, or before it came there.
struct Unanswered {
    inner: Arc<dyn Store>,
    is_stored: bool,
    is_lost: AtomicBool,
    /// Takes no batch with an alarm.
    is_away: AtomicBool,
}

impl Unanswered {
    fn lose(&self, ctx: &Context, batch: &[Write]) -> Result<(), StoreError> {
        let is_alarm =
            |write: &Write| matches!(write, Write::Put { document, .. } if document.kind == documents::ALARM);
        if !batch.iter().any(is_alarm) {
            return Ok(());
        }
        if self.is_away.load(Ordering::Relaxed) {
            return Err(StoreError::Unreachable { server: "test".to_owned(), what: "it is away".to_owned() });
        }
        if self.is_lost.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        if self.is_stored {
            self.inner.apply(ctx, batch.to_vec())?;
        }
        Err(StoreError::Unreachable { server: "test".to_owned(), what: "the answer was lost".to_owned() })
    }
}

impl Store for Unanswered {
    fn get(&self, ctx: &Context, kind: Kind, id: &str) -> Result<Option<Document>, StoreError> {
        self.inner.get(ctx, kind, id)
    }
    fn list(&self, ctx: &Context, query: &Query) -> Result<Page, StoreError> {
        self.inner.list(ctx, query)
    }
    fn apply(&self, ctx: &Context, batch: Vec<Write>) -> Result<Vec<u64>, StoreError> {
        self.lose(ctx, &batch)?;
        self.inner.apply(ctx, batch)
    }
    fn apply_derived(&self, ctx: &Context, batch: Vec<Write>) -> Result<Vec<u64>, StoreError> {
        self.lose(ctx, &batch)?;
        self.inner.apply_derived(ctx, batch)
    }
    fn take_fence(&self, ctx: &Context, name: &str) -> Result<u64, StoreError> {
        self.inner.take_fence(ctx, name)
    }
    fn mark(&self, ctx: &Context, name: &str) -> Result<Option<u64>, StoreError> {
        self.inner.mark(ctx, name)
    }
    fn recall(&self, ctx: &Context, key: &str) -> Result<Option<Reply>, StoreError> {
        self.inner.recall(ctx, key)
    }
    fn changes(&self, ctx: &Context, after: u64, limit: usize) -> Result<Changes, StoreError> {
        self.inner.changes(ctx, after, limit)
    }
    fn wait_change(&self, ctx: &Context, after: u64, timeout: Duration) -> Result<u64, StoreError> {
        self.inner.wait_change(ctx, after, timeout)
    }
    fn as_of(&self, ctx: &Context, query: &Query, at: Timestamp) -> Result<Page, StoreError> {
        self.inner.as_of(ctx, query, at)
    }
    fn record(&self, ctx: &Context, note: AuditNote) -> Result<(), StoreError> {
        self.inner.record(ctx, note)
    }
    fn audit(&self, ctx: &Context, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        self.inner.audit(ctx, query)
    }
    fn prune(&self, ctx: &Context, before: Timestamp) -> Result<u64, StoreError> {
        self.inner.prune(ctx, before)
    }
    fn statistics(&self, ctx: &Context) -> Result<Statistics, StoreError> {
        self.inner.statistics(ctx)
    }
}

/// Raises one alarm while the store's answer is lost; expects it once in the feed, in its first version.
async fn check(is_stored: bool) {
    let dir = tempfile::tempdir().unwrap();
    let inner = store(dir.path(), Arc::new(SystemClock));
    let unanswered =
        Arc::new(Unanswered { inner, is_stored, is_lost: AtomicBool::default(), is_away: AtomicBool::default() });
    let platform = furnish(open_with_store(dir.path(), unanswered.clone())).await;
    platform.submit(&grant(), vec![reading(90.0, platform.now())]).await.unwrap();
    settle(&platform).await;
    assert!(unanswered.is_lost.load(Ordering::Relaxed), "the answer was lost");
    let Changes::Events { changes, .. } = platform.store().changes(&SYSTEM, 0, 1000).unwrap() else {
        panic!("nothing was pruned");
    };
    let raised = changes.iter().filter(|change| change.document.kind == documents::ALARM);
    assert_eq!(raised.map(|change| change.document.version).collect::<Vec<_>>(), [1], "stored before: {is_stored}");
    platform.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_are_applied_once_where_the_answer_was_lost() {
    check(true).await;
    check(false).await;
}

/// The platform stops while a batch of effects cannot be stored, and what came after it could be.
#[tokio::test(flavor = "multi_thread")]
async fn effects_that_could_not_be_stored_before_a_stop_are_applied_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let inner = store(dir.path(), Arc::new(SystemClock));
    let is_away = AtomicBool::default();
    let away = Arc::new(Unanswered { inner: inner.clone(), is_stored: false, is_lost: AtomicBool::new(true), is_away });
    let platform = furnish(open_with_store(dir.path(), away.clone())).await;
    away.is_away.store(true, Ordering::Relaxed);
    platform.submit(&grant(), vec![reading(90.0, platform.now())]).await.unwrap();
    assert!(platform.settled(Duration::from_mins(2)).await.unwrap(), "the engine has taken it");
    platform.stop();
    drop(platform);
    let platform = open_with_store(dir.path(), inner);
    settle(&platform).await;
    assert_eq!(alarms(&platform).len(), 1);
    platform.stop();
}
