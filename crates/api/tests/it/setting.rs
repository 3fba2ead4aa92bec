//! Kinds, assets, zones, rules, playbooks, sources: versions, faults, lists.

use serde_json::{Value, json};
use vigiles_engine::{Command, CommandBody};
use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{AgencyId, Duration, KindId, ObservationKind};
use vigiles_trust::Role;

use crate::world::{SYSTEM, World, kind, rule, world};

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
        // A fault of the code as a whole stands where the field does.
        let in_code = (fault["within"] == "text").then(|| fault["column"].as_u64()).flatten();
        assert_eq!((&fault["path"], in_code), (&json!("unit"), column), "{refused}");
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
    assert_eq!(refused["errors"][0]["within"], "text");
    let list = world.request("GET", "/api/v1/rules").bearer(&token).send().await.expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_would_remember_too_much_is_not_saved() {
    let world = world().await;
    let token = world.with_rule().await;
    let mut heavy = rule();
    (heavy["key"], heavy["stage"]) = (json!("all"), json!("silent"));
    let mut check = async |at_least: u32| {
        let id = format!("count-{at_least}");
        heavy["id"] = json!(id);
        heavy["detector"] = json!({"count": {"window_s": 60, "at_least": at_least, "radius_m": 50}});
        let post = world.request("POST", "/api/v1/rules/check").bearer(&token).json(heavy.clone()).send().await;
        let found = post.expect(200).json();
        let put = world.request("PUT", &format!("/api/v1/rules/{id}")).bearer(&token).json(heavy.clone());
        put.send().await.expect(if found["ok"] == true { 201 } else { 422 });
        found
    };
    let light = check(20).await;
    assert_eq!(light["ok"], true, "{light}");
    let heavy = check(500).await;
    assert_eq!(heavy["diagnostics"][0]["path"], "detector.count.at_least", "{heavy}");
    let bytes = |check: &serde_json::Value, field: &str| check[field].as_u64().unwrap();
    let most = bytes(&heavy, "max_bytes_per_key");
    assert!(bytes(&light, "bytes_per_key") < most && most < bytes(&heavy, "bytes_per_key"), "{light} {heavy}");
}

/// What the check says, a put refuses: each fault with its place, here as "path message within line:column".
async fn check_faults(world: &World, token: &str, body: &str, expected: &[&str]) {
    let post = world.request("POST", "/api/v1/rules/check").bearer(token);
    let check = post.body("application/json", body.to_owned()).send().await.expect(200).json();
    let put = world.request("PUT", "/api/v1/rules/wrong").bearer(token);
    let refused = put.body("application/json", body.to_owned()).send().await.expect(422).json();
    assert_eq!(check["diagnostics"], refused["errors"], "{body}");
    let faults = refused["errors"].as_array().unwrap();
    let said = faults.iter().map(|fault| {
        let text = |field: &str| fault[field].to_string().replace('"', "");
        format!("{} {} {} {}:{}", text("path"), text("message"), text("within"), text("line"), text("column"))
    });
    assert_eq!(said.collect::<Vec<_>>(), expected, "{body}");
}

/// Costs 8,208 steps for a reading: of 25 such rules of a kind one is too many.
fn dear(id: &str) -> Value {
    let mut dear = rule();
    (dear["id"], dear["stage"], dear["key"]) = (json!(id), json!("silent"), json!("zone"));
    dear["detector"] = json!({"sequence": {"within_s": 60, "parts": [{}, {}, {}, {}, {}, {}, {}, {}]}});
    dear
}

/// What the check passes, a put takes, and what it does not, a put refuses with the same words.
#[tokio::test(flavor = "multi_thread")]
async fn check_and_put_agree() {
    let world = world().await;
    let token = world.with_rule().await;
    let put = |id: &str, body: &Value| {
        world.request("PUT", &format!("/api/v1/rules/{id}")).bearer(&token).header("if-match", "*").json(body.clone())
    };
    let check = async |case: &str, changed: Value, expected: &[&str]| {
        let mut body = rule();
        (body["id"], body["stage"]) = (json!("case"), json!("silent"));
        body.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        let id = body["id"].as_str().unwrap().to_owned();
        let post = world.request("POST", "/api/v1/rules/check").bearer(&token).json(body.clone());
        let found = post.send().await.expect(200).json();
        let paths: Vec<_> =
            found["diagnostics"].as_array().unwrap().iter().map(|fault| fault["path"].clone()).collect();
        assert_eq!(
            (paths, &found["ok"]),
            (expected.iter().map(|p| json!(p)).collect(), &json!(expected.is_empty())),
            "{case}"
        );
        let answer = put(&id, &body).send().await;
        if expected.is_empty() {
            assert!([200, 201].contains(&answer.status), "{case}: {}", answer.json());
        } else {
            assert_eq!(answer.expect(422).json()["errors"], found["diagnostics"], "{case}");
        }
    };
    check("a new rule", json!({}), &[]).await;
    check("the same again", json!({}), &[]).await;
    check("no reason", json!({"reason": ""}), &["reason"]).await;
    check("a reason of blanks", json!({"reason": " \t"}), &["reason"]).await;
    check("live at once", json!({"stage": "live"}), &["stage"]).await;
    check("in shadow", json!({"stage": "shadow"}), &[]).await;
    check("live after shadow", json!({"stage": "live"}), &[]).await;
    check("in other words", json!({"stage": "live", "name": "Dust", "description": "of all sorts"}), &[]).await;
    let other = json!({"stage": "live", "detector": {"threshold": {"above": 76.0}}});
    check("live with another limit", other, &["stage"]).await;
    check(
        "wrong in three ways",
        json!({"name": "", "reason": "", "stage": "live", "cooldown_s": 1}),
        &["name", "reason", "stage"],
    )
    .await;
    check("an hour that never comes", json!({"when": "time.hour > 25"}), &["when"]).await;
    for i in 0..24 {
        let id = format!("dear-{i}");
        put(&id, &dear(&id)).send().await.expect(201);
    }
    check("too dear with the others", dear("one-more"), &["kinds[0]"]).await;
    check(
        "too dear, and no reason",
        {
            let mut dear = dear("one-more");
            dear["reason"] = json!("");
            dear
        },
        &["kinds[0]", "reason"],
    )
    .await;
    let mut off = dear("one-more");
    off["enabled"] = json!(false);
    check("disabled it costs nothing", off, &[]).await;
    check("no dearer than before", dear("dear-3"), &[]).await;
    world
        .request("DELETE", "/api/v1/rules/dear-0?reason=room")
        .bearer(&token)
        .header("if-match", "*")
        .send()
        .await
        .expect(204);
    check("room again", dear("one-more"), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_agency_is_checked_as_it_is_put() {
    let world = world().await;
    let token = world.with_rule().await;
    let of = |id: &str, agency: &str| {
        let mut body = rule();
        (body["id"], body["stage"], body["agency"]) = (json!(id), json!("silent"), json!(agency));
        body
    };
    let put = async |token: &str, body: &Value| {
        let path = format!("/api/v1/rules/{}", body["id"].as_str().unwrap());
        world.request("PUT", &path).bearer(token).header("if-match", "*").json(body.clone()).send().await
    };
    let check = async |token: &str, body: &Value, expected: &[&str]| {
        let post = world.request("POST", "/api/v1/rules/check").bearer(token).json(body.clone());
        let found = post.send().await.expect(200).json();
        let said =
            |fault: &Value| format!("{} {}", fault["path"].as_str().unwrap(), fault["message"].as_str().unwrap());
        let said: Vec<_> = found["diagnostics"].as_array().unwrap().iter().map(said).collect();
        assert_eq!(said, expected, "{body}");
        found["diagnostics"].clone()
    };
    let foreign = "it belongs to agency fire; only its members may change it";
    // A new rule for another agency: the faults of the check are those of the put.
    let mut given = of("given", "fire");
    let faults = check(&token, &given, &[&format!("agency {foreign}")]).await;
    let refused = put(&token, &given).await.expect(403).json();
    assert_eq!((&refused["errors"], &refused["detail"]), (&faults, &json!(foreign)));
    given["reason"] = json!("");
    let faults = check(
        &token,
        &given,
        &[&format!("agency {foreign}"), "reason expected why this version is made, found nothing"],
    )
    .await;
    assert_eq!(put(&token, &given).await.expect(403).json()["errors"], faults);
    // One that is there, of another agency, to be taken over.
    let firemen = world.token_of(Role::Supervisor, "fire");
    put(&firemen, &of("theirs", "fire")).await.expect(201);
    check(&firemen, &of("theirs", "fire"), &[]).await;
    check(&token, &of("theirs", "city"), &[&format!("id {foreign}")]).await;
    assert_eq!(put(&token, &of("theirs", "city")).await.expect(403).json()["detail"], json!(foreign));
    check(&token, &of("ours", "city"), &[]).await;
    put(&token, &of("ours", "city")).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_and_put_find_the_same_faults_and_say_where() {
    let world = world().await;
    let token = world.with_rule().await;
    let mut wrong = rule();
    (wrong["id"], wrong["stage"]) = (json!("wrong"), json!("silent"));
    wrong["agency"] = json!("nobody");
    wrong["when"] = json!("'moon' in zones");
    wrong["incident"]["playbook"] = json!("air-qualty");
    wrong["detector"] = json!({"geofence": {"zones": ["moon"], "on": "inside", "for_s": -1}});
    let body = serde_json::to_string_pretty(&wrong).unwrap();
    let line = |part: &str| body.lines().position(|line| line.contains(part)).unwrap() + 1;
    let expected = [
        format!("agency there is no agency `nobody` body {}:13", line("nobody")),
        "when there is no zone `moon` text 1:1".to_owned(),
        format!("detector.geofence.zones[0] there is no zone `moon` body {}:9", line("moon\"")),
        format!("detector.geofence.for_s expected a number from 0 to 2678400, found -1 body {}:16", line("for_s")),
        format!("incident.playbook there is no playbook `air-qualty` body {}:17", line("qualty")),
    ];
    check_faults(&world, &token, &body, &expected.each_ref().map(String::as_str)).await;
    let mut wrong = rule();
    (wrong["id"], wrong["stage"]) = (json!("wrong"), json!("silent"));
    wrong["detector"]["threshold"]["clear"] = json!(1e9);
    let body = wrong.to_string();
    let column = body.find("1000000000").unwrap() + 1;
    let expected =
        format!("detector.threshold.clear expected a number at or under `above`, at or over `below` body 1:{column}");
    check_faults(&world, &token, &body, &[&expected]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_asks_of_a_kind_what_it_gives() {
    let world = world().await;
    let token = world.with_rule().await;
    let integrator = world.token(Role::Integrator);
    for (id, value_type) in [("signal.state", "text"), ("signal.dark", "boolean")] {
        let kind = json!({"id": id, "name": id, "quantity": "what a signal shows", "unit": "", "value_type": value_type,
                          "retention_s": 86_400});
        let put = world.request("PUT", &format!("/api/v1/kinds/{id}")).bearer(&integrator).json(kind);
        put.send().await.expect(201);
    }
    let mut wrong = rule();
    (wrong["id"], wrong["stage"]) = (json!("wrong"), json!("silent"));
    wrong["kinds"] = json!(["signal.state"]);
    wrong["when"] = json!("value > 3.0");
    let body = wrong.to_string();
    let column = body.find("\"signal.state").unwrap() + 1;
    let threshold = format!(
        "kinds[0] `signal.state` gives texts, and a threshold reads numbers: a condition compares them, as in `value == \\open\\` \
         body 1:{column}"
    );
    check_faults(&world, &token, &body, &[&threshold, "when expected a text, found a number text 1:9"]).await;
    wrong["kinds"] = json!(["signal.dark"]);
    wrong["when"] = json!(null);
    wrong["detector"] = json!({"condition": {"expression": "value == 'dark'"}});
    let expected = "detector.condition.expression expected true or false, found a text text 1:10";
    check_faults(&world, &token, &wrong.to_string(), &[expected]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_that_a_rule_names_is_not_deleted() {
    let world = world().await;
    let token = world.with_rule().await;
    let path = "/api/v1/zones/harbour";
    let corners = json!([[[7.4, 43.7], [7.5, 43.7], [7.5, 43.8], [7.4, 43.7]]]);
    let area = json!({"type": "Polygon", "coordinates": corners});
    let zone = json!({"id": "harbour", "name": "Harbour", "class": "district", "agency": "city", "area": area});
    world.request("PUT", path).bearer(&token).json(zone).send().await.expect(201);
    let mut named = rule();
    (named["id"], named["stage"], named["when"]) = (json!("named"), json!("silent"), json!("'harbour' in zones"));
    let put = |rule: &Value| world.request("PUT", "/api/v1/rules/named").bearer(&token).json(rule.clone());
    let delete = || world.request("DELETE", path).bearer(&token).header("if-match", "\"1\"");
    put(&named).send().await.expect(201);
    let refused = delete().send().await.expect(409).json();
    assert!(refused["detail"].as_str().unwrap().contains("rule `named` refers to zone `harbour`"), "{refused}");
    named["when"] = Value::Null;
    put(&named).header("if-match", "\"1\"").send().await.expect(200);
    delete().send().await.expect(204);
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
