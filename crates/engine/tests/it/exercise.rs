//! An exercise stands beside the city: neither knows of the other.

use proptest::prelude::*;
use vigiles_engine::command::CommandBody as Body;
use vigiles_engine::{CommandError, Effect, Input, TaskOutcome};
use vigiles_model::{ExerciseId, Incident, IncidentState, Origin, Reality, Severity, Timestamp};

use crate::properties::RULES;
use crate::rig::{Rig, cases, command, reading};

fn id(text: &str) -> ExerciseId {
    ExerciseId::new(text).unwrap()
}

fn start(name: &str) -> Body {
    Body::StartExercise { id: id(name), name: "A dark evening".into() }
}

fn end(name: &str) -> Body {
    Body::EndExercise { id: id(name), reason: "time is up".into() }
}

const RULE: &str =
    "cooldown_s = 5\n[detector.threshold]\nabove = 50\n[incident]\nincident_type = 'air'\npriority = 'p2'
playbook = 'air'";

/// Incidents as "reality number state alarms".
fn incidents(rig: &Rig) -> String {
    let line = |i: &Incident| format!("{:?} {} {:?} {}", i.reality, i.number, i.state, i.alarms.len());
    let mut latest: Vec<Incident> = Vec::new();
    for effect in &rig.effects {
        let Effect::IncidentChanged(incident) = effect else { continue };
        match latest.iter_mut().find(|known| known.id == incident.id) {
            Some(known) => *known = (**incident).clone(),
            None => latest.push((**incident).clone()),
        }
    }
    latest.iter().map(line).collect::<Vec<_>>().join(", ")
}

fn find(rig: &Rig, reality: Reality) -> Incident {
    rig.effects
        .iter()
        .rev()
        .find_map(|effect| match effect {
            Effect::IncidentChanged(incident) if incident.reality == reality => Some((**incident).clone()),
            _ => None,
        })
        .unwrap()
}

#[test]
fn alarms_join_incidents_of_their_own_side_only() {
    let mut rig = Rig::with_rules(&[RULE]);
    rig.feed("10 a air.pm25 90 exercise");
    assert_eq!(incidents(&rig), "", "no exercise is under way");
    rig.command(start("e1")).unwrap();
    rig.feed("20 a air.pm25 90 exercise\n21 a air.pm25 91\n30 a air.pm25 9\n31 a air.pm25 9 exercise\ntick 39");
    rig.feed("40 a air.pm25 92\n41 a air.pm25 93 exercise");
    assert_eq!(incidents(&rig), "Exercise 1 New 2, Actual 1 New 2");
    let alarms = rig.alarms();
    assert_eq!(alarms.iter().filter(|a| a.reality == Reality::Exercise).count(), 2);
    let of_drill = |o: &vigiles_model::Observation| o.origin == Origin::Exercise;
    assert!(alarms.iter().all(|a| (a.reality == Reality::Exercise) == a.causes.iter().all(of_drill)));
}

#[test]
fn commands_go_to_the_side_that_holds_the_incident() {
    let mut rig = Rig::with_rules(&[RULE]);
    rig.command(start("e1")).unwrap();
    rig.feed("20 a air.pm25 90 exercise\n21 a air.pm25 90");
    let (drill, city) = (find(&rig, Reality::Exercise), find(&rig, Reality::Actual));
    let seen =
        |i: &Incident| Body::ChangeState { incident: i.id.clone(), to: IncidentState::Acknowledged, reason: None };
    rig.command(seen(&drill)).unwrap();
    assert_eq!(incidents(&rig), "Exercise 1 Acknowledged 1, Actual 1 New 1");
    let merge = Body::Merge { into: city.id.clone(), from: drill.id };
    assert!(matches!(rig.command(merge), Err(CommandError::NotFound { .. })), "the city does not know of it");
    rig.command(seen(&city)).unwrap();
    assert_eq!(incidents(&rig), "Exercise 1 Acknowledged 1, Actual 1 Acknowledged 1");
}

#[test]
fn an_incident_of_an_exercise_wants_one_under_way() {
    let opening = |reality| Body::OpenIncident {
        title: "A call".into(),
        incident_type: "air".into(),
        priority: vigiles_model::Priority::P3,
        severity: Severity::Minor,
        place: None,
        playbook: None,
        reality,
    };
    let mut rig = Rig::with_rules(&[RULE]);
    let refused = |rig: &mut Rig| match rig.command(opening(Reality::Exercise)) {
        Err(CommandError::NotAllowed { why }) => assert!(why.ends_with("start an exercise first"), "{why}"),
        answer => panic!("{answer:?}"),
    };
    refused(&mut rig);
    rig.command(opening(Reality::Test)).unwrap();
    assert_eq!(incidents(&rig), "Test 1 New 0", "a test is made in the city itself");
    rig.command(start("e1")).unwrap();
    rig.command(opening(Reality::Exercise)).unwrap();
    rig.command(end("e1")).unwrap();
    refused(&mut rig);
    assert_eq!(incidents(&rig), "Test 1 New 0, Exercise 1 Closed 0");
}

#[test]
fn one_exercise_at_a_time_and_its_end_closes_what_is_open() {
    let mut rig = Rig::with_rules(&[RULE]);
    assert!(matches!(rig.command(end("e1")), Err(CommandError::NotFound { .. })));
    rig.command(start("e1")).unwrap();
    assert!(matches!(rig.command(start("e2")), Err(CommandError::NotAllowed { .. })));
    rig.feed("20 a air.pm25 90 exercise\n21 a air.pm25 90");
    assert!(matches!(rig.command(end("e2")), Err(CommandError::NotFound { .. })));
    rig.command(end("e1")).unwrap();
    assert_eq!(incidents(&rig), "Exercise 1 Closed 1, Actual 1 New 1");
    let open: Vec<_> = rig.alarms().into_iter().filter(|a| a.cleared.is_none()).map(|a| a.reality).collect();
    assert_eq!(open, [Reality::Actual]);
    assert_eq!(rig.engine.exercise(), None);
    rig.feed("30 b air.pm25 90 exercise");
    assert_eq!(incidents(&rig), "Exercise 1 Closed 1, Actual 1 New 1");
}

#[test]
fn nothing_outward_is_handed_out_in_an_exercise() {
    let mut rig = Rig::with_rules(&[RULE]);
    rig.command(start("e1")).unwrap();
    rig.feed("20 a air.pm25 90 exercise");
    for _ in 0..2 {
        let drill = find(&rig, Reality::Exercise);
        let running = drill.tasks.iter().find(|t| t.state == vigiles_model::TaskState::Running).unwrap();
        let (incident, task) = (drill.id.clone(), running.id.clone());
        rig.command(Body::CompleteTask { incident, task, outcome: TaskOutcome::Done, text: None }).unwrap();
    }
    let drill = find(&rig, Reality::Exercise);
    let said = drill.tasks[2].outcome.clone().unwrap();
    assert_eq!(said, "exercise: not sent, would have gone to webhook office");
    assert_eq!(outward(&rig.effects), 0);
}

#[test]
fn a_rule_that_changes_in_an_exercise_changes_on_both_sides() {
    let mut rig = Rig::with_rules(&[RULE]);
    rig.command(start("e1")).unwrap();
    rig.feed("20 a air.pm25 90 exercise\n21 a air.pm25 90");
    rig.command(Body::PutRule(Box::new(crate::rig::rule(&RULE.replace("50", "95"))))).unwrap();
    assert!(rig.alarms().iter().all(|a| a.cleared.is_some()));
    rig.feed("40 a air.pm25 96 exercise\n41 a air.pm25 96");
    assert_eq!(incidents(&rig), "Exercise 1 New 2, Actual 1 New 2");
}

/// Tasks handed out that would leave the platform.
fn outward(effects: &[Effect]) -> usize {
    let is_outward =
        |e: &&Effect| matches!(e, Effect::TaskStarted { task, .. } if task.step.action.outward().is_some());
    effects.iter().filter(is_outward).count()
}

/// One entry of the log, and whether it belongs to the exercise.
fn entry() -> impl Strategy<Value = (i64, bool, usize, u8)> {
    (1..7200i64, any::<bool>(), 0..3usize, 0..120u8)
}

/// Effects that change alarms, incidents, and what is handed out, of one side.
fn of_side(effects: &[Effect], reality: Reality) -> Vec<Effect> {
    let mut ids = std::collections::BTreeSet::new();
    let mut kept = Vec::new();
    for effect in effects {
        let keep = match effect {
            Effect::AlarmChanged(alarm) => alarm.reality == reality,
            Effect::IncidentChanged(incident) => {
                let own = incident.reality == reality;
                if own {
                    ids.insert(incident.id.clone());
                }
                own
            }
            Effect::TaskStarted { incident, .. } => ids.contains(incident),
            _ => false,
        };
        if keep {
            kept.push(effect.clone());
        }
    }
    kept
}

proptest! {
    #![proptest_config(cases(256))]

    /// The same log with and without the exercise; and the exercise with and without the city around it.
    #[test]
    fn neither_side_knows_of_the_other(entries in prop::collection::vec(entry(), 1..60), cut in 0..60usize) {
        let (mut both, mut city, mut drill) = (Rig::with_rules(&RULES), Rig::with_rules(&RULES), Rig::with_rules(&RULES));
        for rig in [&mut both, &mut drill] {
            rig.command(start("e1")).unwrap();
        }
        let mut now = 0;
        for (i, (after, of_drill, who, value)) in entries.iter().enumerate() {
            now += after;
            let marker = if *of_drill { " exercise" } else { "" };
            let o = reading(&format!("{now} {} air.pm25 {value} 0.2 0.{who}{marker}", ["a", "b", "c"][*who]));
            let input = Input::Observations(vec![o]);
            let own = if *of_drill { &mut drill } else { &mut city };
            for rig in [&mut both, own] {
                rig.now = now;
                rig.step(&input);
            }
            if i == cut {
                both.engine = crate::kinds::restore(&both.engine.snapshot()).unwrap();
            }
        }
        for rig in [&mut both, &mut city, &mut drill] {
            rig.now = now + 30 * 86_400;
            rig.step(&Input::Tick);
        }
        prop_assert_eq!(of_side(&both.effects, Reality::Actual), of_side(&city.effects, Reality::Actual));
        prop_assert_eq!(of_side(&both.effects, Reality::Exercise), of_side(&drill.effects, Reality::Exercise));
        prop_assert_eq!(outward(&of_side(&both.effects, Reality::Exercise)), 0);
        let ended = Input::Command(command(end("e1"), None));
        both.engine.step(&ended, Timestamp::from_secs(now + 30 * 86_400), &mut both.effects);
        city.step(&Input::Tick);
        // When it is over, what is left is the city, byte for byte.
        prop_assert_eq!(both.engine.snapshot(), city.engine.snapshot());
    }
}

#[test]
fn severity_of_the_exercise_does_not_reach_the_city() {
    let mut rig = Rig::with_rules(&[RULE]);
    rig.command(start("e1")).unwrap();
    rig.feed("20 a air.pm25 90");
    rig.command(Body::OpenIncident {
        title: "A call".into(),
        incident_type: "air".into(),
        priority: vigiles_model::Priority::P1,
        severity: Severity::Extreme,
        place: None,
        playbook: None,
        reality: Reality::Exercise,
    })
    .unwrap();
    assert_eq!(incidents(&rig), "Actual 1 New 1, Exercise 1 New 0");
    assert_eq!(find(&rig, Reality::Actual).severity, Severity::Moderate);
}
