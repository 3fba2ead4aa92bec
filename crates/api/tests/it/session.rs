//! Signing in and out, links, limits, and requests from other sites.

use serde_json::json;
use vigiles_trust::Role;

use crate::client::Answer;
use crate::world::{World, world};

const PASSWORD: &str = "correct horse battery";

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

async fn sign_in(world: &World, name: &str, password: &str) -> Answer {
    world.request("POST", "/api/v1/session").json(json!({"name": name, "password": password})).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_from_sign_in_to_sign_out() {
    let world = world().await;
    world.account("ada", &[Role::Operator], Some(PASSWORD));
    sign_in(&world, "ada", "wrong password!").await.expect(401);
    sign_in(&world, "nobody", PASSWORD).await.expect(401);
    let welcome = sign_in(&world, "ADA", PASSWORD).await.expect(200);
    assert!(welcome.header("set-cookie").unwrap().contains("HttpOnly; SameSite=Strict"));
    let cookie = cookie(&welcome);
    let who = world.request("GET", "/api/v1/session").header("cookie", &cookie).send().await.expect(200).json();
    assert_eq!((&who["person"]["name"], &who["person"]["agency_name"]), (&json!("ada"), &json!("CITY")));

    let open = json!({"title": "T", "incident_type": "test", "priority": "p3", "severity": "minor"});
    let post = || world.request("POST", "/api/v1/incidents").header("cookie", &cookie).json(open.clone());
    post().send().await.expect(403);
    post().header("origin", "http://evil.example").send().await.expect(403);
    post().header("origin", &format!("http://{}", world.address)).send().await.expect(201);
    post().header("sec-fetch-site", "same-origin").send().await.expect(201);

    let out = world.request("DELETE", "/api/v1/session").header("cookie", &cookie);
    out.header("sec-fetch-site", "same-origin").send().await.expect(204);
    world.request("GET", "/api/v1/session").header("cookie", &cookie).send().await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn disabling_ends_all_sessions() {
    let world = world().await;
    let account = world.account("ada", &[Role::Operator], Some(PASSWORD));
    let first = cookie(&sign_in(&world, "ada", PASSWORD).await.expect(200));
    let second = cookie(&sign_in(&world, "ada", PASSWORD).await.expect(200));
    assert_ne!(first, second, "each sign-in has its own session");
    let admin = world.token(Role::Administrator);
    let path = format!("/api/v1/accounts/{}", account.id);
    let patch =
        |version: &str, body| world.request("PATCH", &path).bearer(&admin).header("if-match", version).json(body);
    world.request("PATCH", &path).bearer(&admin).json(json!({"disabled": true})).send().await.expect(428);
    patch("\"7\"", json!({"disabled": true})).send().await.expect(412);
    patch("\"1\"", json!({"disabled": true})).send().await.expect(200);
    for cookie in [first, second] {
        world.request("GET", "/api/v1/session").header("cookie", &cookie).send().await.expect(401);
    }
    sign_in(&world, "ada", PASSWORD).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_is_made_by_a_link_once() {
    let world = world().await;
    let link = world.platform.directory().first_administrator_link(world.platform.now()).unwrap().unwrap();
    let look = world.request("GET", &format!("/api/v1/session/link/{link}")).send().await.expect(200).json();
    assert_eq!((&look["use"], &look["needs_password"]), (&json!("first_administrator"), &json!(true)));
    let use_link = |body| world.request("POST", "/api/v1/session/link").json(body);
    use_link(json!({"token": link})).send().await.expect(422);
    use_link(json!({"token": link, "name": "root", "password": "short"})).send().await.expect(422);
    let done = use_link(json!({"token": link, "name": "root", "password": PASSWORD})).send().await.expect(200);
    assert_eq!(done.json()["person"]["roles"][0], "administrator");
    use_link(json!({"token": link, "name": "eve", "password": PASSWORD})).send().await.expect(401);
    world.request("GET", &format!("/api/v1/session/link/{link}")).send().await.expect(404);
    assert!(world.platform.directory().first_administrator_link(world.platform.now()).unwrap().is_none());
    sign_in(&world, "root", PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down() {
    let world = world().await;
    world.account("ada", &[Role::Operator], Some(PASSWORD));
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(sign_in(&world, "ada", "wrong password!").await.status);
    }
    assert_eq!((statuses[0], statuses[10]), (401, 429), "{statuses:?}");
    let late = sign_in(&world, "ada", PASSWORD).await.expect(429);
    assert!(late.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
}

/// One address that tries many names is slowed down as well, and nobody elsewhere pays for it.
#[tokio::test(flavor = "multi_thread")]
async fn guessing_names_from_one_address_is_slowed_down() {
    let world = world().await;
    world.account("ada", &[Role::Operator], Some(PASSWORD));
    let [near, far] = ["127.0.0.1", "127.0.0.2"].map(|address| address.parse().unwrap());
    let try_from = |from, name: &str| {
        let tried = json!({"name": name, "password": PASSWORD});
        world.request("POST", "/api/v1/session").from(from).json(tried).send()
    };
    let mut tried = 0;
    // A slow machine gets a try back meanwhile, so the count has some room above the ten that are free.
    while try_from(near, &format!("nobody-{tried}")).await.status == 401 {
        tried += 1;
        assert!(tried < 40, "{tried} names were tried from one address");
    }
    assert!(tried >= 10, "only {tried} tries were free");
    try_from(far, "ada").await.expect(200);
    try_from(far, &format!("nobody-{tried}")).await.expect(401);
    let refused = try_from(near, "somebody-else").await.expect(429);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_shown_once_and_can_be_revoked() {
    let world = world().await;
    let integrator = world.token(Role::Integrator);
    let make = |body| world.request("POST", "/api/v1/tokens").bearer(&integrator).json(body);
    make(json!({"name": "root", "role": "administrator"})).send().await.expect(403);
    make(json!({"name": "dev", "role": "device"})).send().await.expect(422);
    let made = make(json!({"name": "dev", "role": "device", "source": "dev-1"})).send().await.expect(201).json();
    let secret = made["secret"].as_str().unwrap();
    let list = world.request("GET", "/api/v1/tokens").bearer(&integrator).send().await.expect(200);
    assert!(!String::from_utf8(list.body).unwrap().contains(secret));
    world.request("POST", "/api/v1/observations").bearer(secret).json(json!([])).send().await.expect(400);
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    world.request("DELETE", &path).bearer(&integrator).send().await.expect(204);
    world.request("POST", "/api/v1/observations").bearer(secret).json(json!([])).send().await.expect(401);
}
