//! Deliveries of observations: read straight from the bytes, answered when durable.

use axum::http::{HeaderMap, StatusCode};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use vigiles_formats::mapping::Mapping;
use vigiles_formats::observation::{self, Draft, Rejection};
use vigiles_formats::{cloudevents, ndjson};
use vigiles_runtime::door::{Door, Grant, Receipt as DoorReceipt, SubmitError};
use vigiles_trust::{Action, Resource};

use crate::body::media_type;
use crate::call::{Call, json};
use crate::endpoint::{Answer, Endpoint, reference, schemas_of};
use crate::problem::{Code, Fault, Problem};
use crate::wire::observation::{Deliveries, Receipt, Rejected};

/// Most refused observations told one by one.
const MAX_TOLD: usize = 100;
/// Deliveries larger than this are parsed off the threads that serve.
const PARSE_INLINE_BYTES: usize = 512 * 1024;

pub(super) fn endpoints(limit: usize) -> Vec<Endpoint> {
    let any_object = || -> RefOr<Schema> { ObjectBuilder::new().schema_type(Type::Object).into() };
    let content = vec![
        ("application/json", reference::<Deliveries>()),
        ("application/x-ndjson", ObjectBuilder::new().schema_type(Type::String).into()),
        ("application/cloudevents+json", any_object()),
        ("application/cloudevents-batch+json", ArrayBuilder::new().items(any_object()).into()),
        ("text/csv", ObjectBuilder::new().schema_type(Type::String).into()),
    ];
    let mut deliver = Endpoint::post(
        "/api/v1/observations",
        "deliver_observations",
        "Delivers observations; answered when those accepted are durable",
        deliver,
    )
    .tag("observations")
    .may(Action::Write(Resource::Observations))
    .takes_any(content, limit)
    .answers::<Receipt>(202, "What was accepted is durable; what was refused is named.")
    .also(&[429]);
    deliver.schemas.extend(schemas_of::<Deliveries>());
    vec![deliver]
}

async fn deliver(call: Call) -> Answer {
    let http = &call.api.http;
    let _place = call.api.deliveries.try_acquire().map_err(|_| {
        http.waits();
        Problem::later(Code::TooMany, "too many deliveries are under way; send again, redelivery does no harm", 1)
    })?;
    call.platform().intake().check_room().inspect_err(|_| http.waits())?;
    let grant = call.caller()?.grant();
    let drafts = drafts(&call, &grant).await.inspect_err(|problem| {
        http.unreadable();
        call.platform().intake().note_unreadable(&grant, problem.detail.clone());
    })?;
    let count = drafts.len();
    let submitted = call.platform().submit(&grant, drafts).await;
    let receipt = submitted.inspect_err(|error| {
        if matches!(error, SubmitError::Overloaded { .. }) {
            http.waits();
        }
    })?;
    http.took(&receipt);
    if receipt.rejected.len() == count {
        return Err(all_rejected(&receipt));
    }
    json(StatusCode::ACCEPTED, &told(&receipt))
}

async fn drafts(call: &Call, grant: &Grant) -> Result<Vec<Draft>, Problem> {
    let mapping = grant.source.as_ref().and_then(|source| call.platform().directory().http_mapping(source));
    let drafts = if call.body.len() > PARSE_INLINE_BYTES {
        let (headers, body) = (call.headers.clone(), call.body.clone());
        call.blocking(move |_| parse(&headers, &body, mapping.as_deref())).await?
    } else {
        parse(&call.headers, &call.body, mapping.as_deref())?
    };
    if drafts.is_empty() {
        return Err(Problem::of(Code::Malformed, "body", "holds no observation"));
    }
    Ok(drafts)
}

/// By the content type; JSON and CSV by the mapping of the token's source, where it has one.
fn parse(headers: &HeaderMap, body: &[u8], mapping: Option<&Mapping>) -> Result<Vec<Draft>, Problem> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let parsed = match media_type(headers).as_str() {
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(ndjson::parse(body)),
        "application/cloudevents+json" => cloudevents::parse_structured(body),
        "application/cloudevents-batch+json" => cloudevents::parse_batch(body),
        _ if headers.contains_key("ce-specversion") => cloudevents::parse_binary(header, body),
        "application/json" | "text/csv" if let Some(mapping) = mapping => Ok(mapping.drafts("", body)),
        "text/csv" => {
            let why = "CSV is read by a mapping: set one for a source with the door `http`, and send with a token of that source";
            return Err(Problem::of(Code::UnsupportedType, "Content-Type", why));
        }
        "application/json" => observation::parse(body),
        other => {
            let known = "application/json, application/x-ndjson, application/cloudevents+json, application/cloudevents-batch+json, text/csv";
            return Err(Problem::of(Code::UnsupportedType, "Content-Type", format!("{other:?} is none of {known}")));
        }
    };
    parsed.map_err(|rejection| Problem::of(Code::Malformed, rejection.path, rejection.message))
}

fn told(receipt: &DoorReceipt) -> Receipt {
    Receipt {
        accepted: receipt.accepted,
        duplicates: receipt.duplicates,
        shed: receipt.shed,
        refused: receipt.rejected.len(),
        rejected: receipt.rejected.iter().take(MAX_TOLD).map(rejected).collect(),
    }
}

fn rejected((index, rejection): &(usize, Rejection)) -> Rejected {
    Rejected { index: *index, path: rejection.path.clone(), message: rejection.message.clone() }
}

/// Where it stands in the body: by the line that a line reader has named already, else by its index.
fn located(index: usize, path: &str) -> String {
    if path.starts_with("line ") { path.to_owned() } else { format!("[{index}].{path}") }
}

fn all_rejected(receipt: &DoorReceipt) -> Problem {
    let errors: Vec<_> = receipt
        .rejected
        .iter()
        .take(MAX_TOLD)
        .map(|(index, r)| Fault::new(located(*index, &r.path), r.message.clone()))
        .collect();
    let detail = match errors.as_slice() {
        [one] => format!("{}: {}", one.path, one.message),
        _ => format!("none of the {} observations can be taken", receipt.rejected.len()),
    };
    Problem { errors, ..Problem::new(Code::Invalid, detail) }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        let text = error.to_string();
        match error {
            SubmitError::Overloaded { retry_after } => Self::later(Code::TooMany, text, retry_after.as_secs()),
            SubmitError::Closed => Self::later(Code::Unavailable, text, 5),
            SubmitError::Storage(_) => {
                tracing::error!(%text, "a delivery was not stored");
                Self::later(
                    Code::Unavailable,
                    "the observations cannot be stored now; nothing of this delivery counts as stored",
                    10,
                )
            }
        }
    }
}
