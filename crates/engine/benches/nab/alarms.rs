//! The rule `anomaly` over a series, as a city runs it: the engine judges each reading and raises alarms.

use vigiles_engine::{Command, CommandBody, Effect, Engine, Input, Rule};
use vigiles_model::{
    AgencyId, AssetId, KindId, Observation, ObservationId, ObservationKind, Origin, Quality, SourceId, Timestamp, Value,
};

const KIND: &str = r#"{"id": "nab", "name": "NAB", "quantity": "nab", "unit": "1", "value_type": "number",
    "min": null, "max": null, "retention": 86400000000, "personal": false, "overload": "wait"}"#;
const RULE: &str = r#"{"id": "nab", "name": "NAB", "stage": "live", "agency": "city", "kinds": ["nab"], "detector": {"anomaly": {}},
    "alarm": {"title": "unusual", "severity": "minor"}}"#;
/// One flag a reading: whether it raised an alarm of the rule with its defaults.
pub(crate) fn raised(times: &[i64], values: &[f64]) -> Vec<bool> {
    let mut engine = Engine::new();
    let mut effects = Vec::new();
    let kind: ObservationKind = serde_json::from_str(KIND).unwrap();
    let rule: Rule = serde_json::from_str(RULE).unwrap();
    for body in [CommandBody::PutKind(Box::new(kind)), CommandBody::PutRule(Box::new(rule))] {
        let command = Command { by: None, agency: AgencyId::new("city").unwrap(), expected_version: None, body };
        engine.step(&Input::Command(command), Timestamp(times[0]), &mut effects);
        assert!(matches!(effects.last(), Some(Effect::CommandDone(Ok(_)))), "{:?}", effects.last());
    }
    let judged = times.iter().zip(values).map(|(time, value)| {
        effects.clear();
        engine.step(&Input::Observations(vec![reading(*time, *value)]), Timestamp(*time), &mut effects);
        effects.iter().any(|effect| matches!(effect, Effect::AlarmChanged(alarm) if alarm.version == 1))
    });
    judged.collect()
}

fn reading(time: i64, value: f64) -> Observation {
    let mut reading = Observation {
        id: ObservationId(0),
        kind: KindId::new("nab").unwrap(),
        source: SourceId::new("nab").unwrap(),
        asset: Some(AssetId::new("nab").unwrap()),
        time: Timestamp(time),
        arrived: Timestamp(0),
        place: None,
        value: Value::Number(value),
        quality: Quality::Good,
        origin: Origin::Live,
        attributes: Vec::new(),
    };
    reading.id = reading.content_id();
    reading
}
