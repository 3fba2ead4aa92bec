//! Observations: pages of them, and one asset's readings for a chart.

use serde::Deserialize;
use utoipa::IntoParams;
use vigiles_history::{Query, SeriesQuery as HistorySeries};
use vigiles_model::{Duration, KindId};
use vigiles_trust::{Action, Resource};

use crate::call::{Call, area, ids, limit, moment, ok, units};
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Problem};
use crate::wire::list::List;
use crate::wire::observation::{Observation, Series};

const READ: Action = Action::Read(Resource::Observations);
/// Points of a chart that asks for no number.
const DEFAULT_POINTS: u32 = 500;
/// Most points of a chart.
const MAX_POINTS: u32 = 5000;

/// Which observations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ObservationsQuery {
    /// Kinds, separated by commas.
    kind: Option<String>,
    /// `west,south,east,north` in degrees.
    #[param(example = "24.8,60.1,25.0,60.3")]
    bbox: Option<String>,
    /// Phenomenon time at or after.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Phenomenon time before.
    #[param(format = DateTime)]
    to: Option<String>,
    /// Sources, separated by commas.
    source: Option<String>,
    /// Assets, separated by commas.
    asset: Option<String>,
    /// Items wanted, 1 to 1000; 100 where absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Which readings.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct SeriesQuery {
    /// The asset, or the source of readings without one.
    asset: String,
    /// The kind.
    kind: String,
    /// At or after; a day before `to` where absent.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before; now where absent.
    #[param(format = DateTime)]
    to: Option<String>,
    /// Points wanted, 1 to 5000; 500 where absent.
    #[param(minimum = 1, maximum = 5000)]
    points: Option<u32>,
}

/// Which observations, as they were asked for.
pub(super) struct Filter {
    pub(super) kind: Option<String>,
    pub(super) bbox: Option<String>,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) source: Option<String>,
    pub(super) asset: Option<String>,
}

impl Filter {
    pub(super) fn query(&self) -> Result<Query, Problem> {
        Ok(Query {
            kinds: ids("kind", self.kind.as_deref())?,
            sources: ids("source", self.source.as_deref())?,
            assets: ids("asset", self.asset.as_deref())?,
            area: area(self.bbox.as_deref())?,
            from: moment("from", self.from.as_deref())?,
            to: moment("to", self.to.as_deref())?,
            ..Query::default()
        })
    }
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::get("/api/v1/observations", "list_observations", "Lists observations, newest first", list)
            .may(READ)
            .query::<ObservationsQuery>()
            .answers_list::<Observation>("A page of observations."),
        Endpoint::get(
            "/api/v1/series",
            "get_series",
            "One asset's readings of one kind, thinned out for a chart",
            series,
        )
        .may(READ)
        .query::<SeriesQuery>()
        .answers::<Series>(200, "Smallest, mean and largest value of each span that has any."),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("observations")).collect()
}

async fn list(call: Call) -> Answer {
    let asked: ObservationsQuery = call.query()?;
    let ObservationsQuery { kind, bbox, from, to, source, asset, limit: asked_limit, cursor } = asked;
    let query = Query {
        limit: limit(asked_limit)?,
        cursor: cursor.as_deref().map(str::parse).transpose()?,
        ..Filter { kind, bbox, from, to, source, asset }.query()?
    };
    call.audit_read("observations", call.query.chars().take(500).collect()).await?;
    let ctx = call.context()?;
    let list = call
        .blocking(move |api| {
            let page = api.platform.history().page(&ctx, &query)?;
            let unit = units(&api.platform);
            let items = page.observations.iter().map(|o| Observation::new(o, &unit(&o.kind))).collect();
            Ok(List::<Observation> { items, next: page.next.map(|cursor| cursor.to_string()) })
        })
        .await?;
    ok(&list)
}

async fn series(call: Call) -> Answer {
    let asked: SeriesQuery = call.query()?;
    let kind: KindId = asked
        .kind
        .parse()
        .map_err(|e: vigiles_model::id::IdError| Problem::of(Code::Malformed, "kind", e.to_string()))?;
    let points = asked.points.unwrap_or(DEFAULT_POINTS);
    if !(1..=MAX_POINTS).contains(&points) {
        return Err(Problem::of(Code::Malformed, "points", format!("{points} is not 1 to {MAX_POINTS}")));
    }
    let to = moment("to", asked.to.as_deref())?.unwrap_or_else(|| call.platform().now());
    let from = moment("from", asked.from.as_deref())?.unwrap_or(to - Duration::from_secs(24 * 3600));
    let query = HistorySeries { kind: kind.clone(), series: asked.asset.clone(), from, to, buckets: points as usize };
    call.audit_read("observations", format!("series {} {kind}", asked.asset.chars().take(128).collect::<String>()))
        .await?;
    let ctx = call.context()?;
    let rows = call.blocking(move |api| Ok(api.platform.history().series(&ctx, &query)?)).await?;
    let unit = units(call.platform())(&kind);
    let points = rows.iter().map(|b| (b.start.as_millis(), b.min, b.mean, b.max)).collect();
    ok(&Series { asset: asked.asset, kind: asked.kind, unit, points })
}
