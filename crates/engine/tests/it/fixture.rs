//! Snapshots of every format that was ever written: today's engine reads them and goes on with them.

use std::path::{Path, PathBuf};

use vigiles_engine::command::CommandBody as Body;
use vigiles_engine::{Engine, Input, TaskOutcome};
use vigiles_model::{AlarmId, IncidentState, Priority};

use crate::fixture_all::states;
use crate::properties::RULES;
use crate::rig::Rig;

fn fixture(version: u8) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/snapshot-{version}"))
}

/// A night in the city with something in every part of the state: the detectors of
/// [`RULES`] have seen readings, alarms are open and
/// cleared, and incidents stand where people and the engine left them.
fn busy_city() -> Rig {
    let mut rig = Rig::with_rules(&RULES);
    rig.step(&Input::UtcOffset(7200));
    rig.feed(
        "10 a air.pm25 90 0.2 0.2 street=Kaivokatu\n10 b air.pm25 20 0.205 0.2\n20 s2/- air.pm25 65 5 0.5
         22 c vehicle 80 0.5 0.5\n23 c vehicle 30 1.2 0.5\n24 a vehicle 75 10.5 0.5
         25 - report noise 0.3 0.3\n25 a report fire 0.3 0.3\n26 b report noise 0.3 0.3\n?21 b report late 0.3 0.3
         27 b door.open true\n30 a air.pm25 95 0.2 0.2\n31 a air.pm25 5000 0.2 0.2 implausible",
    );
    let incident = |rig: &Rig, place: usize| rig.incidents()[place].clone();
    let first = incident(&rig, 0);
    let id = first.id.clone();
    let said = "0.2 is right".to_owned();
    for body in [
        Body::ChangeState { incident: id.clone(), to: IncidentState::Acknowledged, reason: None },
        Body::AddNote { incident: id.clone(), text: said },
        Body::SetPriority { incident: id.clone(), priority: Priority::P1 },
        Body::Merge { into: id.clone(), from: incident(&rig, 1).id },
    ] {
        rig.command(body).unwrap();
    }
    let merged = incident(&rig, 0);
    let alarms: Vec<AlarmId> = merged.alarms.iter().take(1).cloned().collect();
    rig.command(Body::Split { incident: id, alarms, title: Some("Apart".into()) }).unwrap();
    for under_way in rig.incidents() {
        for task in under_way.tasks.iter().take(1) {
            let (incident, task) = (under_way.id.clone(), task.id.clone());
            let text = Some("shown".to_owned());
            rig.command(Body::CompleteTask { incident, task, outcome: TaskOutcome::Done, text }).unwrap();
        }
    }
    rig.feed(
        "50 a air.pm25 10 0.2 0.2\n60 c vehicle 10 12 0.5\ntick 70\n71 a air.pm25 10 0.2 0.2\n72 a vehicle 71 9 9",
    );
    rig
}

/// Makes the fixture of the present format; run with `--ignored` when a new version is added.
#[test]
#[ignore = "writes the fixture"]
fn bless() {
    std::fs::write(fixture(2), busy_city().engine.snapshot()).unwrap();
}

#[test]
fn version_1_is_read_and_gone_on_with() {
    check_goes_on(crate::kinds::restore(&std::fs::read(fixture(1)).unwrap()).unwrap());
}

#[test]
fn version_2_is_read_and_gone_on_with() {
    let written = std::fs::read(fixture(2)).unwrap();
    let engine = crate::kinds::restore(&written).unwrap();
    let bytes = engine.snapshot();
    assert!(states(&bytes) == states(&written), "the states are written as they were");
    assert!(crate::kinds::restore(&bytes).unwrap().snapshot() == bytes, "the same state gives the same bytes");
    check_goes_on(engine);
}

fn check_goes_on(engine: Engine) {
    let mut rig = Rig { engine, effects: Vec::new(), now: 72 };
    rig.feed("73 a vehicle 5 9 9\n74 c air.pm25 99\ntick 200");
    // What was open before the snapshot clears, what was counted goes on, and numbers go on from the last one.
    let story = [
        "a 24..73 75 ug/m3 above 70",
        "c 74.. 99 ug/m3 above 70",
        // Raised by a program whose reasons did not say what windows answered.
        "feed 15..76 window(\"30s\").mean > 50 || window(\"10s\").count > 4 for 5 s; now 20 ug/m3",
        "c 89.. 99 ug/m3 above 60 for 15 s",
        "a 101.. no reading for 30 s; the last was 10 ug/m3",
        "c 104.. no reading for 30 s; the last was 99 ug/m3",
    ];
    assert_eq!(rig.story().lines().collect::<Vec<_>>(), story);
    let incidents = rig.incidents();
    let found: Vec<_> = incidents.iter().map(|i| (i.number, i.title.as_str(), i.state, i.alarms.len())).collect();
    let expected = [
        (1, "The harbour", IncidentState::Acknowledged, 5),
        (8, "Station a 10 ug/m3", IncidentState::New, 1),
        (9, "Station c 99 ug/m3", IncidentState::New, 1),
    ];
    assert_eq!(found, expected);
}
