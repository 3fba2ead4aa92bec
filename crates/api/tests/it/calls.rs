//! Calls: what they may belong to is asked, they are added, and taken out again.

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::incidents::raise;
use crate::world::world;

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_offered_what_is_near_added_and_taken_out() {
    let world = world().await;
    let (token, incident) = raise(&world).await;
    let get = |path: String| world.request("GET", &path).bearer(&token).send();
    let post = |path: String, body: Value| world.request("POST", &path).bearer(&token).json(body).send();
    let near = get("/api/v1/incidents/near?lon=24.9&lat=60.1".into()).await.expect(200).json();
    let offer = &near["offers"][0];
    assert_eq!((&offer["incident"]["id"], &offer["relation"]), (&incident["id"], &json!("same_event")), "{near}");
    assert!(offer["score"].as_f64().unwrap() > 0.5 && offer["why"].as_str().unwrap().starts_with("score 0."), "{near}");
    for nothing in ["lon=9&lat=60.1", "lon=24.9&lat=60.1&type=unknown", "lon=24.9&lat=60.1&reality=test"] {
        assert_eq!(get(format!("/api/v1/incidents/near?{nothing}")).await.expect(200).json()["offers"], json!([]));
    }
    get("/api/v1/incidents/near?lon=24.9".into()).await.expect(400);
    get("/api/v1/incidents/near?lon=24.9&lat=160".into()).await.expect(400);

    let path = format!("/api/v1/incidents/{}/calls", incident["id"].as_str().unwrap());
    let place = json!({"type": "Point", "coordinates": [24.9, 60.1]});
    let told = json!({"text": "It smells of smoke", "role": "witness", "place": place});
    let added = post(path.clone(), told).await.expect(200).json();
    let call = &added["calls"][0];
    assert_eq!(
        (&call["text"], &call["role"], &added["witnesses"]),
        (&json!("It smells of smoke"), &json!("witness"), &json!(2))
    );
    post(path.clone(), json!({"text": " "})).await.expect(422);
    post(path.clone(), json!({"text": "x", "name": "no place for names"})).await.expect(422);
    post(path.clone(), json!({"text": "x", "role": "neighbour"})).await.expect(422);

    let detach = format!("{path}/{}/detach", call["id"].as_str().unwrap());
    let own = post(detach.clone(), json!({})).await.expect(200).json();
    assert_eq!((&own["split_from"], &own["calls"][0]["id"]), (&incident["id"], &call["id"]));
    post(detach, json!({})).await.expect(404);

    // Another agency reads, and does not write.
    let fire = world.token_of(Role::Operator, "fire");
    world.request("POST", &path).bearer(&fire).json(json!({"text": "x"})).send().await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_another_system_joins_what_it_belongs_to_or_opens_one() {
    let world = world().await;
    let (token, incident) = raise(&world).await;
    let call = |lon: f64, incident_type: &str| {
        json!({"text": "It smells of smoke\nand a dog barks", "role": "witness", "incident_type": incident_type,
            "priority": "p2", "severity": "severe", "place": {"type": "Point", "coordinates": [lon, 60.1]}})
    };
    let hand_over = |body: Value| world.request("POST", "/api/v1/calls").bearer(&token).json(body);
    let incident_type = incident["incident_type"].as_str().unwrap();
    // Delivered again with its key, it is one call.
    let twice = || hand_over(call(24.9, incident_type)).header("idempotency-key", "cad-4711");
    let joined = twice().send().await.expect(200).json();
    assert_eq!((&joined["incident"], &joined["joined"]), (&incident["id"], &json!(true)), "{joined}");
    assert!(joined["why"].as_str().unwrap().starts_with("score 0."), "{joined}");
    assert_eq!(twice().send().await.expect(200).json(), joined);
    let path = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
    let whole = world.request("GET", &path).bearer(&token).send().await.expect(200).json();
    assert_eq!((whole["calls"].as_array().unwrap().len(), &whole["severity"]), (1, &json!("severe")));

    let opened = hand_over(call(20.0, incident_type)).send().await.expect(200).json();
    assert_eq!((&opened["joined"], &opened["why"]), (&json!(false), &json!("it opened the incident")), "{opened}");
    let path = format!("/api/v1/incidents/{}", opened["incident"].as_str().unwrap());
    let whole = world.request("GET", &path).bearer(&token).send().await.expect(200).json();
    assert_eq!((&whole["title"], &whole["calls"][0]["id"]), (&json!("It smells of smoke"), &opened["call"]));

    let mut named = call(20.0, "smoke");
    named["caller"] = json!("no place for names");
    hand_over(named).send().await.expect(422);
    let auditor = world.token_of(Role::Auditor, "city");
    world.request("POST", "/api/v1/calls").bearer(&auditor).json(call(20.0, "smoke")).send().await.expect(403);
}
