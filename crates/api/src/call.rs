//! One request on its way through a handler, after the gate has let it in.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use vigiles_engine::{Command, CommandBody, CommandDone};
use vigiles_model::{AgencyId, BoundingBox, Geometry, Incident, KindId, Timestamp};
use vigiles_runtime::documents;
use vigiles_runtime::once::Once;
use vigiles_runtime::{CommandFailure, Platform};
use vigiles_store::{AuditNote, Document, Outcome};
use vigiles_trust::{Action, Context, Resource};

use crate::body;
use crate::caller::Caller;
use crate::endpoint::Answer;
use crate::problem::{Code, Problem};
use crate::state::Api;
use crate::wire::list::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::wire::place::Place;

/// One request.
pub(crate) struct Call {
    /// What all requests share.
    pub(crate) api: Arc<Api>,
    /// Who calls; none for nobody.
    pub(crate) caller: Option<Caller>,
    /// The proof that the policy allows it; none where everyone may.
    pub(crate) context: Option<Context>,
    /// Parameters of the path.
    pub(crate) path: Vec<(String, String)>,
    /// The query, undecoded.
    pub(crate) query: String,
    /// Headers.
    pub(crate) headers: HeaderMap,
    /// The body, unpacked.
    pub(crate) body: Bytes,
    /// The key under which its command is carried out once; none where the request has none.
    pub(crate) once: Option<Once>,
    /// Address of the other side.
    pub(crate) peer: Option<IpAddr>,
}

impl Call {
    /// The platform.
    pub(crate) fn platform(&self) -> &Arc<Platform> {
        &self.api.platform
    }

    /// The proof that the policy allows it.
    pub(crate) fn context(&self) -> Result<Context, Problem> {
        self.context.clone().ok_or_else(|| Problem::internal(&"an endpoint for everyone asked for a context"))
    }

    /// Who calls.
    pub(crate) fn caller(&self) -> Result<&Caller, Problem> {
        self.caller.as_ref().ok_or_else(|| Problem::new(Code::Unauthenticated, "this needs a session or a token"))
    }

    /// A parameter of the path.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.path.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// A parameter of the path as an id; what is no id cannot be found.
    pub(crate) fn id<T: FromStr>(&self, name: &str) -> Result<T, Problem> {
        let text = self.parameter(name);
        text.parse().map_err(|_| Problem::not_found(name, text))
    }

    /// The query; unknown and wrong parameters are named.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_urlencoded::from_str(&self.query).map_err(|error| {
            let text = error.to_string();
            let path = text.split('`').nth(1).unwrap_or("query").to_owned();
            Problem::of(Code::Malformed, path, text)
        })
    }

    /// The JSON body.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        body::json(&self.headers, &self.body)
    }

    /// The version of `If-Match`: none where it is absent or `*`.
    pub(crate) fn if_match(&self) -> Result<Option<u64>, Problem> {
        let Some(value) = self.headers.get(IF_MATCH) else { return Ok(None) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(None);
        }
        let number = text.strip_prefix("W/").unwrap_or(text).strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        match number.map(str::parse) {
            Some(Ok(version)) => Ok(Some(version)),
            _ => Err(Problem::of(Code::Malformed, "If-Match", "send the ETag as it was given, such as \"3\"")),
        }
    }

    /// The version of `If-Match`, which must be there.
    pub(crate) fn must_match(&self) -> Result<Option<u64>, Problem> {
        if self.headers.contains_key(IF_MATCH) {
            return self.if_match();
        }
        Err(Problem::new(Code::PreconditionRequired, "a change of something that exists needs If-Match"))
    }

    /// Does something that waits for the disk, off the threads that serve.
    pub(crate) async fn blocking<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Api) -> Result<T, Problem> + Send + 'static,
    {
        let api = self.api.clone();
        tokio::task::spawn_blocking(move || work(&api)).await.map_err(|e| Problem::internal(&e))?
    }

    /// Whether the caller may do to something of `owner` what this endpoint does.
    pub(crate) fn check_owner(&self, owner: Option<&AgencyId>) -> Result<(), Problem> {
        let ctx = self.context()?;
        let refuse = || {
            let owner = owner.map_or_else(|| "nobody".to_owned(), ToString::to_string);
            Problem::new(Code::Forbidden, format!("it belongs to agency {owner}; only its members may change it"))
        };
        if ctx.may_see(owner) { Ok(()) } else { Err(refuse()) }
    }

    /// Gives a command to the platform, in the name of the caller.
    pub(crate) async fn command(
        &self,
        expected_version: Option<u64>,
        body: CommandBody,
    ) -> Result<CommandDone, Problem> {
        let (ctx, command) = self.ordered(expected_version, body)?;
        let done = match self.once.clone() {
            Some(once) => self.platform().command_once(&ctx, command, once).await,
            None => self.platform().command(&ctx, command).await,
        };
        done.map_err(Problem::from)
    }

    /// The same for a document of the setting; `untried` says why a rule goes live that was never tried.
    pub(crate) async fn put(
        &self,
        expected_version: Option<u64>,
        body: CommandBody,
        untried: Option<String>,
    ) -> Result<CommandDone, Problem> {
        let Some(why) = untried else { return self.command(expected_version, body).await };
        let (ctx, command) = self.ordered(expected_version, body)?;
        self.platform().put_untried(&ctx, command, why).await.map_err(Problem::from)
    }

    fn ordered(&self, expected_version: Option<u64>, body: CommandBody) -> Result<(Context, Command), Problem> {
        let ctx = self.context()?;
        let agency = ctx.agency().cloned().ok_or_else(|| Problem::internal(&"a caller without an agency"))?;
        let command = Command { by: ctx.person().cloned(), agency, expected_version, body };
        Ok((ctx, command))
    }

    /// Leaves an audit entry for a consultation that the store does not see.
    pub(crate) async fn audit_read(&self, resource: &str, detail: String) -> Result<(), Problem> {
        let ctx = self.context()?;
        let note =
            AuditNote { action: "read".to_owned(), resource: resource.to_owned(), outcome: Outcome::Allowed, detail };
        self.blocking(move |api| Ok(api.platform.store().record(&ctx, note)?)).await
    }

    /// One incident, for a check before a command.
    pub(crate) async fn incident(&self, id: &str) -> Result<Incident, Problem> {
        let mut ctx = self.context()?;
        if ctx.action() != Some(Action::Read(Resource::Incidents)) {
            // A writer reads what it is about to change; the command itself is audited under its name.
            ctx = Context::system("api");
        }
        let id = id.to_owned();
        self.blocking(move |api| {
            let document = api.platform.store().get(&ctx, documents::INCIDENT, &id)?;
            Ok(documents::read(&document.ok_or_else(|| Problem::not_found("incident", &id))?)?)
        })
        .await
    }
}

impl From<CommandFailure> for Problem {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(error) => error.into(),
            CommandFailure::Overloaded | CommandFailure::Late => Self::later(Code::Unavailable, failure.to_string(), 1),
            CommandFailure::Closed => Self::later(Code::Unavailable, failure.to_string(), 5),
            CommandFailure::Storage(_) => Self::internal(&failure),
        }
    }
}

/// Answers JSON.
pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Answer {
    let bytes = serde_json::to_vec(value).map_err(|e| Problem::internal(&e))?;
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Answers JSON, all well.
pub(crate) fn ok<T: Serialize>(value: &T) -> Answer {
    json(StatusCode::OK, value)
}

/// Answers JSON with the version as ETag.
pub(crate) fn versioned<T: Serialize>(status: StatusCode, value: &T, version: u64) -> Answer {
    let mut response = json(status, value)?;
    let tag = HeaderValue::from_str(&format!("\"{version}\"")).map_err(|e| Problem::internal(&e))?;
    response.headers_mut().insert(ETAG, tag);
    Ok(response)
}

/// Answers with nothing.
pub(crate) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// The number of items of a page.
pub(crate) fn limit(asked: Option<u32>) -> Result<usize, Problem> {
    match asked {
        None => Ok(DEFAULT_LIMIT as usize),
        Some(n) if (1..=MAX_LIMIT).contains(&n) => Ok(n as usize),
        Some(n) => Err(Problem::of(Code::Malformed, "limit", format!("{n} is not 1 to {MAX_LIMIT}"))),
    }
}

/// A moment of the query.
pub(crate) fn moment(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    text.map(|t| {
        t.parse().map_err(|e: vigiles_model::time::TimeError| Problem::of(Code::Malformed, name, e.to_string()))
    })
    .transpose()
}

/// `west,south,east,north` of the query.
pub(crate) fn area(text: Option<&str>) -> Result<Option<BoundingBox>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let wrong = |why: String| Problem::of(Code::Malformed, "bbox", why);
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    match numbers.as_deref() {
        Ok([west, south, east, north]) => {
            BoundingBox::new(*west, *south, *east, *north).map(Some).map_err(|e| wrong(e.to_string()))
        }
        _ => Err(wrong("a box is four numbers: west,south,east,north".to_owned())),
    }
}

/// Words of the query, separated by commas.
pub(crate) fn words(text: Option<&str>) -> Vec<String> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// Ids of the query, separated by commas.
pub(crate) fn ids<T: FromStr<Err = vigiles_model::id::IdError>>(
    name: &str,
    text: Option<&str>,
) -> Result<Vec<T>, Problem> {
    words(text)
        .iter()
        .map(|w| w.parse().map_err(|e: vigiles_model::id::IdError| Problem::of(Code::Malformed, name, e.to_string())))
        .collect()
}

/// A place that was checked.
pub(crate) fn place(field: &str, place: &Place) -> Result<Geometry, Problem> {
    let geometry = Geometry::from(place);
    geometry.validate().map_err(|e| Problem::of(Code::Invalid, field, e.to_string()))?;
    Ok(geometry)
}

/// Reads a stored document of the platform.
pub(crate) fn stored<T: DeserializeOwned>(document: &Document) -> Result<T, Problem> {
    Ok(documents::read(document)?)
}

/// Gives what an actor is called now, and nothing else of them; none where the account or the token is gone. For actors that
/// stand in a document which the caller is given anyway.
pub(crate) fn names(platform: &Platform) -> impl Fn(&str) -> Option<String> {
    |actor| platform.directory().name_of(actor)
}

/// Gives the unit of a kind.
pub(crate) fn units(platform: &Platform) -> impl Fn(&KindId) -> String + use<> {
    use vigiles_formats::observation::Registry;
    let catalogue = platform.intake().catalogue.get();
    move |kind| catalogue.kind(kind.as_str()).map_or_else(String::new, |k| k.unit.clone())
}
