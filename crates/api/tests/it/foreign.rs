//! Deliveries in foreign forms: by the mapping of the token's source, and as CloudEvents with data of other JSON types.

use serde_json::{Value, json};
use vigiles_model::{AgencyId, SourceId};
use vigiles_runtime::directory::NewToken;
use vigiles_trust::Role;

use crate::world::{SYSTEM, World, world};

fn token_of_source(world: &World, source: &str) -> String {
    let new = NewToken {
        name: source.to_owned(),
        role: Role::Source,
        agency: Some(AgencyId::new("city").unwrap()),
        source: Some(SourceId::new(source).unwrap()),
        expires: None,
    };
    world.platform.directory().add_token(&SYSTEM, new, world.platform.now()).unwrap().1
}

async fn set_source(world: &World, source: Value) {
    let path = format!("/api/v1/sources/{}", source["id"].as_str().unwrap());
    world.request("PUT", &path).bearer(&world.token(Role::Integrator)).json(source).send().await.expect(201);
}

async fn check(world: &World, source: &str, content_type: &str, body: &str, expected: (u16, &str)) {
    let token = token_of_source(world, source);
    let post = world.request("POST", "/api/v1/observations").bearer(&token).body(content_type, body);
    let answer = post.send().await;
    let (status, found) = (answer.status, answer.json());
    let told = if status == 202 {
        found["accepted"].to_string()
    } else {
        found["errors"][0]["path"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!((status, told.as_str()), expected, "{source} {content_type} {body}: {found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_of_the_http_door_is_read_by_its_mapping() {
    let world = world().await;
    let reader = world.with_rule().await;
    let readings = json!([{"kind": "air.pm25", "value": "/pm"}]);
    let mapping = json!({"format": "json", "asset": "st-{/id}", "observations": readings});
    set_source(&world, json!({"id": "stations", "name": "Stations", "door": "http", "mapping": mapping})).await;
    let columns = json!([{"kind": "air.pm25", "value": "pm"}]);
    let csv = json!({"format": "csv", "asset": "csv-{id}", "observations": columns});
    set_source(&world, json!({"id": "tables", "name": "Tables", "door": "http", "mapping": csv})).await;
    let by_mqtt = json!({"format": "json", "asset": "st-{/id}", "observations": readings});
    set_source(&world, json!({"id": "topics", "name": "Topics", "door": "mqtt", "topic": "t/#", "mapping": by_mqtt}))
        .await;

    check(&world, "stations", "application/json", r#"{"id": 7, "pm": 3.5}"#, (202, "1")).await;
    check(&world, "stations", "application/json", r#"{"id": 7, "pm": "high"}"#, (422, "[0]./pm")).await;
    let own = r#"{"kind": "air.pm25", "value": 4, "asset": "own"}"#;
    check(&world, "stations", "application/x-ndjson", own, (202, "1")).await;
    check(&world, "tables", "text/csv", "id,pm\n1,5.5\n2,6.5\n", (202, "2")).await;
    check(&world, "topics", "application/json", r#"{"id": 7, "pm": 3.5}"#, (422, "[0].body")).await;
    check(&world, "nobody", "text/csv", "id,pm\n1,5.5\n", (415, "Content-Type")).await;

    let found =
        world.request("GET", "/api/v1/observations?kind=air.pm25").bearer(&reader).send().await.expect(200).json();
    let mut assets: Vec<_> = found["items"].as_array().unwrap().iter().map(|o| o["asset"].as_str().unwrap()).collect();
    assets.sort_unstable();
    assert_eq!(assets, ["csv-1", "csv-2", "own", "st-7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_counted_at_the_door_and_at_its_source() {
    let world = world().await;
    let reader = world.with_rule().await;
    let integrator = world.token(Role::Integrator);
    set_source(&world, json!({"id": "feed", "name": "Feed", "door": "http"})).await;
    check(&world, "feed", "application/json", "{", (400, "body")).await;
    check(&world, "feed", "application/json", r#"{"kind": "air.pm25", "value": NaN}"#, (400, "value")).await;
    check(&world, "feed", "application/json", r#"{"kind": "air.pm25", "value": 1}"#, (202, "1")).await;
    let system = world.request("GET", "/api/v1/system").bearer(&reader).send().await.expect(200).json();
    let http = &system["doors"][0];
    assert_eq!((&http["name"], &http["accepted"], &http["rejected"]), (&json!("http"), &json!(1), &json!(2)), "{http}");
    let source = world.request("GET", "/api/v1/sources/feed").bearer(&integrator).send().await.expect(200).json();
    assert_eq!(source["health"]["rejected"], 2, "{source}");
    let metrics = String::from_utf8(world.request("GET", "/metrics").bearer(&reader).send().await.body).unwrap();
    let counted = r#"vigiles_door_total{door="http",what="rejected"} 2"#;
    assert!(metrics.lines().any(|line| line == counted), "{metrics}");
    assert!(metrics.lines().any(|line| line == "vigiles_observations_rejected_total 2"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binary_cloud_event_may_carry_any_json_type() {
    let world = world().await;
    world.with_rule().await;
    let source = world.token(Role::Source);
    for (content_type, expected) in [("application/json", 202), ("application/vnd.city+json", 202), ("image/png", 400)]
    {
        let post = world.request("POST", "/api/v1/observations").bearer(&source);
        let post = post.header("ce-specversion", "1.0").header("ce-id", content_type).header("ce-source", "/x");
        let post = post.header("ce-type", "air.pm25").header("ce-subject", "s3");
        let answer = post.body(content_type, r#"{"value": 2}"#).send().await;
        assert_eq!(answer.status, expected, "{content_type}: {}", String::from_utf8_lossy(&answer.body));
    }
}
