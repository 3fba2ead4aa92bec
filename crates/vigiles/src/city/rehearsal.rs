//! Plays a city directory through the engine alone, without doors, disks or a clock, and writes down what happens when.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use vigiles_engine::{Command, CommandBody, CommandDone, Effect, Engine, Input};
use vigiles_formats::mapping::Mapping;
use vigiles_formats::ndjson;
use vigiles_formats::observation::{Draft, Registry, Sender, admit};
use vigiles_model::{AgencyId, Asset, Duration, Geometry, Observation, ObservationKind, Timestamp};

use super::files::ReplayFile;

/// When the play begins.
const START: Timestamp = Timestamp::from_secs(1_800_000_000);
/// How long one turn of the engine is.
const TURN: Duration = Duration::from_millis(250);

/// What happened, with seconds since the start.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// Alarms: raised, rule, title.
    pub(super) raised: Vec<(f64, String, String)>,
    /// Alarms: cleared, rule.
    pub(super) cleared: Vec<(f64, String)>,
    /// Incidents opened: when, type, title.
    pub(super) opened: Vec<(f64, String, String)>,
    /// Alarms that each incident type gathered in one incident, the most.
    pub(super) gathered: BTreeMap<String, usize>,
    /// Automatic tasks: when, title.
    pub(super) tasks: Vec<(f64, String)>,
    /// Drafts that were refused, with the reason.
    pub(super) refused: Vec<String>,
    /// Observations admitted.
    pub(super) observations: usize,
}

struct Known {
    kinds: BTreeMap<String, ObservationKind>,
    assets: BTreeMap<String, Asset>,
}

impl Registry for Known {
    fn kind(&self, id: &str) -> Option<&ObservationKind> {
        self.kinds.get(id)
    }

    fn asset_place(&self, id: &str) -> Option<&Geometry> {
        self.assets.get(id).map(|asset| &asset.place)
    }
}

/// Plays `seconds` of a city.
pub(super) fn rehearse(dir: &Path, documents: &[CommandBody], replays: &[ReplayFile], seconds: i64) -> Account {
    let mut account = Account::default();
    let mut known = Known { kinds: BTreeMap::new(), assets: BTreeMap::new() };
    let mut engine = Engine::new().knowing(vigiles_connect::task_kinds::kinds(vigiles_connect::task_kinds::REGISTERED));
    for body in documents {
        match body {
            CommandBody::PutKind(kind) => drop(known.kinds.insert(kind.id.to_string(), (**kind).clone())),
            CommandBody::PutAsset(asset) => drop(known.assets.insert(asset.id.to_string(), (**asset).clone())),
            _ => {}
        }
        let command = Command { by: None, agency: agency(), expected_version: None, body: body.clone() };
        let mut effects = Vec::new();
        engine.step(&Input::Command(command), START, &mut effects);
        let done = effects.iter().any(|e| matches!(e, Effect::CommandDone(Ok(CommandDone::Config { .. }))));
        assert!(done, "{body:?}: {effects:?}");
    }
    let mut waiting: Vec<Observation> = Vec::new();
    for replay in replays {
        for (at, draft) in recording(dir, replay, seconds) {
            let sender = Sender { source: &replay.source, bound: true };
            match admit(draft, &known, sender, at) {
                Ok(observation) => waiting.push(observation),
                Err(rejection) => account.refused.push(format!("{}: {rejection:?}", replay.file.display())),
            }
        }
    }
    waiting.sort_by_key(|o| o.arrived);
    account.observations = waiting.len();
    play(&mut engine, waiting, seconds, &mut account);
    account
}

fn agency() -> AgencyId {
    AgencyId::new("city").unwrap()
}

/// The rows of a recording, re-dated to the play.
fn recording(dir: &Path, replay: &ReplayFile, seconds: i64) -> Vec<(Timestamp, Draft)> {
    let mut bytes = Vec::new();
    let packed = std::fs::read(dir.join(&replay.file)).unwrap();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
    let drafts = match &replay.mapping {
        Some(file) => {
            let mapping = Mapping::from_toml(&std::fs::read_to_string(dir.join(file)).unwrap());
            mapping.unwrap_or_else(|e| panic!("{}: {e}", file.display())).drafts("", &bytes)
        }
        None => ndjson::parse(&bytes),
    };
    let first = drafts.iter().find_map(|draft| draft.time).unwrap();
    let dated = drafts.into_iter().map(|mut draft| {
        let recorded = draft.time.unwrap_or(first).since(first);
        let at = START + Duration((recorded.0 as f64 / replay.speed) as i64);
        draft.time = Some(at);
        (at, draft)
    });
    dated.filter(|(at, _)| *at < START + Duration::from_secs(seconds)).collect()
}

fn play(engine: &mut Engine, waiting: Vec<Observation>, seconds: i64, account: &mut Account) {
    let mut waiting = waiting.into_iter().peekable();
    let mut now = START;
    while now < START + Duration::from_secs(seconds) {
        now = now + TURN;
        let mut due = Vec::new();
        while let Some(observation) = waiting.next_if(|o| o.arrived < now) {
            due.push(observation);
        }
        let input = if due.is_empty() { Input::Tick } else { Input::Observations(due) };
        let mut effects = Vec::new();
        engine.step(&input, now, &mut effects);
        let at = now.since(START).as_secs_f64();
        for effect in effects {
            note(effect, at, account);
        }
    }
}

fn note(effect: Effect, at: f64, account: &mut Account) {
    match effect {
        Effect::AlarmChanged(alarm) => {
            let row = (at, alarm.rule.to_string(), alarm.title.clone());
            if alarm.cleared.is_some() {
                account.cleared.push((at, row.1));
            } else if !account.raised.iter().any(|r| r.1 == row.1 && r.2 == row.2) {
                account.raised.push(row);
            }
        }
        Effect::IncidentChanged(incident) => {
            let sort = incident.incident_type.clone();
            let most = account.gathered.entry(sort.clone()).or_default();
            *most = (*most).max(incident.alarms.len());
            if incident.version == 1 {
                account.opened.push((at, sort, incident.title.clone()));
            }
        }
        Effect::TaskStarted { task, .. } => account.tasks.push((at, task.step.title.clone())),
        _ => {}
    }
}
