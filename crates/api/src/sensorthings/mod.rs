//! The OGC SensorThings API 1.1 over the platform's own assets, kinds and observations, at `/sensorthings/v1.1/`.
//!
//! An asset is a Thing with its Location, a kind an ObservedProperty, an asset and a kind that it observes a Datastream, a
//! reading in history an Observation. What the platform has no document for is kept in documents of their own sort.
//!
//! Invariant: each set that a request reads is asked of the policy under the caller's purpose, and leaves an audit entry,
//! before anything is read; what is written goes by the same commands, documents and intake as everything else.

mod batch;
mod change;
mod collection;
mod create;
mod delete;
mod deliver;
mod documents;
mod entities;
mod graph;
mod observations;
mod plan;
mod read;
mod render;
mod rights;
mod root;

use axum::http::Method;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use vigiles_formats::sensorthings::SyntaxError;
use vigiles_formats::sensorthings::filter::EvaluationError;
use vigiles_trust::Context;

use crate::call::Call;
use crate::endpoint::Endpoint;
use crate::problem::{Code, Problem};

/// Where the service is.
const ROOT: &str = "/sensorthings/v1.1";
/// The platform's own reading of what the policy has allowed and audit has noted.
const READER: Context = Context::system("sensorthings");

pub(crate) fn endpoints(delivery_limit: usize) -> Vec<Endpoint> {
    let object = || -> RefOr<Schema> { ObjectBuilder::new().schema_type(Type::Object).into() };
    let json = || vec![("application/json", object())];
    let path = "/sensorthings/v1.1/{*path}";
    let all = vec![
        Endpoint::get(
            "/sensorthings/v1.1",
            "sensorthings_root",
            "The entity sets and what the service conforms to",
            root::get,
        )
        .answers_foreign(200, "The root document."),
        Endpoint::get(path, "sensorthings_read", "Entities, their properties and links", read::get)
            .asked()
            .answers_foreign(200, "What the path leads to.")
            .answers_type(200, "text/plain", "The bare value of a property.")
            .answers_nothing("The property has no value.")
            .also(&[405, 422]),
        Endpoint::post(path, "sensorthings_create", "Creates entities, delivers Observations", create::post)
            .asked()
            .takes_any(json(), delivery_limit)
            .answers_foreign(201, "Created, and durable.")
            .also(&[405, 409, 429]),
        Endpoint::new(Method::PATCH, path, "sensorthings_change", "Changes properties of an entity", change::patch)
            .asked()
            .takes_any(json(), crate::endpoint::BODY_LIMIT)
            .if_match(crate::endpoint::IfMatch::Optional)
            .answers_nothing("It is changed.")
            .also(&[405, 409]),
        Endpoint::new(Method::PUT, path, "sensorthings_replace", "Replaces the properties of an entity", change::put)
            .asked()
            .takes_any(json(), crate::endpoint::BODY_LIMIT)
            .if_match(crate::endpoint::IfMatch::Optional)
            .answers_nothing("It is replaced.")
            .also(&[405, 409]),
        Endpoint::new(Method::DELETE, path, "sensorthings_delete", "Deletes an entity", delete::delete)
            .asked()
            .if_match(crate::endpoint::IfMatch::Optional)
            .answers_nothing("It is gone.")
            .also(&[405, 409, 422]),
        Endpoint::post(
            "/sensorthings/v1.1/CreateObservations",
            "sensorthings_data_array",
            "Delivers Observations as data arrays",
            deliver::data_array,
        )
        .may(deliver::WRITE)
        .takes_any(json(), delivery_limit)
        .answers_foreign(201, "For each row the address of its Observation, or `error` and why.")
        .also(&[429]),
        Endpoint::post("/sensorthings/v1.1/$batch", "sensorthings_batch", "Several requests in one", batch::post)
            .asked()
            .takes_any(vec![("multipart/mixed", object())], delivery_limit)
            .answers_type(200, "multipart/mixed", "The answer to each, in order."),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("sensorthings")).collect()
}

/// The base of all addresses: as the client reached the service.
fn base(call: &Call) -> String {
    let host = call.headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    let scheme = if call.api.settings.https { "https" } else { "http" };
    format!("{scheme}://{host}{ROOT}")
}

impl From<SyntaxError> for Problem {
    fn from(error: SyntaxError) -> Self {
        let SyntaxError { part, message } = error;
        Self::of(Code::Malformed, part, message)
    }
}

impl From<EvaluationError> for Problem {
    fn from(error: EvaluationError) -> Self {
        Self::of(Code::Invalid, "$filter", error.to_string())
    }
}
