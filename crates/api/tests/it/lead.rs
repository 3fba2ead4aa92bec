//! Incidents of several agencies: who leads hands over, and gives an incident into another agency's.

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::playbooks;
use crate::world::{World, world};

/// Somebody of an agency who handles incidents.
struct Desk<'a> {
    world: &'a World,
    token: String,
}

impl<'a> Desk<'a> {
    fn of(world: &'a World, agency: &str) -> Self {
        Self { world, token: world.token_of(Role::Operator, agency) }
    }

    async fn post(&self, path: &str, body: Value, status: u16) -> Value {
        let path = format!("/api/v1/incidents{path}");
        self.world.request("POST", &path).bearer(&self.token).json(body).send().await.expect(status).json()
    }

    /// Opens an incident; gives its path below that of all, its id and its number.
    async fn open(&self, title: &str, reality: &str) -> (String, Value, Value) {
        let body =
            json!({"title": title, "incident_type": "gas", "priority": "p3", "severity": "minor", "reality": reality});
        let opened = self.post("", body, 201).await;
        (format!("/{}", opened["id"].as_str().unwrap()), opened["id"].clone(), opened["number"].clone())
    }

    async fn read(&self, path: &str) -> Value {
        let path = format!("/api/v1/incidents{path}");
        self.world.request("GET", &path).bearer(&self.token).send().await.expect(200).json()
    }
}

fn lead(agency: &str) -> Value {
    json!({"to": agency, "reason": "it burns"})
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leads_hands_over_and_stays_involved() {
    let world = world().await;
    let [city, fire, police] = ["city", "fire", "police"].map(|agency| Desk::of(&world, agency));
    let (path, _, number) = city.open("Smoke", "actual").await;
    let hand_over = format!("{path}/lead");
    let refused = fire.post(&hand_over, lead("fire"), 403).await;
    assert_eq!(refused["detail"], "it belongs to agency city; only its members may change it");
    let mend = format!("Ask agency city to do it, or to hand over the lead of incident {number}.");
    assert_eq!(refused["mend"], mend);
    let refused = city.post(&hand_over, lead("nowhere"), 422).await;
    assert_eq!(
        (&refused["errors"][0]["path"], &refused["detail"]),
        (&json!("to"), &json!("to: there is no agency nowhere"))
    );
    let refused = city.post(&hand_over, json!({"to": "fire", "reason": " "}), 422).await;
    assert_eq!(refused["errors"][0]["path"], "reason");
    city.post(&hand_over, json!({"to": "fire"}), 422).await;

    let handed = city.post(&hand_over, lead("fire"), 200).await;
    assert_eq!((&handed["agency"], &handed["involved"]), (&json!("fire"), &json!(["city"])));
    let last = handed["timeline"].as_array().unwrap().last().unwrap();
    let event = json!({"lead_handed_over": {"from": "city", "to": "fire", "reason": "it burns"}});
    assert_eq!((&last["event"], last["by"].is_string()), (&event, true));
    // Whose answer was lost asks again, and is told how it stands.
    let again = city.post(&hand_over, lead("fire"), 409).await;
    assert_eq!(again["detail"], "not allowed: agency fire leads it already");
    police.post(&hand_over, lead("fire"), 403).await;

    city.post(&hand_over, lead("city"), 403).await;
    city.post(&format!("{path}/state"), json!({"to": "acknowledged"}), 403).await;
    city.post(&format!("{path}/notes"), json!({"text": "the key is with the porter"}), 200).await;
    police.post(&format!("{path}/notes"), json!({"text": "hello"}), 403).await;
    fire.post(&format!("{path}/state"), json!({"to": "acknowledged"}), 200).await;
    assert_eq!(city.read(&path).await["state"], "acknowledged");
    let back = fire.post(&hand_over, lead("city"), 200).await;
    assert_eq!((&back["agency"], &back["involved"]), (&json!("city"), &json!(["fire"])));

    let auditor = world.token(Role::Auditor);
    let audit = world.request("GET", "/api/v1/audit").bearer(&auditor).send().await.expect(200).json();
    let entries = audit["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "hand_over");
    let told: Vec<_> = entries.map(|e| (e["agency"].as_str().unwrap(), e["outcome"].as_str().unwrap())).collect();
    assert_eq!(told.iter().filter(|entry| **entry == ("fire", "allowed")).count(), 1, "{audit}");
    let done = audit["items"].as_array().unwrap().iter().any(|e| e["detail"] == "to agency/fire");
    assert!(done && told.contains(&("city", "failed")), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_given_into_that_of_another_agency_and_none_is_taken() {
    let world = world().await;
    let [city, fire, police] = ["city", "fire", "police"].map(|agency| Desk::of(&world, agency));
    let ((mine, my_id, n), (theirs, their_id, m)) =
        (city.open("Smoke", "actual").await, fire.open("Fire", "actual").await);
    let refused = city.post(&format!("{mine}/merge"), json!({"from": their_id}), 403).await;
    let mend = format!("Ask agency fire to merge incident {m} into incident {n}, or to hand over its lead");
    let other_way = format!("; or merge incident {n} into incident {m}, which agency fire goes on leading.");
    assert_eq!(refused["mend"], mend.clone() + &other_way);
    let refused = police.post(&format!("{mine}/merge"), json!({"from": their_id}), 403).await;
    assert_eq!(refused["mend"], mend + ".");
    assert_eq!(fire.read(&theirs).await["state"], "new", "what was refused changed nothing");

    let merged = city.post(&format!("{theirs}/merge"), json!({"from": my_id}), 200).await;
    assert_eq!((&merged["agency"], &merged["involved"]), (&json!("fire"), &json!(["city"])));
    let record = fire.read(&mine).await;
    assert_eq!(
        (&record["state"], &record["merged_into"], &record["agency"]),
        (&json!("merged"), &their_id, &json!("city"))
    );
    // The city still sees it and adds to it; it leads it no longer.
    let noted = city.post(&format!("{theirs}/notes"), json!({"text": "the key is with the porter"}), 200).await;
    assert_eq!(noted["id"], their_id);
    city.post(&format!("{theirs}/priority"), json!({"priority": "p1"}), 403).await;
    fire.post(&format!("{theirs}/priority"), json!({"priority": "p1"}), 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_handed_over_goes_on_speaking_in_the_rooms() {
    let world = world().await;
    let steps =
        json!([{"id": "room", "title": "Room", "action": {"open_room": {"name": "Gas", "agencies": ["fire"]}}}]);
    let (path, _) = playbooks::opened(&world, steps, "actual").await;
    let path = path.strip_prefix("/api/v1/incidents").unwrap();
    let [city, harbour] = ["city", "harbour"].map(|agency| Desk::of(&world, agency));
    city.post(&format!("{path}/lead"), lead("fire"), 200).await;
    let messages = format!("{path}/rooms/room-1/messages");
    let said = city.post(&messages, json!({"text": "we are still here"}), 200).await;
    let last = said["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!(last["event"]["message"]["text"], "we are still here");
    harbour.post(&messages, json!({"text": "hello"}), 403).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exercise_is_handed_over_by_whoever_trains_and_not_merged_with_the_city() {
    let world = world().await;
    let (path, incident) = playbooks::opened(&world, json!([{"title": "Look", "action": "manual"}]), "exercise").await;
    let path = path.strip_prefix("/api/v1/incidents").unwrap();
    let [city, fire] = ["city", "fire"].map(|agency| Desk::of(&world, agency));
    let handed = fire.post(&format!("{path}/lead"), lead("fire"), 200).await;
    assert_eq!((&handed["agency"], &handed["reality"]), (&json!("fire"), &json!("exercise")));
    city.post(&format!("{path}/state"), json!({"to": "acknowledged"}), 200).await;
    let (real, real_id, _) = city.open("Smoke", "actual").await;
    // Neither side's state knows the other's incidents.
    city.post(&format!("{real}/merge"), json!({"from": incident["id"]}), 404).await;
    city.post(&format!("{path}/merge"), json!({"from": real_id}), 404).await;
    let (other, other_id, _) = city.open("Smoke", "exercise").await;
    let merged = fire.post(&format!("{path}/merge"), json!({"from": other_id}), 200).await;
    assert_eq!((&merged["agency"], &merged["involved"]), (&json!("fire"), &json!(["city"])));
    assert_eq!(city.read(&other).await["merged_into"], incident["id"]);
}
