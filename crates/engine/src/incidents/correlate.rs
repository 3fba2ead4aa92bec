//! Which incident an alarm belongs to.

use vigiles_model::incident::TimelineEvent;
use vigiles_model::{Alarm, Geometry, Incident, IncidentState, Reality, Severity, Timestamp};

use super::{Anchor, Case, incident_id};
use crate::rule::IncidentSpec;
use crate::slot::Address;
use crate::turn::Turn;

impl Turn<'_> {
    /// Puts a new alarm into the open incident it belongs to, or opens one.
    ///
    /// In this order: the incident of the latest alarm of the same rule and key; one of the same type with the same
    /// asset, the oldest first; one of the same type whose alarms are near in place and time, the nearest first.
    pub(crate) fn correlate(&mut self, number: u64, spec: &IncidentSpec, at: Timestamp) {
        let Some(record) = self.live.alarms.get(&number) else { return };
        let (alarm, address) = (record.alarm.clone(), record.address);
        let found = self.same_key(address, spec).or_else(|| self.same_asset(&alarm, address, spec));
        match found.or_else(|| self.near(&alarm, address, spec, at)) {
            Some((case, why)) => self.join(case, number, &alarm, address, why, at),
            None => self.open_for(number, &alarm, address, spec, at),
        }
    }

    fn same_key(&self, address: Address, spec: &IncidentSpec) -> Option<(u64, String)> {
        let number = *self.live.cases.bound.get(&address)?;
        let case = self.live.cases.get(number)?;
        let fits = case.is_joinable()
            && case.incident.incident_type == spec.incident_type
            && !case.excluded.contains(&address);
        fits.then(|| (number, "an earlier alarm of the same rule and key belongs here".to_owned()))
    }

    fn same_asset(&self, alarm: &Alarm, address: Address, spec: &IncidentSpec) -> Option<(u64, String)> {
        let asset = alarm.asset.as_ref()?;
        let numbers = self.live.cases.open_by_asset.get(&(spec.incident_type.clone(), asset.clone()))?;
        let number =
            numbers.iter().find(|n| self.live.cases.get(**n).is_some_and(|c| !c.excluded.contains(&address)))?;
        Some((*number, format!("same type and same asset {}", self.asset_name(asset))))
    }

    fn near(&self, alarm: &Alarm, address: Address, spec: &IncidentSpec, at: Timestamp) -> Option<(u64, String)> {
        let place = alarm.place.as_ref()?.centre();
        if spec.radius_m <= 0.0 {
            return None;
        }
        let since = at.0.saturating_sub((spec.window_s * 1e6) as i64);
        let numbers = self.live.cases.open_by_type.get(&spec.incident_type)?;
        let cases = numbers.iter().filter_map(|n| self.live.cases.get(*n));
        let fitting = cases.filter(|c| c.latest >= since && !c.excluded.contains(&address));
        let measured = fitting.filter_map(|c| {
            let distances = c.anchors.iter().filter(|a| a.at >= since).map(|a| a.place.distance_m(place));
            distances.min_by(f64::total_cmp).filter(|d| *d <= spec.radius_m).map(|d| (d, c))
        });
        let (distance, case) = measured.min_by(|a, b| a.0.total_cmp(&b.0))?;
        let seconds = at.0.saturating_sub(case.latest) / 1_000_000;
        Some((case.incident.number, format!("same type, {distance:.0} m away, {seconds} s after its latest alarm")))
    }

    fn join(&mut self, case: u64, number: u64, alarm: &Alarm, address: Address, why: String, at: Timestamp) {
        self.live.cases.change(case, |case| {
            let rises = alarm.severity > case.incident.severity;
            let why = if rises { format!("{why}; severity rises to {}", severity_text(alarm.severity)) } else { why };
            case.take_in(alarm, at);
            case.note(at, None, TimelineEvent::AlarmJoined { alarm: alarm.id.clone(), why });
            case.touch(at);
        });
        self.bind(case, number, address);
        let started = self.advance(case, at);
        self.show_alarm(number);
        self.show_case(case);
        self.hand_out(case, started);
    }

    fn open_for(&mut self, number: u64, alarm: &Alarm, address: Address, spec: &IncidentSpec, at: Timestamp) {
        if !self.make_room_for_case() {
            self.live.counters.refused += 1;
            return self.show_alarm(number);
        }
        self.live.cases.last += 1;
        let case_number = self.live.cases.last;
        let title = match &spec.title {
            Some(title) => self.fill_in(title, address, alarm.causes.last(), alarm.support as f64),
            None => alarm.title.clone(),
        };
        let mut case = Case::new(Incident {
            id: incident_id(&[b"alarm", alarm.id.as_str().as_bytes()]),
            number: case_number,
            incident_type: spec.incident_type.clone(),
            title,
            state: IncidentState::New,
            reality: Reality::Actual,
            priority: spec.priority,
            severity: alarm.severity,
            place: alarm.place.clone(),
            agency: alarm.agency.clone(),
            opened: at,
            changed: at,
            alarms: Vec::new(),
            assets: Vec::new(),
            playbook: None,
            tasks: Vec::new(),
            timeline: Vec::new(),
            merged_into: None,
            split_from: None,
            version: 1,
            assigned: None,
            rooms: Vec::new(),
        });
        case.note(at, None, TimelineEvent::Opened);
        case.take_in(alarm, at);
        case.note(
            at,
            None,
            TimelineEvent::AlarmJoined { alarm: alarm.id.clone(), why: "it opened the incident".to_owned() },
        );
        if let Some(playbook) = spec.playbook.as_ref().and_then(|id| self.config.playbooks.get(id)) {
            case.load_playbook(playbook);
        }
        self.live.cases.insert(case);
        self.bind(case_number, number, address);
        let started = self.advance(case_number, at);
        self.show_alarm(number);
        self.show_case(case_number);
        self.hand_out(case_number, started);
    }

    /// Writes down that the alarm belongs to the incident.
    pub(super) fn bind(&mut self, case: u64, number: u64, address: Address) {
        let Some(id) = self.live.cases.get(case).map(|c| c.incident.id.clone()) else { return };
        if let Some(record) = self.live.alarms.get_mut(&number) {
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
        self.live.cases.change(case, |case| {
            case.note(at, None, TimelineEvent::AlarmCleared { alarm });
            case.touch(at);
        });
        let started = self.advance(case, at);
        self.show_case(case);
        self.hand_out(case, started);
    }
}

impl Case {
    /// Takes in what an alarm brings, without saying so in the timeline.
    pub(super) fn take_in(&mut self, alarm: &Alarm, at: Timestamp) {
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
        if let Some(place) = alarm.place.as_ref().map(Geometry::centre) {
            self.add_anchor(Anchor { place, at: at.0 });
        }
        self.latest = self.latest.max(at.0);
    }
}

pub(crate) fn severity_text(severity: Severity) -> &'static str {
    match severity {
        Severity::Minor => "minor",
        Severity::Moderate => "moderate",
        Severity::Severe => "severe",
        Severity::Extreme => "extreme",
    }
}
