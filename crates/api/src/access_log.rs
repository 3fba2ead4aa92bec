//! Around every request: its id, the security headers of its answer, one line in the log, the counts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::state::Api;

/// What pages may load: only what comes from here.
const POLICY: &str = "default-src 'self'; worker-src 'self'; img-src 'self' data: blob:; \
    style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// Name of the header with the request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Passes a request on and its answer back.
pub(crate) async fn around(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let number = api.requests.fetch_add(1, Ordering::Relaxed);
    let id = format!("{:x}-{number}", api.platform.started().as_millis());
    let method = request.method().clone();
    // Never the path itself: links carry their secret in it.
    let route = request.extensions().get::<MatchedPath>().map_or("console", |p| p.as_str()).to_owned();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    api.traffic.open_requests.fetch_add(1, Ordering::Relaxed);
    let mut response = next.run(request).await;
    api.traffic.open_requests.fetch_sub(1, Ordering::Relaxed);
    let took = begun.elapsed();
    secure(response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let status = response.status().as_u16();
    tracing::debug!(request = id, %method, route, status, took_us = took.as_micros() as u64, ?peer, "answered");
    if status >= 500 {
        tracing::warn!(request = id, %method, route, status, "answered with a fault");
    }
    api.traffic.note(format!("{method} {route}"), status, took);
    response
}

fn secure(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("permissions-policy", HeaderValue::from_static("geolocation=(self), camera=(), microphone=()"));
    // Data is not kept by anyone on the way; files of the console say otherwise themselves.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
