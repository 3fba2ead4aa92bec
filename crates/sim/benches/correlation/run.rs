//! A scenario through the engine.

use std::collections::BTreeMap;

use serde::Deserialize;
use vigiles_engine::{Command, CommandBody, Correlation, Effect, Engine, Input, Rule};
use vigiles_model::{AgencyId, Alarm, AlarmId, IncidentId, IncidentState, ObservationId, Timestamp};
use vigiles_sim::scenarios::Scenario;

/// Seconds without a new alarm after which the control room resolves an incident.
const IDLE_S: i64 = 3_600;

/// Rules of the town.
#[derive(Debug, Deserialize)]
pub(crate) struct Rules {
    pub(crate) rule: Vec<Rule>,
}

/// Correlation rules of the town.
#[derive(Debug, Deserialize)]
pub(crate) struct Correlations {
    pub(crate) correlation: Vec<Correlation>,
}

/// An alarm with the truth and with what the engine made of it.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) event: u32,
    pub(crate) incident_type: String,
    pub(crate) incident: u64,
    pub(crate) alarm: Alarm,
}

/// The engine with what the driver keeps of its effects.
struct Drive {
    engine: Engine,
    alarms: BTreeMap<AlarmId, Alarm>,
    order: Vec<AlarmId>,
    numbers: BTreeMap<IncidentId, u64>,
    /// Platform time of the latest alarm of each open incident.
    latest: BTreeMap<IncidentId, Timestamp>,
}

impl Drive {
    fn step(&mut self, input: &Input, now: Timestamp) {
        let mut effects = Vec::new();
        self.engine.step(input, now, &mut effects);
        for effect in effects {
            match effect {
                Effect::AlarmChanged(alarm) => {
                    if let Some(incident) = alarm.incident.clone().filter(|_| alarm.version == 1) {
                        self.latest.insert(incident, now);
                    }
                    if !self.alarms.contains_key(&alarm.id) {
                        self.order.push(alarm.id.clone());
                    }
                    self.alarms.insert(alarm.id.clone(), *alarm);
                }
                Effect::IncidentChanged(incident) => drop(self.numbers.insert(incident.id.clone(), incident.number)),
                Effect::CommandDone(Err(error)) => panic!("the engine refused a command: {error}"),
                _ => {}
            }
        }
    }

    fn command(&mut self, body: CommandBody, now: Timestamp) {
        let agency = AgencyId::new("city").expect("a word is an id");
        self.step(&Input::Command(Command { by: None, agency, expected_version: None, body }), now);
    }

    fn resolve_idle(&mut self, now: Timestamp) {
        let idle = |latest: &Timestamp| latest.0 + IDLE_S * 1_000_000 < now.0;
        let over: Vec<IncidentId> = self.latest.iter().filter(|(_, at)| idle(at)).map(|(id, _)| id.clone()).collect();
        for incident in over {
            self.latest.remove(&incident);
            self.command(CommandBody::ChangeState { incident, to: IncidentState::Resolved, reason: None }, now);
        }
    }
}

/// What the engine makes of a scenario, alarm by alarm in the order in which they were raised.
pub(crate) fn run(scenario: &Scenario, rules: &Rules, correlations: &Correlations) -> Vec<Judged> {
    let mut drive = Drive {
        engine: Engine::new(),
        alarms: BTreeMap::new(),
        order: Vec::new(),
        numbers: BTreeMap::new(),
        latest: BTreeMap::new(),
    };
    let start = Timestamp(0);
    for kind in &scenario.kinds {
        drive.command(CommandBody::PutKind(Box::new(kind.clone())), start);
    }
    for asset in &scenario.assets {
        drive.command(CommandBody::PutAsset(Box::new(asset.clone())), start);
    }
    for rule in &rules.rule {
        drive.command(CommandBody::PutRule(Box::new(rule.clone())), start);
    }
    for correlation in &correlations.correlation {
        drive.command(CommandBody::PutCorrelation(Box::new(correlation.clone())), start);
    }
    let mut events: BTreeMap<ObservationId, u32> = BTreeMap::new();
    for entry in &scenario.entries {
        let now = entry.observation.arrived;
        events.extend(entry.event.map(|event| (entry.observation.id, event)));
        drive.resolve_idle(now);
        drive.step(&Input::Observations(vec![entry.observation.clone()]), now);
    }
    let types: BTreeMap<_, _> = rules.rule.iter().map(|rule| (&rule.id, rule)).collect();
    let judged = |id: &AlarmId| {
        let alarm = drive.alarms.get(id)?.clone();
        let spec = types.get(&alarm.rule)?.incident.as_ref()?;
        Some(Judged {
            event: *events.get(&alarm.causes.first()?.id)?,
            incident_type: spec.incident_type.clone(),
            incident: *drive.numbers.get(alarm.incident.as_ref()?)?,
            alarm,
        })
    };
    drive.order.iter().filter_map(judged).collect()
}
