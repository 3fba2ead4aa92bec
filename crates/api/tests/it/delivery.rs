//! Deliveries of observations, good and bad.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use vigiles_api::Settings;
use vigiles_trust::Role;

use crate::world::{World, world, world_with};

const NDJSON: &str = "application/x-ndjson";

#[tokio::test(flavor = "multi_thread")]
async fn observations_come_in_and_are_found() {
    let world = world().await;
    let reader = world.with_rule().await;
    let source = world.token(Role::Source);
    let post = || world.request("POST", "/api/v1/observations").bearer(&source);
    let lines = r#"{"kind":"air.pm25","value":12.5,"asset":"s1","time":"2026-01-01T00:00:00Z"}
{"kind":"air.pm25","value":0.02,"unit":"mg/m3","asset":"s2","time":"2026-01-01T00:00:01Z"}
{"kind":"air.none","value":1}
not json
"#;
    let receipt = post().body(NDJSON, lines).send().await.expect(202).json();
    assert_eq!((&receipt["accepted"], &receipt["refused"]), (&json!(2), &json!(2)), "{receipt}");
    assert_eq!(receipt["rejected"][0]["index"], 2);
    assert_eq!(receipt["rejected"][0]["path"], "kind");
    let again = post().body(NDJSON, lines).send().await.expect(202).json();
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(2)));

    let event = json!({"specversion": "1.0", "id": "1", "source": "/x", "type": "air.pm25", "subject": "s3",
                       "time": "2026-01-01T00:00:02Z", "data": {"value": 3}});
    post().body("application/cloudevents+json", event.to_string()).send().await.expect(202);
    let batch = json!([event]).to_string();
    let repeated = post().body("application/cloudevents-batch+json", batch).send().await.expect(202).json();
    assert_eq!(repeated["duplicates"], 1);
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(br#"{"value":4}"#).unwrap();
    let binary = post().header("ce-specversion", "1.0").header("ce-id", "2").header("ce-source", "/x");
    let binary = binary.header("ce-type", "air.pm25").header("ce-subject", "s3").header("content-encoding", "gzip");
    binary.body("application/json", packer.finish().unwrap()).send().await.expect(202);

    wait_until_taken(&world).await;
    let path = "/api/v1/observations?kind=air.pm25&from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:10Z&limit=2";
    let page = world.request("GET", path).bearer(&reader).send().await.expect(200).json();
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    assert_eq!(page["items"][0]["asset"], "s3");
    let next = format!("{path}&cursor={}", page["next"].as_str().unwrap());
    let rest = world.request("GET", &next).bearer(&reader).send().await.expect(200).json();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (1, &json!(null)));
    let converted = page["items"][1]["value"].as_f64().unwrap();
    assert!((converted - 20.0).abs() < 1e-9, "0.02 mg/m3 is stored as 20 ug/m3, not {converted}");
    let series = "/api/v1/series?asset=s1&kind=air.pm25&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";
    let series = world.request("GET", series).bearer(&reader).send().await.expect(200).json();
    assert_eq!(series["points"][0][1], 12.5, "{series}");
}

/// Waits until the engine, and with it history, has taken all that is durable.
pub(crate) async fn wait_until_taken(world: &World) {
    while world.platform.status().position < world.platform.status().log.end {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_deliveries_get_a_clear_answer() {
    let settings = Settings { max_delivery_bytes: 10_000, ..Settings::default() };
    let world = world_with(settings).await;
    world.with_rule().await;
    let source = world.token(Role::Source);
    let post = || world.request("POST", "/api/v1/observations").bearer(&source);
    post().body("application/json", "{").send().await.expect(400);
    post().body("application/json", "").send().await.expect(400);
    post().body("application/json", [0xff, 0xfe]).send().await.expect(400);
    post().body(NDJSON, "").send().await.expect(400);
    post().body("text/plain", "x").send().await.expect(415);
    post().body(NDJSON, "{}").header("content-encoding", "br").send().await.expect(415);
    post().body(NDJSON, vec![b' '; 10_001]).send().await.expect(413);
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&vec![b' '; 5_000_000]).unwrap();
    post().header("content-encoding", "gzip").body(NDJSON, packer.finish().unwrap()).send().await.expect(413);
    post().header("content-encoding", "gzip").body(NDJSON, "no gzip").send().await.expect(400);
    for (body, path) in [
        (json!({"kind": "air.none", "value": 1}), "[0].kind"),
        (json!({"kind": "air.pm25", "value": "high"}), "[0].value"),
        (json!({"kind": "air.pm25", "value": 1, "unit": "km"}), "[0].unit"),
        (json!({"kind": "air.pm25", "value": 1, "time": "2999-01-01T00:00:00Z"}), "[0].time"),
    ] {
        let answer = post().json(body).send().await.expect(422).json();
        assert_eq!(answer["errors"][0]["path"], path, "{answer}");
    }
}

/// Two deliveries, one after the other, where so many places are for all.
async fn check_places(places: usize, expected: u16) {
    let world = world_with(Settings { max_deliveries: places, ..Settings::default() }).await;
    world.with_rule().await;
    let source = world.token(Role::Source);
    for _ in 0..2 {
        let post = world.request("POST", "/api/v1/observations").bearer(&source);
        let answer = post.json(json!({"kind": "air.pm25", "value": 1})).send().await.expect(expected);
        if expected == 429 {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
            let problem = answer.json();
            assert!(problem["status"] == 429 && problem["mend"].is_string(), "{problem}");
        }
    }
    assert_eq!(world.platform.intake().counters.accepted.get(), if expected == 202 { 2 } else { 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_beyond_their_places_are_asked_to_come_again() {
    check_places(0, 429).await;
    // The place is free again once the first delivery is answered.
    check_places(1, 202).await;
}
