//! Reads snapshots of format 1, which had every document in postcard, field by field.
//!
//! The types are those of that time; by way of JSON they become those of today, whose newer fields have defaults. The
//! states of rules have the same form. The windows of conditions were kept by rule and begin anew.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use vigiles_model::incident::TimelineEntry;
use vigiles_model::playbook::Action;
use vigiles_model::{
    AgencyId, AlarmId, AlarmState, Asset, AssetId, Geometry, IncidentId, IncidentState, KindId, Observation,
    ObservationKind, PersonId, PlaybookId, Position, Priority, Reality, RuleId, Severity, TaskId, TaskState, Timestamp,
    Zone, ZoneId,
};

use super::live::{LiveImage, SeriesImage};
use super::{Documents, Image, damaged, whole};
use crate::command::ConfigKind;
use crate::effect::SnapshotError;
use crate::engine::Engine;
use crate::incidents::Partings;
use crate::live::{Counters, SeriesKey};
use crate::rule::{Condition, Count, Crossing, IncidentSpec, Key, RateOfChange, Rule, Silent, Threshold};
use crate::slot::{Address, Memory, Slot};

#[derive(Deserialize)]
struct Image1 {
    config: Config1,
    utc_offset_s: i32,
    now: i64,
    next_sweep: i64,
    names: Vec<CompactString>,
    recent: (Vec<u64>, Vec<u64>),
    counters: Counters1,
    series: Vec<(SeriesKey, i64, i64)>,
    slots: Vec<Slot>,
    alarms: BTreeMap<u64, Record1>,
    next_alarm: u64,
    cases: BTreeMap<u64, Case1>,
    last_case: u64,
    bound: BTreeMap<Address, u64>,
}

#[derive(Serialize)]
struct Documents1<'a> {
    config: &'a Config1,
    alarms: &'a BTreeMap<u64, Record1>,
    cases: BTreeMap<u64, CaseNow<'a>>,
}

/// A case as it is kept now, as far as it was known then.
#[derive(Serialize)]
struct CaseNow<'a> {
    incident: &'a Incident1,
    sightings: Vec<SightingNow<'a>>,
    latest: i64,
    types: [&'a str; 1],
    sides: [(); 0],
    witnesses: [(); 0],
    unlinked: [(); 0],
}

#[derive(Serialize)]
struct SightingNow<'a> {
    alarm: Option<AlarmId>,
    incident_type: &'a str,
    kind: Option<KindId>,
    place: Position,
    at: i64,
    began: i64,
    facts: [(); 0],
}

impl<'a> CaseNow<'a> {
    fn of(old: &'a Case1) -> Self {
        let incident_type = old.incident.incident_type.as_str();
        let sighting = |anchor: &Anchor1| SightingNow {
            alarm: None,
            incident_type,
            kind: None,
            place: anchor.place,
            at: anchor.at,
            began: anchor.at,
            facts: [],
        };
        Self {
            incident: &old.incident,
            sightings: old.anchors.iter().map(sighting).collect(),
            latest: old.latest,
            types: [incident_type],
            sides: [],
            witnesses: [],
            unlinked: [],
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Config1 {
    kinds: BTreeMap<KindId, ObservationKind>,
    assets: BTreeMap<AssetId, Asset>,
    zones: BTreeMap<ZoneId, Zone>,
    rules: BTreeMap<RuleId, Rule1>,
    playbooks: BTreeMap<PlaybookId, Playbook1>,
    /// A map then; postcard writes both alike.
    versions: Vec<((ConfigKind, String), u64)>,
}

#[derive(Deserialize)]
struct Counters1 {
    observations: u64,
    evaluated: u64,
    duplicates: u64,
    out_of_order: u64,
    late: u64,
    implausible: u64,
    refused: u64,
    rule_errors: BTreeMap<u32, u64>,
}

#[derive(Serialize, Deserialize)]
struct Rule1 {
    id: RuleId,
    name: String,
    description: String,
    enabled: bool,
    version: u64,
    agency: AgencyId,
    author: Option<PersonId>,
    kinds: Vec<KindId>,
    when: Option<String>,
    key: Key,
    detector: Detector1,
    alarm: AlarmText1,
    cooldown_s: f64,
    incident: Option<IncidentSpec>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Detector1 {
    Threshold(Threshold),
    RateOfChange(RateOfChange),
    Silent(Silent),
    Geofence(Geofence1),
    Count(Count),
    Condition(Condition),
}

#[derive(Serialize, Deserialize)]
struct Geofence1 {
    zones: Vec<ZoneId>,
    on: Crossing,
}

#[derive(Serialize, Deserialize)]
struct AlarmText1 {
    title: String,
    severity: Severity,
}

#[derive(Serialize, Deserialize)]
struct Playbook1 {
    id: PlaybookId,
    name: String,
    steps: Vec<Step1>,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct Step1 {
    title: String,
    instruction: String,
    action: Action,
}

#[derive(Serialize, Deserialize)]
struct Task1 {
    id: TaskId,
    step: Step1,
    state: TaskState,
    changed: Option<Timestamp>,
    outcome: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Record1 {
    alarm: Alarm1,
    address: Address,
}

#[derive(Serialize, Deserialize)]
struct Alarm1 {
    id: AlarmId,
    rule: RuleId,
    rule_version: u64,
    key: String,
    title: String,
    reason: String,
    severity: Severity,
    state: AlarmState,
    kind: Option<KindId>,
    asset: Option<AssetId>,
    place: Option<Geometry>,
    agency: AgencyId,
    raised: Timestamp,
    cleared: Option<Timestamp>,
    causes: Vec<Observation>,
    support: u64,
    incident: Option<IncidentId>,
    version: u64,
}

#[derive(Deserialize)]
struct Case1 {
    incident: Incident1,
    anchors: Vec<Anchor1>,
    latest: i64,
    excluded: BTreeSet<Address>,
}

#[derive(Deserialize)]
struct Anchor1 {
    place: Position,
    at: i64,
}

#[derive(Serialize, Deserialize)]
struct Incident1 {
    id: IncidentId,
    number: u64,
    incident_type: String,
    title: String,
    state: IncidentState,
    reality: Reality,
    priority: Priority,
    severity: Severity,
    place: Option<Geometry>,
    agency: AgencyId,
    opened: Timestamp,
    changed: Timestamp,
    alarms: Vec<AlarmId>,
    assets: Vec<AssetId>,
    playbook: Option<PlaybookId>,
    tasks: Vec<Task1>,
    timeline: Vec<TimelineEntry>,
    merged_into: Option<IncidentId>,
    split_from: Option<IncidentId>,
    version: u64,
}

/// The engine that the bytes after the marker and the format were made of.
pub(super) fn read(body: &[u8]) -> Result<Engine, SnapshotError> {
    let old: Image1 = whole(body)?;
    let cases = old.cases.iter().map(|(number, case)| (*number, CaseNow::of(case))).collect();
    let old_documents = Documents1 { config: &old.config, alarms: &old.alarms, cases };
    let text = serde_json::to_string(&old_documents).map_err(damaged)?;
    let documents: Documents = serde_json::from_str(&text).map_err(damaged)?;
    let slots = old.slots.into_iter().map(without_shared_windows(&documents, &old.names)).collect();
    let live = LiveImage {
        next_sweep: old.next_sweep,
        names: old.names,
        recent: old.recent,
        counters: old.counters.into(),
        series: old
            .series
            .into_iter()
            .map(|(key, newest, seen)| SeriesImage { key, newest, seen, windows: Vec::new() })
            .collect(),
        slots,
        next_alarm: old.next_alarm,
        last_case: old.last_case,
        bound: old.bound,
        held: Vec::new(),
        partings: Partings::default(),
    };
    let image = Image { documents: Vec::new(), utc_offset_s: old.utc_offset_s, now: old.now, live };
    let mut engine = image.into_engine(documents, None)?;
    for (number, case) in old.cases.iter().filter(|(_, case)| !case.excluded.is_empty()) {
        engine.live.cases.keep_out(*number, &case.excluded);
    }
    Ok(engine)
}

/// What a condition kept for an asset now belongs to the series; its state keeps its phase.
fn without_shared_windows(documents: &Documents, names: &[CompactString]) -> impl Fn(Slot) -> Slot {
    let shares = |rule: &&Rule| rule.key == Key::Asset && rule.when.is_none();
    let ids: BTreeSet<&str> = documents.config.rules.values().filter(shares).map(|rule| rule.id.as_str()).collect();
    let numbered = names.iter().zip(0u32..).filter(|(name, _)| ids.contains(name.as_str()));
    let rules: BTreeSet<u32> = numbered.map(|(_, number)| number).collect();
    move |slot| match slot.memory {
        Memory::Windows(_) if rules.contains(&slot.address.rule) => Slot { memory: Memory::Nothing, ..slot },
        _ => slot,
    }
}

impl From<Counters1> for Counters {
    fn from(old: Counters1) -> Self {
        Self {
            observations: old.observations,
            evaluated: old.evaluated,
            duplicates: old.duplicates,
            out_of_order: old.out_of_order,
            late: old.late,
            implausible: old.implausible,
            refused: old.refused,
            rule_errors: old.rule_errors,
            rule_alarms: BTreeMap::new(),
        }
    }
}
