//! What the protocols that go out have in common: from when a task counts, and what the answer of a server means.

use ureq::Body;
use ureq::http::Response;
use vigiles_model::Timestamp;
use vigiles_model::playbook::Live;
use vigiles_runtime::carrier::{Failure, Outcome};

/// When the first of the tries began: the same for all of them, so that a receiver knows them as one.
pub(crate) fn started(live: &Live<'_>) -> Timestamp {
    let task = live.task();
    task.started.or(task.changed).unwrap_or(live.incident().changed)
}

/// What the answer of an HTTP server means: whether another try may do better follows RFC 9110, section 15.
pub(crate) fn judged(answer: Result<Response<Body>, ureq::Error>) -> Outcome {
    let status = match answer {
        Ok(response) => response.status().as_u16(),
        Err(e) => return Err(Failure::Passing(format!("the endpoint was not reached: {e}"))),
    };
    match status {
        200..=299 => Ok(format!("delivered, {status}")),
        408 | 429 | 500..=599 => Err(Failure::Passing(format!("the endpoint answered {status}"))),
        _ => Err(Failure::Lasting(format!("the endpoint refused the call with {status}"))),
    }
}
