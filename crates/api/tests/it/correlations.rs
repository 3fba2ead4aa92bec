//! Correlation rules as documents, and what people decide about alarms and incidents.

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::incidents::raise;
use crate::world::{World, kind, world};

fn correlation() -> Value {
    json!({"id": "near", "name": "Near", "relation": "same_event", "first": {"kinds": ["air.pm25"]},
           "within_s": 600, "within_m": 200, "weight": 3, "shares": [{"what": {"attribute": "road"}, "differ": -3}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correlation_rule_is_a_document_like_the_others() {
    let world = world().await;
    let token = world.token(Role::Supervisor);
    world.request("PUT", "/api/v1/kinds/air.pm25").bearer(&token).json(kind()).send().await.expect(201);
    let path = "/api/v1/correlations/near";
    let put = |body| world.request("PUT", path).bearer(&token).json(body);
    let made = put(correlation()).send().await.expect(201);
    assert_eq!(made.header("etag"), Some("\"1\""));
    put(correlation()).send().await.expect(428);
    put(correlation()).header("if-match", "\"7\"").send().await.expect(412);
    let read = world.request("GET", path).bearer(&token).send().await.expect(200).json();
    assert_eq!(
        (&read["enabled"], &read["shares"][0]["agree"], &read["second"]),
        (&json!(true), &json!(2.0), &Value::Null)
    );
    let mut wrong = correlation();
    wrong["within_m"] = json!(1e9);
    let refused = put(wrong).header("if-match", "\"1\"").send().await.expect(422).json();
    assert_eq!(refused["errors"][0]["path"], "within_m", "{refused}");
    let list = world.request("GET", "/api/v1/correlations").bearer(&token).send().await.expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let operator = world.token(Role::Operator);
    world.request("DELETE", path).bearer(&operator).header("if-match", "\"1\"").send().await.expect(403);
    world.request("DELETE", path).bearer(&token).header("if-match", "\"1\"").send().await.expect(204);
    world.request("GET", path).bearer(&token).send().await.expect(404);
}

async fn opened(world: &World, token: &str) -> String {
    let call = json!({"title": "Call", "incident_type": "call", "priority": "p3", "severity": "minor"});
    let made = world.request("POST", "/api/v1/incidents").bearer(token).json(call).send().await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_link_unlink_and_detach() {
    let world = world().await;
    let (token, incident) = raise(&world).await;
    assert_eq!((&incident["witnesses"], &incident["links"], &incident["related"]), (&json!(1), &json!([]), &json!([])));
    let other = opened(&world, &token).await;
    let path = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
    let post = |what: &str, body| world.request("POST", &format!("{path}/{what}")).bearer(&token).json(body);
    let link = json!({"to": other, "relation": "cause", "reason": "the caller lit it"});
    let linked = post("link", link.clone()).send().await.expect(200).json();
    assert_eq!(linked["related"][0]["relation"], "cause");
    let last = linked["timeline"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["event"]["related"]["why"], "the caller lit it");
    post("link", link).send().await.expect(409);
    let nobody = json!({"to": "inc-none", "relation": "linked", "reason": "x"});
    post("link", nobody).send().await.expect(422);
    let back = world.request("GET", &format!("/api/v1/incidents/{other}")).bearer(&token).send().await.expect(200);
    assert_eq!(back.json()["related"][0]["relation"], "effect");
    post("unlink", json!({"from": other, "reason": " "})).send().await.expect(422);
    let unlink = json!({"from": other, "reason": "he only saw it"});
    let unlinked = post("unlink", unlink).send().await.expect(200).json();
    assert_eq!(unlinked["related"], json!([]));
    let last = unlinked["timeline"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["event"]["unrelated"], json!({"incident": other, "reason": "he only saw it"}));
    let alarm = incident["alarms"][0].clone();
    let left = post("detach", json!({"alarm": alarm})).send().await.expect(200).json();
    assert_eq!(left["alarms"], json!([]));
    post("detach", json!({"alarm": alarm})).send().await.expect(404);
    let alone = world.request("GET", "/api/v1/alarms?state=active").bearer(&token).send().await.expect(200).json();
    assert_eq!(alone["items"][0]["incident"], Value::Null, "{alone}");
}
