//! From an observation to an incident, and what people do with it.

use serde_json::{Value, json};
use vigiles_model::{Duration, Timestamp};
use vigiles_trust::Role;

use crate::world::{World, world};

pub(crate) async fn raise(world: &World) -> (String, Value) {
    let token = world.with_rule().await;
    let source = world.token(Role::Source);
    let asset = json!({"id": "s1", "name": "S", "class": "air_station", "agency": "city",
                       "place": {"type": "Point", "coordinates": [24.9, 60.1]}});
    world.request("PUT", "/api/v1/assets/s1").bearer(&token).json(asset).send().await.expect(201);
    let high = json!({"kind": "air.pm25", "value": 80, "asset": "s1"});
    world.request("POST", "/api/v1/observations").bearer(&source).json(high).send().await.expect(202);
    loop {
        let list = world.request("GET", "/api/v1/incidents").bearer(&token).send().await.expect(200).json();
        if let Some(incident) = list["items"].get(0) {
            return (token, incident.clone());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_opened_and_handled() {
    let world = world().await;
    let (token, incident) = raise(&world).await;
    assert_eq!(incident["allowed"], json!(["acknowledged", "in_progress", "resolved"]));
    let path = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
    let post = |what: &str, body| world.request("POST", &format!("{path}/{what}")).bearer(&token).json(body);
    let seen = post("state", json!({"to": "acknowledged"})).send().await.expect(200);
    assert_eq!(seen.json()["state"], "acknowledged");
    let conflict = post("state", json!({"to": "closed"})).send().await.expect(409).json();
    assert!(conflict["errors"][0]["message"].as_str().unwrap().contains("in_progress, resolved"), "{conflict}");
    post("state", json!({"to": "gone"})).send().await.expect(422);
    post("priority", json!({"priority": "p1"})).header("if-match", "\"99\"").send().await.expect(412);
    let noted = post("notes", json!({"text": "seen on camera"})).send().await.expect(200).json();
    let last = noted["timeline"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["event"], json!({"note": {"text": "seen on camera"}}));

    let alarms = world.request("GET", "/api/v1/alarms?state=active").bearer(&token).send().await.expect(200).json();
    assert_eq!(
        (&alarms["items"][0]["rule_name"], &alarms["items"][0]["causes"][0]["unit"]),
        (&json!("Fine dust"), &json!("ug/m3"))
    );
    let picture = world.request("GET", "/api/v1/picture").bearer(&token).send().await.expect(200).json();
    assert_eq!((picture["alarms"].as_array().unwrap().len(), picture["incidents"].as_array().unwrap().len()), (1, 1));
    let near =
        world.request("GET", &format!("{path}/nearby?radius_m=100")).bearer(&token).send().await.expect(200).json();
    assert_eq!((near["assets"].as_array().unwrap().len(), near["alarms"].as_array().unwrap().len()), (1, 1), "{near}");
    // Before the city was set up, but not from before what is kept.
    let now: Timestamp = picture["at"].as_str().unwrap().parse().unwrap();
    let past = format!("/api/v1/picture?at={}", now - Duration::from_secs(86_400));
    let past = world.request("GET", &past).bearer(&token).send().await.expect(200).json();
    assert_eq!((&past["alarms"], &past["incidents"]), (&json!([]), &json!([])));
    // The setting of a past moment is told as its difference to that of now.
    assert_eq!(picture["setting"], json!(null));
    let later = past["setting"]["later_assets"].as_array().unwrap();
    assert!(!later.is_empty() && past["setting"]["assets"] == json!([]), "{past}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_tells_what_an_incident_came_from_when_its_alarm_is_over() {
    let world = world().await;
    let (token, incident) = raise(&world).await;
    let source = world.token(Role::Source);
    let low = json!({"kind": "air.pm25", "value": 3, "asset": "s1"});
    world.request("POST", "/api/v1/observations").bearer(&source).json(low).send().await.expect(202);
    let get = |path: &'static str| world.request("GET", path).bearer(&token).send();
    while get("/api/v1/alarms?state=cleared").await.expect(200).json()["items"].get(0).is_none() {}
    let picture = get("/api/v1/picture").await.expect(200).json();
    let alarms = picture["alarms"].as_array().unwrap();
    assert_eq!((alarms.len(), &alarms[0]["state"]), (1, &json!("cleared")), "{picture}");
    assert_eq!((&alarms[0]["incident"], &alarms[0]["causes"][0]["value"]), (&incident["id"], &json!(80.0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_with_the_same_key_does_nothing_twice() {
    let world = world().await;
    let token = world.token(Role::Operator);
    let open = |title: &str| {
        let body = json!({"title": title, "incident_type": "test", "priority": "p3", "severity": "minor"});
        world.request("POST", "/api/v1/incidents").bearer(&token).header("idempotency-key", "key-1").json(body)
    };
    let first = open("one").send().await.expect(201);
    let again = open("one").send().await.expect(201);
    assert_eq!((first.json(), first.header("etag")), (again.json(), again.header("etag")));
    open("two").send().await.expect(422);
    let list = world.request("GET", "/api/v1/incidents").bearer(&token).send().await.expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}
