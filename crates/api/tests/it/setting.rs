//! Kinds, assets, zones, rules, playbooks, sources: versions, faults, lists.

use serde_json::json;
use vigiles_trust::Role;

use crate::world::{kind, rule, world};

#[tokio::test(flavor = "multi_thread")]
async fn changes_need_the_version_they_were_made_for() {
    let world = world().await;
    let token = world.token(Role::Supervisor);
    let path = "/api/v1/kinds/air.pm25";
    let put = || world.request("PUT", path).bearer(&token).json(kind());
    let made = put().send().await.expect(201);
    assert_eq!(made.header("etag"), Some("\"1\""));
    put().send().await.expect(428);
    put().header("if-match", "\"9\"").send().await.expect(412);
    put().header("if-match", "nonsense").send().await.expect(400);
    let changed = put().header("if-match", "\"1\"").send().await.expect(200);
    assert_eq!(changed.header("etag"), Some("\"2\""));
    let read = world.request("GET", path).bearer(&token).send().await.expect(200);
    assert_eq!((read.header("etag"), &read.json()["version"]), (Some("\"2\""), &json!(2)));
    world.request("PUT", "/api/v1/kinds/other").bearer(&token).json(kind()).send().await.expect(422);
    world.request("DELETE", path).bearer(&token).send().await.expect(428);
    world.request("DELETE", path).bearer(&token).header("if-match", "\"2\"").send().await.expect(204);
    world.request("GET", path).bearer(&token).send().await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_rule_is_not_saved_and_says_where() {
    let world = world().await;
    let token = world.with_rule().await;
    let mut wrong = rule();
    wrong["id"] = json!("wrong");
    wrong["when"] = json!("value >");
    let check = world.request("POST", "/api/v1/rules/check").bearer(&token).json(wrong.clone()).send().await;
    let check = check.expect(200).json();
    assert_eq!((&check["ok"], &check["diagnostics"][0]["path"]), (&json!(false), &json!("when")), "{check}");
    let refused =
        world.request("PUT", "/api/v1/rules/wrong").bearer(&token).json(wrong).send().await.expect(422).json();
    assert_eq!(refused["errors"][0]["path"], "when");
    assert!(refused["errors"][0]["column"].is_number());
    let list = world.request("GET", "/api/v1/rules").bearer(&token).send().await.expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_are_set_and_mappings_tried() {
    let world = world().await;
    let token = world.token(Role::Integrator);
    let mapping =
        json!({"format": "json", "asset": "st-{/id}", "observations": [{"kind": "air.pm25", "value": "/pm"}]});
    let source = json!({"id": "feed", "name": "Feed", "door": "mqtt", "topic": "feed/+", "mapping": mapping});
    let path = "/api/v1/sources/feed";
    world.request("PUT", path).bearer(&token).json(source.clone()).send().await.expect(201);
    let read = world.request("GET", path).bearer(&token).send().await.expect(200).json();
    assert_eq!(read["health"]["state"], "never");
    world.request("PUT", path).bearer(&token).header("if-match", "\"1\"").json(source).send().await.expect(200);
    let tried = json!({"mapping": mapping, "sample": r#"{"id":7,"pm":3.5}"#, "content_type": "application/json"});
    let tried = world.request("POST", "/api/v1/sources/try").bearer(&token).json(tried).send().await.expect(200).json();
    assert_eq!((&tried["observations"][0]["asset"], &tried["errors"]), (&json!("st-7"), &json!([])), "{tried}");
    let wrong = json!({"mapping": {"format": "xml"}, "sample": "", "content_type": "application/json"});
    let wrong = world.request("POST", "/api/v1/sources/try").bearer(&token).json(wrong).send().await.expect(200).json();
    assert_eq!(wrong["errors"][0]["path"], "mapping.format");
    world.request("DELETE", path).bearer(&token).header("if-match", "\"2\"").send().await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_queries_name_the_parameter() {
    let world = world().await;
    let token = world.token(Role::Supervisor);
    for (path, parameter) in [
        ("/api/v1/observations?limit=0", "limit"),
        ("/api/v1/observations?bbox=1,2,3", "bbox"),
        ("/api/v1/observations?from=yesterday", "from"),
        ("/api/v1/observations?cursor=x", "cursor"),
        ("/api/v1/observations?kinds=a", "kinds"),
        ("/api/v1/incidents?state=odd", "state"),
        ("/api/v1/assets?cursor=x", "cursor"),
    ] {
        let answer = world.request("GET", path).bearer(&token).send().await.expect(400).json();
        assert_eq!(answer["errors"][0]["path"], parameter, "{path}: {answer}");
    }
}
