//! Incidents: lists, one, and what is near it.

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use vigiles_history::Query as HistoryQuery;
use vigiles_model::{Alarm, Asset, BoundingBox, Duration, Incident, Timestamp};
use vigiles_runtime::documents::{ALARM, ASSET, INCIDENT, Versioned, word};
use vigiles_store::Query;
use vigiles_trust::{Action, Resource};

use super::alarms::Names;
use super::listing::{self, Window, realities, words_of};
use crate::call::{Call, names, ok, stored, units, versioned};
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Problem};
use crate::wire::alarm::Alarm as WireAlarm;
use crate::wire::asset::Asset as WireAsset;
use crate::wire::incident::{Incident as WireIncident, Nearby};
use crate::wire::observation::Observation;

const READ: Action = Action::Read(Resource::Incidents);
const STATES: [&str; 7] = ["new", "acknowledged", "in_progress", "resolved", "closed", "reopened", "merged"];
/// Most of each sort near an incident.
const MOST_NEAR: usize = 200;

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

/// How near.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct NearbyQuery {
    /// Metres, 1 to 20000; 500 where absent.
    #[param(minimum = 1, maximum = 20000)]
    radius_m: Option<f64>,
    /// Seconds before the opening and after the last change, 1 to 604800; 1800 where absent.
    #[param(minimum = 1, maximum = 604_800)]
    window_s: Option<u32>,
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
        Endpoint::get(
            "/api/v1/incidents/{id}/nearby",
            "get_nearby",
            "What is near an incident in place and time",
            nearby,
        )
        .may(READ)
        .query::<NearbyQuery>()
        .answers::<Nearby>(200, "Alarms, incidents, assets and observations, at most 200 of each."),
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

async fn nearby(call: Call) -> Answer {
    let asked: NearbyQuery = call.query()?;
    let radius_m = asked.radius_m.unwrap_or(500.0);
    if !(1.0..=20_000.0).contains(&radius_m) {
        return Err(Problem::of(Code::Malformed, "radius_m", "1 to 20000 metres"));
    }
    let window_s = asked.window_s.unwrap_or(1800);
    if !(1..=604_800).contains(&window_s) {
        return Err(Problem::of(Code::Malformed, "window_s", "1 to 604800 seconds"));
    }
    let incident = call.incident(call.parameter("id")).await?;
    let Some(centre) = incident.place.as_ref().map(vigiles_model::Geometry::centre) else {
        let none = Nearby { alarms: Vec::new(), incidents: Vec::new(), assets: Vec::new(), observations: Vec::new() };
        return ok(&none);
    };
    let window = Duration::from_secs(i64::from(window_s));
    let span = (incident.opened - window, incident.changed + window);
    let near = Near { incident, area: BoundingBox::around(centre, radius_m), centre, radius_m, span };
    call.audit_read("observations", format!("near incident/{}", near.incident.id)).await?;
    let ctx = call.context()?;
    let found = call.blocking(move |api| near.find(api, &ctx)).await?;
    ok(&found)
}

struct Near {
    incident: Incident,
    area: BoundingBox,
    centre: vigiles_model::Position,
    radius_m: f64,
    span: (Timestamp, Timestamp),
}

impl Near {
    fn find(&self, api: &crate::state::Api, ctx: &vigiles_trust::Context) -> Result<Nearby, Problem> {
        let store = api.platform.store();
        let (unit, name_of) = (units(&api.platform), names(&api.platform));
        let timed = |kind| Query {
            area: Some(self.area),
            from: Some(self.span.0),
            to: Some(self.span.1),
            limit: MOST_NEAR,
            ..Query::new(kind)
        };
        let mut alarms = Vec::new();
        // Those of rules on trial are stored in a state of their own.
        let states = vec!["active".to_owned(), "cleared".to_owned()];
        let alarm_documents = store.list(ctx, &Query { states, ..timed(ALARM) })?.documents;
        let names = Names::of(store, &alarm_documents)?;
        for document in &alarm_documents {
            let alarm: Alarm = stored(document)?;
            if self.holds(alarm.place.as_ref()) {
                alarms.push(WireAlarm::new(&alarm, &unit, names.rule(&alarm.rule)));
            }
        }
        let mut incidents = Vec::new();
        for document in store.list(ctx, &timed(INCIDENT))?.documents {
            let other: Incident = stored(&document)?;
            if other.id != self.incident.id && self.holds(other.place.as_ref()) {
                incidents.push(WireIncident::new(&other, &name_of));
            }
        }
        let mut assets = Vec::new();
        for document in
            store.list(ctx, &Query { area: Some(self.area), limit: MOST_NEAR, ..Query::new(ASSET) })?.documents
        {
            let asset: Versioned<Asset> = stored(&document)?;
            if self.holds(Some(&asset.document.place)) {
                assets.push(WireAsset::new(&asset.document, asset.version));
            }
        }
        let query = HistoryQuery {
            area: Some(self.area),
            from: Some(self.span.0),
            to: Some(self.span.1),
            limit: MOST_NEAR,
            ..HistoryQuery::default()
        };
        let page = api.platform.history().page(ctx, &query)?;
        let held = page.observations.iter().filter(|o| self.holds(o.place.as_ref()));
        let observations = held.map(|o| Observation::new(o, &unit(&o.kind))).collect();
        Ok(Nearby { alarms, incidents, assets, observations })
    }

    /// Whether any part of a place lies in the circle.
    fn holds(&self, place: Option<&vigiles_model::Geometry>) -> bool {
        place.is_some_and(|place| place.distance_m(self.centre) <= self.radius_m)
    }
}
