//! Incidents: lists and single ones.

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use vigiles_model::Incident;
use vigiles_runtime::documents::{INCIDENT, word};
use vigiles_store::Query;
use vigiles_trust::{Action, Resource};

use super::listing::{self, Window, realities, words_of};
use crate::call::{Call, names, stored, versioned};
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Problem};
use crate::wire::incident::Incident as WireIncident;

const READ: Action = Action::Read(Resource::Incidents);
const STATES: [&str; 7] = ["new", "acknowledged", "in_progress", "resolved", "closed", "reopened", "merged"];

/// Which incidents.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct IncidentsQuery {
    /// States, separated by commas.
    state: Option<String>,
    /// Priorities, separated by commas.
    priority: Option<String>,
    /// Of this type.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    type_: Option<String>,
    /// `west,south,east,north` in degrees.
    #[param(example = "24.8,60.1,25.0,60.3")]
    bbox: Option<String>,
    /// Opened at or after.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Opened before.
    #[param(format = DateTime)]
    to: Option<String>,
    /// Led by this agency.
    agency: Option<String>,
    /// `actual` where absent; `actual`, `exercise`, `test`, separated by commas.
    reality: Option<String>,
    /// Containing this text.
    q: Option<String>,
    /// Items wanted, 1 to 1000; 100 where absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::get("/api/v1/incidents", "list_incidents", "Lists incidents, newest first", list)
            .may(READ)
            .query::<IncidentsQuery>()
            .answers_list::<WireIncident>("A page of incidents."),
        Endpoint::get("/api/v1/incidents/{id}", "get_incident", "One incident", get)
            .may(READ)
            .answers::<WireIncident>(200, "The incident.")
            .etag(),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("incidents")).collect()
}

async fn list(call: Call) -> Answer {
    let asked: IncidentsQuery = call.query()?;
    let states = words_of("state", asked.state.as_deref(), &STATES)?;
    let priorities = words_of("priority", asked.priority.as_deref(), &["p1", "p2", "p3", "p4"])?;
    let agency = asked.agency.as_deref().map(str::parse).transpose();
    let agency =
        agency.map_err(|e: vigiles_model::id::IdError| Problem::of(Code::Malformed, "agency", e.to_string()))?;
    let realities = realities(asked.reality.as_deref())?.into_iter().map(|reality| word(&reality)).collect();
    let types = asked.type_.into_iter().collect();
    let fields = vec![("incident_type", types), ("priority", priorities), ("reality", realities)];
    let IncidentsQuery { bbox, from, to, q, limit, cursor, .. } = asked;
    let window = Window { bbox, from, to, q, limit, cursor };
    let query = Query { agency, states, fields, ..window.query(INCIDENT)? };
    listing::page(&call, query, |api, documents| {
        let name_of = names(&api.platform);
        documents.iter().map(|document| Ok(WireIncident::new(&stored::<Incident>(document)?, &name_of))).collect()
    })
    .await
}

async fn get(call: Call) -> Answer {
    let incident = call.incident(call.parameter("id")).await?;
    versioned(StatusCode::OK, &WireIncident::new(&incident, &names(call.platform())), incident.version)
}
