//! The whole picture at one moment: now, or in the past.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use utoipa::IntoParams;
use vigiles_model::{Alarm, Asset, BoundingBox, Duration, Incident, IncidentState, Timestamp, Zone};
use vigiles_runtime::documents::{ALARM, ASSET, INCIDENT, Versioned, ZONE};
use vigiles_store::{Document, Kind, Page, Query, Store, StoreError};
use vigiles_trust::{Action, Context, Resource};

use super::alarms::Names;
use crate::call::{Call, area, moment, names, ok, stored, units};
use crate::endpoint::{Answer, Endpoint};
use crate::problem::Problem;
use crate::wire::alarm::Alarm as WireAlarm;
use crate::wire::asset::Asset as WireAsset;
use crate::wire::incident::Incident as WireIncident;
use crate::wire::observation::Observation;
use crate::wire::picture::{Picture, Setting};
use crate::wire::zone::Zone as WireZone;

/// Resolved incidents are shown for so long.
const AFTERGLOW: Duration = Duration::from_secs(3600);
/// Most alarms or incidents of a picture.
const MOST: usize = 5000;

/// Alarms of one incident that are over.
const CAUSES_EACH: usize = 32;

/// Which moment.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct PictureQuery {
    /// The moment; now where absent.
    #[param(format = DateTime)]
    at: Option<String>,
    /// `west,south,east,north` in degrees.
    #[param(example = "24.8,60.1,25.0,60.3")]
    bbox: Option<String>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/picture", "get_picture", "The whole picture at a moment", get)
            .tag("picture")
            .may(Action::Read(Resource::Incidents))
            .query::<PictureQuery>()
            .answers::<Picture>(200, "Latest observations, active alarms, open and just resolved incidents with the first of their alarms that are over."),
    ]
}

async fn get(call: Call) -> Answer {
    let query: PictureQuery = call.query()?;
    let area = area(query.bbox.as_deref())?;
    let now = call.platform().now();
    let past = moment("at", query.at.as_deref())?.filter(|at| *at < now);
    call.audit_read("picture", call.query.chars().take(200).collect()).await?;
    let ctx = call.context()?;
    let picture = call
        .blocking(move |api| {
            let at = past.unwrap_or(now);
            let store = api.platform.store();
            let mut alarms = then(store, &ctx, past, ALARM, &["active"], area)?;
            let states = ["new", "acknowledged", "in_progress", "reopened", "resolved"];
            let incidents = shown(&then(store, &ctx, past, INCIDENT, &states, area)?, at)?;
            let over = causes(store, &ctx, past, &alarms, &incidents)?;
            alarms.extend(over);
            let unit = units(&api.platform);
            let latest = api.platform.history().latest(&ctx, at, area)?;
            let name_of = names(&api.platform);
            Ok(Picture {
                at: at.into(),
                observations: latest.observations.iter().map(|o| Observation::new(o, &unit(&o.kind))).collect(),
                alarms: wired(&alarms, &Names::of(store, &alarms)?, &unit)?,
                incidents: incidents.iter().map(|incident| WireIncident::new(incident, &name_of)).collect(),
                setting: past.map(|at| setting(store, &ctx, at, area)).transpose()?,
            })
        })
        .await?;
    ok(&picture)
}

/// How the assets and zones of a past moment differ from those of now: few, so that a picture a second stays small.
fn setting(store: &dyn Store, ctx: &Context, at: Timestamp, area: Option<BoundingBox>) -> Result<Setting, Problem> {
    let (assets, later_assets) = differences(store, ctx, ASSET, at, area)?;
    let (zones, later_zones) = differences(store, ctx, ZONE, at, area)?;
    let mut setting = Setting { later_assets, later_zones, ..Setting::default() };
    for document in &assets {
        let asset: Versioned<Asset> = stored(document)?;
        setting.assets.push(WireAsset::new(&asset.document, asset.version));
    }
    for document in &zones {
        let zone: Versioned<Zone> = stored(document)?;
        setting.zones.push(WireZone::new(&zone.document, zone.version));
    }
    Ok(setting)
}

/// Documents that were another then, and the ids of those that were not there yet.
fn differences(
    store: &dyn Store,
    ctx: &Context,
    kind: Kind,
    at: Timestamp,
    area: Option<BoundingBox>,
) -> Result<(Vec<Document>, Vec<String>), Problem> {
    let query = Query { area, limit: Query::MAX_LIMIT, ..Query::new(kind) };
    let mut now = HashMap::new();
    pages(
        &query,
        |query| store.list(ctx, query),
        |document| {
            now.insert(document.id, document.sequence);
        },
    )?;
    let mut changed = Vec::new();
    pages(
        &query,
        |query| store.as_of(ctx, query, at),
        |document| {
            if now.remove(&document.id) != Some(document.sequence) {
                changed.push(document);
            }
        },
    )?;
    let mut later: Vec<String> = now.into_keys().collect();
    later.sort_unstable();
    Ok((changed, later))
}

/// Takes every document of a list, page by page.
fn pages(
    query: &Query,
    read: impl Fn(&Query) -> Result<Page, StoreError>,
    mut take: impl FnMut(Document),
) -> Result<(), Problem> {
    let mut query = query.clone();
    loop {
        let page = read(&query)?;
        page.documents.into_iter().for_each(&mut take);
        match page.next {
            None => return Ok(()),
            next => query.cursor = next,
        }
    }
}

/// The documents as they are now, or as they were at a past moment.
fn then(
    store: &dyn Store,
    ctx: &Context,
    past: Option<Timestamp>,
    kind: Kind,
    states: &[&str],
    area: Option<BoundingBox>,
) -> Result<Vec<Document>, Problem> {
    let states = states.iter().map(|s| (*s).to_owned()).collect();
    read(store, ctx, past, &Query { states, area, limit: MOST, ..Query::new(kind) })
}

fn read(store: &dyn Store, ctx: &Context, past: Option<Timestamp>, query: &Query) -> Result<Vec<Document>, Problem> {
    let page = match past {
        Some(at) => store.as_of(ctx, query, at)?,
        None => store.list(ctx, query)?,
    };
    Ok(page.documents)
}

/// Alarms of the incidents that are over: without them an incident would not tell what it came from. The first of each, and
/// not more than [`MOST`] of all.
fn causes(
    store: &dyn Store,
    ctx: &Context,
    past: Option<Timestamp>,
    active: &[Document],
    incidents: &[Incident],
) -> Result<Vec<Document>, Problem> {
    let active: HashSet<&str> = active.iter().map(|document| document.id.as_str()).collect();
    let over = |incident: &'_ Incident| {
        let ids = incident.alarms.iter().filter(|id| !active.contains(id.as_str())).take(CAUSES_EACH);
        ids.map(ToString::to_string).collect::<Vec<_>>()
    };
    let ids: Vec<String> = incidents.iter().flat_map(over).take(MOST).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    read(store, ctx, past, &Query { ids, limit: MOST, ..Query::new(ALARM) })
}

fn wired(
    documents: &[Document],
    names: &Names,
    unit: &dyn Fn(&vigiles_model::KindId) -> String,
) -> Result<Vec<WireAlarm>, Problem> {
    let mut alarms = Vec::new();
    for document in documents {
        let alarm: Alarm = stored(document)?;
        alarms.push(WireAlarm::new(&alarm, unit, names.rule(&alarm.rule)));
    }
    Ok(alarms)
}

fn shown(documents: &[Document], at: Timestamp) -> Result<Vec<Incident>, Problem> {
    let mut incidents = Vec::new();
    for document in documents {
        let incident: Incident = stored(document)?;
        let just_resolved = incident.state == IncidentState::Resolved && at.since(incident.changed) <= AFTERGLOW;
        if incident.state.is_open() || just_resolved {
            incidents.push(incident);
        }
    }
    Ok(incidents)
}
