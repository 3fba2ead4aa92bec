//! Rules as TOML or JSON, with the CEL text in them. A rule that the check takes must be judged without harm: it sees
//! readings that rise, fall, move and stay away.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_engine::rule::{Known, Named};
use vigiles_engine::{Command, CommandBody, Engine, Input, Rule};
use vigiles_formats::observation::{Draft, Sender, admit};
use vigiles_fuzz::{City, NOW};
use vigiles_model::kind::ValueType;
use vigiles_model::{KindId, Observation, ObservationKind, SourceId, Timestamp, Value};

fuzz_target!(|text: &str| {
    let Some(rule) = toml::from_str::<Rule>(text).ok().or_else(|| serde_json::from_str(text).ok()) else { return };
    let city = City::new();
    if !rule.check(&Kinds(city.kinds())).is_empty() {
        return;
    }
    let mut engine = Engine::new();
    let mut effects = Vec::new();
    let agency = rule.agency.clone();
    let mut put = |engine: &mut Engine, body| {
        let command = Command { by: None, agency: agency.clone(), expected_version: None, body };
        engine.step(&Input::Command(command), NOW, &mut effects);
    };
    for kind in city.kinds() {
        put(&mut engine, CommandBody::PutKind(Box::new(kind.clone())));
    }
    put(&mut engine, CommandBody::PutRule(Box::new(rule)));
    for (step, value) in [1.0, 500.0, 999.0, -1.0, 2.0, 700.0].into_iter().enumerate() {
        let now = Timestamp(NOW.0 + step as i64 * 30_000_000);
        engine.step(&Input::Observations(readings(&city, value, now)), now, &mut effects);
    }
    engine.step(&Input::Tick, Timestamp(NOW.0 + 86_400_000_000), &mut effects);
    let bytes = engine.snapshot();
    let again = Engine::restore(&bytes).expect("a snapshot is restored");
    assert_eq!(again.snapshot(), bytes, "a snapshot changed on its way");
});

/// A city of which the kinds are known, and that has whatever else is named.
struct Kinds<'a>(&'a [ObservationKind]);

impl Known for Kinds<'_> {
    fn unit(&self, id: &KindId) -> Option<String> {
        self.0.iter().find(|kind| kind.id == *id).map(|kind| kind.unit.clone())
    }

    fn value_type(&self, id: &KindId) -> Option<ValueType> {
        self.0.iter().find(|kind| kind.id == *id).map(|kind| kind.value_type)
    }

    fn range(&self, id: &KindId) -> (Option<f64>, Option<f64>) {
        self.0.iter().find(|kind| kind.id == *id).map_or((None, None), |kind| (kind.min, kind.max))
    }

    fn zone_steps(&self) -> u32 {
        0
    }

    fn has(&self, what: Named, id: &str) -> bool {
        what != Named::Kind || self.0.iter().any(|kind| kind.id.as_str() == id)
    }

    fn ids(&self, _what: Named) -> Vec<String> {
        self.0.iter().map(|kind| kind.id.to_string()).collect()
    }
}

fn readings(city: &City, value: f64, now: Timestamp) -> Vec<Observation> {
    let source = SourceId::new("fuzz").expect("a well formed id");
    let sender = Sender { source: &source, bound: false };
    let values = [
        ("air.pm25", Value::Number(value)),
        ("door.open", Value::Boolean(value > 10.0)),
        ("note", Value::Text("water".into())),
    ];
    let drafts = values.into_iter().map(|(kind, value)| Draft { asset: Some("a".into()), ..Draft::new(kind, value) });
    drafts.filter_map(|draft| admit(draft, city, sender, now).ok()).collect()
}
