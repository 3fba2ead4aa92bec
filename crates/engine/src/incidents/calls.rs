//! What people tell: which open incidents it may belong to, and calls that a person adds to one or takes out again.

use serde::{Deserialize, Serialize};
use vigiles_model::call::MAX_CALLS;
use vigiles_model::incident::TimelineEvent;
use vigiles_model::{
    Call, CallId, CallerRole, Geometry, Incident, IncidentId, IncidentState, Reality, Relation, Timestamp,
};

use super::lifecycle::{Answer, Asked};
use super::sighting::{Seen, Sighting, caller};
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

/// A call as a person writes it down.
pub(crate) struct CallTaken<'a> {
    pub(crate) text: &'a str,
    pub(crate) role: CallerRole,
    pub(crate) place: Option<&'a Geometry>,
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
        self.edit(asked, id, |case| {
            let incident = &mut case.incident;
            if !incident.state.is_open() {
                return Err(CommandError::NotAllowed { why: "the incident is not open; reopen it first".to_owned() });
            }
            if incident.calls.len() >= MAX_CALLS {
                let why = format!("an incident has at most {MAX_CALLS} calls; open another and link it");
                return Err(CommandError::NotAllowed { why });
            }
            let call = Call {
                id: call_id(incident),
                at: asked.at,
                by: asked.by.cloned(),
                text: taken.text.to_owned(),
                role: taken.role,
                place: taken.place.cloned(),
                why: why.clone(),
            };
            let joined = TimelineEvent::CallJoined { call: call.id.clone(), text: call.text.clone(), why };
            case.take_call(call, seen.sighting);
            case.note(asked.at, asked.by, joined);
            Ok(())
        })
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

fn call_id(incident: &Incident) -> CallId {
    let version = incident.version.to_le_bytes();
    let id = incident_id(&[b"call", incident.id.as_str().as_bytes(), &version]);
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
