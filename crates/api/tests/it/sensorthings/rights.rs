//! The policy and the audit log.

use serde_json::{Value, json};
use vigiles_trust::Role;

use super::station;
use crate::audit::entries;
use crate::world::world;

#[tokio::test(flavor = "multi_thread")]
async fn each_role_reads_what_the_policy_says() {
    let world = world().await;
    world.sta("POST", "Things", Some(station("a1", 24.94))).await.expect(201);
    let paths = [
        "Things",
        "Locations",
        "HistoricalLocations",
        "Datastreams",
        "Sensors",
        "ObservedProperties",
        "FeaturesOfInterest",
        "Observations",
        "Datastreams?$expand=Observations",
        "Observations?$filter=Datastream/ObservedProperty/name eq 'x'",
    ];
    for (role, expected) in [
        (Role::Operator, [200; 10]),
        (Role::Analyst, [200; 10]),
        (Role::Integrator, [200; 10]),
        (Role::Auditor, [200, 200, 200, 200, 200, 200, 200, 403, 403, 403]),
        (Role::Device, [403; 10]),
        (Role::Source, [403; 10]),
    ] {
        let token = world.token(role);
        for (path, expected) in paths.iter().zip(expected) {
            let status = world.sta_as(&token, "GET", path, None).await.status;
            assert_eq!(status, expected, "{role} {path}");
        }
    }
    world.request("GET", "/sensorthings/v1.1/Things").send().await.expect(401);
    let purpose = world.request("GET", "/sensorthings/v1.1/Things").bearer(&world.token(Role::Operator));
    purpose.header("x-purpose", "oversight").send().await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_writes_what_the_policy_says() {
    let world = world().await;
    world.sta("POST", "Things", Some(station("a1", 24.94))).await.expect(201);
    let observation = json!({"phenomenonTime": "2026-03-05T10:00:00Z", "result": 1});
    for (role, thing, deliver, change) in [
        (Role::Operator, 403, 403, 403),
        (Role::Analyst, 403, 403, 403),
        (Role::Supervisor, 403, 403, 204),
        (Role::Source, 403, 201, 403),
        (Role::Device, 403, 201, 403),
        (Role::Integrator, 201, 201, 204),
    ] {
        let token = world.token(role);
        let sent = [
            // With Observations: who may not deliver them makes nothing of it.
            ("POST", "Things", station(&format!("by-{role}"), 24.0), thing),
            ("POST", "Datastreams('a1,dust-a1')/Observations", observation.clone(), deliver),
            (
                "POST",
                "CreateObservations",
                json!([{"Datastream": {"@iot.id": "a1,dust-a1"}, "components": ["result"], "dataArray": [[2]]}]),
                deliver,
            ),
            ("PATCH", "Things('a1')", json!({"description": role.as_str()}), change),
        ];
        for (method, path, body, expected) in sent {
            let status = world.sta_as(&token, method, path, Some(body)).await.status;
            assert_eq!(status, expected, "{role} {method} {path}");
        }
        let made = world.sta("GET", &format!("Things('by-{role}')"), None).await.status;
        assert_eq!(made == 200, thing == 201, "{role}");
    }
    let other = world.token_of(Role::Integrator, "fire");
    for (method, path) in [
        ("PATCH", "Things('a1')"),
        ("PATCH", "Locations('a1')"),
        ("PATCH", "Datastreams('a1,dust-a1')"),
        ("PATCH", "Sensors('sensor-a1')"),
    ] {
        world.sta_as(&other, method, path, Some(json!({"description": "theirs"}))).await.expect(403);
    }
    for path in ["Things('a1')", "Datastreams('a1,dust-a1')", "Sensors('sensor-a1')"] {
        world.sta_as(&other, "DELETE", path, None).await.expect(403);
    }
    assert_eq!(world.read("Things('a1')").await["description"], "integrator");
}

#[tokio::test(flavor = "multi_thread")]
async fn consultations_and_refusals_leave_entries() {
    let world = world().await;
    world.sta("POST", "Things", Some(station("a1", 24.94))).await.expect(201);
    let token = world.token(Role::Operator);
    world.sta_as(&token, "GET", "Datastreams('a1,dust-a1')/Observations?$top=1", None).await.expect(200);
    let line = |e: &Value| {
        format!(
            "{} {} {} {}",
            e["actor_name"].as_str().unwrap_or(""),
            e["resource"].as_str().unwrap(),
            e["outcome"].as_str().unwrap(),
            e["detail"].as_str().unwrap()
        )
    };
    let reads: Vec<_> = entries(&world, "action=read").await.iter().map(line).collect();
    for resource in ["assets", "observations"] {
        let expected =
            format!("operator of city {resource} allowed sensorthings Datastreams('a1,dust-a1')/Observations?$top=1");
        assert!(reads.contains(&expected), "{reads:#?}");
    }
    world.sta_as(&world.token(Role::Auditor), "GET", "Observations", None).await.expect(403);
    let refused: Vec<_> = entries(&world, "outcome=refused").await.iter().map(line).collect();
    assert!(
        refused
            .iter()
            .any(|line| line.starts_with("auditor of city /sensorthings/v1.1/{*path} refused to read observations")),
        "{refused:#?}"
    );
}
