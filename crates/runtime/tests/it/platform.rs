//! From the door to the store.

use vigiles_engine::CommandBody;
use vigiles_formats::observation::Draft;
use vigiles_model::{AlarmState, Duration, IncidentState, Value};
use vigiles_runtime::CommandFailure;
use vigiles_runtime::door::{Door, Receipt};

use crate::world::{self, alarms, furnished, grant, incidents, put, reading, settle};

#[tokio::test(flavor = "multi_thread")]
async fn a_high_reading_becomes_an_alarm_and_an_incident() {
    let dir = tempfile::tempdir().unwrap();
    let platform = furnished(dir.path()).await;
    let receipt = platform.submit(&grant(), vec![reading(90.0, platform.now())]).await.unwrap();
    assert_eq!(receipt, Receipt { accepted: 1, ..Receipt::default() });
    settle(&platform).await;
    let alarms = alarms(&platform);
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0].state, AlarmState::Active);
    assert_eq!(alarms[0].causes[0].value, Value::Number(90.0));
    let incidents = incidents(&platform);
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0].state, IncidentState::New);
    assert_eq!(Some(&incidents[0].id), alarms[0].incident.as_ref());
    platform.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redelivery_does_no_harm_and_bad_drafts_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let platform = furnished(dir.path()).await;
    let now = platform.now();
    let batch = || {
        vec![
            reading(10.0, now),
            Draft::new("unknown.kind", Value::Number(1.0)),
            reading(f64::NAN, now),
            reading(11.0, now + Duration::from_secs(3600)),
        ]
    };
    let first = platform.submit(&grant(), batch()).await.unwrap();
    assert_eq!((first.accepted, first.duplicates), (1, 0));
    let paths: Vec<_> = first.rejected.iter().map(|(index, r)| (*index, r.path.as_str())).collect();
    assert_eq!(paths, [(1, "kind"), (2, "value"), (3, "time")]);
    let second = platform.submit(&grant(), batch()).await.unwrap();
    assert_eq!((second.accepted, second.duplicates), (0, 1));
    assert_eq!(platform.intake().counters.rejected.get(), 6);
    platform.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_answered_and_refused_with_reasons() {
    let dir = tempfile::tempdir().unwrap();
    let platform = furnished(dir.path()).await;
    platform.submit(&grant(), vec![reading(90.0, platform.now())]).await.unwrap();
    settle(&platform).await;
    let id = incidents(&platform)[0].id.clone();
    let to = |to| CommandBody::ChangeState { incident: id.clone(), to, reason: None };
    put(&platform, to(IncidentState::Acknowledged)).await.unwrap();
    let refused = put(&platform, to(IncidentState::Closed)).await.unwrap_err();
    assert!(matches!(refused, CommandFailure::Refused(_)), "{refused}");
    assert_eq!(incidents(&platform)[0].state, IncidentState::Acknowledged);
    platform.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn time_alone_moves_the_engine() {
    let dir = tempfile::tempdir().unwrap();
    let platform = furnished(dir.path()).await;
    let mut rule = world::threshold_rule();
    rule.detector = vigiles_engine::rule::Detector::Silent(vigiles_engine::rule::Silent { after_s: 1.0 });
    put(&platform, CommandBody::PutRule(Box::new(rule))).await.unwrap();
    platform.submit(&grant(), vec![reading(10.0, platform.now())]).await.unwrap();
    world::wait_until(&platform, |p| !alarms(p).is_empty());
    platform.stop();
}
