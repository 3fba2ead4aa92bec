//! Lists: a page is full whenever there are more that fit.

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::world::{World, rule, world};

/// Readings of one asset each; most are high by the first rule only, the last few by the second as well.
const READINGS: usize = 400;
/// Those high by the second rule.
const RARE: usize = 7;

async fn pages(world: &World, token: &str, path: &str, limit: usize) -> Vec<usize> {
    let (mut sizes, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("{path}&limit={limit}{cursor}");
        let page = world.request("GET", &path).bearer(token).send().await.expect(200).json();
        sizes.push(page["items"].as_array().unwrap().len());
        let Some(next) = page["next"].as_str() else { return sizes };
        cursor = format!("&cursor={next}");
    }
}

fn second_rule() -> Value {
    let mut second = rule();
    second["id"] = json!("very-high");
    second["detector"]["threshold"]["above"] = json!(200.0);
    second["detector"]["threshold"]["clear"] = json!(100.0);
    second["alarm"]["severity"] = json!("extreme");
    second["incident"]["priority"] = json!("p1");
    second["incident"]["incident_type"] = json!("rare");
    second
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_filtered_lists_are_full() {
    let world = world().await;
    let token = world.with_rule().await;
    world
        .request("PUT", "/api/v1/rules/very-high?untried=x")
        .bearer(&token)
        .json(second_rule())
        .send()
        .await
        .expect(201);
    let source = world.token(Role::Source);
    // The rare ones come first, so that a newest-first list has them at its end.
    let value = |i: usize| if i < RARE { 300 } else { 80 };
    let line = |i| format!("{{\"kind\":\"air.pm25\",\"value\":{},\"asset\":\"a{i}\"}}\n", value(i));
    let lines = (0..READINGS).map(line).collect::<Vec<_>>().concat();
    let post = world.request("POST", "/api/v1/observations").bearer(&source);
    post.body("application/x-ndjson", lines).send().await.expect(202);
    while world.platform.status().engine.open_alarms < (READINGS + RARE) as u64 {
        tokio::task::yield_now().await;
    }
    // A command comes back once all before it is applied.
    world
        .request("PUT", "/api/v1/rules/very-high?untried=x")
        .bearer(&token)
        .header("if-match", "*")
        .json(second_rule())
        .send()
        .await;
    for path in ["/api/v1/alarms?rule=very-high", "/api/v1/alarms?severity=extreme,minor"] {
        assert_eq!(pages(&world, &token, path, 5).await, [5, 2], "{path}");
    }
    let all = pages(&world, &token, "/api/v1/incidents?state=new", 1000).await;
    let rare = pages(&world, &token, "/api/v1/incidents?priority=p1", 1000).await;
    assert!(rare[0] > 0 && rare[0] < all[0], "{rare:?} of {all:?}");
    assert_eq!(pages(&world, &token, "/api/v1/incidents?type=rare", 1000).await, rare);
    assert_eq!(pages(&world, &token, "/api/v1/alarms?rule=none", 5).await, [0]);
}
