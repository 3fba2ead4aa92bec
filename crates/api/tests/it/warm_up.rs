//! A rule tried on the past is shown what came before the span.

use std::fmt::Write as _;

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::trial::{asked, back_test};
use crate::world::{World, world};

/// Four days, a reading each ten minutes that hardly varies; half an hour after the last midnight one that stands out.
async fn four_days(world: &World) {
    let source = world.token(Role::Source);
    let mut lines = String::new();
    for n in 0..4 * 144 {
        let (day, hour, minute) = (n / 144, n / 6 % 24, n % 6 * 10);
        let value = if (day, hour, minute) == (3, 0, 30) { 90 } else { 20 + n % 5 };
        let time = format!("2026-03-0{}T{hour:02}:{minute:02}:00Z", day + 1);
        writeln!(lines, "{}", json!({"kind": "air.pm25", "asset": "a", "time": time, "value": value})).unwrap();
    }
    let post = world.request("POST", "/api/v1/observations").bearer(&source);
    post.body("application/x-ndjson", lines).send().await.expect(202);
    let token = world.token(Role::Analyst);
    let path = "/api/v1/observations?asset=a&limit=1&from=2026-03-04T23:50:00Z&to=2026-03-05T00:00:00Z";
    while world.request("GET", path).bearer(&token).send().await.expect(200).json()["items"][0].is_null() {
        tokio::task::yield_now().await;
    }
}

fn learns(detector: Value, from: &str) -> Value {
    let mut body = asked(0.0);
    body["rule"]["detector"] = detector;
    (body["from"], body["to"]) = (json!(from), json!("2026-03-05T00:00:00Z"));
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_hours_of_a_span_are_judged_by_what_came_before() {
    let world = world().await;
    let token = world.with_rule().await;
    four_days(&world).await;
    let baseline = json!({"baseline": {"season": "day"}});
    let mut body = learns(baseline.clone(), "2026-03-04T00:00:00Z");
    body["wanted_per_day"] = json!(0.0);
    let report = back_test(&world, &token, body).await;
    let hits = report["buckets"].as_array().unwrap().iter().filter(|bucket| bucket["alarms"] != 0);
    let hits: Vec<&Value> = hits.map(|bucket| &bucket["start"]).collect();
    assert_eq!(hits, [&json!("2026-03-04T00:00:00Z")], "{report}");
    // Ten readings of each hour come in two days, and there is a day more for those that fail to come.
    let expected = json!({"from": "2026-03-01T00:00:00Z", "to": "2026-03-04T00:00:00Z", "observations": 3 * 144});
    assert_eq!(report["warm_up"], expected);
    assert_eq!((&report["observations"], &report["learning"]), (&json!(144), &json!(0)));
    assert_eq!((&report["alarms"], &report["data_s"]), (&json!(1), &json!(86_400.0)));
    assert_eq!(report["kept"]["observations"], 144);
    // The variants of a suggestion are warmed up too: cold, none of them would have an alarm.
    let per_day = |sigmas: f64| {
        let detector = json!({"baseline": {"season": "day", "sigmas": sigmas}});
        let body = learns(detector, "2026-03-04T00:00:00Z");
        async { back_test(&world, &token, body).await["per_day"].clone() }
    };
    let suggestion = &report["suggestion"];
    assert_eq!(suggestion["field"], "detector.baseline.sigmas");
    assert_eq!(per_day(suggestion["value"].as_f64().unwrap()).await, suggestion["per_day"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_that_stands_when_the_span_begins_goes_on_and_is_no_new_one() {
    let world = world().await;
    let token = world.with_rule().await;
    four_days(&world).await;
    let tried = |detector: Value, from: &str| {
        let body = learns(detector, from);
        async { back_test(&world, &token, body).await }
    };
    // Twenty stands at a full hour, and is above the limit for good: live the alarm is of long ago.
    let report = tried(json!({"threshold": {"above": 10}}), "2026-03-04T00:00:00Z").await;
    assert_eq!((&report["standing"], &report["alarms"]), (&json!(1), &json!(0)), "{report}");
    // From a day before the span on, as long as it is.
    let expected = json!({"from": "2026-03-03T00:00:00Z", "to": "2026-03-04T00:00:00Z", "observations": 144});
    assert_eq!(report["warm_up"], expected);
    // Where history begins with the span nothing stood before it.
    let report = tried(json!({"threshold": {"above": 10}}), "2026-03-01T00:00:00Z").await;
    assert_eq!((&report["standing"], &report["alarms"]), (&json!(0), &json!(1)), "{report}");
    assert_eq!(report["warm_up"], Value::Null);
    // Half an hour after midnight a window of six hours still has what came before it.
    let windowed = json!({"condition": {"expression": "window(\"6h\").count >= 36"}});
    let report = tried(windowed, "2026-03-04T12:00:00Z").await;
    assert_eq!((&report["standing"], &report["alarms"]), (&json!(1), &json!(0)), "{report}");
    assert_eq!(report["warm_up"]["from"], "2026-03-03T18:00:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_nothing_before_it_is_not_warmed_up() {
    let world = world().await;
    let token = world.with_rule().await;
    four_days(&world).await;
    // The whole of what history has: two days of it serve to learn ten readings of each hour.
    let body = learns(json!({"baseline": {"season": "day"}}), "2026-03-01T00:00:00Z");
    let report = back_test(&world, &token, body).await;
    assert_eq!((&report["warm_up"], &report["learning"]), (&Value::Null, &json!(240)), "{report}");
    // Half a day before the span: of its first hours four readings each are missing.
    let body = learns(json!({"baseline": {"season": "day"}}), "2026-03-01T12:00:00Z");
    let report = back_test(&world, &token, body).await;
    assert_eq!((&report["warm_up"]["observations"], &report["learning"]), (&json!(72), &json!(168)), "{report}");
}
