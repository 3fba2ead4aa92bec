//! What people are called stands beside their ids, as they are called now.

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::playbooks::{Person, opened, path_of, task};
use crate::world::{World, world};

/// `id of the one who did it: name`, for each line of the timeline that somebody did.
fn who(incident: &Value) -> Vec<(String, Option<String>)> {
    let lines = incident["timeline"].as_array().unwrap().iter();
    let done =
        lines.filter_map(|line| Some((line["by"].as_str()?.to_owned(), line["by_name"].as_str().map(str::to_owned))));
    done.collect()
}

async fn get(world: &World, path: &str) -> Value {
    world.request("GET", path).bearer(&world.token(Role::Operator)).send().await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_shows_at_once_and_the_stream_says_the_same() {
    let world = world().await;
    let ada = Person::sign_in(&world, "ada").await;
    let id = world.platform.directory().account_by_name("ada").unwrap().id;
    let steps = json!([{"id": "give", "title": "Give", "action": {"assign": {"to": {"person": id}}}},
                       {"id": "evacuate", "title": "Evacuate", "action": "manual", "approvals": 1}]);
    let (path, incident) = opened(&world, steps, "actual").await;
    let call = json!({"title": "Call", "incident_type": "call", "priority": "p3", "severity": "minor"});
    let other = ada.post("/api/v1/incidents", call).await.expect(201).json()["id"].clone();
    let link = json!({"to": other, "relation": "linked", "reason": "the same street"});
    ada.post(&format!("{path}/link"), link).await.expect(200);
    ada.post(&path_of(&path, &incident, "evacuate", "approvals"), json!({})).await.expect(200);
    let check = |incident: &Value, name: &str| {
        let found = [&incident["related"][0], &task(incident, "evacuate")["approvals"][0]];
        assert_eq!(found.map(|f| (&f["by"], &f["by_name"])), [(&json!(id), &json!(name)); 2], "{incident}");
        assert_eq!((&incident["assigned"], &incident["assigned_name"]), (&json!({"person": id}), &json!(name)));
        assert_eq!(who(incident).last().unwrap(), &(id.to_string(), Some(name.to_owned())));
        assert_eq!(who(incident)[0].1.as_deref(), Some("supervisor of city"));
    };
    check(&get(&world, &path).await, "ada");

    let token = world.token(Role::Operator);
    let (_, mut events) = world.request("GET", "/api/v1/events?events=incident").bearer(&token).stream().await;
    events.next("hello").await;
    let admin = world.token(Role::Administrator);
    let rename = |name: &str, version: &str| {
        let request = world.request("PATCH", &format!("/api/v1/accounts/{id}")).bearer(&admin);
        request.header("if-match", version).json(json!({"name": name})).send()
    };
    rename("Ada Lovelace", "\"1\"").await.expect(200);
    check(&get(&world, &path).await, "Ada Lovelace");
    let picture = get(&world, "/api/v1/picture").await;
    let shown = picture["incidents"].as_array().unwrap().iter().find(|shown| shown["id"] == incident["id"]);
    check(shown.unwrap(), "Ada Lovelace");
    let answered =
        ada.post(&format!("{path}/notes"), json!({"text": "nobody is left inside"})).await.expect(200).json();
    check(&answered, "Ada Lovelace");
    assert_eq!((&events.next("incident").await.1, &get(&world, &path).await), (&answered, &answered));
    rename("ADA LOVELACE", "\"2\"").await.expect(200);
    Person::sign_in(&world, "grace").await;
    rename("Grace", "\"3\"").await.expect(409);
    rename(" ", "\"3\"").await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_whoever_is_gone_only_the_id_is_left() {
    let world = world().await;
    let (path, _) = opened(&world, json!([{"id": "look", "title": "Look", "action": "manual"}]), "actual").await;
    let before = get(&world, &path).await;
    let (by, name) = who(&before)[0].clone();
    assert_eq!(name.as_deref(), Some("supervisor of city"));
    let admin = world.token(Role::Administrator);
    let token = format!("/api/v1/tokens/{}", by.strip_prefix("tok-").unwrap());
    world.request("DELETE", &token).bearer(&admin).send().await.expect(204);
    let after = get(&world, &path).await;
    assert_eq!((who(&after)[0].clone(), &after["version"]), ((by, None), &before["version"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_of_a_rule_name_their_author() {
    let world = world().await;
    world.with_rule().await;
    let list = get(&world, "/api/v1/rules/high/versions").await;
    let one = get(&world, "/api/v1/rules/high/versions/1").await;
    assert_eq!((&list["items"][0], &one["author_name"]), (&one, &json!("supervisor of city")));
    // A rule is put as it was read: what is not of the rule does not stand in it.
    assert_eq!(get(&world, "/api/v1/rules/high").await.get("author_name"), None);
}
