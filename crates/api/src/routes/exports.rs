//! Whole answers of a query as files.

use std::io;
use std::sync::Arc;

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::Response;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::IntoParams;
use vigiles_history::{Page, Query};
use vigiles_store::{AuditNote, Outcome};
use vigiles_trust::{Action, Context, Resource};

use super::observations::Filter;
use crate::call::{Call, units};
use crate::caller;
use crate::endpoint::{Answer, Endpoint};
use crate::export::{Format, Pipe, stream};
use crate::problem::{Code, Problem};
use crate::state::Api;

const READ: Action = Action::Read(Resource::Observations);
/// Observations read from history at a time.
const PAGE: usize = 2000;
/// Longest query that an audit entry repeats.
const MAX_DETAIL: usize = 500;

/// Which observations, and as what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    /// `csv`, `geojson`, `ndjson` or `parquet`.
    #[param(required)]
    format: Option<String>,
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
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::get(
            "/api/v1/observations/export",
            "export_observations",
            "All observations of a query as a file, newest first; one that breaks off is not whole",
            observations,
        )
        .may(READ)
        .query::<ExportQuery>()
        .answers_type(200, "application/octet-stream", "The file, in the media type of its format.")
        .also(&[429]),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("observations")).collect()
}

async fn observations(call: Call) -> Answer {
    let asked: ExportQuery = call.query()?;
    let format = Format::read(asked.format.as_deref())?;
    let ExportQuery { kind, bbox, from, to, source, asset, .. } = asked;
    let query = Query { limit: PAGE, ..Filter { kind, bbox, from, to, source, asset }.query()? };
    let place = call.api.exports.clone().try_acquire_owned();
    let place = place.map_err(|_| Problem::later(Code::TooMany, "too many exports are under way", 5))?;
    let ctx = call.context()?;
    let (noted, detail) = (ctx.clone(), call.query.chars().take(MAX_DETAIL).collect());
    // What can go wrong before the first byte is a problem; after it, an answer that breaks off.
    let (query, first) = call
        .blocking(move |api| {
            note(api, &noted, detail)?;
            let first = api.platform.history().page(&noted, &query)?;
            Ok((query, first))
        })
        .await?;
    let export = Export { headers: call.headers, api: call.api, ctx, query, format, rows: 0, _place: place };
    let name = format!("attachment; filename=\"observations.{}\"", format.name());
    let mut response = Response::new(stream(move |pipe| export.run(first, pipe)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(|e| Problem::internal(&e))?);
    Ok(response)
}

fn note(api: &Api, ctx: &Context, detail: String) -> Result<(), Problem> {
    let (action, resource) = ("export".to_owned(), "observations".to_owned());
    Ok(api.platform.store().record(ctx, AuditNote { action, resource, outcome: Outcome::Allowed, detail })?)
}

struct Export {
    api: Arc<Api>,
    ctx: Context,
    headers: axum::http::HeaderMap,
    query: Query,
    format: Format,
    rows: u64,
    _place: OwnedSemaphorePermit,
}

impl Export {
    /// Writes the file. Its end is noted before the client is told that it was the end.
    fn run(mut self, first: Page, pipe: Pipe) -> io::Result<()> {
        let written = self.write(first, pipe);
        let detail = match &written {
            Ok(()) => format!("{} rows given as {}", self.rows, self.format.name()),
            Err(error) => format!("broke off after {} rows as {}: {error}", self.rows, self.format.name()),
        };
        note(&self.api, &self.ctx, detail).map_err(|problem| io::Error::other(problem.detail))?;
        written
    }

    fn write(&mut self, first: Page, pipe: Pipe) -> io::Result<()> {
        let mut rows = self.format.begin(pipe)?;
        let unit = units(&self.api.platform);
        let mut page = first;
        loop {
            for observation in &page.observations {
                rows.add(observation, &unit(&observation.kind))?;
                self.rows += 1;
            }
            let Some(next) = page.next else { return rows.end() };
            self.check()?;
            self.query.cursor = Some(next);
            page = self.api.platform.history().page(&self.ctx, &self.query).map_err(io::Error::other)?;
        }
    }

    /// An export may take long: it ends with the session or the token, and with the platform.
    fn check(&self) -> io::Result<()> {
        if *self.api.settings.stopping.borrow() {
            return Err(io::Error::other("the platform stops"));
        }
        if caller::is_still(&self.api, &self.headers, &self.ctx) {
            return Ok(());
        }
        Err(io::Error::other("the caller was signed out"))
    }
}
