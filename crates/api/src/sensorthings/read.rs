//! Reading: resource paths with query options.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use vigiles_formats::sensorthings::path::{ResourcePath, Tail};
use vigiles_formats::sensorthings::{Entity, EntitySet, Query, ids};

use super::base;
use super::collection::Page;
use super::graph::{Reader, Selection};
use super::render::Renderer;
use super::rights::Rights;
use crate::call::{self, Call, no_content};
use crate::endpoint::Answer;
use crate::problem::{Code, Problem};

/// What is found at a path.
enum Found {
    Collection(Page),
    One(Entity),
}

/// What is answered.
enum Shown {
    Json(Value, Option<String>),
    Text(String),
    Nothing,
}

/// The path below the root of the service.
pub(super) fn path(call: &Call) -> Result<ResourcePath, Problem> {
    let text = call.parameter("path");
    ResourcePath::parse(text).map_err(|error| Problem::new(Code::NotFound, error.to_string()))
}

pub(super) async fn get(call: Call) -> Answer {
    let path = path(&call)?;
    let query = Query::parse(&call.query, path.last().set)?;
    let rights = Rights::to_read(&call, &sets(&path, &query), &asked(&call)).await?;
    let base = base(&call);
    let address = format!("{base}/{}", escaped(call.parameter("path")));
    let body = call
        .blocking(move |api| {
            let reader = Reader::new(api, rights);
            let found = find(&reader, &path, &query)?;
            let renderer = Renderer { reader: &reader, base: &base };
            answer(&renderer, &path, &query, found, &address)
        })
        .await?;
    match body {
        Shown::Json(value, tag) => {
            let mut response = call::ok(&value)?;
            if let Some(tag) = tag {
                let tag = HeaderValue::from_str(&format!("\"{tag}\"")).map_err(|e| Problem::internal(&e))?;
                response.headers_mut().insert(ETAG, tag);
            }
            Ok(response)
        }
        Shown::Text(text) => {
            let mut response = Response::new(Body::from(text));
            *response.status_mut() = StatusCode::OK;
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            Ok(response)
        }
        Shown::Nothing => Ok(no_content()),
    }
}

/// Every set that the answer is made of.
fn sets(path: &ResourcePath, query: &Query) -> BTreeSet<EntitySet> {
    let mut sets = query.sets(path.last().set);
    sets.extend(path.steps.iter().map(|step| step.set));
    sets
}

/// The request, for audit.
fn asked(call: &Call) -> String {
    let mark = if call.query.is_empty() { "" } else { "?" };
    format!("{}{mark}{}", call.parameter("path"), call.query)
}

/// A path as it stands in an address.
fn escaped(path: &str) -> String {
    path.trim_matches('/').replace('%', "%25").replace(' ', "%20").replace('?', "%3F").replace('#', "%23")
}

/// Follows the steps of a path.
fn find(reader: &Reader<'_>, path: &ResourcePath, query: &Query) -> Result<Found, Problem> {
    let mut from: Option<Entity> = None;
    for (at, step) in path.steps.iter().enumerate() {
        let selection = match &from {
            None => match step.set {
                EntitySet::Observations => Selection::Observations(super::graph::ObservationsOf::default()),
                set => Selection::All(set),
            },
            Some(entity) => {
                let way = entity.set.navigation(step.name).ok_or_else(|| missing(path, at))?;
                reader.follow(entity, way)?
            }
        };
        let is_last = at + 1 == path.steps.len();
        if step.many && step.id.is_none() {
            debug_assert!(is_last, "the path allows nothing after a collection");
            return Ok(Found::Collection(reader.page(&selection, query)?));
        }
        from = Some(one(reader, &selection, step.id.as_deref())?.ok_or_else(|| missing(path, at))?);
    }
    from.map(Found::One).ok_or_else(|| missing(path, 0))
}

/// The entity of an id among those selected, or the only one.
fn one(reader: &Reader<'_>, selection: &Selection, id: Option<&str>) -> Result<Option<Entity>, Problem> {
    let Some(id) = id else {
        return match selection {
            Selection::Ids(set, ids) => ids.first().map_or(Ok(None), |id| reader.get(*set, id)),
            _ => Ok(None),
        };
    };
    let is_among = match selection {
        Selection::All(_) => true,
        Selection::Ids(_, ids) => ids.iter().any(|known| known == id),
        Selection::PastPlaces(asset) => ids::of_past_place(id).is_some_and(|(of, _)| of.as_str() == asset),
        Selection::Observations(which) => {
            let which = super::graph::ObservationsOf { id: Some(id.to_owned()), ..which.clone() };
            let mut found = None;
            reader.visit_observations(&which, &Query::default(), &mut |entity| {
                found = Some(entity);
                Ok(false)
            })?;
            return Ok(found);
        }
    };
    if is_among { reader.get(selection.set(), id) } else { Ok(None) }
}

fn missing(path: &ResourcePath, at: usize) -> Problem {
    let step = &path.steps[at];
    Problem::not_found(step.set.singular(), step.id.as_deref().unwrap_or(step.name))
}

fn answer(
    renderer: &Renderer<'_, '_>,
    path: &ResourcePath,
    query: &Query,
    found: Found,
    address: &str,
) -> Result<Shown, Problem> {
    match (found, &path.tail) {
        (Found::Collection(page), Tail::Reference) => Ok(Shown::Json(renderer.references(&page, address), None)),
        (Found::Collection(page), _) => Ok(Shown::Json(renderer.page(&page, query, address)?, None)),
        (Found::One(entity), Tail::Entity) => {
            let tag = entity.tag.clone();
            Ok(Shown::Json(renderer.entity(&entity, query)?, tag))
        }
        (Found::One(entity), Tail::Reference) => {
            Ok(Shown::Json(json!({ "@iot.selfLink": entity.link(renderer.base) }), None))
        }
        (Found::One(entity), Tail::Property(names, bare)) => property(renderer, &entity, names, *bare),
    }
}

/// A property by itself: `{"name": "…"}`, or its bare value.
fn property(renderer: &Renderer<'_, '_>, entity: &Entity, names: &[String], bare: bool) -> Result<Shown, Problem> {
    let (first, rest) = names.split_first().ok_or_else(|| Problem::internal(&"a property without a name"))?;
    let own: Value = match first.as_str() {
        "id" | "@iot.id" => entity.id.as_str().into(),
        "@iot.selfLink" => entity.link(renderer.base).into(),
        name => entity.properties.get(name).cloned().unwrap_or_default(),
    };
    let value = rest.iter().try_fold(&own, |value, name| value.get(name));
    match value {
        None => Err(Problem::not_found("property", &names.join("/"))),
        Some(Value::Null) => Ok(Shown::Nothing),
        Some(Value::String(text)) if bare => Ok(Shown::Text(text.clone())),
        Some(value) if bare => Ok(Shown::Text(value.to_string())),
        Some(value) => Ok(Shown::Json(json!({ (names.last().unwrap_or(first).as_str()): value }), None)),
    }
}
