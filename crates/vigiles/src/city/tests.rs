//! The demo city is valid, and its first minute is as docs/demo.md tells it.

use std::path::Path;

use vigiles_engine::rule::{Extent, Known, Named, zone_steps};
use vigiles_engine::{Command, CommandBody, ConfigKind, Effect, Engine, Input, Rule, check_playbook_to_save};
use vigiles_model::kind::ValueType;
use vigiles_model::{KindId, ObservationKind, Playbook, Timestamp};
use vigiles_trust::Role;

use super::City;
use super::rehearsal::{Account, rehearse};

fn demo() -> City {
    City::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/monaco")).unwrap()
}

fn kind<'a>(city: &'a City, id: &KindId) -> Option<&'a ObservationKind> {
    city.documents.iter().find_map(|document| match &document.body {
        CommandBody::PutKind(kind) if kind.id == *id => Some(&**kind),
        _ => None,
    })
}

impl Known for City {
    fn unit(&self, id: &KindId) -> Option<String> {
        kind(self, id).map(|kind| kind.unit.clone())
    }

    fn value_type(&self, id: &KindId) -> Option<ValueType> {
        kind(self, id).map(|kind| kind.value_type)
    }

    fn range(&self, id: &KindId) -> (Option<f64>, Option<f64>) {
        kind(self, id).map_or((None, None), |kind| (kind.min, kind.max))
    }

    fn zone_steps(&self) -> u32 {
        let extents = self.documents.iter().filter_map(|document| match &document.body {
            CommandBody::PutZone(zone) => Some(Extent::of(&zone.area)),
            _ => None,
        });
        zone_steps(&extents.collect::<Vec<_>>())
    }

    fn has(&self, what: Named, id: &str) -> bool {
        self.ids(what).iter().any(|known| known == id)
    }

    fn ids(&self, what: Named) -> Vec<String> {
        let sort = match what {
            Named::Kind => ConfigKind::Kind,
            Named::Zone => ConfigKind::Zone,
            Named::Playbook => ConfigKind::Playbook,
            Named::Agency => return self.file.agency.iter().map(|agency| agency.id.to_string()).collect(),
            Named::Person => return Vec::new(),
            Named::Role => return Role::ALL.map(|role| role.as_str().to_owned()).to_vec(),
        };
        self.documents.iter().filter(|document| document.what == sort).map(|document| document.id.clone()).collect()
    }
}

fn bodies(city: &City) -> Vec<CommandBody> {
    city.documents.iter().map(|document| document.body.clone()).collect()
}

#[test]
fn every_kind_has_a_unit_that_can_be_read() {
    for body in bodies(&demo()) {
        if let CommandBody::PutKind(kind) = body
            && !kind.unit.is_empty()
        {
            assert_eq!(vigiles_model::unit::check(&kind.unit), Ok(()), "{}", kind.id);
        }
    }
}

#[test]
fn every_rule_checks_out() {
    let city = demo();
    let bodies = bodies(&city);
    let rules: Vec<_> =
        bodies.iter().filter_map(|b| if let CommandBody::PutRule(r) = b { Some(r) } else { None }).collect();
    assert!(rules.len() >= 8, "{}", rules.len());
    for rule in rules {
        assert_eq!(rule.check(&city), [], "{}", rule.id);
    }
}

#[test]
fn every_playbook_and_template_checks_out() {
    let city = demo();
    let kinds = vigiles_connect::task_kinds::kinds(vigiles_connect::task_kinds::REGISTERED);
    let check =
        |playbook: &Playbook| assert_eq!(check_playbook_to_save(playbook, &kinds, &city), Ok(()), "{}", playbook.id);
    let own = bodies(&city);
    let own: Vec<_> =
        own.iter().filter_map(|b| if let CommandBody::PutPlaybook(p) = b { Some(p) } else { None }).collect();
    assert_eq!(own.len(), 8);
    for playbook in own {
        check(playbook);
    }
    let templates = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks")).unwrap();
    let templates: Vec<_> = templates.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    assert_eq!(templates.len(), 11);
    for text in &templates {
        check(&toml::from_str(text).unwrap_or_else(|e| panic!("{text}\n{e}")));
    }
}

#[test]
fn every_rule_of_the_manual_can_be_saved_in_the_demo_city() {
    let city = demo();
    let mut engine = Engine::new().knowing(vigiles_connect::task_kinds::kinds(vigiles_connect::task_kinds::REGISTERED));
    let mut effects = Vec::new();
    let mut put = |body: CommandBody| {
        let agency = vigiles_model::AgencyId::new("city").unwrap();
        let command = Command { by: None, agency, expected_version: None, body };
        effects.clear();
        engine.step(&Input::Command(command), Timestamp::from_secs(0), &mut effects);
        let Some(Effect::CommandDone(answer)) = effects.last() else { panic!("a command without an answer") };
        answer.clone()
    };
    for body in bodies(&city) {
        put(body).unwrap();
    }
    let manual = include_str!("../../../../docs/rules.md");
    let rules: Vec<&str> = manual.split("```toml").skip(1).filter_map(|part| part.split("```").next()).collect();
    assert_eq!(rules.len(), 10);
    for text in rules {
        let rule: Rule = toml::from_str(text).unwrap_or_else(|e| panic!("{text}\n{e}"));
        assert_eq!(rule.check(&city), [], "{text}");
        put(CommandBody::PutRule(Box::new(rule))).unwrap_or_else(|e| panic!("{text}\n{e}"));
    }
}

#[test]
fn every_recording_has_its_source() {
    let city = demo();
    for replay in &city.file.replay {
        assert!(city.sources.iter().any(|source| source.id == replay.source), "{}", replay.source);
    }
    assert!((6..=8).contains(&city.tour.len()), "{} steps", city.tour.len());
    assert!(city.tour.iter().all(|step| step.title_de.is_some() && step.text_de.is_some()));
}

fn first(rows: &[(f64, String, String)], rule: &str) -> f64 {
    rows.iter().find(|row| row.1 == rule).map_or(f64::MAX, |row| row.0)
}

#[test]
fn the_first_minute_shows_what_it_promises() {
    let city = demo();
    let account: Account = rehearse(&city.dir, &bodies(&city), &city.file.replay, 60);
    assert_eq!(account.refused, Vec::<String>::new());
    assert!(account.observations > 1000, "{}", account.observations);
    for sort in ["air_quality", "traffic_obstruction", "water_main", "dangerous_goods"] {
        assert!(first(&account.opened, sort) < 45.0, "{sort}: {:?}", account.opened);
    }
    for rule in ["traffic-slow", "traffic-sudden-drop", "traffic-queue", "air-pm25-high", "travel-time-high"] {
        assert!(first(&account.raised, rule) < 50.0, "{rule}: {:?}", account.raised);
    }
    assert!(account.opened.len() <= 8, "too much at once: {:?}", account.opened);
    assert!(account.gathered["air_quality"] >= 8 && account.gathered["traffic_obstruction"] >= 3, "{account:?}");
    assert!(account.cleared.iter().any(|(_, rule)| rule == "traffic-slow"), "{:?}", account.cleared);
    assert!(account.tasks.iter().any(|(_, title)| title == "Tell the control room"));
}

#[test]
fn a_sensor_falls_silent_after_three_minutes() {
    let city = demo();
    let account = rehearse(&city.dir, &bodies(&city), &city.file.replay, 200);
    let silent = first(&account.raised, "sensor-silent");
    assert!((170.0..190.0).contains(&silent), "{silent}");
}

#[test]
fn a_wrong_time_zone_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = "name = \"X\"\ncentre = [0.0, 0.0]\nzoom = 10.0\ntime_zone = \"Europe/Nowhere\"\n";
    std::fs::write(dir.path().join("city.toml"), file).unwrap();
    let error = format!("{:#}", City::read(dir.path()).unwrap_err());
    for part in ["city.toml", "line 4", "\"Europe/Nowhere\"", "+01:00"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}
