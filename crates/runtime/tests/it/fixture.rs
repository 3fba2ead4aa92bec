//! Entries of the log and snapshot files of every format that was ever written are read to the same meaning.

use std::path::{Path, PathBuf};

use vigiles_bus::Offset;
use vigiles_engine::command::ConfigKind;
use vigiles_engine::{Command, CommandBody as Body, Input, TaskOutcome};
use vigiles_model::asset::FieldOfView;
use vigiles_model::playbook::{Action, Outward, Step};
use vigiles_model::{
    AgencyId, AlarmId, Asset, AssetId, Geometry, IncidentId, IncidentState, KindId, Observation, ObservationId, Origin,
    PersonId, Playbook, PlaybookId, Position, Priority, Quality, Reality, Severity, SourceId, TaskId, Timestamp, Value,
    Zone, ZoneId,
};
use vigiles_runtime::once::Once;
use vigiles_runtime::record::{self, Asked};
use vigiles_runtime::snapshot;
use vigiles_runtime::trial::Known;

use crate::world::{count_rule, kind, threshold_rule};

const OFFSET: i32 = -12_600;
const NOON: Timestamp = Timestamp(1_795_348_800_000_000);

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/version-1").join(name)
}

fn at(lon: f64, lat: f64) -> Position {
    Position { lon, lat }
}

/// One of each value, quality, origin and place.
fn observations() -> Vec<Observation> {
    let ring = vec![at(24.9, 60.1), at(24.95, 60.1), at(24.95, 60.2), at(24.9, 60.1)];
    let seen = |value, quality, origin, place| Observation {
        id: ObservationId(0),
        kind: KindId::new("air.pm25").unwrap(),
        source: SourceId::new("feed-1").unwrap(),
        asset: Some(AssetId::new("s1").unwrap()),
        time: NOON,
        arrived: Timestamp(NOON.0 + 1_234_567),
        place,
        value,
        quality,
        origin,
        attributes: Vec::new(),
    };
    let text = Value::Text("vettä kadulla".into());
    let mut all = vec![
        seen(Value::Number(-0.125), Quality::Good, Origin::Live, Some(Geometry::Point(at(24.9, -60.1)))),
        seen(Value::Boolean(true), Quality::Doubtful, Origin::Replayed, Some(Geometry::Line(ring.clone()))),
        seen(text, Quality::Implausible, Origin::Simulated, Some(Geometry::Polygon(vec![ring]))),
        seen(Value::Boolean(false), Quality::Good, Origin::Live, None),
    ];
    all[3].asset = None;
    all[3].attributes = [("plate", "FIN"), ("street", "Kaivokatu")].map(|(n, v)| (n.into(), v.into())).to_vec();
    for observation in &mut all {
        observation.id = observation.content_id();
    }
    all
}

fn incident() -> IncidentId {
    IncidentId::new("i-1").unwrap()
}

fn zone() -> Zone {
    Zone {
        id: ZoneId::new("harbour").unwrap(),
        name: "The harbour".to_owned(),
        class: "district".to_owned(),
        area: Geometry::Polygon(vec![vec![at(24.9, 60.1), at(24.95, 60.1), at(24.95, 60.2), at(24.9, 60.1)]]),
        agency: AgencyId::new("city").unwrap(),
    }
}

fn asset() -> Asset {
    Asset {
        id: AssetId::new("s1").unwrap(),
        name: "Station 1".to_owned(),
        class: "camera".to_owned(),
        place: Geometry::Point(at(24.9, 60.1)),
        agency: AgencyId::new("city").unwrap(),
        observes: vec![KindId::new("air.pm25").unwrap()],
        view: Some(FieldOfView { bearing_deg: 90.0, angle_deg: 60.5, range_m: 120.0 }),
        attributes: [("floor".to_owned(), "2".to_owned())].into(),
    }
}

fn playbook() -> Playbook {
    let actions = [
        Action::Manual,
        Action::NotifyConsole { message: "look".to_owned() },
        Outward::new("email").with("to", vec!["a@b.fi".to_owned()]).with("subject", "S").with("body", "B").into(),
        Outward::new("webhook").with("endpoint", "office").into(),
    ];
    let step = |action| Step { instruction: "well".to_owned(), ..Step::new("do it", action) };
    let id = PlaybookId::new("air").unwrap();
    let (description, source) = (String::new(), String::new());
    Playbook { id, name: "Air".to_owned(), steps: actions.map(step).to_vec(), version: 3, description, source }
}

/// One of each.
fn bodies() -> Vec<Body> {
    let task = TaskId::new("i-1.0").unwrap();
    let outcomes = [TaskOutcome::Done, TaskOutcome::Failed, TaskOutcome::Skipped, TaskOutcome::Retry];
    let completed = outcomes.map(|outcome| {
        let text = (outcome != TaskOutcome::Done).then(|| "no \"answer\"\n".to_owned());
        Body::CompleteTask { incident: incident(), task: task.clone(), outcome, text }
    });
    let mut all = vec![
        Body::PutKind(Box::new(kind())),
        Body::PutAsset(Box::new(asset())),
        Body::PutZone(Box::new(zone())),
        Body::PutRule(Box::new(threshold_rule())),
        Body::PutRule(Box::new(count_rule())),
        Body::PutPlaybook(Box::new(playbook())),
        Body::Delete { what: ConfigKind::Playbook, id: "air".to_owned(), reason: None },
        Body::OpenIncident {
            title: "Smoke".to_owned(),
            incident_type: "fire".to_owned(),
            priority: Priority::P1,
            severity: Severity::Extreme,
            place: Some(Geometry::Point(at(24.9, 60.1))),
            playbook: Some(PlaybookId::new("air").unwrap()),
            reality: Reality::Exercise,
        },
        Body::ChangeState { incident: incident(), to: IncidentState::InProgress, reason: Some("on site".to_owned()) },
        Body::SetPriority { incident: incident(), priority: Priority::P4 },
        Body::AddNote { incident: incident(), text: "nähty".to_owned() },
        Body::Merge { into: incident(), from: IncidentId::new("i-2").unwrap() },
        Body::Split { incident: incident(), alarms: vec![AlarmId::new("a-1").unwrap()], title: None },
        Body::StartPlaybook { incident: incident(), playbook: PlaybookId::new("air").unwrap() },
    ];
    all.extend(completed);
    all
}

/// A command of each sort: every other one by a person, for a version and with a key.
fn commands() -> Vec<(Asked, Command)> {
    let ask = |(number, body): (usize, Body)| {
        let full = number.is_multiple_of(2);
        let key = || Once { key: format!("person/p1/k{number}"), fingerprint: "f00d".to_owned(), expires: NOON };
        let by = full.then(|| PersonId::new("p1").unwrap());
        let agency = AgencyId::new("city").unwrap();
        let command = Command { by, agency, expected_version: full.then_some(number as u64), body };
        (Asked { ticket: u128::MAX - number as u128, once: full.then(key), known: Known::default() }, command)
    };
    bodies().into_iter().enumerate().map(ask).collect()
}

/// Makes the fixtures of the present formats; run with `--ignored` when a new one is added.
#[test]
#[ignore = "writes the fixtures"]
fn bless() {
    std::fs::write(fixture("tick"), record::tick()).unwrap();
    std::fs::write(fixture("utc-offset"), record::utc_offset(OFFSET)).unwrap();
    std::fs::write(fixture("frame"), record::frame(&observations()).unwrap()).unwrap();
    // JSON has no raw line breaks, so each line is an entry.
    let lines: Vec<_> = commands().iter().map(|(asked, command)| record::command(asked, command).unwrap()).collect();
    std::fs::write(fixture("commands"), lines.join(&b'\n')).unwrap();
    snapshot::save(&fixture("engine"), Offset(258), b"the state of an engine").unwrap();
}

fn check(bytes: &[u8], expected: &Input, asked: Option<&Asked>) {
    let found = record::parse(bytes).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)));
    assert_eq!((&found.input, found.asked.as_ref()), (expected, asked));
}

#[test]
fn entries_of_version_1_are_read() {
    let read = |name| std::fs::read(fixture(name)).unwrap();
    check(&read("tick"), &Input::Tick, None);
    check(&read("utc-offset"), &Input::UtcOffset(OFFSET), None);
    check(&read("frame"), &Input::Observations(observations()), None);
    let (stored, expected) = (read("commands"), commands());
    let lines: Vec<_> = stored.split(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), expected.len());
    for (line, (asked, command)) in lines.into_iter().zip(expected) {
        check(line, &Input::Command(command), Some(&asked));
    }
}

#[test]
fn the_snapshot_file_of_version_1_is_read() {
    let found = snapshot::load(&fixture("engine")).unwrap().unwrap();
    assert_eq!((found.offset, &found.state[..]), (Offset(258), &b"the state of an engine"[..]));
    assert_eq!(snapshot::check(&fixture("engine")).unwrap(), []);
}
