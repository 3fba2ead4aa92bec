//! Calls that people add to incidents, and what is offered before one is opened.

use serde::Serialize;
use utoipa::ToSchema;
use vigiles_model as model;

use super::Incident;
use crate::wire::NameOf;
use crate::wire::correlation::RelationWord;
use crate::wire::place::Place;
use crate::wire::time::Time;
use crate::wire::words::CallerRole;

/// A call that a person added to an incident.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Call {
    /// Identity.
    pub id: String,
    /// When it was written down.
    pub at: Time,
    /// Who wrote it down.
    pub by: Option<String>,
    /// What they are called now; null where the account is gone.
    pub by_name: Option<String>,
    /// What was told.
    pub text: String,
    /// What the caller is to it.
    pub role: CallerRole,
    /// Where, as the caller said.
    pub place: Option<Place>,
    /// Why it belongs here.
    pub why: String,
}

impl Call {
    /// The call with the name of whoever wrote it down.
    pub(super) fn new(call: &model::Call, name_of: NameOf<'_>) -> Self {
        Self {
            id: call.id.to_string(),
            at: call.at.into(),
            by: call.by.as_ref().map(ToString::to_string),
            by_name: call.by.as_ref().and_then(|by| name_of(by.as_str())),
            text: call.text.clone(),
            role: call.role.into(),
            place: call.place.as_ref().map(Place::from),
            why: call.why.clone(),
        }
    }
}

/// What became of a call that a system handed over. Of the incident it tells no more than what to ask for.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakenCall {
    /// The incident that it is in now.
    #[schema(value_type = String)]
    pub incident: model::IncidentId,
    /// The number of that incident, for people.
    pub number: u64,
    /// The call.
    #[schema(value_type = String)]
    pub call: model::CallId,
    /// Whether the incident was there before; otherwise the call opened it.
    pub joined: bool,
    /// Why it is there: the score with its evidence, where it joined.
    pub why: String,
}

/// The open incidents that a call may belong to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Offers {
    /// At most 8, the likeliest first.
    pub offers: Vec<Offer>,
}

/// An open incident that a call may belong to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Offer {
    /// The incident.
    pub incident: Incident,
    /// What it is to what the caller tells of.
    pub relation: RelationWord,
    /// How sure, from 0 to 1.
    pub score: f64,
    /// The evidence in words with its figures, behind the score.
    pub why: String,
}
