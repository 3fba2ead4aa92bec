//! What people tell: which open incidents it may belong to, and calls that a person adds to one or takes out again.

use serde::{Deserialize, Serialize};
use vigiles_model::call::MAX_CALLS;
use vigiles_model::incident::TimelineEvent;
use vigiles_model::{
    Call, CallId, CallerRole, Geometry, Incident, IncidentId, IncidentState, Reality, Relation, Timestamp,
};

use super::correlate::severity_text;
use super::lifecycle::{Answer, Asked, Opening};
use super::sighting::{Seen, Sighting, caller};
use super::ties::{Role, Tie};
use super::{Case, incident_id};
use crate::command::CommandError;
use crate::config::{geometry, text};
use crate::engine::Engine;
use crate::turn::Turn;

/// What is known of a call before anything is done about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Type in the city's words, where somebody has said one.
    pub incident_type: Option<String>,
    /// Where.
    pub place: Option<Geometry>,
    /// Whether the city or the exercise under way is meant.
    pub reality: Reality,
}

/// An open incident that a call may belong to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Which.
    pub incident: IncidentId,
    /// What it is to what the caller tells of.
    pub relation: Relation,
    /// How sure, from 0 to 1.
    pub score: f64,
    /// The evidence in words with its figures, behind the score.
    pub why: String,
}

/// A call as it is written down.
pub(crate) struct CallTaken<'a> {
    pub(crate) text: &'a str,
    pub(crate) role: CallerRole,
    pub(crate) place: Option<&'a Geometry>,
}

/// Why a call is in the incident that it opened.
pub const OPENED_IT: &str = "it opened the incident";
/// Longest title that is taken from what was told, in characters.
const MAX_HEADLINE: usize = 120;

impl CallTaken<'_> {
    /// The beginning of what was told: its first line, cut where it is long.
    pub(crate) fn headline(&self) -> &str {
        let line = self.text.trim().lines().next().unwrap_or_default();
        line.char_indices().nth(MAX_HEADLINE).map_or(line, |(end, _)| &line[..end])
    }
}

impl Engine {
    /// The open incidents that a call may belong to, the likeliest first. Asking changes nothing.
    pub fn offers(&self, told: &Told, at: Timestamp) -> Vec<Offer> {
        let Some(view) = self.view(told.reality) else { return Vec::new() };
        let incident_type = told.incident_type.as_deref().unwrap_or_default();
        let seen = view.see_told(incident_type, told.place.as_ref(), at);
        let ties = view.ties_of_told(&seen);
        let offer = |tie: &super::ties::Tie| {
            let incident = view.live.cases.get(tie.case)?.incident.id.clone();
            Some(Offer { incident, relation: tie.relation(), score: tie.score, why: tie.why.clone() })
        };
        ties.iter().filter_map(offer).collect()
    }
}

impl Turn<'_> {
    /// Relates an incident that a person has just opened to those that it has to do with. It stays its own: what a
    /// person opened is never swallowed.
    pub(super) fn relate_opened(&mut self, number: u64, seen: &Seen, at: Timestamp) {
        let ties = self.view().ties_of_told(seen);
        for tie in ties.iter().filter(|tie| tie.case != number) {
            self.find_relation(number, tie, at);
        }
    }

    /// A person adds a call to an incident: one more witness, whom later alarms and calls are compared with.
    pub(crate) fn add_call(&mut self, asked: Asked<'_>, id: &IncidentId, taken: &CallTaken<'_>) -> Answer {
        text("text", taken.text)?;
        if let Some(place) = taken.place {
            geometry("place", place)?;
        }
        let number = self.number_of(id, asked.expected)?;
        let Some(case) = self.live.cases.get(number) else { return self.answer(number) };
        let incident_type = case.incident.incident_type.clone();
        let seen = self.view().see_told(&incident_type, taken.place, asked.at);
        let ties = self.view().ties_of_told(&seen);
        let found = ties.into_iter().find(|tie| tie.case == number);
        let why = found.map_or_else(|| "a person put it here".to_owned(), |tie| tie.why);
        let answer = self.edit(asked, id, |case| {
            let incident = &case.incident;
            if !incident.state.is_open() {
                return Err(CommandError::NotAllowed { why: "the incident is not open; reopen it first".to_owned() });
            }
            if incident.calls.len() >= MAX_CALLS {
                let why = format!("an incident has at most {MAX_CALLS} calls; open another and link it");
                return Err(CommandError::NotAllowed { why });
            }
            case.note_call(asked, taken, why, seen.sighting);
            Ok(())
        })?;
        self.recount_latest(number);
        Ok(answer)
    }

    /// A call that another system hands over joins the open incident that tells of the same event, the likeliest, of
    /// equal ones the oldest; where there is none it opens one. What it may be a cause or an effect of is related.
    pub(crate) fn take_call(&mut self, asked: Asked<'_>, taken: &CallTaken<'_>, opening: &Opening<'_>) -> Answer {
        text("text", taken.text)?;
        opening.check()?;
        let seen = self.view().see_told(opening.incident_type, opening.place, asked.at);
        let ties = if opening.reality == self.reality { self.view().ties_of_told(&seen) } else { Vec::new() };
        let takes = |tie: &&Tie| tie.role == Role::SameEvent && self.live.cases.takes_calls(tie.case);
        let Some(join) = ties.iter().find(takes) else { return self.open_told(asked, opening, &seen, Some(taken)) };
        let (number, why) = (join.case, join.why.clone());
        self.live.cases.change(number, |case| {
            let rises = opening.severity > case.incident.severity;
            let severity = severity_text(opening.severity);
            let why = if rises { format!("{why}; severity rises to {severity}") } else { why };
            case.incident.severity = case.incident.severity.max(opening.severity);
            if case.incident.place.is_none() {
                case.incident.place = taken.place.cloned();
            }
            case.note_call(asked, taken, why, seen.sighting);
            case.touch(asked.at);
        });
        for tie in ties.iter().filter(|tie| tie.case != number) {
            self.find_relation(number, tie, asked.at);
        }
        self.recount_latest(number);
        let started = self.advance(number, asked.at);
        self.show_case(number);
        self.hand_out(number, started);
        self.answer(number)
    }

    /// The incidents that are related as the same event count the call that has just joined.
    fn recount_latest(&mut self, number: u64) {
        let joined = self.live.cases.get(number).and_then(|case| case.incident.calls.last());
        if let Some(call) = joined.map(|call| caller(&call.id)) {
            self.recount_elsewhere(number, call, true);
        }
    }

    /// A person takes a call out: it gets an incident of its own, and what stayed never joins it by itself.
    pub(crate) fn detach_call(&mut self, asked: Asked<'_>, id: &IncidentId, call: &CallId) -> Answer {
        let source = self.number_of(id, asked.expected)?;
        let Some(parent) = self.live.cases.get(source).cloned() else { return self.answer(source) };
        let call = check_leaving(&parent, call)?;
        if !self.make_room_for_case() {
            return Err(CommandError::NotAllowed {
                why: "there are too many open incidents; close some first".to_owned(),
            });
        }
        self.live.cases.last += 1;
        let number = self.live.cases.last;
        let seen = self.view().see_told(&parent.incident.incident_type, call.place.as_ref(), call.at);
        let child = call_by_itself(&parent.incident, number, call.clone(), seen.sighting, asked);
        let incident = child.incident.id.clone();
        self.live.cases.insert(child);
        let staying = self.movers(&parent.incident.alarms);
        self.part((source, &staying), (Some(number), &[]));
        self.live.cases.change(source, |case| {
            case.give_up_call(&call.id);
            case.note(asked.at, asked.by, TimelineEvent::CallLeft { call: call.id.clone(), incident });
            case.touch(asked.at);
        });
        self.recount_elsewhere(source, caller(&call.id), false);
        self.show_case(source);
        self.show_case(number);
        self.answer(number)
    }
}

/// The call, where it may leave and something stays.
fn check_leaving(parent: &Case, call: &CallId) -> Result<Call, CommandError> {
    let incident = &parent.incident;
    if matches!(incident.state, IncidentState::Closed | IncidentState::Merged) {
        return Err(CommandError::NotAllowed { why: "the incident is closed or merged; reopen it first".to_owned() });
    }
    let Some(found) = incident.calls.iter().find(|known| known.id == *call) else {
        return Err(CommandError::NotFound { what: "call of the incident".to_owned(), id: call.to_string() });
    };
    let others = parent.sightings.iter().any(|s| s.call.as_ref() != Some(call));
    if incident.alarms.is_empty() && incident.calls.len() == 1 && !others {
        return Err(CommandError::NotAllowed { why: "at least one alarm or call must stay".to_owned() });
    }
    Ok(found.clone())
}

/// From the version of the incident to which the call is added.
fn call_id(incident: &Incident, version: u64) -> CallId {
    let id = incident_id(&[b"call", incident.id.as_str().as_bytes(), &version.to_le_bytes()]);
    CallId::new(id.as_str().replacen("inc-", "call-", 1)).expect("hexadecimal digits make an id")
}

fn call_by_itself(parent: &Incident, number: u64, call: Call, sighting: Sighting, asked: Asked<'_>) -> Case {
    let id = incident_id(&[b"call", call.id.as_str().as_bytes(), &number.to_le_bytes()]);
    let mut case = Case::new(Incident {
        incident_type: parent.incident_type.clone(),
        title: call.text.clone(),
        priority: parent.priority,
        severity: parent.severity,
        place: call.place.clone(),
        split_from: Some(parent.id.clone()),
        ..Incident::opened(id, number, parent.agency.clone(), parent.reality, asked.at)
    });
    case.note(asked.at, asked.by, TimelineEvent::Opened);
    let why = format!("taken out of incident {}", parent.number);
    case.note(
        asked.at,
        asked.by,
        TimelineEvent::CallJoined { call: call.id.clone(), text: call.text.clone(), why: why.clone() },
    );
    case.take_call(Call { why, ..call }, sighting);
    case
}

impl Case {
    /// Writes the call down that opens the incident: before its first version.
    pub(super) fn open_with(&mut self, asked: Asked<'_>, taken: &CallTaken<'_>, sighting: Sighting) {
        let id = call_id(&self.incident, 0);
        self.write_call(id, asked, taken, OPENED_IT.to_owned(), sighting);
    }

    /// Writes a call down that joins.
    fn note_call(&mut self, asked: Asked<'_>, taken: &CallTaken<'_>, why: String, sighting: Sighting) {
        let id = call_id(&self.incident, self.incident.version);
        self.write_call(id, asked, taken, why, sighting);
    }

    fn write_call(&mut self, id: CallId, asked: Asked<'_>, taken: &CallTaken<'_>, why: String, sighting: Sighting) {
        let call = Call {
            id,
            at: asked.at,
            by: asked.by.cloned(),
            text: taken.text.to_owned(),
            role: taken.role,
            place: taken.place.cloned(),
            why: why.clone(),
        };
        let joined = TimelineEvent::CallJoined { call: call.id.clone(), text: call.text.clone(), why };
        self.take_call(call, sighting);
        self.note(asked.at, asked.by, joined);
    }

    fn take_call(&mut self, call: Call, sighting: Sighting) {
        self.add_caller(caller(&call.id));
        self.add_sighting(Sighting { call: Some(call.id.clone()), ..sighting });
        self.incident.calls.push(call);
    }

    fn give_up_call(&mut self, call: &CallId) {
        self.incident.calls.retain(|known| known.id != *call);
        self.sightings.retain(|s| s.call.as_ref() != Some(call));
        self.latest = self.sightings.iter().map(|s| s.at).max().unwrap_or(i64::MIN);
        let caller = caller(call);
        self.callers.remove(&caller);
        self.witnesses.remove(&caller);
        self.count_witnesses();
    }
}
