//! HTTP and JSON: routes, wire types, OpenAPI, server-sent events. The only room that knows them.
//!
//! Invariant: a request reaches a handler only through `gate`, where the policy of `vigiles_trust` decides;
//! router, policy check and OpenAPI document are made from one list of endpoints (`endpoint`).
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

mod access_log;
mod body;
mod call;
mod caller;
mod doors;
mod endpoint;
mod events;
mod export;
mod gate;
mod lead;
mod metrics;
mod openapi;
mod pages;
pub mod problem;
mod routes;
mod sensorthings;
mod serve;
mod session_cookie;
mod settings;
mod state;
pub mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, on};
use vigiles_runtime::Platform;

pub use doors::{DoorCounts, DoorGauge};
pub use serve::{PATIENCE, serve};
pub use settings::Settings;

use crate::endpoint::Endpoint;
use crate::problem::{Code, Problem};
use crate::state::Api;

/// The router of the API and the console.
pub fn router(platform: Arc<Platform>, settings: Settings) -> Router {
    let endpoints = routes::all(&settings);
    let has_console = settings.api;
    let api = Arc::new(Api::new(platform, settings, render(&endpoints)));
    let mut paths: BTreeMap<&'static str, MethodRouter> = BTreeMap::new();
    for endpoint in endpoints {
        let path = endpoint.path;
        let methods = paths.remove(path).unwrap_or_default();
        paths.insert(path, methods.merge(route(api.clone(), Arc::new(endpoint))));
    }
    let router = paths.into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    let router = if has_console { router.fallback(pages::console) } else { router.fallback(pages::none) };
    router
        .method_not_allowed_fallback(|uri: Uri| async move {
            Problem::new(Code::MethodNotAllowed, format!("{} has no such method", uri.path())).into_response()
        })
        .layer(axum::middleware::from_fn_with_state(api, access_log::around))
}

fn route(api: Arc<Api>, endpoint: Arc<Endpoint>) -> MethodRouter {
    let filter = MethodFilter::try_from(endpoint.method.clone()).expect("endpoints have ordinary methods");
    on(filter, move |path: Result<RawPathParams, RawPathParamsRejection>, request: Request| {
        gate::pass(api, endpoint, path, request)
    })
}

/// The OpenAPI 3.1 document as JSON text, with a line break at its end.
pub fn openapi() -> String {
    render(&routes::all(&Settings::default()))
}

fn render(endpoints: &[Endpoint]) -> String {
    let mut text = openapi::document(endpoints).to_pretty_json().expect("the document has only text keys");
    text.push('\n');
    text
}
