//! Consultations that were allowed: each leaves an entry of who, for which purpose, what.

use serde_json::Value;
use vigiles_trust::Role;

use crate::audit::entries;
use crate::incidents::raise;
use crate::world::{World, world};

fn line(entry: &Value) -> String {
    let word = |field: &str| entry[field].as_str().unwrap_or("nobody");
    let who = format!("{} ({}) for {}", word("actor_name"), word("agency"), word("purpose"));
    format!("{who}: {} {}: {} ({})", word("action"), word("resource"), word("outcome"), word("detail"))
}

/// Reads a path, with a purpose stated or not, and expects one entry more of those that say so.
async fn check(world: &World, role: Role, purpose: Option<&str>, path: &str, expected: &str) {
    let lines = || async { entries(world, "action=read").await.iter().map(line).collect::<Vec<_>>() };
    let count = |lines: &[String]| lines.iter().filter(|line| *line == expected).count();
    let before = count(&lines().await);
    let token = world.token(role);
    let mut request = world.request("GET", path).bearer(&token);
    if let Some(purpose) = purpose {
        request = request.header("x-purpose", purpose);
    }
    request.send().await.expect(200);
    let after = lines().await;
    assert_eq!(count(&after), before + 1, "{path}: {expected:?} is not once more in {after:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_of_the_city_leaves_an_entry() {
    let world = world().await;
    let (_, incident) = raise(&world).await;
    let nearby = format!("/api/v1/incidents/{}/nearby", incident["id"].as_str().unwrap());
    let near = format!("near incident/{}", incident["id"].as_str().unwrap());
    for (path, resource, detail) in [
        ("/api/v1/observations?kind=air.pm25&limit=5", "observations", "kind=air.pm25&limit=5"),
        ("/api/v1/series?asset=s1&kind=air.pm25", "observations", "series s1 air.pm25"),
        ("/api/v1/picture", "picture", ""),
        ("/api/v1/picture?bbox=24,60,25,61", "picture", "bbox=24,60,25,61"),
        (&nearby, "observations", &near),
    ] {
        let said = |who: &str| format!("{who}: read {resource}: allowed ({detail})");
        check(&world, Role::Operator, None, path, &said("operator of city (city) for operations")).await;
        let stated = said("operator of city (city) for investigation");
        check(&world, Role::Operator, Some("investigation"), path, &stated).await;
        check(&world, Role::Analyst, None, path, &said("analyst of city (city) for planning")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_of_people_leaves_an_entry() {
    let world = world().await;
    let ada = world.account("ada", &[Role::Operator], None).id.to_string();
    let one = format!("/api/v1/accounts/{ada}");
    for (path, resource, detail) in
        [("/api/v1/accounts", "accounts", ""), (&*one, "accounts", &*ada), ("/api/v1/tokens", "tokens", "")]
    {
        let said = |who: &str| format!("{who}: read {resource}: allowed ({detail})");
        check(&world, Role::Auditor, None, path, &said("auditor of city (city) for oversight")).await;
        let stated = said("administrator of city (city) for operations");
        check(&world, Role::Administrator, Some("operations"), path, &stated).await;
    }
}
