//! The system page tells what there is.

use serde_json::json;
use vigiles_trust::Role;

use crate::world::world;

#[tokio::test(flavor = "multi_thread")]
async fn storage_and_alarms_are_those_there_are() {
    let world = world().await;
    let reader = world.with_rule().await;
    let source = world.token(Role::Source);
    for asset in ["s1", "s2", "s3"] {
        let high = json!({"kind": "air.pm25", "value": 80, "asset": asset});
        world.request("POST", "/api/v1/observations").bearer(&source).json(high).send().await.expect(202);
    }
    let system = || async { world.request("GET", "/api/v1/system").bearer(&reader).send().await.expect(200).json() };
    let found = loop {
        let found = system().await;
        // The engine's own counts are a second old.
        if found["rates"]["alarms_per_h"] == 3.0 && found["engine"]["open_alarms"] == 3 {
            break found;
        }
    };
    let storage = |name: &str| found["storage"].as_array().unwrap().iter().find(|s| s["name"] == name).unwrap().clone();
    // Each of the three has a state with an alarm.
    let bytes = |field: &str| found["engine"][field].as_u64().unwrap();
    assert!((300..100_000).contains(&bytes("state_bytes")) && bytes("max_state_bytes") > 1 << 30, "{found}");
    assert_eq!(storage("history")["rows"], 3, "{found}");
    assert!(storage("store")["bytes"].as_u64().unwrap() > 4096, "{found}");
    assert!(storage("snapshots").is_object(), "{found}");
    let bytes = found["log"]["bytes"].as_u64().unwrap();
    assert!(bytes > 100 && found["log"]["segments"] == 1, "{found}");
    let volume = &found["volume"];
    assert!(volume["free_bytes"].as_u64().unwrap() > 0, "{found}");
    assert!(volume["free_bytes"].as_u64() <= volume["total_bytes"].as_u64(), "{found}");
}
