//! What is near an incident: in the circle and the window, the nearest or newest first, and said where it is not all.

use std::fmt::Write as _;

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::incidents::raise;
use crate::world::{World, world};

async fn near(world: &World, token: &str, incident: &Value, query: &str) -> Value {
    let path = format!("/api/v1/incidents/{}/nearby?{query}", incident["id"].as_str().unwrap());
    world.request("GET", &path).bearer(token).send().await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_asset_is_told_by_its_newest_reading_the_nearest_first() {
    let world = world().await;
    let (token, incident) = raise(&world).await;
    let now = incident["opened"].as_str().unwrap();
    let source = world.token(Role::Source);
    // At 24.9 the incident; 0.001 degrees of longitude are 55 m there.
    for (asset, lon, value) in
        [("far", 24.904, 1), ("b", 24.902, 2), ("a", 24.901, 3), ("a", 24.901, 4), ("off", 24.92, 5)]
    {
        let reading = json!({"kind": "air.pm25", "asset": asset, "value": value, "time": now,
                             "place": {"type": "Point", "coordinates": [lon, 60.1]}});
        world.request("POST", "/api/v1/observations").bearer(&source).json(reading).send().await.expect(202);
    }
    let told = |found: &Value| -> Vec<(String, u64)> {
        let readings = found["readings"].as_array().unwrap().iter();
        let of_others = readings.filter(|line| line["newest"]["asset"] != "s1");
        of_others.map(|l| (l["newest"]["asset"].as_str().unwrap().to_owned(), l["count"].as_u64().unwrap())).collect()
    };
    let expected = [("a".to_owned(), 2), ("b".to_owned(), 1), ("far".to_owned(), 1)];
    let mut found = near(&world, &token, &incident, "radius_m=500").await;
    while told(&found) != expected {
        found = near(&world, &token, &incident, "radius_m=500").await;
    }
    assert_eq!(found["more"], json!([]));
    assert_eq!(told(&near(&world, &token, &incident, "radius_m=150").await), expected[..2]);
    // For who looks at a moment before it all there is nothing.
    let past = near(&world, &token, &incident, "radius_m=500&at=2026-01-01T00:00:00Z").await;
    assert_eq!((&past["readings"], &past["alarms"]), (&json!([]), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_side_has_its_own_alarms_near() {
    let world = world().await;
    world.platform.run_errands(vigiles_runtime::carrier::Carriers::new());
    let (token, actual) = raise(&world).await;
    let mut events =
        world.request("GET", "/api/v1/events?events=incident&reality=exercise").bearer(&token).stream().await.1;
    events.next("hello").await;
    // The same reading at the same asset, played.
    let scenario = json!({"id": "smog", "name": "Smog", "timeline": [
        {"after_s": 0.0, "reading": {"kind": "air.pm25", "asset": "s1", "value": {"Number": 90.0}}}]});
    let start = world.request("POST", "/api/v1/exercises").bearer(&token).json(json!({"scenario": scenario}));
    start.send().await.expect(201);
    let played = events.next("incident").await.1;
    let check = async |incident: &Value, query: &str, expected: &[&str]| {
        let found = near(&world, &token, incident, query).await;
        let mut told: Vec<_> =
            found["alarms"].as_array().unwrap().iter().map(|a| a["reality"].as_str().unwrap()).collect();
        told.sort_unstable();
        assert_eq!(told, expected, "{found}");
    };
    check(&actual, "radius_m=500", &["actual"]).await;
    check(&played, "radius_m=500", &["actual", "exercise"]).await;
    check(&played, "radius_m=500&at=2026-01-01T00:00:00Z", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_is_told_is_said_and_what_is_told_is_the_nearest() {
    let world = world().await;
    let (token, incident) = raise(&world).await;
    let mut lines = String::new();
    // Sources on a line away from the incident, 0.55 m from one to the next.
    for i in 0..250 {
        let place = json!({"type": "Point", "coordinates": [24.9 + f64::from(i) * 1e-5, 60.1]});
        let time = &incident["opened"];
        writeln!(
            lines,
            "{}",
            json!({"kind": "air.pm25", "asset": format!("n{i:03}"), "value": 5, "time": time, "place": place})
        )
        .unwrap();
    }
    let source = world.token(Role::Source);
    let post = world.request("POST", "/api/v1/observations").bearer(&source);
    post.body("application/x-ndjson", lines).send().await.expect(202);
    let mut found = near(&world, &token, &incident, "radius_m=500").await;
    while found["more"] != json!(["readings"]) {
        found = near(&world, &token, &incident, "radius_m=500").await;
    }
    let readings = found["readings"].as_array().unwrap();
    assert_eq!(readings.len(), 200);
    let told = readings.iter().map(|line| line["newest"]["asset"].as_str().unwrap()).filter(|asset| *asset != "s1");
    assert!(told.clone().count() >= 199 && told.clone().all(|asset| asset < "n200"), "{:?}", told.collect::<Vec<_>>());
    let found = near(&world, &token, &incident, "radius_m=50").await;
    assert_eq!(found["more"], json!([]));
}
