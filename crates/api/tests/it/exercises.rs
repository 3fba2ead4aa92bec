//! An exercise from its beginning to its debrief.

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::world::world;

/// A reading above the limit, and targets of every outcome.
fn smog() -> Value {
    json!({
        "id": "smog", "name": "Smog",
        "timeline": [{"after_s": 0.0, "reading": {"kind": "air.pm25", "value": {"Number": 90.0}}}],
        "targets": [{"opened": {"incident_type": "air_quality", "within_s": 60.0}},
                    {"acknowledged": {"incident_type": "air_quality", "within_s": 0.0}},
                    {"opened": {"incident_type": "fire", "within_s": 86400.0}},
                    {"acknowledged": {"incident_type": "fire", "within_s": 60.0}}],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exercise_from_its_beginning_to_its_debrief() {
    let world = world().await;
    world.platform.run_errands(vigiles_runtime::carrier::Carriers::new());
    let token = world.with_rule().await;
    let mut events =
        world.request("GET", "/api/v1/events?events=incident&reality=exercise").bearer(&token).stream().await.1;
    events.next("hello").await;
    let mut told = world.request("GET", "/api/v1/events?events=exercise").bearer(&token).stream().await.1;
    told.next("hello").await;
    let scenario = smog();
    let start = |body: Value| world.request("POST", "/api/v1/exercises").bearer(&token).json(body);
    let mut wrong = scenario.clone();
    wrong["timeline"][0]["reading"]["kind"] = json!("air.none");
    let refused = start(json!({"scenario": wrong})).send().await.expect(422).json();
    assert!(refused.to_string().contains("timeline[0].reading.kind"), "{refused}");
    start(json!({})).send().await.expect(400);
    start(json!({"scenario_id": "none"})).send().await.expect(404);
    let begun = start(json!({"scenario": scenario})).send().await.expect(201).json();
    start(json!({"scenario": scenario})).send().await.expect(409);
    assert_eq!(begun["by_name"], "supervisor of city");
    let path = format!("/api/v1/exercises/{}", begun["id"].as_str().unwrap());

    let incident = events.next("incident").await.1;
    assert_eq!(incident["reality"], "exercise");
    let operator = world.token(Role::Operator);
    let of_incident = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
    world.request("GET", &of_incident).bearer(&operator).send().await.expect(200);
    let seen = world.request("POST", &format!("{of_incident}/state")).bearer(&operator);
    seen.header("if-match", "\"1\"").json(json!({"to": "acknowledged"})).send().await.expect(200);
    let alarms = async |query: &str| {
        let path = format!("/api/v1/alarms{query}");
        let list = world.request("GET", &path).bearer(&operator).send().await.expect(200).json();
        list["items"].as_array().unwrap().len()
    };
    assert_eq!((alarms("").await, alarms("?reality=exercise").await), (0, 1));

    world
        .request("POST", &format!("{path}/end"))
        .bearer(&operator)
        .json(json!({"reason": "x"}))
        .send()
        .await
        .expect(403);
    let end = || world.request("POST", &format!("{path}/end")).bearer(&token).json(json!({"reason": "time is up"}));
    let ended = end().send().await.expect(200).json();
    assert_eq!((ended["ended"].is_string(), &ended["targets_met"]), (true, &json!(1)));
    end().send().await.expect(409);
    // Its beginning and its end, and nothing of how far it was played in between.
    let (first, last) = (told.any().await, told.any().await);
    assert_eq!((first.0, last.0), ("exercise".to_owned(), "exercise".to_owned()));
    let (began, over) = (first.2, last.2);
    assert_eq!((&began["id"], &began["ended"], &began["by_name"]), (&begun["id"], &Value::Null, &begun["by_name"]));
    assert_eq!((&over["ended"], &over["reason"]), (&ended["ended"], &json!("time is up")));
    let debrief = world.request("GET", &format!("{path}/debrief")).bearer(&operator).send().await.expect(200).json();
    let course = &debrief["incidents"][0];
    assert_eq!(course["seen"].as_array().unwrap().len(), 1, "{debrief}");
    assert_eq!(course["deeds"][0]["what"], "new to acknowledged");
    let state = json!({"state": {"from": "new", "to": "acknowledged", "reason": null}});
    assert_eq!(course["deeds"][0]["event"], state);
    assert_eq!(
        (&course["seen"][0]["by_name"], &course["deeds"][0]["by_name"]),
        (&"operator of city".into(), &"operator of city".into())
    );
    let outcomes: Vec<_> = debrief["targets"].as_array().unwrap().iter().map(|target| &target["outcome"]).collect();
    assert_eq!(outcomes, ["met", "missed", "time_left", "not_begun"]);
    let scenarios =
        world.request("GET", "/api/v1/exercise-scenarios").bearer(&operator).send().await.expect(200).json();
    assert_eq!(scenarios["items"].as_array().unwrap().len(), 2);
    let list = world.request("GET", "/api/v1/exercises").bearer(&operator).send().await.expect(200).json();
    assert_eq!(list["items"][0]["id"], begun["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exercise_is_sent_to_those_who_ask_for_it() {
    let world = world().await;
    world.platform.run_errands(vigiles_runtime::carrier::Carriers::new());
    let token = world.with_rule().await;
    let follow = async |query: &str| {
        let path = format!("/api/v1/events?events=incident{query}");
        let mut events = world.request("GET", &path).bearer(&token).stream().await.1;
        events.next("hello").await;
        events
    };
    let (mut all, mut real) = (follow("&reality=actual,exercise").await, follow("").await);
    let scenario = json!({"id": "smog", "name": "Smog",
        "timeline": [{"after_s": 0.0, "reading": {"kind": "air.pm25", "value": {"Number": 90.0}}}]});
    let start = world.request("POST", "/api/v1/exercises").bearer(&token).json(json!({"scenario": scenario}));
    start.send().await.expect(201);
    assert_eq!(all.any().await.2["reality"], "exercise");
    let open = json!({"title": "T", "incident_type": "gas", "priority": "p3", "severity": "minor"});
    world.request("POST", "/api/v1/incidents").bearer(&token).json(open).send().await.expect(201);
    assert_eq!(real.any().await.2["reality"], "actual");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_of_an_exercise_wants_one_under_way() {
    let world = world().await;
    let token = world.token(Role::Supervisor);
    let open = async |reality: &str, status| {
        let body =
            json!({"title": "T", "incident_type": "gas", "priority": "p3", "severity": "minor", "reality": reality});
        world.request("POST", "/api/v1/incidents").bearer(&token).json(body).send().await.expect(status).json()
    };
    let refused = open("exercise", 409).await;
    assert!(refused["detail"].as_str().unwrap().ends_with("start an exercise first"), "{refused}");
    let test = open("test", 201).await;
    assert_eq!(test["number"], 1);
    let real = open("actual", 201).await;
    // Nobody meets a test or an exercise without asking.
    let listed = async |query: &str| -> Vec<Value> {
        let path = format!("/api/v1/incidents{query}");
        let page = world.request("GET", &path).bearer(&token).send().await.expect(200).json();
        page["items"].as_array().unwrap().iter().map(|incident| incident["id"].clone()).collect()
    };
    assert_eq!(listed("").await, [real["id"].clone()]);
    assert_eq!(listed("?reality=test").await, [test["id"].clone()]);
    assert_eq!(listed("?reality=actual,test").await.len(), 2);
    for path in ["/api/v1/incidents?reality=dream", "/api/v1/events?reality=dream"] {
        let wrong = world.request("GET", path).bearer(&token).send().await.expect(400).json();
        assert_eq!(wrong["errors"][0]["path"], "reality");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_file_is_checked_and_played() {
    let world = world().await;
    let token = world.with_rule().await;
    let file = "id = \"smog\"\nname = \"Smog\"\n[[timeline]]\nafter_s = 0.0\n[timeline.reading]\nkind = \"air.pm25\"\n\
                value = { Number = 90.0 }\nevery_s = 5.0\nuntil_s = 60.0\n";
    let post = async |path: &str, body: Value, status: u16| {
        world.request("POST", path).bearer(&token).json(body).send().await.expect(status).json()
    };
    let check = "/api/v1/exercise-scenarios/check";
    let checked = post(check, json!({"file": file}), 200).await;
    assert_eq!((&checked["length_s"], &checked["scenario"]["id"]), (&json!(60.0), &json!("smog")));
    post(check, json!({"scenario": checked["scenario"]}), 200).await;
    for (wrong, status, path, line, column) in [
        (file.replace("air.pm25", "air.none"), 422, "timeline[0].reading.kind", 6, 8),
        (file.replace("= 0.0", "= \"soon\""), 422, "timeline[0].after_s", 4, 11),
        (file.replace("every_s", "each_s"), 422, "timeline[0].reading.each_s", 8, 1),
        (file.replace("[[timeline]]", "[[timeline]"), 400, "file", 3, 12),
    ] {
        for door in [check, "/api/v1/exercises"] {
            let refused = post(door, json!({"file": wrong}), status).await;
            let fault = &refused["errors"][0];
            let found = (&fault["path"], &fault["line"], &fault["column"]);
            assert_eq!(found, (&json!(path), &json!(line), &json!(column)), "{refused}");
        }
    }
    post(check, json!({}), 400).await;
    post(check, json!({"file": file, "scenario": checked["scenario"]}), 400).await;
    post("/api/v1/exercises", json!({"file": file, "scenario_id": "gas-leak"}), 400).await;
    let list = world.request("GET", "/api/v1/exercises").bearer(&token).send().await.expect(200).json();
    assert_eq!(list["items"], json!([]));
    let begun = post("/api/v1/exercises", json!({"file": file}), 201).await;
    assert_eq!(begun["scenario"], checked["scenario"]);
}
