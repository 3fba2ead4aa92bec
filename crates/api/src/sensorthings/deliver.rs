//! Observations on their way in: by the same intake as every other, answered when they are durable and can be read.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::Value;
use vigiles_formats::observation::{Draft, Rejection};
use vigiles_formats::sensorthings::path::ResourcePath;
use vigiles_formats::sensorthings::{Entity, EntitySet, data_array, ids, observation, place};
use vigiles_model::ObservationKind;
use vigiles_runtime::door::{Door, Receipt, SubmitError};
use vigiles_trust::{Action, Resource};

use super::base;
use super::create::{Maker, find, linked, object};
use super::documents::{FEATURE, OwnDocument};
use super::plan::Plan;
use crate::call::{Call, json};
use crate::endpoint::Answer;
use crate::problem::{Code, Problem};

pub(super) const WRITE: Action = Action::Write(Resource::Observations);
/// How long an answer waits until history has what it took; after that it is given all the same, since it is durable.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes one Observation; gives its id.
pub(super) async fn one(call: &Call, path: &ResourcePath, body: &Value) -> Result<String, Problem> {
    call.authorise(WRITE)?;
    let parent = path.steps.len().checked_sub(2).map(|at| &path.steps[at]);
    let of = |set: EntitySet| parent.filter(|step| step.set == set).and_then(|step| step.id.clone());
    if path.steps.len() > 2 {
        return Err(Problem::new(Code::MethodNotAllowed, "post to Observations, or to those of one Datastream"));
    }
    let datastream = of(EntitySet::Datastreams);
    let mut incoming = observation::read(body, datastream.as_deref()).map_err(refused)?;
    if let Some(feature) = of(EntitySet::FeaturesOfInterest) {
        incoming.feature = Some(serde_json::json!({ "@iot.id": feature }));
    }
    let id = incoming
        .datastream
        .clone()
        .ok_or_else(|| Problem::of(Code::Invalid, "Datastream", "an Observation names its Datastream"))?;
    check_datastream(call, &id)?;
    let mut maker = Maker { call, plan: Plan::default() };
    let draft = with_feature(&mut maker, incoming).await?;
    let (draft, id) = settle(call, draft).map_err(refused)?;
    maker.plan.observations.push(draft);
    maker.plan.carry_out(call).await?;
    Ok(id)
}

fn refused(rejection: Rejection) -> Problem {
    Problem::of(Code::Invalid, rejection.path, rejection.message)
}

/// A Datastream that there is: a kind that an asset observes.
fn check_datastream(call: &Call, id: &str) -> Result<(), Problem> {
    let catalogue = call.platform().intake().catalogue.get();
    let known = ids::of_datastream(id).is_some_and(|(asset, kind)| {
        catalogue.asset(asset.as_str()).is_some_and(|asset| asset.observes.contains(&kind))
    });
    if known { Ok(()) } else { Err(Problem::of(Code::Invalid, "Datastream", format!("there is no Datastream {id:?}"))) }
}

/// The draft with the FeatureOfInterest that it names or brings along, and with its place.
pub(super) async fn with_feature(maker: &mut Maker<'_>, incoming: observation::Incoming) -> Result<Draft, Problem> {
    let mut draft = incoming.draft;
    let Some(feature) = incoming.feature else { return Ok(draft) };
    let body = object("FeatureOfInterest", &feature)?;
    let (id, content) = match linked(body).filter(|_| !body.contains_key("name")) {
        Some(id) => match find::<OwnDocument>(maker.call, FEATURE, &id).await? {
            Some((document, _)) => (id, document.content),
            // The place of an asset, and of where an Observation was made, are features without a document.
            None if draft.asset.as_deref() == Some(id.as_str()) => return Ok(draft),
            None => return Err(Problem::of(Code::Invalid, "FeatureOfInterest", format!("there is none {id:?}"))),
        },
        None => (maker.own(FEATURE, "feature", body)?, body.get("feature").cloned().unwrap_or_default()),
    };
    draft.place = place::from_json(&content).ok();
    draft.attributes.push((observation::FEATURE.into(), id.as_str().into()));
    Ok(draft)
}

/// Fixes what the door would fill in, so that the id is known before.
fn settle(call: &Call, mut draft: Draft) -> Result<(Draft, String), Rejection> {
    draft.time.get_or_insert_with(|| call.platform().now());
    let caller = call.caller().map_err(|problem| Rejection::new("token", problem.detail))?;
    let o = call.platform().intake().preview(&caller.grant(), draft.clone())?;
    draft.place.clone_from(&o.place);
    Ok((draft, ids::observation(o.time, o.id)))
}

/// Checks Observations whose kinds may be made by the same request; gives how many there are.
pub(super) fn check(call: &Call, kinds: &[(ObservationKind, u64)], drafts: &[Draft]) -> Result<usize, Problem> {
    let grant = call.caller()?.grant();
    for (at, draft) in drafts.iter().enumerate() {
        let wrong =
            |path: &str, message: String| Problem::of(Code::Invalid, format!("Observations[{at}].{path}"), message);
        match kinds.iter().find(|(kind, _)| kind.id.as_str() == draft.kind) {
            Some((kind, _)) if kind.accepts(&draft.value) => {}
            Some((kind, _)) => {
                return Err(wrong("result", format!("{} takes a {}", kind.id, kind.value_type.as_str())));
            }
            None => {
                let seen = call.platform().intake().preview(&grant, draft.clone());
                seen.map_err(|r| wrong(&r.path, r.message))?;
            }
        }
    }
    Ok(drafts.len())
}

/// Delivers, and waits until what was delivered can be read.
pub(super) async fn submit(call: &Call, drafts: Vec<Draft>) -> Result<Receipt, Problem> {
    let http = &call.api.http;
    let _place = call.api.deliveries.try_acquire().map_err(|_| {
        http.waits();
        Problem::later(Code::TooMany, "too many deliveries are under way; send again, redelivery does no harm", 1)
    })?;
    let grant = call.caller()?.grant();
    let receipt = call.platform().submit(&grant, drafts).await.inspect_err(|error| {
        if matches!(error, SubmitError::Overloaded { .. }) {
            http.waits();
        }
    })?;
    http.took(&receipt);
    if let [(_, rejection)] = receipt.rejected.as_slice()
        && receipt.accepted + receipt.duplicates + receipt.shed == 0
    {
        return Err(refused(rejection.clone()));
    }
    let _in_time = call.platform().settled(PATIENCE).await.map_err(|e| Problem::internal(&e))?;
    Ok(receipt)
}

/// Many Observations at once: for each the address, or why not.
pub(super) async fn data_array(call: Call) -> Answer {
    let body: Value = call.json()?;
    let rows = data_array::read(&body)?;
    let base = base(&call);
    let mut answers = Vec::new();
    let mut drafts = Vec::new();
    for row in rows {
        match ready(&call, row).await {
            Ok((draft, id)) => {
                let entity = Entity { set: EntitySet::Observations, id, properties: serde_json::Map::new(), tag: None };
                answers.push(Ok(entity.link(&base)));
                drafts.push(draft);
            }
            Err(why) => answers.push(Err(why)),
        }
    }
    if !drafts.is_empty() {
        let receipt = submit(&call, drafts).await?;
        // What the preview took and the door did not: the row is told so.
        let mut taken: Vec<_> = answers.iter_mut().filter(|answer| answer.is_ok()).collect();
        for (at, rejection) in receipt.rejected {
            *taken[at] = Err(rejection.to_string());
        }
    }
    let told: Vec<String> =
        answers.into_iter().map(|answer| answer.unwrap_or_else(|why| format!("error: {why}"))).collect();
    json(StatusCode::CREATED, &told)
}

async fn ready(call: &Call, row: Result<observation::Incoming, Rejection>) -> Result<(Draft, String), String> {
    let incoming = row.map_err(|rejection| rejection.to_string())?;
    let id = incoming.datastream.clone().ok_or("Datastream: an Observation names its Datastream")?;
    check_datastream(call, &id).map_err(|problem| problem.detail)?;
    if incoming.feature.as_ref().is_some_and(|feature| feature.get("name").is_some()) {
        return Err("FeatureOfInterest: in a data array it is named by its id".to_owned());
    }
    let mut maker = Maker { call, plan: Plan::default() };
    let draft = with_feature(&mut maker, incoming).await.map_err(|problem| problem.detail)?;
    settle(call, draft).map_err(|rejection| rejection.to_string())
}
