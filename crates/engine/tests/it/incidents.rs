//! Incidents: correlation, lifecycle, playbooks, merge and split.

use vigiles_engine::command::CommandBody as Body;
use vigiles_engine::{CommandDone, CommandError, Effect, TaskOutcome, next_states};
use vigiles_model::incident::{MAX_TIMELINE, TimelineEvent};
use vigiles_model::{AlarmId, Incident, IncidentId, IncidentState, PlaybookId, Priority, Reality, Severity, TaskState};

use crate::rig::Rig;

const PM25: &str = "id = 'pm25'
[detector.threshold]\nabove = 35
[alarm]\ntitle = 'Fine dust at {asset}'\nseverity = 'moderate'
[incident]\nincident_type = 'air'\npriority = 'p3'\nradius_m = 1000\nwindow_s = 600\nplaybook = 'air'\ntitle = 'Bad air near {asset}'";
const PM10: &str = "id = 'pm10'\nkinds = ['air.pm10']
[detector.threshold]\nabove = 50
[alarm]\ntitle = 'Dust'\nseverity = 'severe'
[incident]\nincident_type = 'air'\npriority = 'p2'\nradius_m = 1000\nwindow_s = 600";

fn opened(rig: &mut Rig) -> Incident {
    done(rig.command(Body::OpenIncident {
        title: "A call".into(),
        incident_type: "call".into(),
        priority: Priority::P2,
        severity: Severity::Minor,
        place: None,
        playbook: None,
        reality: Reality::Actual,
    }))
}

fn done(result: Result<CommandDone, CommandError>) -> Incident {
    match result {
        Ok(CommandDone::Incident(incident)) => *incident,
        other => panic!("{other:?}"),
    }
}

fn reasons(incident: &Incident) -> Vec<&str> {
    let events = incident.timeline.iter().map(|e| &e.event);
    events
        .filter_map(|e| if let TimelineEvent::AlarmJoined { why, .. } = e { Some(why.as_str()) } else { None })
        .collect()
}

#[test]
fn alarms_of_one_asset_or_one_place_share_an_incident() {
    let mut rig = Rig::with_rules(&[PM25, PM10]);
    // b is 555 m from a; c is 5.5 km away.
    rig.feed(
        "0 a air.pm25 40 0.2 0.2\n 10 a air.pm10 60 0.2 0.2\n 20 b air.pm25 40 0.205 0.2\n 30 c air.pm25 40 0.25 0.2",
    );
    let incidents = rig.incidents();
    assert_eq!(incidents.len(), 2);
    let first = &incidents[0];
    assert_eq!(
        (first.alarms.len(), first.title.as_str(), first.severity),
        (3, "Bad air near Station a", Severity::Severe)
    );
    assert_eq!(first.assets.iter().map(vigiles_model::AssetId::as_str).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(
        reasons(first),
        [
            "it opened the incident",
            "score 0.941: same type and same asset Station a; severity rises to severe",
            "score 0.851: same type, 556 m away (of 1000), 10 s after (of 600)",
        ]
    );
    assert!(rig.alarms().iter().all(|a| a.incident.is_some()));
    // Ten minutes after its latest alarm a near one no longer joins, but the same key does.
    rig.feed("40 b air.pm25 1 0.205 0.2\n 800 b air.pm10 70 0.205 0.25\n 810 b air.pm25 40 0.205 0.2");
    assert_eq!(rig.incidents()[0].alarms.len(), 5);
}

#[test]
fn the_lifecycle_follows_its_table() {
    use IncidentState::{Acknowledged, Closed, InProgress, Merged, New, Reopened, Resolved};
    let path_to = |state| match state {
        New => vec![],
        Acknowledged => vec![Acknowledged],
        InProgress => vec![InProgress],
        Resolved => vec![Resolved],
        Closed => vec![Resolved, Closed],
        Reopened => vec![Resolved, Reopened],
        Merged => unreachable!(),
    };
    for from in [New, Acknowledged, InProgress, Resolved, Closed, Reopened] {
        for to in [New, Acknowledged, InProgress, Resolved, Closed, Reopened, Merged] {
            let mut rig = Rig::new();
            let incident = opened(&mut rig).id;
            let change = |to| Body::ChangeState { incident: incident.clone(), to, reason: Some("so".into()) };
            for state in path_to(from) {
                done(rig.command(change(state)));
            }
            let result = rig.command(change(to));
            assert_eq!(result.is_ok(), next_states(from).contains(&to), "{from:?} -> {to:?}: {result:?}");
            if let Err(e) = result {
                assert!(matches!(e, CommandError::NotAllowed { .. }), "{e:?}");
            }
        }
    }
}

#[test]
fn notes_priority_and_versions() {
    let mut rig = Rig::new();
    let incident = opened(&mut rig);
    let note = |text: &str| Body::AddNote { incident: incident.id.clone(), text: text.into() };
    assert_eq!(done(rig.command_at(note("seen"), Some(1))).version, 2);
    assert_eq!(rig.command_at(note("late"), Some(1)), Err(CommandError::VersionConflict { expected: 1, found: 2 }));
    assert!(matches!(rig.command(note(" ")), Err(CommandError::Invalid { .. })));
    let raised = done(rig.command(Body::SetPriority { incident: incident.id.clone(), priority: Priority::P1 }));
    assert_eq!((raised.priority, raised.version), (Priority::P1, 3));
    for i in 0..600 {
        done(rig.command(note(&i.to_string())));
    }
    let full = rig.incidents().remove(0);
    assert_eq!(full.timeline.len(), MAX_TIMELINE);
    assert_eq!(full.timeline[0].event, TimelineEvent::Opened);
    let missing = Body::AddNote { incident: IncidentId::new("inc-none").unwrap(), text: "x".into() };
    assert!(matches!(rig.command(missing), Err(CommandError::NotFound { .. })));
}

#[test]
fn what_people_did_stays_when_an_alarm_comes_and_goes() {
    let rule = "id = 'high'\n[detector.threshold]\nabove = 60\n[incident]\nincident_type = 'air'\npriority = 'p2'";
    let mut rig = Rig::with_rules(&[rule]);
    rig.feed("0 a air.pm25 90");
    let incident = rig.incidents().remove(0);
    done(rig.command(Body::AddNote { incident: incident.id.clone(), text: "seen".into() }));
    for second in 1..800 {
        rig.feed(&format!("{second} a air.pm25 {}", if second % 2 == 0 { 90 } else { 10 }));
    }
    let timeline = rig.incidents().remove(0).timeline;
    let by_people: Vec<_> = timeline.iter().filter(|line| line.by.is_some()).map(|line| line.event.clone()).collect();
    assert_eq!((timeline.len(), &timeline[0].event), (MAX_TIMELINE, &TimelineEvent::Opened));
    assert_eq!(by_people, [TimelineEvent::Note { text: "seen".into() }]);
}

fn started(rig: &Rig) -> Vec<String> {
    let title = |e: &Effect| match e {
        Effect::TaskStarted { task, .. } => Some(task.step.title.clone()),
        _ => None,
    };
    rig.effects.iter().filter_map(title).collect()
}

#[test]
fn a_playbook_runs_in_order() {
    let mut rig = Rig::with_rules(&[PM25]);
    rig.feed("0 a air.pm25 40 0.2 0.2");
    let incident = rig.incidents().remove(0);
    let complete = |n: usize, outcome| Body::CompleteTask {
        incident: incident.id.clone(),
        task: incident.tasks[n].id.clone(),
        outcome,
        text: Some("text".into()),
    };
    assert_eq!(started(&rig), ["Tell the room"]);
    assert!(matches!(rig.command(complete(1, TaskOutcome::Done)), Err(CommandError::NotAllowed { .. })));
    done(rig.command(complete(0, TaskOutcome::Failed)));
    done(rig.command(complete(0, TaskOutcome::Retry)));
    let now = done(rig.command(complete(0, TaskOutcome::Done)));
    assert_eq!(now.tasks[1].state, TaskState::Running);
    assert_eq!(started(&rig), ["Tell the room", "Tell the room"]);
    let again = Body::StartPlaybook { incident: incident.id.clone(), playbook: PlaybookId::new("air").unwrap() };
    assert!(matches!(rig.command(again.clone()), Err(CommandError::NotAllowed { .. })));
    done(rig.command(complete(1, TaskOutcome::Skipped)));
    assert_eq!(started(&rig).last().unwrap(), "Tell the office");
    let end = done(rig.command(complete(2, TaskOutcome::Done)));
    assert!(end.tasks.iter().all(|t| t.outcome.as_deref() == Some("text")));
    assert_eq!(done(rig.command(again)).tasks.len(), 6);
}

#[test]
fn a_merge_moves_alarms_and_later_ones_follow() {
    let mut rig = Rig::with_rules(&[PM25]);
    rig.feed("0 a air.pm25 40 0.2 0.2\n 10 c air.pm25 40 0.25 0.2");
    let two = rig.incidents();
    let merge = Body::Merge { into: two[0].id.clone(), from: two[1].id.clone() };
    let merged = done(rig.command(merge.clone()));
    assert_eq!((merged.alarms.len(), merged.assets.len()), (2, 2));
    let gone = &rig.incidents()[1];
    assert_eq!(
        (gone.state, gone.alarms.len(), gone.merged_into.as_ref()),
        (IncidentState::Merged, 0, Some(&merged.id))
    );
    assert!(gone.tasks.iter().all(|t| t.state == TaskState::Skipped));
    assert!(matches!(rig.command(merge), Err(CommandError::NotAllowed { .. })));
    rig.feed("5000 c air.pm25 1 0.25 0.2\n 5010 c air.pm25 50 0.25 0.2");
    assert_eq!(rig.incidents()[0].alarms.len(), 3);
    assert!(rig.alarms().iter().all(|a| a.incident.as_ref() == Some(&merged.id)));
}

#[test]
fn an_alarm_split_off_never_joins_again() {
    let mut rig = Rig::with_rules(&[PM25]);
    rig.feed("0 a air.pm25 40 0.2 0.2\n 10 b air.pm25 40 0.201 0.2");
    let parent = rig.incidents().remove(0);
    let split = |alarms: &[AlarmId]| Body::Split { incident: parent.id.clone(), alarms: alarms.to_vec(), title: None };
    assert!(matches!(rig.command(split(&parent.alarms)), Err(CommandError::NotAllowed { .. })));
    assert!(matches!(rig.command(split(&[])), Err(CommandError::Invalid { .. })));
    let child = done(rig.command(split(&parent.alarms[1..])));
    assert_eq!((child.alarms.as_slice(), child.split_from.as_ref()), (&parent.alarms[1..], Some(&parent.id)));
    assert_eq!(rig.incidents()[0].alarms, parent.alarms[..1]);
    assert_eq!(rig.incidents()[0].assets.len(), 1);
    // The same key comes again while the child is open, then when it is closed.
    rig.feed("20 b air.pm25 1 0.201 0.2\n 30 b air.pm25 40 0.201 0.2");
    assert_eq!(rig.incidents()[1].alarms.len(), 2);
    let resolve = Body::ChangeState { incident: child.id, to: IncidentState::Resolved, reason: None };
    done(rig.command(resolve));
    rig.feed("40 b air.pm25 1 0.201 0.2\n 50 b air.pm25 40 0.201 0.2");
    let all = rig.incidents();
    assert_eq!((all.len(), all[0].alarms.len(), all[2].alarms.len()), (3, 1, 1));
}

#[test]
fn closed_incidents_leave_memory_after_a_week() {
    let mut rig = Rig::new();
    let incident = opened(&mut rig).id;
    for to in [IncidentState::Resolved, IncidentState::Closed] {
        done(rig.command(Body::ChangeState { incident: incident.clone(), to, reason: None }));
    }
    rig.feed("tick 600000");
    assert_eq!(rig.engine.statistics().incidents, 1);
    rig.feed("tick 610000");
    assert_eq!(rig.engine.statistics().incidents, 0);
    let note = Body::AddNote { incident, text: "late".into() };
    assert!(matches!(rig.command(note), Err(CommandError::NotFound { .. })));
}
