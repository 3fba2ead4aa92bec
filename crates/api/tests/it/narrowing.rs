//! Observations narrowed by place and by source.

use serde_json::json;
use vigiles_trust::Role;

use crate::delivery::wait_until_taken;
use crate::world::world;

#[tokio::test(flavor = "multi_thread")]
async fn a_box_and_sources_narrow_what_is_listed() {
    let world = world().await;
    let token = world.with_rule().await;
    let sender = world.token(Role::Source);
    let station = json!({"id": "station", "name": "S", "class": "air_station", "agency": "city",
                         "place": {"type": "Point", "coordinates": [24.91, 60.11]}});
    world.request("PUT", "/api/v1/assets/station").bearer(&token).json(station).send().await.expect(201);
    let seen = |asset: &str, source: &str, place: Option<[f64; 2]>| {
        let place = place.map(|coordinates| json!({"type": "Point", "coordinates": coordinates}));
        json!({"kind": "air.pm25", "value": 1, "asset": asset, "source": source, "place": place})
    };
    let all = json!([
        seen("inside", "east", Some([24.9, 60.1])),
        seen("on-the-edge", "east", Some([25.0, 60.1])),
        seen("outside", "west", Some([24.9, 60.31])),
        seen("elsewhere", "west", Some([-24.9, -60.1])),
        seen("nowhere", "west", None),
        // Its place is that of its asset.
        seen("station", "north", None),
    ]);
    let post = world.request("POST", "/api/v1/observations").bearer(&sender).json(all).send().await.expect(202);
    assert_eq!(post.json()["accepted"], 6);
    wait_until_taken(&world).await;

    for (query, expected) in [
        ("", &["elsewhere", "inside", "nowhere", "on-the-edge", "outside", "station"][..]),
        ("bbox=24.8,60.0,25.0,60.3", &["inside", "on-the-edge", "station"]),
        ("bbox=-25,-61,-24,-60", &["elsewhere"]),
        ("bbox=0,0,1,1", &[]),
        ("source=east", &["inside", "on-the-edge"]),
        ("source=east,north", &["inside", "on-the-edge", "station"]),
        ("source=unheard-of", &[]),
        ("bbox=24.8,60.0,25.0,60.3&source=north,west", &["station"]),
    ] {
        let path = format!("/api/v1/observations?{query}");
        let page = world.request("GET", &path).bearer(&token).send().await.expect(200).json();
        let items = page["items"].as_array().unwrap();
        let mut found: Vec<_> = items.iter().map(|item| item["asset"].as_str().unwrap()).collect();
        found.sort_unstable();
        assert_eq!((&found[..], page["next"].is_null()), (expected, true), "{query}");
    }
}
