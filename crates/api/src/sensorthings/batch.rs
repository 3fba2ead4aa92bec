//! Batches: each request goes the way that it would go by itself, under the same token and purpose.
//!
//! A change set is done in order and ends at its first fault; what was done before it stays done. The platform's log, its
//! store and its history have no transaction in common, so a batch does not claim one.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use vigiles_formats::sensorthings::batch::{self, Part, Request};

use super::{ROOT, change, create, delete, deliver, read};
use crate::call::Call;
use crate::endpoint::Answer;
use crate::problem::{Code, Problem};

/// The boundary of answers.
const BOUNDARY: &str = "batch_vigiles";
/// Headers that a request of a batch brings itself; the others are those of the batch.
const OWN: [&str; 3] = ["content-type", "if-match", "accept"];

pub(super) async fn post(call: Call) -> Answer {
    let kind = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let parts = batch::read(kind, &call.body)?;
    let (mut answers, mut is_set) = (Vec::new(), Vec::new());
    for part in parts {
        is_set.push(matches!(part, Part::ChangeSet(_)));
        let requests = match part {
            Part::One(request) => vec![request],
            Part::ChangeSet(requests) => requests,
        };
        answers.push(group(&call, requests).await?);
    }
    let mut response = Response::new(Body::from(batch::write(BOUNDARY, &answers, &is_set)));
    let kind = format!("multipart/mixed; boundary={BOUNDARY}");
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_str(&kind).map_err(|e| Problem::internal(&e))?);
    Ok(response)
}

/// The requests of a change set, until one fails.
async fn group(call: &Call, requests: Vec<Request>) -> Result<Vec<batch::Answer>, Problem> {
    let mut made: Vec<(String, String)> = Vec::new();
    let mut answers = Vec::new();
    for request in requests {
        let (id, response) = (request.content_id.clone(), one(call, request, &made).await);
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.map_err(|e| Problem::internal(&e))?;
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        if let (Some(id), Some(location)) = (&id, parts.headers.get("location")) {
            made.push((format!("${id}"), text(location)));
        }
        let failed = parts.status.is_client_error() || parts.status.is_server_error();
        answers.push(batch::Answer {
            status: format!("{} {}", parts.status.as_u16(), parts.status.canonical_reason().unwrap_or_default()),
            headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: bytes.to_vec(),
            content_id: id,
        });
        if failed {
            break;
        }
    }
    Ok(answers)
}

async fn one(call: &Call, request: Request, made: &[(String, String)]) -> Response {
    let answer = match inner(call, request, made) {
        Ok((method, inner)) => match method.as_str() {
            "GET" => read::get(inner).await,
            "POST" if inner.parameter("path") == "CreateObservations" => match inner.authorise(deliver::WRITE) {
                Ok(_) => deliver::data_array(inner).await,
                Err(problem) => Err(problem),
            },
            "POST" => create::post(inner).await,
            "PATCH" => change::patch(inner).await,
            "PUT" => change::put(inner).await,
            "DELETE" => delete::delete(inner).await,
            other => Err(Problem::new(Code::MethodNotAllowed, format!("{other} is no method of a batch"))),
        },
        Err(problem) => Err(problem),
    };
    match answer {
        Err(problem) if problem.code == Code::Forbidden && !problem.audited => refused(call, problem).await,
        answer => answer.unwrap_or_else(IntoResponse::into_response),
    }
}

/// A refusal inside a batch leaves its entry too.
async fn refused(call: &Call, problem: Problem) -> Response {
    let note = vigiles_store::AuditNote {
        action: "batch".to_owned(),
        resource: "sensorthings".to_owned(),
        outcome: vigiles_store::Outcome::Refused,
        detail: problem.detail.clone(),
    };
    let noted = match call.context() {
        Ok(ctx) => call.blocking(move |api| Ok(api.platform.store().record(&ctx, note)?)).await,
        Err(problem) => Err(problem),
    };
    noted.err().unwrap_or(problem).into_response()
}

/// A request of the batch as a call of its own.
fn inner(call: &Call, request: Request, made: &[(String, String)]) -> Result<(String, Call), Problem> {
    let mut url = request.url;
    for (reference, location) in made {
        if let Some(rest) = url.strip_prefix('/').unwrap_or(&url).strip_prefix(reference.as_str())
            && (rest.is_empty() || rest.starts_with(['/', '?']))
        {
            url = format!("{location}{rest}");
            break;
        }
    }
    let below = url.split_once(ROOT).map_or(url.as_str(), |(_, below)| below);
    let below = below.strip_prefix("/v1.1/").unwrap_or(below).trim_start_matches('/');
    let (path, query) = below.split_once('?').unwrap_or((below, ""));
    let path =
        percent_decode_str(path).decode_utf8().map_err(|_| Problem::new(Code::NotFound, "the path is not UTF-8"))?;
    let mut headers = call.headers.clone();
    for name in OWN {
        headers.remove(name);
    }
    for (name, value) in request.headers.iter().filter(|(name, _)| OWN.contains(&name.as_str())) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    let mut body = String::from_utf8_lossy(&request.body).into_owned();
    for (reference, location) in made {
        // A link to what the change set made: `{"@iot.id": "$1"}`.
        let id = location.rsplit_once("('").and_then(|(_, rest)| rest.strip_suffix("')")).unwrap_or_default();
        body = body.replace(&format!("\"{reference}\""), &serde_json::Value::from(id).to_string());
    }
    let inner = Call {
        api: call.api.clone(),
        caller: call.caller.clone(),
        context: call.context.clone(),
        path: vec![("path".to_owned(), path.into_owned())],
        query: query.to_owned(),
        headers,
        body: body.into_bytes().into(),
        once: None,
        peer: call.peer,
    };
    Ok((request.method, inner))
}
