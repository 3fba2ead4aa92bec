//! What is near an incident in place and time.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::IntoParams;
use vigiles_history::Query as HistoryQuery;
use vigiles_model::{
    Alarm, Asset, BoundingBox, Duration, Geometry, Incident, Observation, Position, Reality, Timestamp,
};
use vigiles_runtime::documents::{ALARM, ASSET, DRILL, INCIDENT, Versioned};
use vigiles_store::{Document, Query};
use vigiles_trust::{Action, Context, Resource};

use super::alarms::Names;
use crate::call::{Call, moment, names, ok, stored, units};
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Problem};
use crate::state::Api;
use crate::wire::alarm::Alarm as WireAlarm;
use crate::wire::asset::Asset as WireAsset;
use crate::wire::incident::{Incident as WireIncident, NearReading, Nearby};
use crate::wire::observation::Observation as WireObservation;

/// Most of each sort.
const MOST: usize = 200;
/// Documents that are looked at for the most that are told.
const LOOKED_AT: usize = 5_000;
/// Readings that are looked at, the newest.
const READ: usize = 50_000;

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
    /// Nothing later than this: for who looks at a past moment.
    #[param(format = DateTime)]
    at: Option<String>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/incidents/{id}/nearby",
            "get_nearby",
            "What is near an incident in place and time",
            nearby,
        )
        .may(Action::Read(Resource::Incidents))
        .query::<NearbyQuery>()
        .answers::<Nearby>(200, "Alarms, incidents, assets and readings, at most 200 of each.")
        .tag("incidents"),
    ]
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
    let at = moment("at", asked.at.as_deref())?;
    let incident = call.incident(call.parameter("id")).await?;
    let Some(centre) = incident.place.as_ref().map(Geometry::centre) else {
        let (alarms, incidents, assets) = (Vec::new(), Vec::new(), Vec::new());
        return ok(&Nearby { alarms, incidents, assets, readings: Vec::new(), more: Vec::new() });
    };
    let window = Duration::from_secs(i64::from(window_s));
    let end = incident.changed + window;
    // What is of the very moment belongs to it.
    let end = at.map_or(end, |at| end.min(Timestamp(at.0.saturating_add(1))));
    let span = (incident.opened - window, end);
    let near = Near { incident, area: BoundingBox::around(centre, radius_m), centre, radius_m, span };
    call.audit_read("observations", format!("near incident/{}", near.incident.id)).await?;
    let ctx = call.context()?;
    let found = call.blocking(move |api| near.find(api, &ctx)).await?;
    ok(&found)
}

struct Near {
    incident: Incident,
    area: BoundingBox,
    centre: Position,
    radius_m: f64,
    span: (Timestamp, Timestamp),
}

/// What was found of one sort, and whether there is more.
type Found<T> = (Vec<T>, bool);

impl Near {
    fn find(&self, api: &Api, ctx: &Context) -> Result<Nearby, Problem> {
        let store = api.platform.store();
        let (unit, name_of) = (units(&api.platform), names(&api.platform));
        let timed = |kind| Query { from: Some(self.span.0), to: Some(self.span.1), ..Query::new(kind) };
        // Those of rules on trial are stored in a state of their own, and those of exercises in another: they are near what
        // is played only, which in turn is seen in the middle of the real city.
        let drill = (self.incident.reality == Reality::Exercise).then_some(DRILL);
        let states = ["active", "cleared"].into_iter().chain(drill).map(str::to_owned).collect();
        let (alarms, more_alarms) = self.gather(api, ctx, (Query { states, ..timed(ALARM) }, MOST), |document| {
            let alarm: Alarm = stored(document)?;
            Ok(self.metres(alarm.place.as_ref()).map(|_| (document.clone(), alarm)))
        })?;
        let (documents, alarms): (Vec<Document>, Vec<Alarm>) = alarms.into_iter().unzip();
        let rules = Names::of(store, &documents)?;
        let (incidents, more_incidents) = self.gather(api, ctx, (timed(INCIDENT), MOST), |document| {
            let other: Incident = stored(document)?;
            let is_near = other.id != self.incident.id && self.metres(other.place.as_ref()).is_some();
            Ok(is_near.then(|| WireIncident::new(&other, &name_of)))
        })?;
        // All of them, since they come in no order of distance.
        let (mut assets, more_assets) = self.gather(api, ctx, (Query::new(ASSET), LOOKED_AT), |document| {
            let asset: Versioned<Asset> = stored(document)?;
            Ok(self.metres(Some(&asset.document.place)).map(|metres| (metres, asset)))
        })?;
        assets.sort_by(|(a, one), (b, other)| a.total_cmp(b).then_with(|| one.document.id.cmp(&other.document.id)));
        let more_assets = more_assets || assets.len() > MOST;
        assets.truncate(MOST);
        let (readings, more_readings) = self.readings(api, ctx)?;
        let more = [
            ("alarms", more_alarms),
            ("incidents", more_incidents),
            ("assets", more_assets),
            ("readings", more_readings),
        ];
        Ok(Nearby {
            alarms: alarms.iter().map(|alarm| WireAlarm::new(alarm, &unit, rules.rule(&alarm.rule))).collect(),
            incidents,
            assets: assets.into_iter().map(|(_, asset)| WireAsset::new(&asset.document, asset.version)).collect(),
            readings,
            more: more.into_iter().filter_map(|(sort, more)| more.then_some(sort)).collect(),
        })
    }

    /// Page by page, until there is no more, or as many as are wanted.
    fn gather<T>(
        &self,
        api: &Api,
        ctx: &Context,
        (query, most): (Query, usize),
        mut take: impl FnMut(&Document) -> Result<Option<T>, Problem>,
    ) -> Result<Found<T>, Problem> {
        let mut query = Query { area: Some(self.area), limit: Query::MAX_LIMIT, ..query };
        let (mut found, mut looked_at) = (Vec::new(), 0);
        loop {
            let page = api.platform.store().list(ctx, &query)?;
            looked_at += page.documents.len();
            for document in &page.documents {
                let taken = take(document)?;
                if taken.is_some() && found.len() == most {
                    return Ok((found, true));
                }
                found.extend(taken);
            }
            match page.next {
                Some(_) if looked_at >= LOOKED_AT => return Ok((found, true)),
                Some(next) => query.cursor = Some(next),
                None => return Ok((found, false)),
            }
        }
    }

    /// Of each asset (or source) and kind the newest reading, and how many there were.
    fn readings(&self, api: &Api, ctx: &Context) -> Result<Found<NearReading>, Problem> {
        let mut query = HistoryQuery {
            area: Some(self.area),
            from: Some(self.span.0),
            to: Some(self.span.1),
            limit: READ / 10,
            ..HistoryQuery::default()
        };
        let mut of_each: BTreeMap<(String, String), (f64, Observation, u64)> = BTreeMap::new();
        let (mut read, mut more) = (0, false);
        loop {
            let page = api.platform.history().page(ctx, &query)?;
            read += page.observations.len();
            for observation in page.observations {
                let Some(metres) = self.metres(observation.place.as_ref()) else { continue };
                let key = (observation.series().to_owned(), observation.kind.to_string());
                of_each.entry(key).or_insert((metres, observation, 0)).2 += 1;
            }
            match page.next {
                Some(_) if read >= READ => more = true,
                Some(next) => {
                    query.cursor = Some(next);
                    continue;
                }
                None => {}
            }
            break;
        }
        let mut found: Vec<_> = of_each.into_values().collect();
        found.sort_by(|one, other| one.0.total_cmp(&other.0));
        more |= found.len() > MOST;
        found.truncate(MOST);
        let unit = units(&api.platform);
        let told = found.into_iter().map(|(_, newest, count)| NearReading {
            newest: WireObservation::new(&newest, &unit(&newest.kind)),
            count,
        });
        Ok((told.collect(), more))
    }

    /// How far a place is, where any part of it lies in the circle.
    fn metres(&self, place: Option<&Geometry>) -> Option<f64> {
        place.map(|place| place.distance_m(self.centre)).filter(|metres| *metres <= self.radius_m)
    }
}
