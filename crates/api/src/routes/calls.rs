//! What people tell the control room: which incidents it may belong to, calls added to one and taken out again.

use serde::Deserialize;
use utoipa::IntoParams;
use vigiles_engine::{CommandBody, CommandDone, OPENED_IT, Offer, Told};
use vigiles_model::{Geometry, Incident, Position};
use vigiles_runtime::OffersError;
use vigiles_runtime::documents::INCIDENT;
use vigiles_trust::{Action, Resource};

use super::incident_commands::{WRITE, command, own, run};
use crate::call::{Call, names, ok, place, stored};
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Problem};
use crate::wire::incident::{self as wire, Incident as WireIncident, Offers, TakenCall};
use crate::wire::orders::{AddCall, TakeCall};
use crate::wire::words::Reality;

/// What is known of a call.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct NearQuery {
    /// Degrees east.
    #[param(minimum = -180, maximum = 180)]
    lon: f64,
    /// Degrees north.
    #[param(minimum = -90, maximum = 90)]
    lat: f64,
    /// Type in the city's words; any where absent.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    type_: Option<String>,
    /// Actual where absent. Nothing is near a test.
    reality: Option<Reality>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::get(
            "/api/v1/incidents/near",
            "get_offers",
            "The open incidents that a call may belong to, by the rules of correlation, with the score and its reason",
            near,
        )
        .may(Action::Read(Resource::Incidents))
        .query::<NearQuery>()
        .answers::<Offers>(200, "At most 8, the likeliest first."),
        Endpoint::post(
            "/api/v1/calls",
            "take_call",
            "Hands over a call of another system: it joins the open incident that tells of the same event by the rules of \
             correlation, or opens one",
            take,
        )
        .may(WRITE)
        .takes::<TakeCall>()
        .idempotent()
        .answers::<TakenCall>(200, "Where the call is now.")
        .also(&[404, 409]),
        command(Endpoint::post(
            "/api/v1/incidents/{id}/calls",
            "add_call",
            "Adds a call: one more witness, whom later alarms and calls are compared with",
            add,
        ))
        .takes::<AddCall>(),
        command(Endpoint::post(
            "/api/v1/incidents/{id}/calls/{call}/detach",
            "detach_call",
            "Takes a call out for good; it gets an incident of its own, which is answered",
            detach,
        )),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("incidents")).collect()
}

async fn near(call: Call) -> Answer {
    let NearQuery { lon, lat, type_, reality } = call.query()?;
    let at = Geometry::Point(Position { lon, lat });
    at.validate().map_err(|e| Problem::of(Code::Malformed, "lon", e.to_string()))?;
    let reality = reality.unwrap_or(Reality::Actual).into();
    let told = Told { incident_type: type_.filter(|text| !text.is_empty()), place: Some(at), reality };
    let ctx = call.context()?;
    let found = call.platform().offers(told).await?;
    let offers = call
        .blocking(move |api| {
            let name_of = names(&api.platform);
            let mut shown = Vec::with_capacity(found.len());
            for Offer { incident, relation, score, why } in found {
                // Not in the store yet where the engine has only just opened it.
                let Some(document) = api.platform.store().get(&ctx, INCIDENT, incident.as_str())? else { continue };
                let incident = WireIncident::new(&stored::<Incident>(&document)?, &name_of);
                shown.push(wire::Offer { incident, relation: relation.into(), score, why });
            }
            Ok(shown)
        })
        .await?;
    ok(&Offers { offers })
}

async fn add(call: Call) -> Answer {
    let AddCall { text, role, place: told } = call.json()?;
    let place = told.as_ref().map(|p| place("place", p)).transpose()?;
    let incident = own(&call).await?;
    run(&call, CommandBody::AddCall { incident, text, role: role.map(Into::into).unwrap_or_default(), place }).await
}

async fn take(call: Call) -> Answer {
    let body: TakeCall = call.json()?;
    let place = body.place.as_ref().map(|p| place("place", p)).transpose()?;
    let command = CommandBody::TakeCall {
        text: body.text,
        role: body.role.map(Into::into).unwrap_or_default(),
        title: body.title,
        incident_type: body.incident_type,
        priority: body.priority.into(),
        severity: body.severity.into(),
        place,
        playbook: body.playbook,
        reality: body.reality.unwrap_or(Reality::Actual).into(),
    };
    let CommandDone::Incident(incident) = call.command(None, command).await? else {
        return Err(Problem::internal(&"a call was not answered by its incident"));
    };
    let Some(taken) = incident.calls.last() else { return Err(Problem::internal(&"the incident has no call")) };
    ok(&TakenCall {
        call: taken.id.clone(),
        joined: taken.why != OPENED_IT,
        why: taken.why.clone(),
        number: incident.number,
        incident: incident.id,
    })
}

async fn detach(call: Call) -> Answer {
    let incident = own(&call).await?;
    let leaving = call.id("call")?;
    run(&call, CommandBody::DetachCall { incident, call: leaving }).await
}

impl From<OffersError> for Problem {
    fn from(error: OffersError) -> Self {
        match error {
            OffersError::Overloaded | OffersError::Away => Self::later(Code::Unavailable, error.to_string(), 1),
            OffersError::Closed => Self::later(Code::Unavailable, error.to_string(), 5),
        }
    }
}
