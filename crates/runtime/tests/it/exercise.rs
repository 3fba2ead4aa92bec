//! Exercises played by the platform's clock: across a restart, and without a trace in the city.

use std::sync::Arc;

use vigiles_engine::CommandError;
use vigiles_engine::exercise::{Entry, Reading, Scenario, Target};
use vigiles_model::{IncidentState, KindId, PersonId, PlaybookId, Reality, ScenarioId, Timestamp, Value};
use vigiles_runtime::exercise::Director;
use vigiles_runtime::{CommandFailure, Platform, documents};
use vigiles_store::Query;
use vigiles_trust::{Action, Resource, Role, authorise};

use crate::playbooks::playbook;
use crate::world::{SYSTEM, agency, alarms, furnished, incidents, open, put, settle, wait_until};

/// A reading over the limit at once and one two seconds later, each of a source of its own.
fn scenario() -> Scenario {
    let entry = |after_s: f64, source: &str| Entry {
        after_s,
        reading: Some(Reading {
            kind: KindId::new("air.pm25").unwrap(),
            source: Some(source.parse().unwrap()),
            asset: None,
            place: None,
            near: None,
            value: Value::Number(90.0),
            attributes: std::collections::BTreeMap::new(),
            every_s: None,
            until_s: None,
            rise_per_s: None,
            fault: None,
        }),
        call: None,
    };
    Scenario {
        id: ScenarioId::new("s").unwrap(),
        name: "Smog".into(),
        description: String::new(),
        source: String::new(),
        timeline: vec![entry(0.0, "first"), entry(2.0, "second")],
        targets: vec![Target::Done { playbook: PlaybookId::new("p").unwrap(), task: "Look".into(), within_s: 60.0 }],
    }
}

fn director() -> Director {
    Director { by: PersonId::new("ada").unwrap(), agency: agency() }
}

fn has_incidents(count: usize) -> impl Fn(&Platform) -> bool {
    move |platform| incidents(platform).len() == count
}

#[test]
fn an_exercise_goes_on_after_a_restart_and_leaves_no_trace_in_the_city() {
    let dir = tempfile::tempdir().unwrap();
    let in_process = |work: &dyn Fn(Arc<Platform>, &tokio::runtime::Runtime), platform: Arc<Platform>| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async { platform.run_errands(vigiles_runtime::carrier::Carriers::new()) });
        work(platform.clone(), &runtime);
        platform.stop();
    };
    let first = tokio::runtime::Runtime::new().unwrap().block_on(furnished(dir.path()));
    let id = std::cell::RefCell::new(String::new());
    in_process(
        &|platform, runtime| {
            let start = || runtime.block_on(platform.start_exercise(&SYSTEM, &director(), scenario()));
            let Err(CommandFailure::Refused(CommandError::Invalid { field, .. })) = start() else {
                panic!("a target names a playbook that is not there")
            };
            assert_eq!(field, "targets[0].done.playbook");
            runtime.block_on(put(&platform, playbook(&["Look"]))).unwrap();
            let run = start().unwrap();
            id.replace(run.exercise.id.to_string());
            assert!(matches!(start(), Err(CommandFailure::Refused(CommandError::NotAllowed { .. }))));
            wait_until(&platform, has_incidents(1));
        },
        first,
    );
    in_process(
        &|platform, runtime| {
            wait_until(&platform, has_incidents(2));
            let (system, director, id) = (SYSTEM, director(), id.borrow().clone());
            let end = platform.end_exercise(&system, &director, &id, "time is up".into());
            let run = runtime.block_on(end).unwrap();
            assert!(run.ended.is_some());
            runtime.block_on(settle(&platform));
            let drill = |state: IncidentState, reality: Reality| (state, reality);
            let found: Vec<_> = incidents(&platform).iter().map(|i| drill(i.state, i.reality)).collect();
            assert_eq!(found, [drill(IncidentState::Closed, Reality::Exercise); 2]);
            assert!(alarms(&platform).iter().all(|a| a.reality == Reality::Exercise && a.cleared.is_some()));
            let met = Query { states: vec!["active".into(), "cleared".into()], ..Query::new(documents::ALARM) };
            assert!(platform.store().list(&SYSTEM, &met).unwrap().documents.is_empty(), "nobody meets them unasked");
            let latest = platform.history().latest(&SYSTEM, Timestamp(i64::MAX / 2), None).unwrap();
            assert!(latest.observations.is_empty(), "history has what the city saw");
            let debrief = runtime.block_on(platform.debrief(run)).unwrap();
            assert_eq!(debrief.incidents.len(), 2);
        },
        open(dir.path()),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looked_first_is_told_however_often_others_looked_after_them() {
    let dir = tempfile::tempdir().unwrap();
    let platform = furnished(dir.path()).await;
    platform.run_errands(vigiles_runtime::carrier::Carriers::new());
    let scenario = Scenario { targets: Vec::new(), ..scenario() };
    let run = platform.start_exercise(&SYSTEM, &director(), scenario).await.unwrap();
    let opened = platform.clone();
    tokio::task::spawn_blocking(move || wait_until(&opened, has_incidents(2))).await.unwrap();
    let looks = |who: &str, times: usize| {
        let who = PersonId::new(who).unwrap();
        let read = Action::Read(Resource::Incidents);
        let ctx = authorise(&who, &[Role::Operator], &agency(), None, read, None).unwrap();
        for incident in incidents(&platform).iter().cycle().take(2 * times) {
            platform.store().get(&ctx, documents::INCIDENT, incident.id.as_str()).unwrap();
        }
    };
    looks("ada", 1);
    looks("ben", Query::MAX_LIMIT + 1);
    let debrief = platform.debrief(run).await.unwrap();
    for course in &debrief.incidents {
        let seen: Vec<_> = course.seen.iter().map(|sight| sight.by.as_str()).collect();
        assert_eq!(seen, ["ada", "ben"], "incident {}", course.number);
    }
    assert_eq!(debrief.incidents.len(), 2);
    platform.stop();
}
