//! Reads snapshots of format 1, which had every document in postcard, field by field.
//!
//! By way of JSON the types of that time become those of today, whose newer fields have defaults. The states of rules have
//! the same form. The windows of conditions were kept by rule and begin anew.

mod types;

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use serde::Serialize;
use vigiles_model::{AlarmId, KindId, Position};

use self::types::{Anchor1, Case1, Config1, Image1, Incident1, Record1};
use super::live::LiveImage;
use super::{Documents, Image, damaged, whole};
use crate::effect::SnapshotError;
use crate::engine::Engine;
use crate::incidents::Partings;
use crate::rule::{Key, Rule};
use crate::series_table::Series;
use crate::slot::{Memory, Slot};

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
        names: old.names.into_iter().collect(),
        recent: old.recent,
        counters: old.counters.into(),
        series: old
            .series
            .into_iter()
            .map(|(key, newest, seen)| Series { key, newest, seen, windows: Vec::new() })
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
