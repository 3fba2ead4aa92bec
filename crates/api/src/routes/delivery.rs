//! Deliveries of observations: read straight from the bytes, answered when durable.

use axum::http::{HeaderMap, StatusCode};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use vigiles_formats::observation::{self, Draft, Rejection};
use vigiles_formats::{cloudevents, ndjson};
use vigiles_runtime::door::{Door, Receipt as DoorReceipt, SubmitError};
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
    let _place = call.api.deliveries.try_acquire().map_err(|_| {
        Problem::later(Code::TooMany, "too many deliveries are under way; send again, redelivery does no harm", 1)
    })?;
    call.platform().intake().check_room()?;
    let grant = call.caller()?.grant();
    let drafts = if call.body.len() > PARSE_INLINE_BYTES {
        let (headers, body) = (call.headers.clone(), call.body.clone());
        call.blocking(move |_| parse(&headers, &body)).await?
    } else {
        parse(&call.headers, &call.body)?
    };
    if drafts.is_empty() {
        return Err(Problem::of(Code::Malformed, "body", "holds no observation"));
    }
    let count = drafts.len();
    let receipt = call.platform().submit(&grant, drafts).await?;
    if receipt.rejected.len() == count {
        return Err(all_rejected(&receipt));
    }
    json(StatusCode::ACCEPTED, &told(&receipt))
}

fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Vec<Draft>, Problem> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let parsed = match media_type(headers).as_str() {
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(ndjson::parse(body)),
        "application/cloudevents+json" => cloudevents::parse_structured(body),
        "application/cloudevents-batch+json" => cloudevents::parse_batch(body),
        "application/json" if headers.contains_key("ce-specversion") => cloudevents::parse_binary(header, body),
        "application/json" => observation::parse(body),
        other => {
            let known = "application/json, application/x-ndjson, application/cloudevents+json, application/cloudevents-batch+json";
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
