//! Kinds, assets, zones, rules, playbooks, sources: versions, faults, lists.

use serde_json::json;
use vigiles_engine::{Command, CommandBody};
use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{AgencyId, Duration, KindId, ObservationKind};
use vigiles_trust::Role;

use crate::world::{SYSTEM, kind, rule, world};

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
async fn a_unit_that_cannot_be_read_is_not_registered() {
    let world = world().await;
    let token = world.token(Role::Supervisor);
    let put = async |unit: &str, status| {
        let mut body = kind();
        body["unit"] = json!(unit);
        let put = world.request("PUT", "/api/v1/kinds/air.pm25").bearer(&token).json(body);
        put.send().await.expect(status).json()
    };
    for (unit, column) in [("ug/m^3", Some(5)), ("µg/m3", Some(1)), ("mg/furlong", Some(4)), (&"m.".repeat(40), None)]
    {
        let refused = put(unit, 422).await;
        let fault = &refused["errors"][0];
        assert_eq!((&fault["path"], fault["column"].as_u64()), (&json!("unit"), column), "{refused}");
    }
    put("", 201).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_stored_before_units_were_read_still_stands() {
    let world = world().await;
    let token = world.token(Role::Supervisor);
    let kind = ObservationKind {
        id: KindId::new("air.old").unwrap(),
        name: "Old".into(),
        quantity: "dust".into(),
        unit: "dusts".into(),
        value_type: ValueType::Number,
        min: None,
        max: None,
        retention: Duration::from_secs(86_400),
        personal: false,
        overload: Overload::Wait,
    };
    let body = CommandBody::PutKind(Box::new(kind));
    let command = Command { by: None, agency: AgencyId::new("city").unwrap(), expected_version: None, body };
    world.platform.command(&SYSTEM, command).await.unwrap();
    let read = world.request("GET", "/api/v1/kinds/air.old").bearer(&token).send().await.expect(200).json();
    assert_eq!(read["unit"], "dusts");
    let source = world.token(Role::Source);
    let reading = json!({"kind": "air.old", "value": 8, "asset": "s1"});
    world.request("POST", "/api/v1/observations").bearer(&source).json(reading).send().await.expect(202);
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
