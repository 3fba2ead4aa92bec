//! A rule on trial against what people said of past incidents.

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::trial::{asked_lately, back_test, lately, two_days_from};
use crate::world::{rule, world};

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_measured_by_what_people_said_of_incidents() {
    let world = world().await;
    let token = world.with_rule().await;
    two_days_from(&world, lately()).await;
    // The rule of the city has opened an incident when the readings arrived, long after both noons.
    let list = world.request("GET", "/api/v1/incidents").bearer(&token).send().await.expect(200).json();
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/incidents/{id}/verdict");
    let body = json!({"verdict": "genuine", "reason": "a fire at the tip"});
    let marked = world.request("POST", &path).bearer(&token).json(body).send().await.expect(200).json();
    assert_eq!(marked["verdict"], "genuine");
    let body = asked_lately(85.0);
    let marks = back_test(&world, &token, body).await["marks"].clone();
    assert_eq!((&marks["genuine"], &marks["found"], &marks["recall"]), (&json!(1), &json!(0), &json!(0.0)), "{marks}");
    assert_eq!((&marks["unmarked"], &marks["precision"]), (&json!(2), &Value::Null), "{marks}");
}

#[tokio::test(flavor = "multi_thread")]
async fn precision_and_recall_of_a_rule_that_finds_some_and_cries_wolf() {
    let world = world().await;
    let token = world.with_rule().await;
    two_days_from(&world, lately()).await;
    let place = |lon: f64| json!({"type": "Point", "coordinates": [lon, 43.73]});
    // Air that is bad now, and stays so: the alarm never clears.
    let source = world.token(Role::Source);
    let line = json!({"kind": "air.pm25", "asset": "a", "value": 95, "place": place(7.42)}).to_string();
    let post = world.request("POST", "/api/v1/observations").bearer(&source);
    post.body("application/x-ndjson", line).send().await.expect(202);
    let body = asked_lately(85.0);
    let mut report = back_test(&world, &token, body.clone()).await;
    while report["alarms"] != 3 {
        report = back_test(&world, &token, body.clone()).await;
    }
    // Two calls where the station stands, one of them false, and one genuine far away.
    for (lon, verdict) in [(7.42, "genuine"), (7.42, "false_alarm"), (8.5, "genuine")] {
        let call = json!({"title": "Call", "incident_type": "air_quality", "priority": "p3", "severity": "minor",
                          "place": place(lon)});
        let opened =
            world.request("POST", "/api/v1/incidents").bearer(&token).json(call).send().await.expect(201).json();
        let path = format!("/api/v1/incidents/{}/verdict", opened["id"].as_str().unwrap());
        let body = json!({"verdict": verdict, "reason": "seen"});
        world.request("POST", &path).bearer(&token).json(body).send().await.expect(200);
    }
    let report = back_test(&world, &token, body).await;
    let marks = &report["marks"];
    assert_eq!((&marks["genuine"], &marks["found"], &marks["recall"]), (&json!(2), &json!(1), &json!(0.5)), "{marks}");
    assert_eq!((&marks["repeated"], &marks["precision"]), (&json!(1), &json!(0.5)), "{marks}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_of_another_type_that_its_own_alarm_joined_counts() {
    let world = world().await;
    let token = world.with_rule().await;
    let put = |path: &str, body: Value| world.request("PUT", path).bearer(&token).json(body);
    let near = json!({"id": "near", "name": "Near", "relation": "same_event", "within_s": 600, "within_m": 200, "weight": 3,
                      "first": {"incident_types": ["air_quality"]}, "second": {"incident_types": ["dust"]}});
    put("/api/v1/correlations/near", near).send().await.expect(201);
    let mut dusty = rule();
    (dusty["id"], dusty["incident"]["incident_type"]) = (json!("dusty"), json!("dust"));
    put("/api/v1/rules/dusty?untried=x", dusty).send().await.expect(201);
    let reading = json!({"kind": "air.pm25", "asset": "a", "value": 95, "place": {"type": "Point", "coordinates": [7.42, 43.73]}});
    let source = world.token(Role::Source);
    world.request("POST", "/api/v1/observations").bearer(&source).json(reading).send().await.expect(202);
    // The alarm of one rule opens an incident of its type, that of the other joins it.
    let shared = loop {
        let list = world.request("GET", "/api/v1/incidents").bearer(&token).send().await.expect(200).json();
        let first = list["items"][0].clone();
        if first["alarms"].as_array().is_some_and(|alarms| alarms.len() == 2) {
            break first;
        }
        tokio::task::yield_now().await;
    };
    let path = format!("/api/v1/incidents/{}/verdict", shared["id"].as_str().unwrap());
    let said = json!({"verdict": "genuine", "reason": "seen"});
    world.request("POST", &path).bearer(&token).json(said).send().await.expect(200);
    for (id, incident_type, found) in [("high", "air_quality", 1), ("dusty", "dust", 1), ("new", "air_quality", 0)] {
        let mut body = asked_lately(75.0);
        (body["rule"]["id"], body["rule"]["incident"]["incident_type"]) = (json!(id), json!(incident_type));
        let found = if shared["incident_type"] == incident_type { 1 } else { found };
        let mut report = back_test(&world, &token, body.clone()).await;
        while report["alarms"] != 1 {
            report = back_test(&world, &token, body.clone()).await;
        }
        // Where nothing of it was marked there are no marks.
        let marks = [&report["marks"]["genuine"], &report["marks"]["found"]].map(|count| count.as_u64().unwrap_or(0));
        assert_eq!(marks, [found, found], "{id}: {}", report["marks"]);
    }
}
