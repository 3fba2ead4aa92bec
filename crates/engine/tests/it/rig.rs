//! A small city to try rules in: kinds, assets and zones are there, times are seconds.

use std::collections::BTreeMap;
use std::fmt::Write;

use proptest::prelude::ProptestConfig;
use vigiles_engine::rule::{Known, Named};
use vigiles_engine::{Command, CommandBody, CommandDone, CommandError, Correlation, Effect, Engine, Input, Rule};
use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::playbook::{Action, Outward, Step};
use vigiles_model::{
    AgencyId, Alarm, AlarmState, Asset, AssetId, Duration, Geometry, Incident, KindId, Observation, ObservationId,
    ObservationKind, Origin, PersonId, Playbook, PlaybookId, Position, Quality, SourceId, Timestamp, Value, Zone,
    ZoneId,
};

pub(crate) struct Rig {
    pub(crate) engine: Engine,
    pub(crate) effects: Vec<Effect>,
    pub(crate) now: i64,
}

pub(crate) const KINDS: [(&str, ValueType); 6] = [
    ("air.pm25", ValueType::Number),
    ("air.pm10", ValueType::Number),
    // In mg/m3.
    ("air.co", ValueType::Number),
    ("door.open", ValueType::Boolean),
    ("report", ValueType::Text),
    ("vehicle", ValueType::Number),
];

impl Rig {
    pub(crate) fn new() -> Self {
        let mut rig = Self { engine: crate::kinds::engine(), effects: Vec::new(), now: 0 };
        for body in city() {
            rig.command(body).unwrap();
        }
        rig.effects.clear();
        rig
    }

    pub(crate) fn with_rules(rules: &[&str]) -> Self {
        let mut rig = Self::new();
        for text in rules {
            rig.command(CommandBody::PutRule(Box::new(rule(text)))).unwrap();
        }
        rig.effects.clear();
        rig
    }

    /// With correlation rules too.
    pub(crate) fn with_correlations(rules: &[&str], correlations: &[&str]) -> Self {
        let mut rig = Self::with_rules(rules);
        for text in correlations {
            let rule: Correlation = toml::from_str(text).unwrap_or_else(|e| panic!("{text}\n{e}"));
            rig.command(CommandBody::PutCorrelation(Box::new(rule))).unwrap();
        }
        rig.effects.clear();
        rig
    }

    pub(crate) fn step(&mut self, input: &Input) {
        self.engine.step(input, Timestamp::from_secs(self.now), &mut self.effects);
    }

    pub(crate) fn command(&mut self, body: CommandBody) -> Result<CommandDone, CommandError> {
        self.command_at(body, None)
    }

    pub(crate) fn command_at(
        &mut self,
        body: CommandBody,
        expected_version: Option<u64>,
    ) -> Result<CommandDone, CommandError> {
        self.step(&Input::Command(command(body, expected_version)));
        let Some(Effect::CommandDone(result)) = self.effects.last() else { panic!("a command without an answer") };
        result.clone()
    }

    /// Readings as "second asset kind value", one a line; `?` before the second sends it late, "tick N" moves the time.
    pub(crate) fn feed(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
            if let Some(second) = line.strip_prefix("tick ") {
                self.now = second.parse().unwrap();
                self.step(&Input::Tick);
                continue;
            }
            let o = reading(line.trim_start_matches('?'));
            if !line.starts_with('?') {
                self.now = self.now.max(o.time.0 / 1_000_000);
            }
            self.step(&Input::Observations(vec![o]));
        }
    }

    /// The latest state of each alarm, in order of id of first sight.
    pub(crate) fn alarms(&self) -> Vec<Alarm> {
        let mut latest: Vec<Alarm> = Vec::new();
        for effect in &self.effects {
            if let Effect::AlarmChanged(alarm) = effect {
                match latest.iter_mut().find(|a| a.id == alarm.id) {
                    Some(known) => *known = (**alarm).clone(),
                    None => latest.push((**alarm).clone()),
                }
            }
        }
        latest
    }

    pub(crate) fn incidents(&self) -> Vec<Incident> {
        let mut latest: BTreeMap<u64, Incident> = BTreeMap::new();
        for effect in &self.effects {
            if let Effect::IncidentChanged(incident) = effect {
                latest.insert(incident.number, (**incident).clone());
            }
        }
        latest.into_values().collect()
    }

    /// Each alarm as "key raised..cleared reason".
    pub(crate) fn story(&self) -> String {
        let mut text = String::new();
        for alarm in self.alarms() {
            let cleared = alarm.cleared.map(|t| (t.0 / 1_000_000).to_string()).unwrap_or_default();
            assert_eq!(alarm.cleared.is_some(), alarm.state == AlarmState::Cleared);
            writeln!(text, "{} {}..{} {}", alarm.key, alarm.raised.0 / 1_000_000, cleared, alarm.reason).unwrap();
        }
        text
    }
}

/// So many cases of a property, or as many times that as `CASES_TIMES` says: for a night, or after a change of the engine.
pub(crate) fn cases(usual: u32) -> ProptestConfig {
    let times = std::env::var("CASES_TIMES").map_or(1, |times| times.parse().expect("CASES_TIMES is a whole number"));
    ProptestConfig { cases: usual * times, ..ProptestConfig::default() }
}

pub(crate) fn command(body: CommandBody, expected_version: Option<u64>) -> Command {
    Command {
        by: Some(PersonId::new("ada").unwrap()),
        agency: AgencyId::new("police").unwrap(),
        expected_version,
        body,
    }
}

pub(crate) fn city() -> Vec<CommandBody> {
    let mut all: Vec<_> =
        KINDS.iter().map(|(id, value_type)| CommandBody::PutKind(Box::new(kind(id, *value_type)))).collect();
    all.extend(
        [("harbour", 0.0), ("school", 0.5), ("far", 10.0)]
            .map(|(id, west)| CommandBody::PutZone(Box::new(zone(id, west)))),
    );
    all.extend(["a", "b", "c"].map(|id| CommandBody::PutAsset(Box::new(asset(id)))));
    let steps = vec![
        Step::new("Tell the room", Action::NotifyConsole { message: "look".into() }),
        Step::new("Drive there", Action::Manual),
        Step::new("Tell the office", Outward::new("webhook").with("endpoint", "office").into()),
    ];
    all.push(CommandBody::PutPlaybook(Box::new(playbook("air", steps))));
    all
}

pub(crate) fn playbook(id: &str, steps: Vec<Step>) -> Playbook {
    let (description, source) = (String::new(), String::new());
    Playbook { id: PlaybookId::new(id).unwrap(), name: id.to_owned(), steps, version: 0, description, source }
}

fn kind(id: &str, value_type: ValueType) -> ObservationKind {
    ObservationKind {
        id: KindId::new(id).unwrap(),
        name: id.to_owned(),
        quantity: id.to_owned(),
        unit: match value_type {
            ValueType::Number if id == "air.co" => "mg/m3".into(),
            ValueType::Number => "ug/m3".into(),
            _ => String::new(),
        },
        value_type,
        min: None,
        max: None,
        retention: Duration::from_secs(3600),
        personal: false,
        overload: Overload::Wait,
    }
}

/// One degree wide squares at the equator.
fn zone(id: &str, west: f64) -> Zone {
    let p = |lon, lat| Position { lon, lat };
    let ring = vec![p(west, 0.0), p(west + 1.0, 0.0), p(west + 1.0, 1.0), p(west, 1.0), p(west, 0.0)];
    Zone {
        id: ZoneId::new(id).unwrap(),
        name: format!("The {id}"),
        class: "district".into(),
        area: Geometry::Polygon(vec![ring]),
        agency: AgencyId::new("police").unwrap(),
    }
}

fn asset(id: &str) -> Asset {
    Asset {
        id: AssetId::new(id).unwrap(),
        name: format!("Station {id}"),
        class: "air_station".into(),
        place: Geometry::Point(Position { lon: 0.2, lat: 0.2 }),
        agency: AgencyId::new("environment").unwrap(),
        observes: vec![],
        view: None,
        attributes: BTreeMap::new(),
    }
}

/// "second asset kind value [lon lat] [name=value...]"; an asset of `-` is none, `source/asset` names the source.
pub(crate) fn reading(line: &str) -> Observation {
    let mut words = line.split_whitespace();
    let second: f64 = words.next().unwrap().parse().unwrap();
    let who = words.next().unwrap();
    let (source, asset) = who.split_once('/').unwrap_or(("feed", who));
    let kind = words.next().unwrap();
    let value = words.next().unwrap();
    let rest: Vec<&str> = words.collect();
    let numbers: Vec<f64> = rest.iter().filter_map(|w| w.parse().ok()).collect();
    let mut o = Observation {
        id: ObservationId(0),
        kind: KindId::new(kind).unwrap(),
        source: SourceId::new(source).unwrap(),
        asset: (asset != "-").then(|| AssetId::new(asset).unwrap()),
        time: Timestamp((second * 1e6) as i64),
        arrived: Timestamp(0),
        place: match numbers.as_slice() {
            [lon, lat] => Some(Geometry::Point(Position { lon: *lon, lat: *lat })),
            _ => None,
        },
        value: match value {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            other => other.parse().map_or_else(|_| Value::Text(other.into()), Value::Number),
        },
        quality: if rest.contains(&"implausible") { Quality::Implausible } else { Quality::Good },
        origin: if rest.contains(&"exercise") { Origin::Exercise } else { Origin::Live },
        attributes: rest.iter().filter_map(|w| w.split_once('=')).map(|(n, v)| (n.into(), v.into())).collect(),
    };
    o.id = o.content_id();
    o
}

/// A rule from TOML; what every rule needs is filled in, and it is live where it says no stage.
pub(crate) fn rule(text: &str) -> Rule {
    let (head, tables) = text.split_at(if text.starts_with('[') { 0 } else { text.find("\n[").unwrap_or(text.len()) });
    let mut full = String::new();
    for (key, line) in [
        ("id", "id = 'r'"),
        ("name", "name = 'A rule'"),
        ("agency", "agency = 'environment'"),
        ("kinds", "kinds = ['air.pm25']"),
        ("stage", "stage = 'live'"),
    ] {
        if !head.lines().any(|l| l.trim().starts_with(&format!("{key} ="))) {
            writeln!(full, "{line}").unwrap();
        }
    }
    full.push_str(head);
    full.push('\n');
    full.push_str(tables);
    if !tables.contains("[alarm]") {
        full.push_str("\n[alarm]\ntitle = '{asset} {value} {unit}'\nseverity = 'moderate'\n");
    }
    toml::from_str(&full).unwrap_or_else(|e| panic!("{full}\n{e}"))
}

/// A city with the kinds that a function knows the unit of, two zones, and whatever else is asked for.
pub(crate) struct City<'a>(pub(crate) &'a dyn Fn(&KindId) -> Option<String>);

impl Known for City<'_> {
    fn unit(&self, kind: &KindId) -> Option<String> {
        self.0(kind)
    }

    /// What has no unit is a text, but for doors, which are open or not.
    fn value_type(&self, kind: &KindId) -> Option<ValueType> {
        self.0(kind).map(|unit| match (unit.as_str(), kind.as_str()) {
            ("", "door.open") => ValueType::Boolean,
            ("", _) => ValueType::Text,
            _ => ValueType::Number,
        })
    }

    /// Dust has a range, water has no warmest.
    fn range(&self, kind: &KindId) -> (Option<f64>, Option<f64>) {
        match kind.as_str() {
            "dust.fine" => (Some(0.0), Some(1000.0)),
            "dust.coarse" => (Some(0.0), Some(2000.0)),
            "water" => (Some(-2.0), None),
            _ => (None, None),
        }
    }

    /// Nothing is drawn of its zones.
    fn zone_steps(&self) -> u32 {
        0
    }

    fn has(&self, what: Named, id: &str) -> bool {
        match what {
            Named::Kind => KindId::new(id).is_ok_and(|kind| self.0(&kind).is_some()),
            Named::Zone => self.ids(what).iter().any(|known| known == id),
            Named::Playbook | Named::Agency | Named::Person => id != "unknown",
            Named::Role => self.ids(what).iter().any(|known| known == id),
        }
    }

    fn ids(&self, what: Named) -> Vec<String> {
        let ids: &[&str] = match what {
            Named::Kind => &["air.pm25", "air.pm10", "vehicle"],
            Named::Zone => &["harbour", "old-town"],
            Named::Playbook => &["air-quality"],
            Named::Agency => &["environment"],
            Named::Person => &[],
            Named::Role => &["operator", "supervisor"],
        };
        ids.iter().map(|id| (*id).to_owned()).collect()
    }
}

pub(crate) fn check(rule: &str, series: &str, expected: &str) {
    let mut rig = Rig::with_rules(&[rule]);
    rig.feed(series);
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    assert_eq!(rig.story().lines().collect::<Vec<_>>(), expected, "rule {rule}\nseries {series}");
}
