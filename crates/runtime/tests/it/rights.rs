//! What the door lets the holders of tokens do.

use std::sync::Arc;

use vigiles_model::SourceId;
use vigiles_runtime::Platform;
use vigiles_runtime::directory::{SourceDoor, SourceSetting};
use vigiles_runtime::door::{Door, Grant};
use vigiles_store::{AuditQuery, Outcome};
use vigiles_trust::Role;

use crate::world::{SYSTEM, furnished, grant, reading};

async fn check(platform: &Arc<Platform>, role: Role, expected: Outcome) {
    let asked = platform.follow(&Grant { roles: vec![role], ..grant() }, "site/#").await;
    assert_eq!(asked.is_ok(), expected == Outcome::Allowed, "{role:?}: {asked:?}");
    let newest = AuditQuery { action: Some("follow".to_owned()), limit: 1, ..AuditQuery::default() };
    let entry = platform.store().audit(&SYSTEM, &newest).unwrap().entries.remove(0);
    let found = (entry.actor.as_str(), entry.resource.as_str(), entry.outcome, entry.detail.as_str());
    assert_eq!(found, ("tok-test", "observations", expected, "MQTT topics site/#"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_the_broker_needs_the_right_and_leaves_an_entry() {
    let dir = tempfile::tempdir().unwrap();
    let platform = furnished(dir.path()).await;
    check(&platform, Role::Operator, Outcome::Allowed).await;
    check(&platform, Role::Source, Outcome::Refused).await;
    check(&platform, Role::Device, Outcome::Refused).await;
    check(&platform, Role::Auditor, Outcome::Refused).await;
    platform.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_switched_off_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let platform = furnished(dir.path()).await;
    let set = |enabled, version| SourceSetting {
        id: SourceId::new("sensor-1").unwrap(),
        name: "Sensor".to_owned(),
        door: SourceDoor::Http,
        topic: None,
        url: None,
        mapping: None,
        enabled,
        version,
    };
    platform.directory().put_source(&SYSTEM, set(false, 0), None).unwrap();
    let receipt = platform.submit(&grant(), vec![reading(1.0, platform.now())]).await.unwrap();
    let refused: Vec<_> = receipt.rejected.iter().map(|(i, r)| format!("{i} {}: {}", r.path, r.message)).collect();
    assert_eq!(refused, ["0 source: sensor-1 is switched off; an integrator can switch it on"]);
    platform.directory().put_source(&SYSTEM, set(true, 1), Some(1)).unwrap();
    let receipt = platform.submit(&grant(), vec![reading(1.0, platform.now())]).await.unwrap();
    assert_eq!(receipt.accepted, 1);
    platform.stop();
}
