//! Every route of the document, as nobody, as each role, and as another agency, against a golden table.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::client::Answer;
use crate::world::{World, kind, world};

/// What a caller sees of a route: `-` not signed in, `x` refused, `+` let through (whatever comes of it).
fn word(status: u16) -> char {
    match status {
        401 => '-',
        403 => 'x',
        500.. => '!',
        _ => '+',
    }
}

async fn call(world: &World, method: &str, path: &str, token: Option<&str>) -> Answer {
    let path =
        path.split('/').map(|part| if part.starts_with('{') { "none" } else { part }).collect::<Vec<_>>().join("/");
    let mut request = world.request(method, &path);
    if let Some(token) = token {
        request = request.bearer(token);
    }
    if matches!(method, "POST" | "PUT" | "PATCH") {
        request = request.json(json!({}));
    }
    request.stream().await.0
}

async fn table(world: &World) -> String {
    let callers: Vec<Option<String>> =
        std::iter::once(None).chain(Role::ALL.into_iter().map(|role| Some(world.token(role)))).collect();
    let names = std::iter::once("nobody").chain(Role::ALL.into_iter().map(Role::as_str)).collect::<Vec<_>>().join(" ");
    let mut text = format!("# Columns: {names}\n# - not signed in, x refused, + let through\n");
    let document: Value = serde_json::from_str(&vigiles_api::openapi()).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            let mut row = String::new();
            for caller in &callers {
                row.push(word(call(world, &method, path, caller.as_deref()).await.status));
            }
            writeln!(text, "{row} {method} {path}").unwrap();
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_for_every_role() {
    let world = world().await;
    let found = table(&world).await;
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/access.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&golden, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(found, expected, "access changed; look at each line, then run with BLESS=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_agency_changes_nothing() {
    let world = world().await;
    let (own, other) = (world.token(Role::Supervisor), world.token_of(Role::Supervisor, "fire"));
    world.request("PUT", "/api/v1/kinds/air.pm25").bearer(&own).json(kind()).send().await.expect(201);
    let asset = |agency: &str| {
        json!({"id": "a1", "name": "A", "class": "air_station", "agency": agency,
               "place": {"type": "Point", "coordinates": [24.9, 60.1]}})
    };
    let put = |token: &str, agency: &str| world.request("PUT", "/api/v1/assets/a1").bearer(token).json(asset(agency));
    put(&other, "city").send().await.expect(403);
    put(&own, "city").send().await.expect(201);
    put(&other, "fire").header("if-match", "\"1\"").send().await.expect(403);
    let delete = |token: &str| world.request("DELETE", "/api/v1/assets/a1").bearer(token).header("if-match", "\"1\"");
    delete(&other).send().await.expect(403);
    world.request("GET", "/api/v1/assets/a1").bearer(&other).send().await.expect(200);
    delete(&own).send().await.expect(204);

    let open = json!({"title": "T", "incident_type": "test", "priority": "p3", "severity": "minor"});
    let incident = world.request("POST", "/api/v1/incidents").bearer(&own).json(open).send().await.expect(201).json();
    let path = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
    world.request("GET", &path).bearer(&other).send().await.expect(200);
    let note = |token: &str| world.request("POST", &format!("{path}/notes")).bearer(token).json(json!({"text": "n"}));
    note(&other).send().await.expect(403);
    note(&own).send().await.expect(200);

    // A relation needs one side that is one's own, a merge the one that ends.
    let open = json!({"title": "F", "incident_type": "test", "priority": "p3", "severity": "minor"});
    let theirs = world.request("POST", "/api/v1/incidents").bearer(&other).json(open).send().await.expect(201).json();
    let third = world.token_of(Role::Supervisor, "police");
    let link = |token: &str, verb: &str, field: &str| {
        let body = json!({field: theirs["id"], "relation": "linked", "reason": "one event"});
        let body = if verb == "link" { body } else { json!({field: theirs["id"], "reason": "two events"}) };
        world.request("POST", &format!("{path}/{verb}")).bearer(token).json(body)
    };
    for (verb, field) in [("link", "to"), ("unlink", "from")] {
        link(&third, verb, field).send().await.expect(403);
        link(&own, verb, field).send().await.expect(200);
    }
    link(&other, "link", "to").send().await.expect(200);
    let merge = world.request("POST", &format!("{path}/merge")).bearer(&own).json(json!({"from": theirs["id"]}));
    merge.send().await.expect(403);
}
