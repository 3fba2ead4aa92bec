//! The one place that every request passes: who calls, from which site, for which purpose, whether the
//! policy allows it; then the body within its bound, the idempotency key, and the handler.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{ConnectInfo, RawPathParams, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use vigiles_model::Duration;
use vigiles_runtime::directory::SignedIn;
use vigiles_runtime::once::Once;
use vigiles_store::{AuditNote, Outcome, Reply, StoreError, Write};
use vigiles_trust::{Action, Context, Purpose, authorise};

use crate::body;
use crate::call::Call;
use crate::caller::{self, By, Caller};
use crate::endpoint::{Access, Answer, Endpoint};
use crate::problem::{Code, Problem};
use crate::state::Api;

/// The header that states the purpose.
pub(crate) const PURPOSE: &str = "X-Purpose";
/// The header that makes a repetition harmless.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// How long an answer is remembered for its key.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// Largest answer that is remembered.
const MAX_REMEMBERED: usize = 1024 * 1024;

/// Lets a request through to the handler of its endpoint, or says why not.
pub(crate) async fn pass(
    api: Arc<Api>,
    endpoint: Arc<Endpoint>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    let Ok(path) = path else {
        return Problem::new(Code::NotFound, "the path is not valid UTF-8, so it names nothing").into_response();
    };
    let answer = enter(api, &endpoint, path, request).await;
    answer.unwrap_or_else(IntoResponse::into_response)
}

async fn enter(api: Arc<Api>, endpoint: &Endpoint, path: RawPathParams, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    caller::check_site(&parts.method, &parts.headers)?;
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| canonical(info.0));
    let caller = match endpoint.access {
        // A wrong token does not keep anyone from what is open to all.
        Access::Anyone => caller::find(&api, &parts.headers, peer).ok().flatten(),
        Access::SignedIn | Access::May(_) | Access::Asked => caller::find(&api, &parts.headers, peer)?,
    };
    if let Some(Caller { by: By::Session(signed_in), .. }) = &caller {
        save_session(&api, signed_in);
    }
    let context = decide(&api, endpoint, caller.as_ref(), &parts.headers).await?;
    let body = if endpoint.body.is_some() {
        body::read(&parts.headers, body, endpoint.body_limit).await?
    } else {
        bytes::Bytes::new()
    };
    let call = Call {
        caller,
        context,
        path: path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        peer,
        headers: parts.headers,
        body,
        once: None,
        api: api.clone(),
    };
    let (ctx, body) = (call.context.clone(), call.body.clone());
    let answer = match (&ctx, call.headers.get(IDEMPOTENCY_KEY)) {
        (Some(ctx), Some(key)) if endpoint.idempotent => {
            let key = check_key(key)?;
            once(endpoint, call, ctx.clone(), key).await
        }
        _ => (endpoint.handler)(call).await,
    };
    let answer = answer.map_err(|problem| problem.in_body(&body));
    let unaudited = |problem: &&Problem| problem.code == Code::Forbidden && !problem.audited;
    let refusal = answer.as_ref().err().filter(unaudited).map(|problem| problem.detail.clone());
    if let (Some(ctx), Some(why)) = (ctx, refusal) {
        refused(&api, endpoint, ctx, why).await?;
    }
    answer
}

fn canonical(address: SocketAddr) -> IpAddr {
    address.ip().to_canonical()
}

/// Stores now and then that a session was used; a failure only makes it end earlier after a restart.
fn save_session(api: &Arc<Api>, signed_in: &SignedIn) {
    if signed_in.unsaved {
        let (api, signed_in) = (api.clone(), signed_in.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = api.platform.directory().save_session(&signed_in) {
                tracing::warn!(%error, "the use of a session was not stored");
            }
        });
    }
}

/// The decision: the context of an allowed call, or the problem of a refused one, which is audited.
async fn decide(
    api: &Arc<Api>,
    endpoint: &Endpoint,
    caller: Option<&Caller>,
    headers: &HeaderMap,
) -> Result<Option<Context>, Problem> {
    if endpoint.access == Access::Anyone {
        return Ok(None);
    }
    let caller = caller.ok_or_else(|| {
        Problem::new(Code::Unauthenticated, "this needs a session or a token, and the request has none that is valid")
    })?;
    let purpose = purpose(headers)?;
    let action = match endpoint.access {
        Access::May(action) => action,
        Access::Asked => {
            let ctx = Context::nothing_granted(&caller.id, &caller.agency, purpose.unwrap_or(Purpose::Operations));
            return Ok(Some(ctx));
        }
        // Everyone who is signed in sees the city; those who may not even that are devices.
        Access::SignedIn | Access::Anyone => Action::Read(vigiles_trust::Resource::City),
    };
    match authorise(&caller.id, &caller.roles, &caller.agency, purpose, action, None) {
        Ok(context) => Ok(Some(context)),
        Err(refusal) => {
            let purpose = purpose.unwrap_or(Purpose::Operations);
            let ctx = Context::nothing_granted(&caller.id, &caller.agency, purpose);
            refused(api, endpoint, ctx, refusal.to_string()).await?;
            Err(Problem::new(Code::Forbidden, refusal.to_string()))
        }
    }
}

/// Leaves an audit entry about a refusal, in the name of whoever was refused.
async fn refused(api: &Arc<Api>, endpoint: &Endpoint, ctx: Context, why: String) -> Result<(), Problem> {
    let action = match endpoint.access {
        Access::May(action) => action.to_string(),
        Access::SignedIn | Access::Anyone | Access::Asked => endpoint.method.to_string(),
    };
    let note = AuditNote { action, resource: endpoint.path.to_owned(), outcome: Outcome::Refused, detail: why };
    let api = api.clone();
    let record = move || api.platform.store().record(&ctx, note);
    Ok(tokio::task::spawn_blocking(record).await.map_err(|e| Problem::internal(&e))??)
}

/// The purpose stated; none where none is.
pub(crate) fn purpose(headers: &HeaderMap) -> Result<Option<Purpose>, Problem> {
    let Some(value) = headers.get(PURPOSE) else { return Ok(None) };
    let text = value.to_str().unwrap_or("?");
    text.parse()
        .map(Some)
        .map_err(|e: vigiles_trust::context::UnknownPurpose| Problem::of(Code::Malformed, PURPOSE, e.to_string()))
}

fn check_key(key: &HeaderValue) -> Result<String, Problem> {
    let text = key.to_str().unwrap_or_default();
    let fits = (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-'));
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Problem::of(
            Code::Malformed,
            IDEMPOTENCY_KEY,
            "1 to 128 letters, digits, dots, colons, dashes or underscores",
        ))
    }
}

/// Does it once: a repetition with the same key gets the first answer.
async fn once(endpoint: &Endpoint, call: Call, ctx: Context, key: String) -> Answer {
    let fingerprint = fingerprint(endpoint, &call);
    let _busy = InFlight::enter(&call.api, format!("{}/{key}", ctx.actor()))?;
    let known = {
        let (ctx, key) = (ctx.clone(), key.clone());
        call.blocking(move |api| Ok(api.platform.store().recall(&ctx, &key)?)).await?
    };
    if let Some(reply) = known {
        return repeat(&reply, &fingerprint);
    }
    let api = call.api.clone();
    let expires = api.platform.now() + REMEMBERED;
    // The deed itself carries the key too: a crash before the answer is stored does not make it happen twice.
    let deed = Once { key: format!("deed:{}/{key}", ctx.actor()), fingerprint: fingerprint.clone(), expires };
    let response = (endpoint.handler)(Call { once: Some(deed), ..call }).await?;
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.map_err(|e| Problem::internal(&e))?;
    if let (true, Ok(text)) = (bytes.len() <= MAX_REMEMBERED, std::str::from_utf8(&bytes)) {
        let etag = parts.headers.get("etag").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let reply = Reply { key, fingerprint, status: parts.status.as_u16(), body: format!("{etag}\n{text}"), expires };
        let keep = move || api.platform.store().apply(&ctx, vec![Write::Remember(reply)]).map(drop);
        let kept: Result<(), StoreError> =
            tokio::task::spawn_blocking(keep).await.map_err(|e| Problem::internal(&e))?;
        if let Err(error) = kept {
            // It was done: an error now would make the caller do it again.
            tracing::error!(%error, "the answer to an idempotency key was not stored");
        }
    }
    Ok(Response::from_parts(parts, bytes.into()))
}

fn repeat(reply: &Reply, fingerprint: &str) -> Answer {
    if reply.fingerprint != fingerprint {
        return Err(Problem::of(
            Code::Invalid,
            IDEMPOTENCY_KEY,
            "this key was used for another request; use a new key for a new request",
        ));
    }
    let (etag, body) = reply.body.split_once('\n').unwrap_or(("", &reply.body));
    let mut response = Response::new(axum::body::Body::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(reply.status).map_err(|e| Problem::internal(&e))?;
    let headers = response.headers_mut();
    if !body.is_empty() {
        headers.insert("content-type", HeaderValue::from_static("application/json"));
    }
    if let (false, Ok(etag)) = (etag.is_empty(), HeaderValue::from_str(etag)) {
        headers.insert("etag", etag);
    }
    Ok(response)
}

/// Holds a key while its first request is under way, so that two at once do not both do it.
struct InFlight {
    api: Arc<Api>,
    key: String,
}

impl InFlight {
    fn enter(api: &Arc<Api>, key: String) -> Result<Self, Problem> {
        if api.in_flight.lock().insert(key.clone()) {
            Ok(Self { api: api.clone(), key })
        } else {
            Err(Problem::new(Code::Conflict, "a request with this idempotency key is under way"))
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.api.in_flight.lock().remove(&self.key);
    }
}

fn fingerprint(endpoint: &Endpoint, call: &Call) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(endpoint.method.as_str().as_bytes()).update(endpoint.path.as_bytes());
    for (name, value) in &call.path {
        hasher.update(format!("/{name}={value}").as_bytes());
    }
    hasher.update(b"?").update(call.query.as_bytes()).update(b"\n").update(&call.body);
    hasher.finalize().to_hex().to_string()
}
