//! Notices of playbooks on the consoles of several processes.

use std::sync::Arc;

use vigiles_engine::CommandBody;
use vigiles_model::playbook::{Action, Step};
use vigiles_model::{Playbook, PlaybookId, TaskState, Timestamp};
use vigiles_runtime::{Platform, Seat, documents};
use vigiles_store::{Draft, Expect, Write};

use crate::doors::{Shared, call};
use crate::world::{SYSTEM, incidents, put, wait_until};

/// An incident whose playbook sends a notice once; gives what came of it.
async fn notify(engine: &Arc<Platform>, number: usize) -> (TaskState, String) {
    put(engine, call(number, Some(PlaybookId::new("p").unwrap()), None)).await.unwrap();
    let task = |platform: &Platform| {
        let found = incidents(platform).into_iter().find(|incident| incident.title == format!("call {number}"));
        found.and_then(|incident| incident.tasks.into_iter().next()).filter(|task| task.outcome.is_some())
    };
    wait_until(engine, |platform| task(platform).is_some());
    let task = task(engine).unwrap();
    (task.state, task.outcome.unwrap())
}

/// The timeline says on how many consoles the notice was, here and at the doors together, and of which doors it is not known.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_counted_at_the_doors() {
    let dir = tempfile::tempdir().unwrap();
    let shared = Shared::open(dir.path());
    let engine = shared.start(Seat::Engine);
    engine.run_errands(vigiles_runtime::carrier::Carriers::new());
    let notice = Step { retries: Some(0), ..Step::new("tell", Action::NotifyConsole { message: "look".into() }) };
    let (id, text) = (PlaybookId::new("p").unwrap(), String::new);
    let book = Playbook { id, name: "P".into(), steps: vec![notice], version: 0, description: text(), source: text() };
    put(&engine, CommandBody::PutPlaybook(Box::new(book))).await.unwrap();
    let check = async |number, state, outcome: &str| {
        assert_eq!(notify(&engine, number).await, (state, outcome.to_owned()));
    };
    check(1, TaskState::Failed, "no console was open to show it").await;
    {
        let (_feed, _console) = (engine.live().notices(), engine.live().attend());
        check(2, TaskState::Done, "sent to one console").await;
    }
    let ingest = shared.start(Seat::Door { name: "i".parse().unwrap(), has_consoles: false });
    let doors = [shared.door("a"), shared.door("b")];
    check(3, TaskState::Failed, "no console was open to show it").await;
    let (mut notices, _console) = (doors[0].live().notices(), doors[0].live().attend());
    check(4, TaskState::Done, "sent to one console").await;
    assert_eq!(notices.recv().await.unwrap().message, "look");
    {
        let (_feed, _here) = (engine.live().notices(), engine.live().attend());
        let (_there, _two) = (doors[1].live().notices(), [doors[1].live().attend(), doors[1].live().attend()]);
        check(5, TaskState::Done, "sent to 4 consoles").await;
    }
    // A door that ended in order is not waited for, one that was killed is.
    doors[0].stop();
    check(6, TaskState::Failed, "no console was open to show it").await;
    doors[1].stop();
    let (id, state, body) = ("b".to_owned(), String::new(), r#"{"has_consoles":true}"#.to_owned());
    let document = Draft { kind: documents::DOOR, id, agency: None, state, place: None, time: Timestamp(0), body };
    shared.store.apply(&SYSTEM, vec![Write::Put { document, expect: Expect::Any }]).unwrap();
    check(7, TaskState::Failed, "no console was seen to show it; not known of the consoles at b").await;
    for platform in [&ingest, &engine] {
        platform.stop();
    }
}
