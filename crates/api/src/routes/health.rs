//! Whether it lives, whether it may be given work, what it counts, and the document of the API.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use crate::call::{Call, json};
use crate::endpoint::{Answer, Endpoint};
use crate::metrics;
use crate::wire::system::Ready;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/healthz", "get_health", "Whether the process answers", healthy).anyone().answers_type(
            200,
            "text/plain",
            "It does.",
        ),
        Endpoint::get("/readyz", "get_ready", "Whether the platform has caught up and may be given work", ready)
            .anyone()
            .answers::<Ready>(200, "It has.")
            .answers::<Ready>(503, "Not yet, or no longer."),
        Endpoint::get("/metrics", "get_metrics", "Counts for Prometheus", metrics_text).anyone().answers_type(
            200,
            "text/plain",
            "The text format of Prometheus.",
        ),
        Endpoint::get("/api/v1/openapi.json", "get_openapi", "This document", document).anyone().answers_type(
            200,
            "application/openapi+json",
            "OpenAPI 3.1.",
        ),
    ]
}

async fn healthy(_: Call) -> Answer {
    Ok(typed("text/plain; charset=utf-8", "ok\n"))
}

async fn ready(call: Call) -> Answer {
    let platform = call.platform();
    let ready = platform.is_ready();
    let mut waiting_for = Vec::new();
    if !ready {
        let status = platform.status();
        waiting_for.push(match status.failed {
            Some(why) => format!("the engine stopped: {why}"),
            None => format!("the log is replayed: at {} of {}", status.position, status.log.end),
        });
    }
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, &Ready { ready, waiting_for })
}

async fn metrics_text(call: Call) -> Answer {
    let text = call.blocking(|api| Ok(metrics::text(api))).await?;
    Ok(typed("text/plain; version=0.0.4; charset=utf-8", text))
}

async fn document(call: Call) -> Answer {
    Ok(typed("application/openapi+json", call.api.openapi.clone()))
}

fn typed(content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
