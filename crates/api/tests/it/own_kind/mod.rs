//! A task kind that no room of the platform knows works everywhere once it is registered: it is checked, saved, run, and shown.

mod siren;

use serde_json::{Value, json};
use vigiles_connect::task_kinds::{Outlets, REGISTERED, carriers};
use vigiles_trust::Role;

use crate::world::{World, world_of_kinds};

async fn world() -> World {
    // The one line that it takes.
    let registered = [REGISTERED, &[siren::REGISTRATION]].concat();
    let world = world_of_kinds(&registered).await;
    world.platform.run_errands(carriers(&registered, &Outlets::default()));
    world
}

async fn put(world: &World, action: Value) -> (u16, Value) {
    let steps = json!([{"id": "warn", "title": "Warn", "action": action}]);
    let playbook = json!({"id": "flood", "name": "Flood", "steps": steps});
    let token = world.token(Role::Supervisor);
    let answer = world.request("PUT", "/api/v1/playbooks/flood").bearer(&token).json(playbook).send().await;
    (answer.status, answer.json())
}

/// The only task of an incident that the playbook was started in, once it is over.
async fn played(world: &World, reality: &str) -> Value {
    let token = world.token(Role::Operator);
    let new = json!({"title": "T", "incident_type": "flood", "priority": "p2", "severity": "minor",
                     "playbook": "flood", "reality": reality});
    let mut events = world.request("GET", "/api/v1/events?events=incident").bearer(&token).stream().await.1;
    events.next("hello").await;
    let opened = world.request("POST", "/api/v1/incidents").bearer(&token).json(new).send().await.expect(201).json();
    let mut task = opened["tasks"][0].clone();
    while task["state"] == "running" {
        let (_, incident) = events.next("incident").await;
        if incident["id"] == opened["id"] {
            task = incident["tasks"][0].clone();
        }
    }
    task
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_kind_is_checked_saved_run_and_shown() {
    let world = world().await;
    let refuse = async |action: Value, expected: &str| {
        let (status, problem) = put(&world, action).await;
        assert_eq!((status, &problem["detail"]), (422, &json!(expected)));
    };
    refuse(
        json!({"sound_siren": {"mast": "m1", "lasting": 181}}),
        "steps[0].action.sound_siren.lasting: expected 10 to 180 s, found 181",
    )
    .await;
    refuse(
        json!({"sound_siren": {"mast": "m1", "tone": 1}}),
        "steps[0].action.sound_siren.tone: expected one of: mast, lasting, words",
    )
    .await;
    let (status, _) = put(&world, json!({"sound_siren": {"words": "Flood {number}", "mast": "m1"}})).await;
    assert_eq!(status, 201);
    let token = world.token(Role::Operator);
    let saved = world.request("GET", "/api/v1/playbooks/flood").bearer(&token).send().await.expect(200).json();
    let expected = json!({"sound_siren": {"mast": "m1", "lasting": 60, "words": "Flood {number}"}});
    assert_eq!(saved["steps"][0]["action"], expected, "in order, and with what was left out");

    let done = played(&world, "actual").await;
    assert_eq!((&done["action"], &done["tries"]), (&json!("sound_siren"), &json!(1)));
    assert_eq!((&done["state"], &done["outcome"]), (&json!("done"), &json!("sounded for 60 s")));
    assert_eq!(*siren::SOUNDED.lock(), ["m1 60 Flood 1"]);
    let drill = played(&world, "test").await;
    let said = "test: not sent, would have gone to the siren of mast m1";
    assert_eq!((&drill["state"], &drill["outcome"]), (&json!("done"), &json!(said)));
    assert_eq!(siren::SOUNDED.lock().len(), 1, "nothing of a test sounds");

    let kinds = world.request("GET", "/api/v1/task-kinds").bearer(&token).send().await.expect(200).json();
    let names: Vec<&str> =
        kinds["items"].as_array().unwrap().iter().map(|kind| kind["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["email", "http", "sound_siren", "webhook"]);
    let siren = &kinds["items"][2];
    assert_eq!(
        (&siren["title"]["de"], &siren["is_retried"], &siren["deadline_s"]),
        (&json!("Sirene"), &json!(false), &json!(60))
    );
    let lasting = &siren["settings"][1];
    assert_eq!(lasting["form"], "number");
    assert_eq!(
        (&lasting["unit"], &lasting["least"], &lasting["most"], &lasting["default"]),
        (&json!("s"), &json!(10.0), &json!(180.0), &json!(60.0))
    );
}

/// What is registered, for the console's mock and its tests, and for who reads what a new version brings.
#[tokio::test(flavor = "multi_thread")]
async fn the_registered_kinds_are_those_of_the_file() {
    let world = crate::world::world().await;
    let token = world.token(Role::Operator);
    let kinds = world.request("GET", "/api/v1/task-kinds").bearer(&token).send().await.expect(200).json();
    let found = serde_json::to_string_pretty(&kinds).unwrap() + "\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/task-kinds.json");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "schemas/task-kinds.json is not current; run with BLESS=1 and look at the difference");
}
