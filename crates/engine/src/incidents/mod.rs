//! Incidents: which alarms belong together, and what people do with them.

mod apart;
mod calls;
mod correlate;
mod lead;
mod lifecycle;
mod nearby;
mod parted_places;
mod reach;
mod regroup;
mod relations;
mod sighting;
mod ties;
mod view;
mod words;

pub(crate) use calls::CallTaken;
pub use calls::{OPENED_IT, Offer, Told};
pub(crate) use correlate::severity_text;
pub use lifecycle::next_states;
pub(crate) use lifecycle::{Answer, Asked, Opening, state_text};
pub(crate) use reach::Reaches;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use vigiles_model::call::MAX_CALLS;
use vigiles_model::incident::{MAX_TIMELINE, TimelineEntry, TimelineEvent};
use vigiles_model::{AssetId, Incident, IncidentId, IncidentState, PersonId, Reality, Timestamp};

pub(crate) use apart::Partings;
pub(crate) use parted_places::PartedPlaces;

use self::apart::PartingSide;
use self::nearby::NearbyIndex;
use self::sighting::Sighting;
use crate::effect::Effect;
use crate::slot::Address;
use crate::turn::Turn;

/// Most incidents in memory.
pub(crate) const MAX_CASES: usize = 20_000;
/// Most alarms that join an incident by themselves; the next one opens a new incident.
pub(crate) const MAX_JOINED: usize = 500;
/// Most alarms of an incident after a merge.
pub(crate) const MAX_MERGED: usize = 2_000;
const DAY: i64 = 86_400 * 1_000_000;
/// How long a closed or merged incident stays in memory, in microseconds.
const CLOSED_LIFE: i64 = 7 * DAY;
/// How long a resolved one does.
const RESOLVED_LIFE: i64 = 30 * DAY;

/// An incident with what correlation needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) incident: Incident,
    /// Its latest alarms as new ones are compared with them.
    sightings: Vec<Sighting>,
    /// Platform time of the latest alarm, in microseconds.
    latest: i64,
    /// The types of its alarms, and of what was merged into it: alarms of these may join.
    types: BTreeSet<String>,
    /// The sides of partings that its alarms are on: alarms of the opposite sides never join by themselves.
    sides: BTreeSet<PartingSide>,
    /// Hashes of who reported it.
    witnesses: BTreeSet<u64>,
    /// Of them, the people who told of it: who opened it by hand, or whose call was added.
    #[serde(default)]
    callers: BTreeSet<u64>,
    /// The people who told of it in incidents that are related as the same event.
    #[serde(default)]
    callers_elsewhere: BTreeSet<u64>,
    /// Numbers of incidents that people said it has nothing to do with.
    unlinked: BTreeSet<u64>,
}

/// All incidents in memory.
#[derive(Debug, Default)]
pub(crate) struct Cases {
    /// What the alarms are that join by themselves: of the city, or of an exercise.
    reality: Reality,
    all: BTreeMap<u64, Arc<Case>>,
    numbers: FxHashMap<IncidentId, u64>,
    /// Number of the latest incident.
    pub(crate) last: u64,
    /// The incident of the latest alarm of a rule and key.
    pub(crate) bound: BTreeMap<Address, u64>,
    /// What people took apart.
    pub(crate) partings: Partings,
    open_by_asset: BTreeMap<(String, AssetId), BTreeSet<u64>>,
    nearby: NearbyIndex,
    /// When the playbook of an incident has something to do by itself, and its number.
    due: BTreeSet<(i64, u64)>,
}

impl Case {
    pub(crate) fn new(incident: Incident) -> Self {
        let types = BTreeSet::from([incident.incident_type.clone()]);
        Self {
            incident,
            sightings: Vec::new(),
            latest: i64::MIN,
            types,
            sides: BTreeSet::new(),
            witnesses: BTreeSet::new(),
            callers: BTreeSet::new(),
            callers_elsewhere: BTreeSet::new(),
            unlinked: BTreeSet::new(),
        }
    }

    /// Adds a line to the timeline. When it is full, the oldest goes that no person wrote, so that what people did is not
    /// pushed out by an alarm that comes and goes; never the first, which says how it began.
    pub(crate) fn note(&mut self, at: Timestamp, by: Option<&PersonId>, event: TimelineEvent) {
        let timeline = &mut self.incident.timeline;
        if timeline.len() >= MAX_TIMELINE {
            let told_by_nobody = timeline.iter().skip(1).position(|line| line.by.is_none());
            timeline.remove(1 + told_by_nobody.unwrap_or(0));
        }
        timeline.push(TimelineEntry { at, by: by.cloned(), event });
    }

    pub(crate) fn touch(&mut self, at: Timestamp) {
        self.incident.version += 1;
        self.incident.changed = at;
    }
}

impl Cases {
    /// No incidents yet, of the city or of an exercise.
    pub(crate) fn of(reality: Reality) -> Self {
        Self { reality, ..Self::default() }
    }

    /// Whether alarms may join the incident by themselves.
    fn may_join(&self, case: &Case) -> bool {
        case.incident.state.is_open()
            && case.incident.reality == self.reality
            && case.incident.alarms.len() < MAX_JOINED
    }

    /// Whether calls may join the incident by themselves.
    fn takes_calls(&self, number: u64) -> bool {
        self.get(number).is_some_and(|case| self.may_join(case) && case.incident.calls.len() < MAX_CALLS)
    }

    pub(crate) fn all(&self) -> &BTreeMap<u64, Arc<Case>> {
        &self.all
    }

    pub(crate) fn number(&self, id: &IncidentId) -> Option<u64> {
        self.numbers.get(id).copied()
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Case> {
        self.all.get(&number).map(Arc::as_ref)
    }

    /// The incident whose playbook is due first, and when.
    pub(crate) fn next_due(&self) -> Option<(i64, u64)> {
        self.due.first().copied()
    }

    pub(crate) fn insert(&mut self, case: impl Into<Arc<Case>>) {
        let case = case.into();
        let number = case.incident.number;
        self.numbers.insert(case.incident.id.clone(), number);
        self.all.insert(number, case);
        self.index(number, true);
    }

    /// Changes an incident and keeps the indexes right.
    pub(crate) fn change<T>(&mut self, number: u64, change: impl FnOnce(&mut Case) -> T) -> Option<T> {
        self.index(number, false);
        let result = self.all.get_mut(&number).map(|case| change(Arc::make_mut(case)));
        self.index(number, true);
        result
    }

    /// Changes what no index knows: not the state, the number of alarms, the assets, the types or the sightings.
    fn edit<T>(&mut self, number: u64, change: impl FnOnce(&mut Case) -> T) -> Option<T> {
        self.all.get_mut(&number).map(|case| change(Arc::make_mut(case)))
    }

    fn index(&mut self, number: u64, add: bool) {
        let Some(case) = self.all.get(&number) else { return };
        match case.next_due() {
            Some(due) if add => drop(self.due.insert((due, number))),
            Some(due) => drop(self.due.remove(&(due, number))),
            None => {}
        }
        if !self.may_join(case) {
            return;
        }
        self.nearby.keep(number, case, add);
        for incident_type in &case.types {
            for asset in &case.incident.assets {
                keep(&mut self.open_by_asset, (incident_type.clone(), asset.clone()), number, add);
            }
        }
    }

    fn remove(&mut self, number: u64) -> Option<Arc<Case>> {
        self.index(number, false);
        let case = self.all.remove(&number)?;
        self.numbers.remove(&case.incident.id);
        self.bound.retain(|_, n| *n != number);
        Some(case)
    }
}

fn keep<K: Ord>(index: &mut BTreeMap<K, BTreeSet<u64>>, key: K, number: u64, add: bool) {
    if add {
        index.entry(key).or_default().insert(number);
    } else if let Some(numbers) = index.get_mut(&key) {
        numbers.remove(&number);
        if numbers.is_empty() {
            index.remove(&key);
        }
    }
}

impl Turn<'_> {
    pub(crate) fn show_case(&mut self, number: u64) {
        if let Some(case) = self.live.cases.get(number) {
            self.effects.push(Effect::IncidentChanged(Box::new(case.incident.clone())));
        }
    }

    /// Makes room for one more incident. False when all of them are open.
    pub(super) fn make_room_for_case(&mut self) -> bool {
        self.live.cases.all.len() < MAX_CASES || self.evict_oldest()
    }

    /// Makes room for one more alarm by forgetting ended incidents.
    pub(crate) fn make_room_for_alarms(&mut self) -> bool {
        while self.live.alarms.len() - self.live.shares.shadow_alarms() >= crate::alarms::MAX_ALARMS {
            if !self.evict_oldest() {
                return false;
            }
        }
        true
    }

    fn evict_oldest(&mut self) -> bool {
        let ended = |state| matches!(state, IncidentState::Closed | IncidentState::Merged);
        let candidates = self.live.cases.all.values().map(|case| &case.incident).filter(|i| !i.state.is_open());
        let oldest = candidates.min_by_key(|i| (!ended(i.state), i.changed, i.number)).map(|i| i.number);
        oldest.is_some_and(|number| {
            self.evict(number);
            true
        })
    }

    fn evict(&mut self, number: u64) {
        let Some(case) = self.live.cases.remove(number) else { return };
        for alarm in &case.incident.alarms {
            if let Some(number) = self.live.alarm_numbers.get(alarm).copied()
                && self.live.alarms.get(&number).is_some_and(|r| r.alarm.cleared.is_some())
            {
                self.forget_alarm(number);
            }
        }
    }

    /// Forgets incidents that ended long ago. The store keeps them; commands no longer find them.
    pub(crate) fn sweep_cases(&mut self, now: i64) {
        let life = |state: IncidentState| match state {
            IncidentState::Closed | IncidentState::Merged => Some(CLOSED_LIFE),
            IncidentState::Resolved => Some(RESOLVED_LIFE),
            _ => None,
        };
        let over = |i: &Incident| life(i.state).is_some_and(|life| i.changed.0.saturating_add(life) <= now);
        let old: Vec<u64> =
            self.live.cases.all.values().filter(|c| over(&c.incident)).map(|c| c.incident.number).collect();
        for number in old {
            self.evict(number);
        }
    }
}

/// From what opened it: the same log gives the same id.
fn incident_id(parts: &[&[u8]]) -> IncidentId {
    let mut hash = blake3::Hasher::new();
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let id = format!("inc-{}", &hash.finalize().to_hex()[..16]);
    IncidentId::new(id).expect("hexadecimal digits make an id")
}
