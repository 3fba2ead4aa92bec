//! What the audit log says of what was asked over HTTP.

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::world::{World, kind, world};

/// The entries that a query finds, oldest first.
pub(crate) async fn entries(world: &World, query: &str) -> Vec<Value> {
    let auditor = world.token(Role::Auditor);
    let path = format!("/api/v1/audit?limit=1000&{query}");
    let page = world.request("GET", &path).bearer(&auditor).send().await.expect(200).json();
    page["items"].as_array().unwrap().iter().rev().cloned().collect()
}

/// Compares `actor name: action resource: detail` of what a query finds.
async fn check(world: &World, query: &str, expected: &[&str]) {
    let word = |entry: &Value, field: &str| entry[field].as_str().unwrap_or("nobody").to_owned();
    let line = |e: &Value| {
        format!("{}: {} {}: {}", word(e, "actor_name"), word(e, "action"), word(e, "resource"), word(e, "detail"))
    };
    let found: Vec<String> = entries(world, query).await.iter().map(line).collect();
    let fits = found.len() == expected.len() && found.iter().zip(expected).all(|(f, e)| f.starts_with(e));
    assert!(fits, "{query}: {found:#?} is not {expected:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_asker_and_what_would_do() {
    let world = world().await;
    let operator = world.token(Role::Operator);
    let refused = world.request("GET", "/api/v1/audit").bearer(&operator).send().await.expect(403);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    assert!(refused.json()["detail"].as_str().unwrap().contains("auditor"));
    let wrong = world.request("GET", "/api/v1/incidents").bearer(&operator).header("x-purpose", "oversight");
    wrong.send().await.expect(403);
    world.request("GET", "/api/v1/incidents").bearer(&operator).header("x-purpose", "fun").send().await.expect(400);
    check(
        &world,
        "outcome=refused",
        &["operator of city: read audit /api/v1/audit: ", "operator of city: read incidents /api/v1/incidents: "],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_refuses_is_audited_too() {
    let world = world().await;
    let (own, other) = (world.token(Role::Supervisor), world.token_of(Role::Supervisor, "fire"));
    let open = json!({"title": "T", "incident_type": "test", "priority": "p3", "severity": "minor"});
    let incident = world.request("POST", "/api/v1/incidents").bearer(&own).json(open).send().await.expect(201).json();
    let notes = format!("/api/v1/incidents/{}/notes", incident["id"].as_str().unwrap());
    world.request("POST", &notes).bearer(&other).json(json!({"text": "n"})).send().await.expect(403);
    let integrator = world.token(Role::Integrator);
    let token = json!({"name": "more", "role": "administrator"});
    world.request("POST", "/api/v1/tokens").bearer(&integrator).json(token).send().await.expect(403);
    check(
        &world,
        "outcome=refused",
        &[
            "supervisor of fire: change incidents /api/v1/incidents/{id}/notes: it belongs to agency city",
            "integrator of city: change tokens /api/v1/tokens: ",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_allowed_and_not_done_says_so() {
    let world = world().await;
    let token = world.token(Role::Supervisor);
    let open = json!({"title": "T", "incident_type": "test", "priority": "p3", "severity": "minor"});
    let incident = world.request("POST", "/api/v1/incidents").bearer(&token).json(open).send().await.expect(201).json();
    let id = incident["id"].as_str().unwrap();
    let post =
        |what: &str, body| world.request("POST", &format!("/api/v1/incidents/{id}/{what}")).bearer(&token).json(body);
    post("state", json!({"to": "closed"})).send().await.expect(409);
    post("priority", json!({"priority": "p1"})).header("if-match", "\"99\"").send().await.expect(412);
    post("notes", json!({"text": "n"})).send().await.expect(200);
    let (closed, first) =
        (format!("change_state incident/{id}: to closed: "), format!("set_priority incident/{id}: to p1: "));
    let lines = [format!("supervisor of city: {closed}"), format!("supervisor of city: {first}")];
    check(&world, "outcome=failed", &[&lines[0], &lines[1]]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens_leave_an_entry_each_up_to_a_bound() {
    let world = world().await;
    for _ in 0..20 {
        world.request("GET", "/api/v1/incidents").bearer("nonsense").send().await.expect(401);
    }
    // They are written beside the answers, which wait for nothing.
    while entries(&world, "action=authenticate").await.len() < 5 {
        tokio::task::yield_now().await;
    }
    check(&world, "action=authenticate", &["nobody: authenticate door/http: from 127.0.0.1: unknown"; 5]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_names_who_made_it_and_for_whom() {
    let world = world().await;
    let admin = world.token(Role::Administrator);
    let new = json!({"name": "Ada", "roles": ["operator"], "agency": "city"});
    world.request("POST", "/api/v1/accounts").bearer(&admin).json(new).send().await.expect(201);
    check(&world, "action=make_link", &["administrator of city: make_link account/"]).await;
    let links = entries(&world, "resource=link/").await;
    assert!(links.iter().all(|entry| entry["actor_name"] == "administrator of city"), "{links:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_meaning_of_a_kind_stays() {
    let world = world().await;
    let token = world.token(Role::Supervisor);
    let put = |body: Value, tag: &str| {
        world.request("PUT", "/api/v1/kinds/air.pm25").bearer(&token).header("if-match", tag).json(body)
    };
    world.request("PUT", "/api/v1/kinds/air.pm25").bearer(&token).json(kind()).send().await.expect(201);
    let mut other = kind();
    other["unit"] = json!("mg/m3");
    let refused = put(other, "\"1\"").send().await.expect(409).json();
    assert!(refused["detail"].as_str().unwrap().contains("register a new kind"), "{refused}");
    let mut renamed = kind();
    renamed["name"] = json!("Fine particles");
    put(renamed, "\"1\"").send().await.expect(200);
}
