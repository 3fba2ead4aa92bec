//! The event stream.

use serde_json::json;
use vigiles_api::Settings;
use vigiles_trust::Role;

use crate::world::{LIVE_UNTRIED, kind, rule, world, world_with};

#[tokio::test(flavor = "multi_thread")]
async fn changes_and_live_values_arrive_and_resume() {
    let world = world().await;
    let token = world.token(Role::Supervisor);
    let (head, mut events) = world.request("GET", "/api/v1/events").bearer(&token).stream().await;
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
    events.next("hello").await;
    world.request("PUT", "/api/v1/kinds/air.pm25").bearer(&token).json(kind()).send().await.expect(201);
    let (first, data) = events.next("kind").await;
    assert_eq!(data["id"], "air.pm25");
    world.request("PUT", LIVE_UNTRIED).bearer(&token).json(rule()).send().await.expect(201);
    let (_, data) = events.next("rule").await;
    assert_eq!(data["version"], 1);
    let source = world.token(Role::Source);
    let high = json!({"kind": "air.pm25", "value": 80, "asset": "s1"});
    world.request("POST", "/api/v1/observations").bearer(&source).json(high).send().await.expect(202);
    let (_, data) = events.next("observations").await;
    assert_eq!((&data[0]["asset"], &data[0]["unit"]), (&json!("s1"), &json!("ug/m3")));

    let resume =
        world.request("GET", "/api/v1/events").bearer(&token).header("last-event-id", &first.unwrap().to_string());
    let (_, mut resumed) = resume.stream().await;
    let (_, data) = resumed.next("rule").await;
    assert_eq!(data["name"], "Fine dust");
    let (_, data) = resumed.next("incident").await;
    assert_eq!(data["incident_type"], "air_quality");
    resumed.next("status").await;

    let far = world.request("GET", "/api/v1/events").bearer(&token).header("last-event-id", "999999");
    far.stream().await.1.next("resync").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_the_events_it_names() {
    let world = world().await;
    let token = world.with_rule().await;
    let (_, mut all) = world.request("GET", "/api/v1/events").bearer(&token).stream().await;
    let (_, mut alarms) = world.request("GET", "/api/v1/events?events=alarm").bearer(&token).stream().await;
    let source = world.token(Role::Source);
    let high = json!({"kind": "air.pm25", "value": 80, "asset": "s1"});
    world.request("POST", "/api/v1/observations").bearer(&source).json(high).send().await.expect(202);
    // By now both streams have been given the batch, whether the alarm came before it or after it.
    all.next("observations").await;
    all.next("status").await;
    assert_eq!((alarms.any().await.0, alarms.any().await.0), ("hello".to_owned(), "alarm".to_owned()));
    // Whoever comes after nobody wanted observations gets them all the same.
    drop((all, alarms));
    let (_, mut later) = world.request("GET", "/api/v1/events?events=observations").bearer(&token).stream().await;
    later.next("hello").await;
    let next = json!({"kind": "air.pm25", "value": 81, "asset": "s1"});
    world.request("POST", "/api/v1/observations").bearer(&source).json(next).send().await.expect(202);
    assert_eq!(later.any().await.0, "observations");

    let wrong = world.request("GET", "/api/v1/events?events=siren").bearer(&token).send().await.expect(400).json();
    assert_eq!(wrong["errors"][0]["path"], "events");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_streams_are_kept() {
    let world = world_with(Settings { max_event_streams: 1, ..Settings::default() }).await;
    let token = world.token(Role::Operator);
    let (_, mut first) = world.request("GET", "/api/v1/events").bearer(&token).stream().await;
    first.next("hello").await;
    world.request("GET", "/api/v1/events").bearer(&token).send().await.expect(503);
}
