//! What a version of a rule says of the back-tests of its condition.

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::trial::{asked, back_test, two_days};
use crate::world::{LIVE_UNTRIED, World, rule, world};

const VERSIONS: &str = "/api/v1/rules/high/versions";

async fn save(world: &World, token: &str, rule: &Value) -> Value {
    let put = world.request("PUT", LIVE_UNTRIED).bearer(token).header("if-match", "*");
    put.json(rule.clone()).send().await.expect(200).json()
}

/// What the latest version says.
async fn tried(world: &World, token: &str) -> Value {
    let list = world.request("GET", VERSIONS).bearer(token).send().await.expect(200).json();
    let newest = list["items"][0].clone();
    let path = format!("{VERSIONS}/{}", newest["version"]);
    let one = world.request("GET", &path).bearer(token).send().await.expect(200).json();
    assert_eq!(one, newest);
    newest["tried"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_says_what_its_condition_was_tried_on_before_it_was_saved() {
    let world = world().await;
    let token = world.with_rule().await;
    two_days(&world).await;
    assert_eq!(tried(&world, &token).await, Value::Null, "nobody tried it");
    let mut body = asked(85.0);
    // Nobody looks at what it is called.
    (body["rule"]["id"], body["rule"]["name"]) = (json!("new"), json!("new"));
    let report = back_test(&world, &token, body.clone()).await;
    let kept = report["kept"].clone();
    assert_eq!((&kept["alarms"], &kept["observations"]), (&json!(2), &report["observations"]), "{kept}");
    assert_eq!((&kept["from"], &kept["data_s"]), (&json!("2026-03-01T00:00:00Z"), &report["data_s"]));
    assert_eq!((&kept["by_name"], &kept["bbox"]), (&json!("supervisor of city"), &Value::Null));
    assert_eq!(tried(&world, &token).await, Value::Null, "the version was saved before that, with another limit");

    let mut next = body["rule"].clone();
    (next["id"], next["stage"]) = (json!("high"), json!("shadow"));
    let check = world.request("POST", "/api/v1/rules/check").bearer(&token).json(next.clone()).send().await;
    assert_eq!(check.expect(200).json()["tried"], kept);
    save(&world, &token, &next).await;
    assert_eq!(tried(&world, &token).await, kept);
    // Words and the stage are no part of the condition.
    (next["description"], next["alarm"]["title"], next["stage"]) = (json!("at noon"), json!("Dust"), json!("live"));
    save(&world, &token, &next).await;
    assert_eq!(tried(&world, &token).await, kept);
    next["detector"]["threshold"]["above"] = json!(86.0);
    save(&world, &token, &next).await;
    assert_eq!(tried(&world, &token).await, Value::Null, "another condition");
    let first = world.request("GET", &format!("{VERSIONS}/2")).bearer(&token).send().await.expect(200).json();
    assert_eq!(first["tried"], kept, "what a version says stays");
}

/// The latest version, and what the audit log says of the latest put.
async fn latest(world: &World, token: &str) -> (Value, Value) {
    let versions = world.request("GET", VERSIONS).bearer(token).send().await.expect(200).json();
    let auditor = world.token(Role::Auditor);
    let puts = world.request("GET", "/api/v1/audit?action=put&resource=rule/high").bearer(&auditor);
    let puts = puts.send().await.expect(200).json();
    (versions["items"][0].clone(), puts["items"][0]["detail"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_goes_live_untried_only_with_a_reason_and_its_version_says_so() {
    let world = world().await;
    let token = world.with_rule().await;
    two_days(&world).await;
    let put = |above: f64, query: &str| {
        let mut body = rule();
        body["detector"]["threshold"]["above"] = json!(above);
        let put = world.request("PUT", &format!("/api/v1/rules/high{query}")).bearer(&token);
        put.header("if-match", "*").json(body)
    };
    let refused = put(85.0, "").send().await.expect(422).json();
    let detail = refused["detail"].as_str().unwrap();
    assert_eq!(refused["errors"][0]["path"], "stage", "{refused}");
    assert!(detail.contains("back-test") && detail.contains("?untried="), "{detail}");
    for query in ["?untried=", "?untried=%20"] {
        assert_eq!(put(85.0, query).send().await.expect(422).json()["errors"][0]["path"], "untried", "{query}");
    }
    put(85.0, "?because=x").send().await.expect(400);
    put(85.0, "?untried=the%20race%20begins").send().await.expect(200);
    let (version, detail) = latest(&world, &token).await;
    assert_eq!((&version["untried"], &version["tried"]), (&json!("the race begins"), &Value::Null), "{version}");
    assert_eq!(detail, "live untried: the race begins");
    // It ran: in other words it needs no other reason, and one that is given is not kept.
    put(85.0, "?untried=x").send().await.expect(200);
    let (version, detail) = latest(&world, &token).await;
    assert_eq!((&version["untried"], &detail), (&Value::Null, &json!("")), "{version}");
    back_test(&world, &token, asked(86.0)).await;
    put(86.0, "").send().await.expect(200);
    let (version, _) = latest(&world, &token).await;
    assert_eq!((&version["untried"], &version["tried"]["alarms"]), (&Value::Null, &json!(2)), "{version}");
    put(87.0, "").send().await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_saves_a_rule_cannot_say_that_it_was_tried() {
    let world = world().await;
    let token = world.with_rule().await;
    let mut boast = rule();
    boast["tried"] = json!({"alarms": 0});
    let put = world.request("PUT", LIVE_UNTRIED).bearer(&token).header("if-match", "*");
    put.json(boast).send().await.expect(422);
    assert_eq!(tried(&world, &token).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_without_readings_is_none_and_a_shorter_one_replaces_none() {
    let world = world().await;
    let token = world.with_rule().await;
    two_days(&world).await;
    let mut empty = asked(85.0);
    (empty["from"], empty["to"]) = (json!("2025-03-01T00:00:00Z"), json!("2025-03-03T00:00:00Z"));
    assert_eq!(back_test(&world, &token, empty.clone()).await["kept"], Value::Null);
    let mut here = asked(85.0);
    here["bbox"] = json!("7,43,8,44");
    assert_eq!(back_test(&world, &token, here).await["kept"]["bbox"], "7,43,8,44");
    let whole = back_test(&world, &token, asked(85.0)).await["kept"].clone();
    assert_eq!((&whole["alarms"], &whole["bbox"]), (&json!(2), &Value::Null));
    let mut day = asked(85.0);
    day["to"] = json!("2026-03-02T00:00:00Z");
    for shorter in [day, empty] {
        assert_eq!(back_test(&world, &token, shorter).await["kept"], whole);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_says_no_stage_is_silent() {
    let world = world().await;
    let token = world.with_rule().await;
    let mut quiet = rule();
    quiet.as_object_mut().unwrap().remove("stage");
    assert_eq!(save(&world, &token, &quiet).await["stage"], "silent");
    let source = world.token(Role::Source);
    let post = world.request("POST", "/api/v1/observations").bearer(&source);
    post.json(json!({"kind": "air.pm25", "value": 80, "asset": "s1"})).send().await.expect(202);
    while world.platform.status().engine.rule_alarms.values().sum::<u64>() == 0 {
        tokio::task::yield_now().await;
    }
    // A command comes back once all before it is applied.
    save(&world, &token, &quiet).await;
    for path in ["/api/v1/alarms?stage=shadow,live", "/api/v1/incidents"] {
        let list = world.request("GET", path).bearer(&token).send().await.expect(200).json();
        assert_eq!(list["items"], json!([]), "{path}");
    }
}
