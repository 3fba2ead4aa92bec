//! Rules on trial: back-tests, stages, versions.

use std::fmt::Write as _;

use serde_json::{Value, json};
use vigiles_bus::{Clock, SystemClock};
use vigiles_model::{Duration, Timestamp};
use vigiles_trust::Role;

use crate::world::{LIVE_UNTRIED, World, rule, world};

/// Two days, a reading a minute of two assets: one is high for half an hour each noon, the other never.
pub(crate) async fn two_days(world: &World) {
    two_days_from(world, "2026-03-01T00:00:00Z".parse().unwrap()).await;
}

pub(crate) async fn two_days_from(world: &World, start: Timestamp) {
    let source = world.token(Role::Source);
    let mut lines = String::new();
    for minute in 0..2 * 1440 {
        let time = start + Duration::from_secs(minute * 60);
        let (hour, minute) = (minute / 60 % 24, minute % 60);
        let value = if hour == 12 && minute < 30 { 90 + minute } else { 20 + minute / 10 };
        for (asset, value) in [("a", value), ("b", 30)] {
            let place = r#"{"type":"Point","coordinates":[7.42,43.73]}"#;
            let line = json!({"kind": "air.pm25", "asset": asset, "time": time.to_string(), "value": value});
            let line = line.to_string().replace("\"value\"", &format!("\"place\":{place},\"value\""));
            writeln!(lines, "{line}").unwrap();
        }
    }
    let post = world.request("POST", "/api/v1/observations").bearer(&source);
    post.body("application/x-ndjson", lines).send().await.expect(202);
    // What is acknowledged is in the log; history has it a moment later.
    let token = world.token(Role::Analyst);
    let end = start + Duration::from_secs(2 * 86_400);
    let path = format!("/api/v1/observations?asset=b&limit=1&from={}&to={end}", end - Duration::from_secs(60));
    while world.request("GET", &path).bearer(&token).send().await.expect(200).json()["items"][0].is_null() {
        tokio::task::yield_now().await;
    }
}

pub(crate) fn asked(above: f64) -> Value {
    let mut tried = rule();
    tried["detector"]["threshold"]["above"] = json!(above);
    json!({"rule": tried, "from": "2026-03-01T00:00:00Z", "to": "2026-03-03T00:00:00Z"})
}

/// Three days ago, at midnight.
pub(crate) fn lately() -> Timestamp {
    let now = SystemClock.now();
    Timestamp(now.0 - now.0.rem_euclid(86_400_000_000)) - Duration::from_secs(3 * 86_400)
}

/// The same of the days up to now, and one more.
pub(crate) fn asked_lately(above: f64) -> Value {
    let mut body = asked(above);
    body["from"] = json!(lately().to_string());
    body["to"] = json!((lately() + Duration::from_secs(5 * 86_400)).to_string());
    body
}

pub(crate) async fn back_test(world: &World, token: &str, body: Value) -> Value {
    world.request("POST", "/api/v1/rules/back-test").bearer(token).json(body).send().await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_tried_on_the_past() {
    let world = world().await;
    let token = world.with_rule().await;
    two_days(&world).await;
    let report = back_test(&world, &token, asked(85.0)).await;
    assert_eq!((&report["alarms"], &report["per_day"]), (&json!(2), &json!(1.0)), "{report}");
    assert_eq!(report["observations"], 2 * 2 * 1440);
    assert_eq!(report["keys"], json!([{"key": "a", "alarms": 2}]));
    let buckets = report["buckets"].as_array().unwrap();
    let hits: Vec<_> = buckets.iter().filter(|b| b["alarms"] != 0).map(|b| b["start"].clone()).collect();
    assert_eq!((buckets.len(), hits), (48, vec![json!("2026-03-01T12:00:00Z"), json!("2026-03-02T12:00:00Z")]));
    assert_eq!(report["places"][0]["place"], json!([7.42, 43.73]));
    assert_eq!((&report["hours"][12], &report["data_s"]), (&json!(2), &json!(172_800.0)));
    let typical = &report["typical"][0];
    assert_eq!((&typical["stage"], &typical["reason"]), (&json!("shadow"), &json!("90 ug/m3 above 85")));
    assert_eq!(report["stopped"], Value::Null);
    // Nothing of it reached the city.
    let alarms = world.request("GET", "/api/v1/alarms?stage=shadow").bearer(&token).send().await.expect(200).json();
    assert_eq!(alarms["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn patience_is_bounded() {
    let world = world().await;
    let token = world.with_rule().await;
    let patient = |seconds: u64| {
        let mut body = asked(85.0);
        body["patience_s"] = json!(seconds);
        world.request("POST", "/api/v1/rules/back-test").bearer(&token).json(body)
    };
    for (seconds, status) in [(0, 422), (1, 200), (600, 200), (601, 422)] {
        let answer = patient(seconds).send().await.expect(status).json();
        assert!(status == 200 || answer["errors"][0]["path"] == "patience_s", "{answer}");
    }
}

/// Asset b stands above all that a has but at noon: most readings say nothing of a limit between those of a.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_suggested_where_assets_differ() {
    let world = world().await;
    let token = world.with_rule().await;
    two_days(&world).await;
    let near = async |above: f64, wanted: f64| {
        let mut body = asked(above);
        body["wanted_per_day"] = json!(wanted);
        let suggestion = back_test(&world, &token, body).await["suggestion"].clone();
        (suggestion["value"].as_f64().unwrap(), suggestion["per_day"].as_f64().unwrap())
    };
    // From 20 to 25 and back within each hour.
    let (value, per_day) = near(85.0, 24.0).await;
    assert!((20.0..25.0).contains(&value) && (22.0..=26.0).contains(&per_day), "{value} {per_day}");
    // Nothing gives what the limit as it is gives but itself and its like.
    let (_, per_day) = near(24.5, per_day).await;
    assert!((22.0..=26.0).contains(&per_day), "{per_day}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_suggested() {
    let world = world().await;
    let token = world.with_rule().await;
    two_days(&world).await;
    let mut body = asked(1.0);
    body["wanted_per_day"] = json!(1.0);
    let suggestion = back_test(&world, &token, body.clone()).await["suggestion"].clone();
    assert_eq!((&suggestion["field"], &suggestion["per_day"]), (&json!("detector.threshold.above"), &json!(1.0)));
    body["rule"]["detector"]["threshold"]["above"] = suggestion["value"].clone();
    assert_eq!(back_test(&world, &token, body).await["per_day"], 1.0, "the limit gives what it promises");
}

#[tokio::test(flavor = "multi_thread")]
async fn rates_are_those_of_the_time_that_has_readings() {
    let world = world().await;
    let token = world.with_rule().await;
    two_days(&world).await;
    // The same two days, asked for as a week and as three months: an hour's bars have room in both.
    for (to, buckets) in [("2026-03-08T00:00:00Z", 7 * 24), ("2026-06-01T00:00:00Z", 92 * 24)] {
        let mut body = asked(85.0);
        body["to"] = json!(to);
        let report = back_test(&world, &token, body).await;
        // The last reading is of 23:59.
        assert_eq!((&report["data_s"], &report["bucket_s"]), (&json!(172_740.0), &json!(3_600)), "{to}");
        assert!((report["per_day"].as_f64().unwrap() - 1.0).abs() < 0.001, "{}", report["per_day"]);
        let with_readings = report["buckets"].as_array().unwrap().iter().filter(|b| b["data_s"] != 0).count();
        assert_eq!((report["buckets"].as_array().unwrap().len(), with_readings), (buckets, 48), "{to}");
    }
    // An hour, alone or as the only one of a day that has readings, tells nothing of a day.
    let mut hour = asked(85.0);
    (hour["to"], hour["wanted_per_day"]) = (json!("2026-03-01T13:00:00Z"), json!(3.0));
    let report = back_test(&world, &token, hour).await;
    assert_eq!((&report["alarms"], &report["data_s"]), (&json!(1), &json!(46_800.0)));
    assert_eq!((&report["per_day"], &report["suggestion"]), (&Value::Null, &Value::Null));
    assert_eq!(report["no_suggestion"], "too_little_data");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_a_condition_is_suggested_and_what_has_none_says_why() {
    let world = world().await;
    let token = world.with_rule().await;
    two_days(&world).await;
    let mut body = asked(1.0);
    body["wanted_per_day"] = json!(1.0);
    body["rule"]["detector"] =
        json!({"condition": {"expression": "asset.id == 'a' && value > 20 && window('1h').count >= 1"}});
    let report = back_test(&world, &token, body.clone()).await;
    let suggestion = report["suggestion"].clone();
    assert_eq!(suggestion["field"], "detector.condition.expression", "{report}");
    assert_eq!((&suggestion["per_day"], &report["no_suggestion"]), (&json!(1.0), &Value::Null));
    body["rule"]["detector"]["condition"]["expression"] = suggestion["expression"].clone();
    assert_eq!(back_test(&world, &token, body.clone()).await["per_day"], 1.0, "the limit gives what it promises");
    for (detector, why) in [
        (json!({"condition": {"expression": "value == 20 && time.hour > 6"}}), "no_number"),
        (json!({"out_of_range": {}}), "yes_or_no"),
    ] {
        body["rule"]["detector"] = detector;
        let report = back_test(&world, &token, body.clone()).await;
        assert_eq!((&report["suggestion"], &report["no_suggestion"]), (&Value::Null, &json!(why)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_tried_says_why() {
    let world = world().await;
    let token = world.with_rule().await;
    let send = async |body: Value| {
        world.request("POST", "/api/v1/rules/back-test").bearer(&token).json(body).send().await.expect(422).json()
    };
    let mut wrong = asked(3.0);
    wrong["rule"]["when"] = json!("value >");
    assert_eq!(send(wrong).await["errors"][0]["path"], "rule.when");
    let mut wrong = asked(3.0);
    wrong["to"] = wrong["from"].clone();
    assert_eq!(send(wrong).await["errors"][0]["path"], "to");
    let mut wrong = asked(3.0);
    wrong["wanted_per_day"] = json!(-1);
    assert_eq!(send(wrong).await["errors"][0]["path"], "wanted_per_day");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_of_a_rule_are_kept() {
    let world = world().await;
    let token = world.with_rule().await;
    let mut second = rule();
    (second["reason"], second["stage"]) = (json!("too many at noon"), json!("shadow"));
    second["detector"]["threshold"]["above"] = json!(90.0);
    let put = world.request("PUT", "/api/v1/rules/high").bearer(&token).header("if-match", "\"1\"");
    put.json(second).send().await.expect(200);
    let mut silent = rule();
    silent["reason"] = json!(" ");
    let put = world.request("PUT", "/api/v1/rules/high").bearer(&token).header("if-match", "\"2\"");
    let refused = put.json(silent).send().await.expect(422).json();
    assert_eq!(refused["errors"][0]["path"], "reason", "{refused}");
    let path = "/api/v1/rules/high/versions";
    let list = world.request("GET", path).bearer(&token).send().await.expect(200).json();
    let versions: Vec<_> = list["items"].as_array().unwrap().iter().map(|v| v["version"].clone()).collect();
    assert_eq!(versions, [json!(2), json!(1)]);
    assert_eq!(list["items"][0]["rule"]["reason"], "too many at noon");
    let first = world.request("GET", &format!("{path}/1")).bearer(&token).send().await.expect(200).json();
    assert_eq!(first["rule"]["detector"]["threshold"]["above"], 75.0);
    world.request("GET", &format!("{path}/3")).bearer(&token).send().await.expect(404);
    world.request("GET", &format!("{path}/x")).bearer(&token).send().await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_makes_or_deletes_a_rule_says_why_and_both_stand_in_its_versions() {
    let world = world().await;
    let token = world.with_rule().await;
    let mut unsaid = rule();
    (unsaid["id"], unsaid["reason"]) = (json!("other"), json!(""));
    let put = world.request("PUT", "/api/v1/rules/other?untried=x").bearer(&token).json(unsaid);
    let refused = put.send().await.expect(422).json();
    assert_eq!(refused["detail"], "reason: expected why this version is made, found nothing");
    let delete = async |query: &str, status| {
        let path = format!("/api/v1/rules/high{query}");
        world.request("DELETE", &path).bearer(&token).header("if-match", "\"1\"").send().await.expect(status)
    };
    for query in ["", "?reason=", "?reason=%20"] {
        assert_eq!(delete(query, 422).await.json()["errors"][0]["path"], "reason", "{query}");
    }
    assert_eq!(delete("?because=noise", 400).await.json()["errors"][0]["path"], "because");
    delete("?reason=too%20many%20at%20noon", 204).await;
    let versions = async || {
        let path = "/api/v1/rules/high/versions";
        let list = world.request("GET", path).bearer(&token).send().await.expect(200).json();
        let said = |v: &Value| json!([v["version"], v["rule"]["reason"], v["deleted"]]);
        list["items"].as_array().unwrap().iter().map(said).collect::<Vec<_>>()
    };
    let made = json!([1, "as measured", false]);
    let deleted = json!([2, "too many at noon", true]);
    assert_eq!(versions().await, [deleted.clone(), made.clone()]);
    let last = world.request("GET", "/api/v1/rules/high/versions/2").bearer(&token).send().await.expect(200).json();
    let person = world.request("GET", "/api/v1/session").bearer(&token).send().await.expect(200).json();
    assert_eq!(last["rule"]["author"], person["person"]["id"], "{last}");
    // Another rule of that id goes on behind it.
    world.request("PUT", LIVE_UNTRIED).bearer(&token).json(rule()).send().await.expect(201);
    assert_eq!(versions().await, [json!([3, "as measured", false]), deleted, made]);
}

#[tokio::test(flavor = "multi_thread")]
async fn alarms_of_a_rule_in_shadow_are_shown_to_who_asks() {
    let world = world().await;
    let token = world.with_rule().await;
    let mut shadow = rule();
    shadow["stage"] = json!("shadow");
    let put = async || {
        let put = world.request("PUT", "/api/v1/rules/high").bearer(&token).header("if-match", "*");
        put.json(shadow.clone()).send().await.expect(200);
    };
    put().await;
    let source = world.token(Role::Source);
    let post = world.request("POST", "/api/v1/observations").bearer(&source);
    post.body("application/x-ndjson", "{\"kind\":\"air.pm25\",\"value\":80,\"asset\":\"a\"}\n")
        .send()
        .await
        .expect(202);
    while world.platform.status().engine.open_alarms == 0 {
        tokio::task::yield_now().await;
    }
    // A command comes back once all before it is applied.
    put().await;
    for (path, expected) in [
        ("/api/v1/alarms", 0),
        ("/api/v1/alarms?state=active", 0),
        ("/api/v1/alarms?stage=shadow", 1),
        ("/api/v1/alarms?stage=shadow,live", 1),
        ("/api/v1/incidents", 0),
    ] {
        let list = world.request("GET", path).bearer(&token).send().await.expect(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), expected, "{path}");
    }
    // Nor do they count as those of the present rules in the back-test of another.
    let body = asked_lately(85.0);
    let report = back_test(&world, &token, body).await;
    assert!(report["buckets"].as_array().unwrap().iter().all(|bucket| bucket["present"] == 0));
    let picture = world.request("GET", "/api/v1/picture").bearer(&token).send().await.expect(200).json();
    assert_eq!(picture["alarms"], json!([]));
}
