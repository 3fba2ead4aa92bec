//! Exercises played by the platform's clock: across a restart, and without a trace in the city.

use std::sync::Arc;

use vigiles_engine::exercise::{Call, Entry, Reading, Scenario, Target};
use vigiles_engine::{CommandBody, CommandError};
use vigiles_model::{
    CallerRole, IncidentState, KindId, PersonId, PlaybookId, Position, Priority, Reality, ScenarioId, Severity,
    Timestamp, Value,
};
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
    let incident = incidents(&platform)[0].id.clone();
    let looks = |who: &str, times: usize| {
        let who = PersonId::new(who).unwrap();
        let read = Action::Read(Resource::Incidents);
        let ctx = authorise(&who, &[Role::Operator], &agency(), None, read, None).unwrap();
        for _ in 0..times {
            platform.store().get(&ctx, documents::INCIDENT, incident.as_str()).unwrap();
        }
    };
    looks("ada", 1);
    // By many at once: entries of the audit log are made durable in groups.
    std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(|| looks("ben", Query::MAX_LIMIT / 8 + 1)))));
    let debrief = platform.debrief(run).await.unwrap();
    let course = debrief.incidents.iter().find(|course| course.incident == incident).unwrap();
    let seen: Vec<_> = course.seen.iter().map(|sight| sight.by.as_str()).collect();
    assert_eq!(seen, ["ada", "ben"]);
    assert_eq!(debrief.incidents.len(), 2);
    platform.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_a_scenario_find_each_other_and_not_the_city() {
    let dir = tempfile::tempdir().unwrap();
    let platform = furnished(dir.path()).await;
    platform.run_errands(vigiles_runtime::carrier::Carriers::new());
    let call = |after_s: f64, title: &str| Entry {
        after_s,
        reading: None,
        call: Some(Call {
            title: title.to_owned(),
            text: None,
            role: CallerRole::Witness,
            incident_type: "fire".to_owned(),
            priority: Priority::P2,
            severity: Severity::Minor,
            place: Some(Position { lon: 7.42, lat: 43.73 }),
            near: None,
            playbook: None,
        }),
    };
    let mut in_the_city = call(0.0, "In the city").call.unwrap().command(&|_| None);
    let CommandBody::TakeCall { reality, .. } = &mut in_the_city else { panic!("a call is taken") };
    *reality = Reality::Actual;
    put(&platform, in_the_city).await.unwrap();
    let timeline = vec![call(0.0, "Smoke"), call(1.0, "Flames")];
    let scenario = Scenario { timeline, targets: Vec::new(), ..scenario() };
    platform.start_exercise(&SYSTEM, &director(), scenario).await.unwrap();
    let played = platform.clone();
    let has_joined = |platform: &Platform| incidents(platform).iter().any(|incident| incident.calls.len() == 2);
    tokio::task::spawn_blocking(move || wait_until(&played, has_joined)).await.unwrap();
    let mut found: Vec<_> = incidents(&platform)
        .iter()
        .map(|i| (i.reality, i.calls.iter().map(|call| call.text.clone()).collect::<Vec<_>>(), i.related.len()))
        .collect();
    found.sort_by_key(|(reality, ..)| *reality != Reality::Actual);
    let told = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let expected = [(Reality::Actual, told(&["In the city"]), 0), (Reality::Exercise, told(&["Smoke", "Flames"]), 0)];
    assert_eq!(found, expected);
    platform.stop();
}
