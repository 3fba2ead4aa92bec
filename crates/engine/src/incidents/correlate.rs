//! Which incident an alarm belongs to.

use std::collections::BTreeSet;

use vigiles_model::incident::TimelineEvent;
use vigiles_model::relation::MAX_LINKS;
use vigiles_model::{Alarm, CauseLink, Geometry, Incident, Severity, Timestamp};

use super::apart::PartingSide;
use super::calls::OPENED_IT;
use super::sighting::Seen;
use super::ties::{Role, Tie};
use super::{Case, incident_id};
use crate::rule::IncidentSpec;
use crate::slot::Address;
use crate::turn::Turn;

impl Turn<'_> {
    /// Puts a new alarm into the open incident it belongs to, or opens one.
    ///
    /// In this order: the incident of the latest alarm of the same rule and key; the one with the highest score of
    /// those at or over [`crate::correlation::JOIN_AT`], of equal ones the oldest. Never one that people took it out of.
    /// What a cause rule says of other incidents, and which of them people told of as the same event, is written down as
    /// relations.
    pub(crate) fn correlate(&mut self, number: u64, spec: &IncidentSpec, at: Timestamp) {
        let Some(record) = self.live.alarms.get(&number) else { return };
        let (alarm, address) = (record.alarm.clone(), record.address);
        let seen = self.view().see(&alarm, &spec.incident_type);
        let sides = self.live.cases.partings.sides(&address, seen.sighting.place);
        let ties = self.view().ties(&seen, &alarm, &sides, spec);
        if let Some(rule) = self.book.rule(address.rule) {
            rule.spent.add(ties.compared);
        }
        let same_key = self.same_key(address, &sides, spec);
        let case = match same_key.or_else(|| ties.join.as_ref().map(|tie| (tie.case, tie.why.clone()))) {
            Some((case, why)) => {
                let links = ties.causes.iter().filter(|tie| tie.case == case).filter_map(|tie| link(tie, &alarm));
                let links: Vec<CauseLink> = links.collect();
                self.join(case, number, &alarm, address, (seen, why, links), at);
                Some(case)
            }
            None => self.open_for(number, &alarm, address, seen, spec, at),
        };
        let Some(case) = case else { return };
        // What people told is never moved by itself: their incident stays, and both know of each other.
        for tie in ties.told.iter().chain(&ties.causes).filter(|tie| tie.case != case) {
            self.find_relation(case, tie, at);
        }
    }

    fn same_key(&self, address: Address, sides: &BTreeSet<PartingSide>, spec: &IncidentSpec) -> Option<(u64, String)> {
        let cases = &self.live.cases;
        let number = *cases.bound.get(&address)?;
        let case = cases.get(number)?;
        let fits = cases.may_join(case) && case.types.contains(&spec.incident_type) && !case.keeps_out(sides);
        fits.then(|| (number, "an earlier alarm of the same rule and key belongs here".to_owned()))
    }

    fn join(
        &mut self,
        case: u64,
        number: u64,
        alarm: &Alarm,
        address: Address,
        (seen, why, links): (Seen, String, Vec<CauseLink>),
        at: Timestamp,
    ) {
        self.live.cases.change(case, |case| {
            let rises = alarm.severity > case.incident.severity;
            let why = if rises { format!("{why}; severity rises to {}", severity_text(alarm.severity)) } else { why };
            case.take_in(alarm, seen);
            for link in links {
                if case.incident.links.len() >= MAX_LINKS {
                    case.incident.links.remove(0);
                }
                case.incident.links.push(link);
            }
            case.note(at, None, TimelineEvent::AlarmJoined { alarm: alarm.id.clone(), why });
            case.touch(at);
        });
        self.bind(case, number, address);
        let started = self.advance(case, at);
        self.show_alarm(number);
        self.show_case(case);
        self.hand_out(case, started);
    }

    /// Opens an incident for an alarm; none where there is no room for it.
    fn open_for(
        &mut self,
        number: u64,
        alarm: &Alarm,
        address: Address,
        seen: Seen,
        spec: &IncidentSpec,
        at: Timestamp,
    ) -> Option<u64> {
        if !self.make_room_for_case() {
            self.live.counters.refused += 1;
            self.show_alarm(number);
            return None;
        }
        self.live.cases.last += 1;
        let case_number = self.live.cases.last;
        let title = match &spec.title {
            Some(title) => self.fill_in(title, address, alarm.causes.last(), alarm.support as f64),
            None => alarm.title.clone(),
        };
        let mut case = opened_by(alarm, spec, case_number, title, at);
        case.note(at, None, TimelineEvent::Opened);
        case.take_in(alarm, seen);
        case.note(at, None, TimelineEvent::AlarmJoined { alarm: alarm.id.clone(), why: OPENED_IT.to_owned() });
        if let Some(playbook) = spec.playbook.as_ref().and_then(|id| self.config.playbooks.get(id)) {
            case.load_playbook(playbook);
        }
        self.live.cases.insert(case);
        self.bind(case_number, number, address);
        let started = self.advance(case_number, at);
        self.show_alarm(number);
        self.show_case(case_number);
        self.hand_out(case_number, started);
        Some(case_number)
    }

    /// Writes down that the alarm belongs to the incident, and what people decided of its rule and key, or place.
    pub(super) fn bind(&mut self, case: u64, number: u64, address: Address) {
        let place = self.live.alarms.get(&number).and_then(|record| record.alarm.place.as_ref());
        let sides = self.live.cases.partings.sides(&address, place.map(Geometry::centre));
        self.live.cases.edit(case, |case| case.sides.extend(sides));
        let Some(id) = self.live.cases.get(case).map(|c| c.incident.id.clone()) else { return };
        if let Some(record) = self.live.alarm_mut(number) {
            record.alarm.incident = Some(id);
        }
        self.live.cases.bound.insert(address, case);
    }

    /// An alarm of the incident has cleared.
    pub(crate) fn note_cleared(&mut self, id: &vigiles_model::IncidentId, number: u64, at: Timestamp) {
        let alarm = self.live.alarms.get(&number).map(|r| r.alarm.id.clone());
        let (Some(case), Some(alarm)) = (self.live.cases.number(id), alarm) else {
            // The incident left memory long ago, so the alarm goes too.
            return self.forget_alarm(number);
        };
        self.live.cases.edit(case, |case| {
            case.note(at, None, TimelineEvent::AlarmCleared { alarm });
            case.touch(at);
        });
        let started = self.advance(case, at);
        self.show_case(case);
        self.hand_out(case, started);
    }
}

/// The step of a chain that a tie stands for; none where the other side is an incident opened by hand.
fn link(tie: &Tie, alarm: &Alarm) -> Option<CauseLink> {
    let (rule, other) = (tie.rule.clone()?, tie.other.clone()?);
    let own = alarm.id.clone();
    let (cause, effect) = if tie.role == Role::Effect { (other, own) } else { (own, other) };
    Some(CauseLink { cause, effect, rule, score: tie.score, why: tie.why.clone() })
}

fn opened_by(alarm: &Alarm, spec: &IncidentSpec, number: u64, title: String, at: Timestamp) -> Case {
    let id = incident_id(&[b"alarm", alarm.id.as_str().as_bytes()]);
    Case::new(Incident {
        incident_type: spec.incident_type.clone(),
        title,
        priority: spec.priority,
        severity: alarm.severity,
        place: alarm.place.clone(),
        ..Incident::opened(id, number, alarm.agency.clone(), alarm.reality, at)
    })
}

impl Case {
    /// Takes in what an alarm brings, without saying so in the timeline.
    pub(super) fn take_in(&mut self, alarm: &Alarm, seen: Seen) {
        let incident = &mut self.incident;
        incident.alarms.push(alarm.id.clone());
        incident.severity = incident.severity.max(alarm.severity);
        if incident.place.is_none() {
            incident.place.clone_from(&alarm.place);
        }
        if let Some(asset) = &alarm.asset
            && let Err(i) = incident.assets.binary_search(asset)
        {
            incident.assets.insert(i, asset.clone());
        }
        for cause in &alarm.causes {
            self.add_witness(cause);
        }
        self.add_sighting(seen.sighting);
    }
}

pub(crate) fn severity_text(severity: Severity) -> &'static str {
    match severity {
        Severity::Unknown => "unknown",
        Severity::Minor => "minor",
        Severity::Moderate => "moderate",
        Severity::Severe => "severe",
        Severity::Extreme => "extreme",
    }
}
