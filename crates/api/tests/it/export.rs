//! Exports: what the list gives, in one file, and who asked for it.

use serde_json::Value;
use vigiles_trust::Role;

use crate::audit::entries;
use crate::world::{World, world};

/// More than are read from history at a time.
const READINGS: usize = 4500;

async fn with_readings() -> World {
    let world = world().await;
    world.with_rule().await;
    let line = |i: usize| format!("{{\"kind\":\"air.pm25\",\"value\":{},\"asset\":\"a{}\"}}\n", i as f64 / 1e3, i % 2);
    let lines = (0..READINGS).map(line).collect::<Vec<_>>().concat();
    let post = world.request("POST", "/api/v1/observations").bearer(&world.token(Role::Source));
    post.body("application/x-ndjson", lines).send().await.expect(202);
    while listed(&world, "kind=air.pm25").await.len() < READINGS {
        tokio::task::yield_now().await;
    }
    world
}

/// The ids that the list gives, page by page.
async fn listed(world: &World, query: &str) -> Vec<String> {
    let token = world.token(Role::Analyst);
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/observations?{query}&limit=1000{cursor}");
        let page = world.request("GET", &path).bearer(&token).send().await.expect(200).json();
        ids.extend(page["items"].as_array().unwrap().iter().map(id));
        let Some(next) = page["next"].as_str() else { return ids };
        cursor = format!("&cursor={next}");
    }
}

fn id(item: &Value) -> String {
    item["id"].as_str().unwrap().to_owned()
}

/// Exports a query; expects the observations of the list, in its order.
async fn check(world: &World, query: &str) -> usize {
    let token = world.token(Role::Analyst);
    let path = format!("/api/v1/observations/export?format=ndjson&{query}");
    let answer = world.request("GET", &path).bearer(&token).send().await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"observations.ndjson\""));
    let text = String::from_utf8(answer.body).unwrap();
    let found: Vec<String> = text.lines().map(|line| id(&serde_json::from_str(line).unwrap())).collect();
    assert_eq!(found, listed(world, query).await);
    found.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_the_list_and_leaves_entries() {
    let world = with_readings().await;
    assert_eq!(check(&world, "kind=air.pm25").await, READINGS);
    assert_eq!(check(&world, "asset=a1").await, READINGS / 2);
    assert_eq!(check(&world, "asset=nobody").await, 0);
    assert_eq!(check(&world, "bbox=0,0,1,1").await, 0);
    let details: Vec<String> =
        entries(&world, "action=export").await.iter().map(|e| e["detail"].as_str().unwrap().to_owned()).collect();
    let expected = [
        "format=ndjson&kind=air.pm25",
        "4500 rows given as ndjson",
        "format=ndjson&asset=a1",
        "2250 rows given as ndjson",
    ];
    assert_eq!(details[..4], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_exported_is_said() {
    let world = world().await;
    let token = world.token(Role::Analyst);
    for (query, fault) in [
        ("", "format: one of csv, geojson, ndjson, parquet"),
        ("format=xls", "format: \"xls\" is none of csv, geojson, ndjson, parquet"),
        ("format=csv&from=soon", "from: "),
        ("format=csv&limit=5", "limit: "),
    ] {
        let path = format!("/api/v1/observations/export?{query}");
        let problem = world.request("GET", &path).bearer(&token).send().await.expect(400).json();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with(fault), "{query}: {detail}");
    }
    assert_eq!(entries(&world, "action=export").await.len(), 0);
}
