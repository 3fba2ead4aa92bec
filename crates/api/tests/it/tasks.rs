//! Automatic tasks of a playbook, from the reading that raises the alarm to the console's notice.

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::client::Events;
use crate::world::{LIVE_UNTRIED, World, rule, world};

/// A world whose rule opens incidents with a playbook of these steps, and a stream of its incidents and notices.
async fn with_playbook(steps: Value) -> (World, String, Events) {
    watching("incident,notice", steps).await
}

/// The same with a stream of these events.
async fn watching(wanted: &str, steps: Value) -> (World, String, Events) {
    let world = world().await;
    world.platform.run_errands(vigiles_runtime::carrier::Carriers::new());
    let token = world.with_rule().await;
    let playbook = json!({"id": "air", "name": "Air", "steps": steps});
    world.request("PUT", "/api/v1/playbooks/air").bearer(&token).json(playbook).send().await.expect(201);
    let mut rule = rule();
    rule["incident"]["playbook"] = json!("air");
    let put = world.request("PUT", LIVE_UNTRIED).bearer(&token).header("if-match", "\"1\"");
    put.json(rule).send().await.expect(200);
    let stream = world.request("GET", &format!("/api/v1/events?events={wanted}")).bearer(&token).stream();
    let mut events = stream.await.1;
    events.next("hello").await;
    let high = json!({"kind": "air.pm25", "value": 80, "asset": "s1"});
    let source = world.token(Role::Source);
    world.request("POST", "/api/v1/observations").bearer(&source).json(high).send().await.expect(202);
    (world, token, events)
}

/// The incident, once its first task is in a state.
async fn first_task(events: &mut Events, state: &str) -> Value {
    loop {
        let incident = events.next("incident").await.1;
        if incident["tasks"][0]["state"] == state {
            return incident;
        }
    }
}

fn states(incident: &Value) -> Vec<(&str, &Value)> {
    let tasks = incident["tasks"].as_array().unwrap();
    tasks.iter().map(|task| (task["state"].as_str().unwrap(), &task["outcome"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_reaches_the_consoles_and_its_task_is_done() {
    let steps = json!([
        {"title": "Tell the room", "action": {"notify_console": {"message": "Fine dust: look at the map"}}},
        {"title": "Drive there", "action": "manual"},
        {"title": "Write it down", "action": "manual"},
    ]);
    let (world, token, mut events) = with_playbook(steps).await;
    let (_, notice) = events.next("notice").await;
    assert_eq!(notice["message"], "Fine dust: look at the map");
    let id = notice["incident"].as_str().unwrap();
    let path = format!("/api/v1/incidents/{id}");
    let incident = loop {
        let incident = world.request("GET", &path).bearer(&token).send().await.expect(200).json();
        if incident["tasks"][0]["state"] != "running" {
            break incident;
        }
    };
    let said = json!("sent to one console");
    let expected = [("done", &said), ("running", &Value::Null), ("waiting", &Value::Null)];
    assert_eq!(states(&incident), expected, "{incident}");
    let timeline = incident["timeline"].as_array().unwrap();
    let done = json!({"title": "Tell the room", "outcome": "done: sent to one console"});
    let entry = timeline.iter().find(|entry| entry["event"]["task"] == done).unwrap();
    assert_eq!(entry["by"], Value::Null, "the platform did it: {incident}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_cannot_be_done_waits_for_a_person() {
    let steps = json!([
        {"title": "Tell the office", "action": {"webhook": {"endpoint": "office"}}},
        {"title": "Tell the room", "action": {"notify_console": {"message": "The office knows nothing"}}},
    ]);
    let (world, token, mut events) = with_playbook(steps).await;
    let failed = first_task(&mut events, "failed").await;
    let why = json!("no webhook is configured: this process carries out no task of that kind");
    assert_eq!(states(&failed), [("failed", &why), ("waiting", &Value::Null)], "{failed}");
    let (incident, task) = (failed["id"].as_str().unwrap(), failed["tasks"][0]["id"].as_str().unwrap());
    let path = format!("/api/v1/incidents/{incident}/tasks/{task}");
    let skip = json!({"outcome": "skipped", "text": "called by telephone"});
    world.request("POST", &path).bearer(&token).json(skip).send().await.expect(200);
    assert_eq!(events.next("notice").await.1["message"], "The office knows nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_nobody_is_there_to_see_has_failed_and_can_be_sent_again() {
    let notice = json!({"notify_console": {"message": "Look at the map"}});
    let steps = json!([{"title": "Tell the room", "action": notice, "retries": 0, "escalate": {"priority": "p1"}}]);
    // A stream without notices is no console that could show one.
    let (world, token, mut events) = watching("incident", steps).await;
    let failed = first_task(&mut events, "failed").await;
    assert_eq!(states(&failed), [("failed", &json!("no console was open to show it"))], "{failed}");
    assert_eq!(failed["priority"], "p1", "it is escalated: {failed}");
    let mut console = world.request("GET", "/api/v1/events?events=notice").bearer(&token).stream().await.1;
    console.next("hello").await;
    let (incident, task) = (failed["id"].as_str().unwrap(), failed["tasks"][0]["id"].as_str().unwrap());
    let path = format!("/api/v1/incidents/{incident}/tasks/{task}");
    world.request("POST", &path).bearer(&token).json(json!({"outcome": "retry"})).send().await.expect(200);
    assert_eq!(console.next("notice").await.1["message"], "Look at the map");
    let done = first_task(&mut events, "done").await;
    assert_eq!(states(&done), [("done", &json!("sent to one console"))], "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_tried_again_by_itself_as_often_as_any_message() {
    let steps = json!([{"title": "Tell the room", "action": {"notify_console": {"message": "Look"}}}]);
    let (_world, _token, mut events) = watching("incident", steps).await;
    let waiting = first_task(&mut events, "retrying").await;
    let task = &waiting["tasks"][0];
    assert_eq!((&task["attempts"], &task["tries"]), (&json!(1), &json!(4)), "{waiting}");
}
