//! Merge and split: people's decisions on which alarms belong together, respected afterwards.

use std::collections::BTreeSet;

use vigiles_model::call::MAX_CALLS;
use vigiles_model::incident::TimelineEvent;
use vigiles_model::relation::MAX_LINKS;
use vigiles_model::{Alarm, AlarmId, Incident, IncidentId, IncidentState, Severity};

use super::lifecycle::{Answer, Asked};
use super::sighting::{MAX_SIGHTINGS, Seen};
use super::{Case, MAX_MERGED, incident_id};
use crate::command::CommandError;
use crate::config::{invalid, text};
use crate::slot::Address;
use crate::turn::Turn;

/// An alarm that moves.
pub(super) struct Mover {
    pub(super) number: u64,
    pub(super) address: Address,
    pub(super) alarm: Alarm,
}

impl Turn<'_> {
    /// Merges `from` into `into`: its alarms move, later ones of the same rule and key follow, its open tasks are
    /// left out, its agencies stay involved, and it stays as a record in state merged.
    pub(crate) fn merge(&mut self, asked: Asked<'_>, into: &IncidentId, from: &IncidentId) -> Answer {
        let target = self.number_of(into, asked.expected)?;
        let source = self.number_of(from, None)?;
        self.check_merge(target, source)?;
        let Some(absorbed) = self.live.cases.get(source).cloned() else { return self.answer(target) };
        self.live.cases.change(target, |case| case.absorb(&absorbed, asked));
        let movers = self.movers(&absorbed.incident.alarms);
        for mover in &movers {
            self.bind(target, mover.number, mover.address);
            self.show_moved(mover.number);
        }
        // Also keys whose alarms already left memory follow.
        self.live.cases.bound.values_mut().filter(|n| **n == source).for_each(|n| *n = target);
        let together = self.live.cases.get(target).map(|c| c.incident.alarms.clone()).unwrap_or_default();
        let mut known = self.known_by(&self.movers(&together));
        known.add_keys(self.live.cases.bound.iter().filter(|(_, n)| **n == target).map(|(key, _)| *key));
        self.live.cases.heal(target, &known);
        self.move_relations(target, source);
        self.live.cases.change(source, |case| {
            case.incident.state = IncidentState::Merged;
            case.incident.merged_into = Some(into.clone());
            case.incident.alarms.clear();
            case.incident.links.clear();
            case.incident.calls.clear();
            case.skip_unfinished("the incident was merged", asked.at);
            case.note(asked.at, asked.by, TimelineEvent::MergedInto { incident: into.clone() });
            case.touch(asked.at);
        });
        let started = self.advance(target, asked.at);
        self.show_case(source);
        self.show_case(target);
        self.hand_out(target, started);
        self.answer(target)
    }

    fn check_merge(&self, target: u64, source: u64) -> Result<(), CommandError> {
        let not_allowed = |why: &str| Err(CommandError::NotAllowed { why: why.to_owned() });
        let (Some(into), Some(from)) = (self.live.cases.get(target), self.live.cases.get(source)) else {
            return not_allowed("the incident is not in memory");
        };
        if target == source {
            return not_allowed("an incident cannot be merged into itself");
        }
        for incident in [&into.incident, &from.incident] {
            if matches!(incident.state, IncidentState::Closed | IncidentState::Merged) {
                return not_allowed(&format!("incident {} is closed or merged; reopen it first", incident.number));
            }
        }
        if into.incident.reality != from.incident.reality {
            return not_allowed("an exercise or test cannot be merged with an actual incident");
        }
        if into.incident.alarms.len() + from.incident.alarms.len() > MAX_MERGED {
            return not_allowed(&format!("an incident has at most {MAX_MERGED} alarms"));
        }
        if into.incident.calls.len() + from.incident.calls.len() > MAX_CALLS {
            return not_allowed(&format!("an incident has at most {MAX_CALLS} calls"));
        }
        Ok(())
    }

    /// Splits alarms off into a new incident. Neither takes alarms of the other's rules and keys, or places of clusters, again
    /// by itself.
    pub(crate) fn split(
        &mut self,
        asked: Asked<'_>,
        id: &IncidentId,
        alarms: &[AlarmId],
        title: Option<&str>,
    ) -> Answer {
        let source = self.number_of(id, asked.expected)?;
        let Some(parent) = self.live.cases.get(source).map(|c| c.incident.clone()) else { return self.answer(source) };
        let leaving = check_split(&parent, alarms)?;
        if let Some(title) = title {
            text("title", title)?;
        }
        if !self.make_room_for_case() {
            return Err(CommandError::NotAllowed {
                why: "there are too many open incidents; close some first".to_owned(),
            });
        }
        let in_order: Vec<AlarmId> = parent.alarms.iter().filter(|a| leaving.contains(*a)).cloned().collect();
        let staying: Vec<AlarmId> = parent.alarms.iter().filter(|a| !leaving.contains(*a)).cloned().collect();
        let (leave, stay) = (self.movers(&in_order), self.movers(&staying));
        self.live.cases.last += 1;
        let number = self.live.cases.last;
        let seen = self.see_all(&leave, &parent.incident_type);
        let child = split_off(&parent, number, (&in_order, &leave, seen), title, asked);
        let child_id = child.incident.id.clone();
        self.live.cases.insert(child);
        self.part((source, &stay), (Some(number), &leave));
        self.live.cases.change(source, |case| {
            case.give_up(&staying, &stay);
            for alarm in &in_order {
                case.note(asked.at, asked.by, TimelineEvent::AlarmLeft { alarm: alarm.clone() });
            }
            case.note(asked.at, asked.by, TimelineEvent::SplitOff { incident: child_id.clone() });
            case.touch(asked.at);
        });
        for mover in &leave {
            self.bind(number, mover.number, mover.address);
            self.show_moved(mover.number);
        }
        let started = self.advance(source, asked.at);
        self.show_case(source);
        self.hand_out(source, started);
        self.show_case(number);
        self.answer(number)
    }

    /// Those of the alarms that are in memory.
    pub(super) fn movers(&self, alarms: &[AlarmId]) -> Vec<Mover> {
        let numbers = alarms.iter().filter_map(|id| self.live.alarm_numbers.get(id).copied());
        let records = numbers.filter_map(|n| self.live.alarms.get(&n).map(|r| (n, r)));
        records.map(|(number, r)| Mover { number, address: r.address, alarm: r.alarm.clone() }).collect()
    }

    /// The latest of the alarms as correlation sees them, each of the type that its rule says today.
    fn see_all(&self, movers: &[Mover], default: &str) -> Vec<Seen> {
        let type_of = |alarm: &Alarm| self.config.rules.get(&alarm.rule).and_then(|rule| rule.incident.as_ref());
        let latest = movers.iter().skip(movers.len().saturating_sub(MAX_SIGHTINGS)).map(|m| &m.alarm);
        latest.map(|a| self.view().see(a, type_of(a).map_or(default, |spec| &spec.incident_type))).collect()
    }

    pub(super) fn show_moved(&mut self, number: u64) {
        if let Some(record) = self.live.alarm_mut(number) {
            record.alarm.version += 1;
        }
        self.show_alarm(number);
    }
}

fn check_split(parent: &Incident, alarms: &[AlarmId]) -> Result<BTreeSet<AlarmId>, CommandError> {
    if matches!(parent.state, IncidentState::Closed | IncidentState::Merged) {
        return Err(CommandError::NotAllowed { why: "the incident is closed or merged; reopen it first".to_owned() });
    }
    let leaving: BTreeSet<AlarmId> = alarms.iter().cloned().collect();
    if leaving.is_empty() {
        return Err(invalid("alarms", "expected at least one alarm"));
    }
    if let Some(stranger) = leaving.iter().find(|a| !parent.alarms.contains(a)) {
        return Err(invalid("alarms", &format!("alarm {stranger} does not belong to incident {}", parent.number)));
    }
    if leaving.len() == parent.alarms.len() {
        return Err(CommandError::NotAllowed { why: "at least one alarm must stay".to_owned() });
    }
    Ok(leaving)
}

fn split_off(
    parent: &Incident,
    number: u64,
    (alarms, leave, seen): (&[AlarmId], &[Mover], Vec<Seen>),
    title: Option<&str>,
    asked: Asked<'_>,
) -> Case {
    let first = leave.first().map(|m| &m.alarm);
    let title =
        title.map(ToOwned::to_owned).or_else(|| first.map(|a| a.title.clone())).unwrap_or_else(|| parent.title.clone());
    let mut case = Case::new(Incident {
        id: incident_id(&[b"split", parent.id.as_str().as_bytes(), &number.to_le_bytes()]),
        number,
        title,
        state: IncidentState::New,
        severity: worst(leave).unwrap_or(parent.severity),
        place: first.and_then(|a| a.place.clone()).or_else(|| parent.place.clone()),
        opened: asked.at,
        changed: asked.at,
        alarms: Vec::new(),
        assets: Vec::new(),
        playbook: None,
        tasks: Vec::new(),
        timeline: Vec::new(),
        merged_into: None,
        split_from: Some(parent.id.clone()),
        version: 1,
        witnesses: 0,
        links: parent
            .links
            .iter()
            .filter(|l| alarms.contains(&l.cause) && alarms.contains(&l.effect))
            .cloned()
            .collect(),
        related: Vec::new(),
        rooms: Vec::new(),
        verdict: None,
        calls: Vec::new(),
        ..parent.clone()
    });
    case.note(asked.at, asked.by, TimelineEvent::Opened);
    for sighting in seen {
        case.add_sighting(sighting.sighting);
    }
    case.draw_from(leave);
    for mover in leave {
        let why = format!("split off from incident {}", parent.number);
        case.note(asked.at, asked.by, TimelineEvent::AlarmJoined { alarm: mover.alarm.id.clone(), why });
    }
    case.incident.alarms = alarms.to_vec();
    case
}

fn worst(movers: &[Mover]) -> Option<Severity> {
    movers.iter().map(|m| m.alarm.severity).max()
}

impl Case {
    fn absorb(&mut self, other: &Self, asked: Asked<'_>) {
        let (incident, theirs) = (&mut self.incident, &other.incident);
        incident.alarms.extend(theirs.alarms.iter().cloned());
        incident.assets.extend(theirs.assets.iter().cloned());
        incident.assets.sort_unstable();
        incident.assets.dedup();
        incident.severity = incident.severity.max(theirs.severity);
        incident.priority = incident.priority.min(theirs.priority);
        if incident.place.is_none() {
            incident.place.clone_from(&theirs.place);
        }
        incident.links.extend(theirs.links.iter().cloned());
        let surplus = incident.links.len().saturating_sub(MAX_LINKS);
        incident.links.drain(..surplus);
        let mut sightings = std::mem::take(&mut self.sightings);
        sightings.extend(other.sightings.iter().cloned());
        sightings.sort_by_key(|s| s.at);
        for sighting in sightings {
            self.add_sighting(sighting);
        }
        self.latest = self.latest.max(other.latest);
        self.types.extend(other.types.iter().cloned());
        self.sides.extend(&other.sides);
        self.unlinked.extend(&other.unlinked);
        self.incident.calls.extend(theirs.calls.iter().cloned());
        self.incident.calls.sort_by_key(|call| call.at);
        self.witnesses.extend(&other.witnesses);
        self.callers.extend(&other.callers);
        self.callers_elsewhere.extend(&other.callers_elsewhere);
        self.count_witnesses();
        // Whoever led it or spoke in its rooms, which end with it, keeps a part.
        let invited = theirs.rooms.iter().flat_map(|room| &room.agencies);
        self.involve([&theirs.agency].into_iter().chain(&theirs.involved).chain(invited).cloned());
        self.note(asked.at, asked.by, TimelineEvent::Absorbed { incident: other.incident.id.clone() });
        self.touch(asked.at);
    }

    /// Keeps only the alarms that stay.
    pub(super) fn give_up(&mut self, staying: &[AlarmId], movers: &[Mover]) {
        self.incident.alarms = staying.to_vec();
        let stays = |alarm: &AlarmId| staying.contains(alarm);
        self.incident.links.retain(|link| stays(&link.cause) && stays(&link.effect));
        self.sightings.retain(|s| s.alarm.as_ref().is_none_or(stays));
        self.latest = self.sightings.iter().map(|s| s.at).max().unwrap_or(i64::MIN);
        let own = self.incident.incident_type.clone();
        self.types = self.sightings.iter().map(|s| s.incident_type.to_string()).chain([own]).collect();
        self.draw_from(movers);
    }

    /// Severity, assets and witnesses as these alarms have them.
    fn draw_from(&mut self, movers: &[Mover]) {
        self.incident.severity = worst(movers).unwrap_or(self.incident.severity);
        self.incident.assets = movers.iter().filter_map(|m| m.alarm.asset.clone()).collect();
        self.incident.assets.sort_unstable();
        self.incident.assets.dedup();
        self.witnesses.clear();
        for cause in movers.iter().flat_map(|m| &m.alarm.causes) {
            self.add_witness(cause);
        }
        self.count_callers();
    }
}
