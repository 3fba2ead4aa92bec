//! Playbooks across a restart of the platform: what was under way goes on, in the version it started with.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use vigiles_engine::{CommandBody as Body, CommandDone};
use vigiles_model::playbook::{Live, Outward, Step};
use vigiles_model::{Playbook, PlaybookId, Priority, Reality, Severity, Task, TaskState};
use vigiles_runtime::Platform;
use vigiles_runtime::carrier::{Carrier, Failure, Outcome};
use vigiles_store::Query;

use crate::world::{incidents, open, put, wait_until};

/// Tells which tries it was given, and answers each with what it was made with, or never.
struct Told {
    tries: Sender<(String, u32)>,
    answer: Option<Outcome>,
}

impl Carrier for Told {
    fn carry_out<'a>(&'a self, live: Live<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let task = live.task();
            self.tries.send((task.step.title.clone(), task.attempts)).await.unwrap();
            match self.answer.clone() {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        })
    }
}

fn carrier(answer: Option<Outcome>) -> (Arc<Told>, Receiver<(String, u32)>) {
    let (tries, told) = channel(16);
    (Arc::new(Told { tries, answer }), told)
}

/// Playbook `p` with a webhook a step.
pub(crate) fn playbook(titles: &[&str]) -> Body {
    let hook = || Outward::new("webhook").with("endpoint", "office").into();
    let steps = titles.iter().map(|title| Step { backoff_s: Some(1), ..Step::new(*title, hook()) }).collect();
    let id = PlaybookId::new("p").unwrap();
    let (description, source) = (String::new(), String::new());
    Body::PutPlaybook(Box::new(Playbook { id, name: "P".into(), steps, version: 0, description, source }))
}

async fn open_incident(platform: &Arc<Platform>) {
    open_with(platform, PlaybookId::new("p").ok()).await;
}

async fn open_with(platform: &Arc<Platform>, playbook: Option<PlaybookId>) {
    let open = Body::OpenIncident {
        title: "A call".into(),
        incident_type: "call".into(),
        priority: Priority::P3,
        severity: Severity::Minor,
        place: None,
        playbook,
        reality: Reality::Actual,
    };
    assert!(matches!(put(platform, open).await, Ok(CommandDone::Incident(_))));
}

fn tasks(platform: &Platform) -> Vec<Task> {
    incidents(platform).remove(0).tasks
}

/// Runs a process until `work` is done; then everything in it ends at once, as when it is killed.
fn process(dir: &Path, carrier: Arc<Told>, work: impl AsyncFnOnce(Arc<Platform>)) {
    let process = tokio::runtime::Runtime::new().unwrap();
    process.block_on(async {
        let platform = open(dir);
        platform.run_errands([("webhook", carrier as Arc<dyn Carrier>)].into());
        work(platform.clone()).await;
        platform.stop();
    });
}

#[test]
fn a_task_in_hand_is_taken_up_again_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (silent, mut tries) = carrier(None);
    process(dir.path(), silent, async |platform| {
        put(&platform, playbook(&["one", "two"])).await.unwrap();
        open_incident(&platform).await;
        assert_eq!(tries.recv().await.unwrap(), ("one".to_owned(), 1));
        put(&platform, playbook(&["other"])).await.unwrap();
    });
    let (answering, mut tries) = carrier(Some(Ok("delivered".into())));
    process(dir.path(), answering, async |platform| {
        assert_eq!(tries.recv().await.unwrap(), ("one".to_owned(), 1));
        assert_eq!(tries.recv().await.unwrap(), ("two".to_owned(), 1), "the steps are those it started with");
        wait_until(&platform, |p| tasks(p).iter().all(|t| t.state == TaskState::Done));
        assert_eq!(tasks(&platform)[1].outcome.as_deref(), Some("delivered"));
    });
}

#[test]
fn a_task_in_hand_is_taken_up_again_whatever_was_opened_since() {
    let dir = tempfile::tempdir().unwrap();
    let (silent, mut tries) = carrier(None);
    process(dir.path(), silent, async |platform| {
        put(&platform, playbook(&["one"])).await.unwrap();
        open_incident(&platform).await;
        assert_eq!(tries.recv().await.unwrap(), ("one".to_owned(), 1));
        // More than one page of the store.
        for _ in 0..Query::MAX_LIMIT {
            open_with(&platform, None).await;
        }
    });
    let (answering, mut tries) = carrier(Some(Ok("delivered".into())));
    process(dir.path(), answering, async |_| {
        assert_eq!(tries.recv().await.unwrap(), ("one".to_owned(), 1));
    });
}

#[test]
fn a_further_try_is_due_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (failing, mut tries) = carrier(Some(Err(Failure::Passing("not reached".into()))));
    let mut started = None;
    process(dir.path(), failing, async |platform| {
        put(&platform, playbook(&["one"])).await.unwrap();
        open_incident(&platform).await;
        assert_eq!(tries.recv().await.unwrap(), ("one".to_owned(), 1));
        wait_until(&platform, |p| tasks(p)[0].state == TaskState::Retrying);
        started = tasks(&platform)[0].started;
    });
    let (refusing, mut tries) = carrier(Some(Err(Failure::Lasting("refused".into()))));
    process(dir.path(), refusing, async |platform| {
        let (title, attempt) = tries.recv().await.unwrap();
        assert!(title == "one" && attempt >= 2, "try {attempt}");
        wait_until(&platform, |p| tasks(p)[0].state == TaskState::Failed);
        assert_eq!((tasks(&platform)[0].started, tasks(&platform)[0].outcome.as_deref()), (started, Some("refused")));
    });
}
