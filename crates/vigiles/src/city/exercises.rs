//! The scenarios of the repository, played in the demo city.

use std::path::Path;

use vigiles_engine::exercise::{Known, Scenario, check};
use vigiles_engine::{Command, CommandBody, Effect, Engine, Input};
use vigiles_model::{
    AgencyId, Asset, AssetId, ExerciseId, Geometry, Incident, IncidentId, KindId, ObservationKind, PlaybookId, Reality,
    Timestamp,
};

use super::City;

const START: Timestamp = Timestamp::from_secs(1_800_000_000);

struct Documents(Vec<CommandBody>);

impl Documents {
    fn asset(&self, id: &AssetId) -> Option<&Asset> {
        self.0.iter().find_map(|body| match body {
            CommandBody::PutAsset(asset) if asset.id == *id => Some(&**asset),
            _ => None,
        })
    }
}

impl Known for Documents {
    fn kind(&self, id: &KindId) -> Option<&ObservationKind> {
        self.0.iter().find_map(|body| match body {
            CommandBody::PutKind(kind) if kind.id == *id => Some(&**kind),
            _ => None,
        })
    }

    fn has_asset(&self, id: &AssetId) -> bool {
        self.asset(id).is_some()
    }

    fn steps(&self, id: &PlaybookId) -> Option<Vec<String>> {
        self.0.iter().find_map(|body| match body {
            CommandBody::PutPlaybook(playbook) if playbook.id == *id => {
                Some(playbook.steps.iter().map(|step| step.title.clone()).collect())
            }
            _ => None,
        })
    }
}

/// An engine with the city, and what came of it.
#[derive(Default)]
struct Played {
    engine: Engine,
    incidents: std::collections::BTreeMap<IncidentId, Incident>,
    alarms: Vec<String>,
    outward: usize,
}

impl Played {
    fn step(&mut self, input: &Input, at: Timestamp) {
        let mut effects = Vec::new();
        self.engine.step(input, at, &mut effects);
        for effect in effects {
            match effect {
                Effect::IncidentChanged(incident) => drop(self.incidents.insert(incident.id.clone(), *incident)),
                Effect::AlarmChanged(alarm) if alarm.version == 1 => {
                    assert_eq!(alarm.reality, Reality::Exercise);
                    self.alarms.push(alarm.rule.to_string());
                }
                Effect::TaskStarted { task, .. } => self.outward += usize::from(task.step.action.outward().is_some()),
                Effect::CommandDone(answer) => drop(answer.unwrap()),
                _ => {}
            }
        }
    }

    fn command(&mut self, body: CommandBody, at: Timestamp) {
        let agency = AgencyId::new("city").unwrap();
        self.step(&Input::Command(Command { by: None, agency, expected_version: None, body }), at);
    }
}

fn play(text: &str, seconds: i64) -> Played {
    let city = City::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/monaco")).unwrap();
    let scenario: Scenario = toml::from_str(text).unwrap();
    let documents = Documents(city.documents.into_iter().map(|document| document.body).collect());
    check(&scenario, &documents).unwrap();
    let kinds = vigiles_connect::task_kinds::kinds(vigiles_connect::task_kinds::REGISTERED);
    let mut played = Played { engine: Engine::new().knowing(kinds), ..Played::default() };
    for body in &documents.0 {
        played.command(body.clone(), START);
    }
    played.command(CommandBody::StartExercise { id: ExerciseId::new("e").unwrap(), name: "E".into() }, START);
    let place_of = |id: &AssetId| -> Option<Geometry> { documents.asset(id).map(|asset| asset.place.clone()) };
    for second in 0..seconds {
        let span = (second * 1_000_000 - 1, second * 1_000_000 + 999_999);
        let now = Timestamp(START.0 + span.1);
        for (_, call) in scenario.calls(span) {
            played.command(call.command(&place_of), now);
        }
        let readings = scenario.readings(START, span, &place_of);
        played.step(&if readings.is_empty() { Input::Tick } else { Input::Observations(readings) }, now);
    }
    played
}

fn check_play(text: &str, seconds: i64, expected: &str) {
    let played = play(text, seconds);
    let mut story: Vec<String> = played.alarms.clone();
    let mut incidents: Vec<&Incident> = played.incidents.values().collect();
    incidents.sort_by_key(|incident| incident.number);
    for i in incidents {
        assert_eq!(i.reality, Reality::Exercise);
        let (alarms, calls, witnesses) = (i.alarms.len(), i.calls.len(), i.witnesses);
        story.push(format!("{} {}: {alarms} alarms, {calls} calls, {witnesses} witnesses", i.number, i.incident_type));
        let number = |id: &IncidentId| played.incidents.get(id).map_or(0, |other| other.number);
        story.extend(i.related.iter().map(|r| format!("  {} {}", r.relation.as_str(), number(&r.incident))));
        story.extend(i.links.iter().map(|link| format!("  cause and effect by {}", link.rule)));
    }
    assert_eq!(story.join("\n"), expected);
    assert_eq!(played.outward, 0, "nothing leaves an exercise");
}

#[test]
fn a_power_cut_darkens_signals_and_cars_collide() {
    let story = "signal-dark\nsignal-dark\nsignal-dark\npower-lost\nreports-collision
1 signals_dark: 5 alarms, 1 calls, 8 witnesses\n  same_event 2
  cause and effect by power-darkens-signals\n  cause and effect by dark-signals-collision
2 power_loss: 0 alarms, 1 calls, 2 witnesses\n  same_event 1";
    check_play(include_str!("../../../../exercises/power-cut.toml"), 300, story);
}

#[test]
fn residents_smell_gas_and_a_detector_sticks() {
    let story = "reports-gas\ngas-methane\ngas-detector-stuck
1 gas_leak: 2 alarms, 1 calls, 5 witnesses";
    check_play(include_str!("../../../../exercises/gas-leak.toml"), 400, story);
}
