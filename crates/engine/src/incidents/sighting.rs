//! What correlation keeps of an alarm: when, where, of which type, and what it has to do with.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use vigiles_model::{Alarm, AlarmId, CallId, Geometry, IncidentId, KindId, Observation, Position, Timestamp};

use super::Case;
use super::view::View;
use crate::correlation::{Fact, Shared, began, tag, value_of};
use crate::turn::Turn;

/// Alarms of an incident that new ones are compared with, the latest.
pub(super) const MAX_SIGHTINGS: usize = 64;
/// Most values of one attribute that an alarm is compared by.
const MAX_VALUES: usize = 16;
/// Most different witnesses counted for an incident.
const MAX_WITNESSES: usize = 1_000;
/// Attributes that name who reported, in the order in which they are looked for.
const CALLERS: [&str; 2] = ["caller", "reporter"];

/// An alarm, a call, or what a person saw who opened an incident, as later ones are compared with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sighting {
    /// None for what a person told.
    pub(super) alarm: Option<AlarmId>,
    /// The call, where it was added to an incident.
    #[serde(default)]
    pub(super) call: Option<CallId>,
    pub(super) incident_type: CompactString,
    pub(super) kind: Option<KindId>,
    pub(super) place: Option<Position>,
    /// Platform time at which it was raised, in microseconds.
    pub(super) at: i64,
    /// When its condition began in the city, in microseconds.
    pub(super) began: i64,
    /// In order.
    pub(super) facts: Vec<Fact>,
}

/// The sighting of a new alarm or call, with the words for what it has to do with.
pub(super) struct Seen {
    pub(super) sighting: Sighting,
    pub(super) words: BTreeMap<Fact, String>,
}

/// What correlation asks about.
#[derive(Clone, Copy)]
struct Subject<'a> {
    /// None for what a person told.
    alarm: Option<&'a Alarm>,
    /// Empty where it is not known yet.
    incident_type: &'a str,
    place: Option<Position>,
}

impl Sighting {
    /// Whether a person told it.
    pub(super) fn is_told(&self) -> bool {
        self.alarm.is_none()
    }
}

/// Who opened an incident by hand, or called about it, as a witness.
pub(super) fn opener(incident: &IncidentId) -> u64 {
    value_of(&format!("opened/{incident}"))
}

/// The same of a call that was added.
pub(super) fn caller(call: &CallId) -> u64 {
    value_of(&format!("call/{call}"))
}

impl View<'_> {
    /// What correlation needs to know of what a person tells. The type is empty where nobody has said one yet.
    pub(super) fn see_told(&self, incident_type: &str, place: Option<&Geometry>, at: Timestamp) -> Seen {
        let place = place.map(Geometry::centre);
        let words = self.words_of(Subject { alarm: None, incident_type, place });
        let sighting = Sighting {
            alarm: None,
            call: None,
            incident_type: incident_type.into(),
            kind: None,
            place,
            at: at.0,
            began: at.0,
            facts: words.keys().copied().collect(),
        };
        Seen { sighting, words }
    }

    /// What correlation needs to know of an alarm. Only what some correlation rule asks for is looked up.
    pub(super) fn see(&self, alarm: &Alarm, incident_type: &str) -> Seen {
        let place = alarm.place.as_ref().map(Geometry::centre);
        let words = self.words_of(Subject { alarm: Some(alarm), incident_type, place });
        let sighting = Sighting {
            alarm: Some(alarm.id.clone()),
            call: None,
            incident_type: incident_type.into(),
            kind: alarm.kind.clone(),
            place,
            at: alarm.raised.0,
            began: began(alarm),
            facts: words.keys().copied().collect(),
        };
        Seen { sighting, words }
    }

    /// What some correlation rule asks for, in words.
    fn words_of(&self, subject: Subject<'_>) -> BTreeMap<Fact, String> {
        let rules = self.config.correlations.values().filter(|rule| rule.enabled);
        let wanted: BTreeSet<&Shared> = rules.flat_map(|rule| &rule.shares).map(|share| &share.what).collect();
        let mut words = BTreeMap::new();
        for what in wanted {
            let tag = tag(what);
            for (value, word) in self.values(what, subject).into_iter().take(MAX_VALUES) {
                words.insert(Fact { tag, value: value_of(&value) }, format!("same {} {word}", what.as_str()));
            }
        }
        words
    }

    /// The values that a subject has of something, each with the word for people.
    fn values(&self, what: &Shared, subject: Subject<'_>) -> BTreeSet<(String, String)> {
        let Subject { alarm, incident_type, place } = subject;
        let same = |text: &str| (text.to_owned(), text.to_owned());
        match (what.attribute(), what) {
            (Some(name), _) => {
                let seen = alarm.iter().flat_map(|a| &a.causes).filter_map(|o| o.attribute(name));
                let asset = alarm.and_then(|a| self.config.assets.get(a.asset.as_ref()?));
                let known = asset.and_then(|a| a.attributes.get(name)).map(String::as_str);
                seen.chain(known).filter(|text| !text.is_empty()).map(same).collect()
            }
            (None, Shared::Zone) => {
                let mut found = Vec::new();
                if let Some(place) = place {
                    self.zones.find(place, &mut found);
                }
                let zones = found.iter().filter_map(|i| self.zones.zones.get(*i as usize));
                zones.map(|zone| (zone.id.to_string(), zone.name.clone())).collect()
            }
            (None, Shared::IncidentType) if incident_type.is_empty() => BTreeSet::new(),
            (None, Shared::IncidentType) => BTreeSet::from([same(incident_type)]),
            (None, _) => {
                let assets = alarm.into_iter().flat_map(|a| &a.asset);
                assets.map(|id| (id.to_string(), self.config.asset_name(id))).collect()
            }
        }
    }
}

impl Turn<'_> {
    /// A reading supports an alarm that many sources share: one more witness, if it is a new one. The incident is
    /// shown again each time their number doubles.
    pub(crate) fn count_witness(&mut self, number: u64, o: &Observation, at: Timestamp) {
        let incident = self.live.alarms.get(&number).and_then(|record| record.alarm.incident.as_ref());
        let Some(case) = incident.and_then(|id| self.live.cases.number(id)) else { return };
        let shown = self.live.cases.edit(case, |case| {
            let doubled = case.add_witness(o) && case.incident.witnesses.is_power_of_two();
            if doubled {
                case.touch(at);
            }
            doubled
        });
        if shown == Some(true) {
            self.show_case(case);
        }
    }
}

impl Case {
    pub(super) fn add_sighting(&mut self, sighting: Sighting) {
        self.latest = self.latest.max(sighting.at);
        self.types.insert(sighting.incident_type.to_string());
        if self.sightings.len() >= MAX_SIGHTINGS {
            self.sightings.remove(0);
        }
        self.sightings.push(sighting);
    }

    /// Counts who reported an observation; false where it is known already, or there are too many to tell.
    pub(super) fn add_witness(&mut self, o: &Observation) -> bool {
        if self.witnesses.len() >= MAX_WITNESSES {
            return false;
        }
        let caller = CALLERS.into_iter().find_map(|name| o.attribute(name));
        let new = self.witnesses.insert(value_of(caller.unwrap_or_else(|| o.series())));
        self.count_witnesses();
        new
    }

    /// Counts a person who told of it: one who opened it by hand, or whose call was added.
    pub(super) fn add_caller(&mut self, caller: u64) {
        if self.callers.len() < MAX_WITNESSES {
            self.callers.insert(caller);
        }
        self.count_callers();
    }

    /// Those who told of it, here and in incidents of the same event, are witnesses too.
    pub(super) fn count_callers(&mut self) {
        let room = MAX_WITNESSES.saturating_sub(self.witnesses.len());
        let new = self.callers.union(&self.callers_elsewhere).filter(|caller| !self.witnesses.contains(caller));
        let new: Vec<u64> = new.take(room).copied().collect();
        self.witnesses.extend(new);
        self.count_witnesses();
    }

    pub(super) fn count_witnesses(&mut self) {
        self.incident.witnesses = self.witnesses.len() as u32;
    }
}
