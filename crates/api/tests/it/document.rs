//! The OpenAPI document under version control, and what is the same for all routes.

use std::path::PathBuf;

use vigiles_trust::Role;

use crate::world::world;

#[test]
fn the_document_under_version_control_is_current() {
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas/openapi.json");
    let found = vigiles_api::openapi();
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
        std::fs::write(&golden, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(found == expected, "schemas/openapi.json is not current; run with BLESS=1 and look at the difference");
}

#[test]
fn no_schema_is_referred_to_that_is_not_there() {
    let text = vigiles_api::openapi();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    for part in text.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name} is missing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_pages_and_headers() {
    let world = world().await;
    world.request("GET", "/healthz").send().await.expect(200);
    world.request("GET", "/readyz").send().await.expect(200);
    let metrics = world.request("GET", "/metrics").send().await.expect(200);
    assert!(String::from_utf8(metrics.body).unwrap().contains("vigiles_observations_accepted_total 0"));
    let page = world.request("GET", "/incidents/some").send().await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let etag = page.header("etag").unwrap().to_owned();
    world.request("GET", "/").header("if-none-match", &etag).send().await.expect(304);
    let token = world.token(Role::Operator);
    let data = world.request("GET", "/api/v1/city").bearer(&token).send().await.expect(200);
    assert_eq!(data.header("cache-control"), Some("no-store"));
    assert!(data.header("x-request-id").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_route_says_so() {
    let world = world().await;
    for (method, path, status) in [
        ("GET", "/api/v1/nothing", 404),
        ("PUT", "/api/v1/city", 405),
        ("GET", "/map/other", 404),
        ("POST", "/", 405),
        ("GET", "/missing.js", 404),
    ] {
        let answer = world.request(method, path).send().await.expect(status);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{method} {path}");
        assert!(answer.json()["mend"].is_string());
    }
}
