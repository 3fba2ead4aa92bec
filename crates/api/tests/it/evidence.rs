//! What an alarm rests on, and that it can be had.

use serde_json::json;
use vigiles_model::Duration;
use vigiles_trust::Role;

use crate::delivery::wait_until_taken;
use crate::world::{LIVE_UNTRIED, kind, rule, world};

#[tokio::test(flavor = "multi_thread")]
async fn the_readings_behind_an_alarm_are_found_by_its_basis() {
    let world = world().await;
    let token = world.token(Role::Supervisor);
    world.request("PUT", "/api/v1/kinds/air.pm25").bearer(&token).json(kind()).send().await.expect(201);
    let mut fast = rule();
    fast["alarm"]["severity"] = json!("unknown");
    fast["detector"] = json!({"condition": {"expression": "window(\"10m\").count == 4.0"}});
    world.request("PUT", LIVE_UNTRIED).bearer(&token).json(fast).send().await.expect(201);
    let mut events = world.request("GET", "/api/v1/events?events=alarm").bearer(&token).stream().await.1;
    events.next("hello").await;
    let source = world.token(Role::Source);
    let now = world.platform.now();
    // The first is too old for the window, the third of another asset.
    for (asset, ago_s) in [("s1", 1_000), ("s1", 300), ("s2", 300), ("s1", 200), ("s1", 100), ("s1", 0)] {
        let time = (now - Duration::from_secs(ago_s)).to_string();
        let reading = json!({"kind": "air.pm25", "value": ago_s % 7, "asset": asset, "time": time});
        world.request("POST", "/api/v1/observations").bearer(&source).json(reading).send().await.expect(202);
    }
    let (_, alarm) = events.next("alarm").await;
    let basis = &alarm["basis"];
    assert_eq!((&alarm["severity"], &alarm["support"]), (&json!("unknown"), &json!(1)), "{alarm}");
    assert_eq!((&basis["kinds"], &basis["assets"]), (&json!(["air.pm25"]), &json!(["s1"])), "{alarm}");
    assert_eq!((&basis["source"], &basis["zone"]), (&json!(null), &json!(null)), "{alarm}");
    wait_until_taken(&world).await;
    let from = basis["from"].as_str().unwrap();
    let path = format!("/api/v1/observations?kind=air.pm25&asset=s1&from={from}");
    let found = world.request("GET", &path).bearer(&token).send().await.expect(200).json();
    assert_eq!(found["items"].as_array().unwrap().len(), 4, "{found}");
    assert_eq!(basis["to"], alarm["causes"][0]["time"], "{alarm}");
}
