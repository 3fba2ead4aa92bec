//! An exercise in which the incidents are of another agency than who trains.

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::world::{World, world};

/// A rule of the demo city as it is put.
fn demo(text: &str) -> Value {
    let mut rule: Value = toml::from_str(text).unwrap();
    rule["reason"] = json!("of the demo city");
    rule
}

/// Puts what the shipped scenario of a gas leak needs: detector and rule are the fire service's, the playbook is the template.
async fn prepare(world: &World, city: &str) {
    let fire = world.token_of(Role::Supervisor, "fire");
    let put = async |token: &str, path: &str, body: Value| {
        world.request("PUT", &format!("/api/v1/{path}")).bearer(token).json(body).send().await.expect(201);
    };
    for (id, unit, value_type) in [("gas.methane", "%", "number"), ("report.category", "", "text")] {
        let kind = json!({"id": id, "name": id, "quantity": "as reported", "unit": unit, "value_type": value_type,
                          "retention_s": 86400});
        put(city, &format!("kinds/{id}"), kind).await;
    }
    let detector = json!({"id": "gas-detector-1", "name": "Detector", "class": "gas_detector", "agency": "fire",
                          "place": {"type": "Point", "coordinates": [7.42478, 43.73082]}});
    put(&fire, "assets/gas-detector-1", detector).await;
    let templates = world.request("GET", "/api/v1/playbook-templates").bearer(city).send().await.expect(200).json();
    let is_leak = |item: &&Value| item["playbook"]["id"] == "gas-leak";
    let leak = templates["items"].as_array().unwrap().iter().find(is_leak).unwrap()["playbook"].clone();
    put(city, "playbooks/gas-leak", leak).await;
    let rule = demo(include_str!("../../../../demo/monaco/rules/reports-gas.toml"));
    put(&fire, "rules/reports-gas?untried=for+the+exercise", rule).await;
}

/// The shipped scenario with its reports and its detector; what came over minutes comes at once.
async fn shipped(world: &World, token: &str) -> Value {
    let told = world.request("GET", "/api/v1/exercise-scenarios").bearer(token).send().await.expect(200).json();
    let is_leak = |scenario: &&Value| scenario["id"] == "gas-leak";
    let mut scenario = told["items"].as_array().unwrap().iter().find(is_leak).unwrap().clone();
    let timeline = scenario["timeline"].as_array_mut().unwrap();
    timeline.retain(|entry| entry["reading"].is_object());
    for entry in timeline.iter_mut() {
        entry["after_s"] = json!(0.0);
    }
    scenario
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_gas_leak_is_met_by_another_agency() {
    let world = world().await.with_agencies();
    world.platform.run_errands(vigiles_runtime::carrier::Carriers::new());
    let token = world.token(Role::Supervisor);
    prepare(&world, &token).await;
    let mut events =
        world.request("GET", "/api/v1/events?events=incident&reality=exercise").bearer(&token).stream().await.1;
    events.next("hello").await;
    let scenario = shipped(&world, &token).await;
    let start = world.request("POST", "/api/v1/exercises").bearer(&token).json(json!({"scenario": scenario}));
    let begun = start.send().await.expect(201).json();
    let incident = events.next("incident").await.1;
    assert_eq!((&incident["agency"], &incident["reality"]), (&json!("fire"), &json!("exercise")));

    let path = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
    let post = async |token: &str, what: &str, body: Value, status: u16| {
        world.request("POST", &format!("{path}/{what}")).bearer(token).json(body).send().await.expect(status).json()
    };
    // Handling incidents is still needed.
    post(&world.token(Role::Analyst), "state", json!({"to": "acknowledged"}), 403).await;
    let mut held = post(&token, "state", json!({"to": "acknowledged"}), 200).await;
    for step in ["Send the fire service", "Isolate 100 m in all directions"] {
        let task = held["tasks"].as_array().unwrap().iter().find(|task| task["title"] == step).unwrap();
        let task = format!("tasks/{}", task["id"].as_str().unwrap());
        held = post(&token, &task, json!({"outcome": "done"}), 200).await;
    }
    let end = format!("/api/v1/exercises/{}/end", begun["id"].as_str().unwrap());
    let end = world.request("POST", &end).bearer(&token).json(json!({"reason": "all was tried"}));
    assert_eq!(end.send().await.expect(200).json()["targets_met"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_that_is_not_played_stays_with_its_agency() {
    let world = world().await.with_agencies();
    let (fire, city) = (world.token_of(Role::Supervisor, "fire"), world.token(Role::Supervisor));
    for reality in ["actual", "test"] {
        let body =
            json!({"title": "T", "incident_type": "gas", "priority": "p3", "severity": "minor", "reality": reality});
        let opened = world.request("POST", "/api/v1/incidents").bearer(&fire).json(body).send().await.expect(201);
        let path = format!("/api/v1/incidents/{}/state", opened.json()["id"].as_str().unwrap());
        let acknowledge = async |token: &str, status: u16| {
            let body = json!({"to": "acknowledged"});
            world.request("POST", &path).bearer(token).json(body).send().await.expect(status).json()
        };
        let refused = acknowledge(&city, 403).await;
        assert!(refused["detail"].as_str().unwrap().starts_with("it belongs to agency fire"), "{refused}");
        acknowledge(&fire, 200).await;
    }
}
