//! Deleting, as far as nothing is lost that others need.

use vigiles_engine::{CommandBody, ConfigKind};
use vigiles_formats::sensorthings::{EntitySet, ids};
use vigiles_model::ObservationKind;
use vigiles_runtime::documents::{ASSET_PLACE, KIND, STA_PROPERTY, STA_THING, Versioned};
use vigiles_trust::Resource;

use super::change::{check_match, lasting, owned, target};
use super::create::{Maker, find};
use super::documents::{FEATURE, PropertyDocument, SENSOR};
use super::graph::Reader;
use super::plan::{self, Plan, check_owner};
use super::rights::Rights;
use crate::call::{Call, no_content};
use crate::endpoint::Answer;
use crate::problem::{Code, Problem};

pub(super) async fn delete(call: Call) -> Answer {
    let (set, id) = target(&call)?;
    match set {
        EntitySet::Things => thing(&call, &id).await?,
        EntitySet::Datastreams => datastream(&call, &id).await?,
        EntitySet::ObservedProperties => property(&call, &id).await?,
        EntitySet::Sensors => sensor(&call, &id).await?,
        EntitySet::FeaturesOfInterest => {
            let (_, version, _) = owned(&call, FEATURE, &id, "FeatureOfInterest").await?;
            check_match(&call, &format!("0-{version}"))?;
            plan::remove(&call, FEATURE, &id, version).await?;
        }
        EntitySet::HistoricalLocations => past_place(&call, &id).await?,
        EntitySet::Locations => {
            let why = "a Thing of the platform stands somewhere: move it by changing its Location, or delete the Thing";
            return Err(Problem::new(Code::Conflict, why));
        }
        EntitySet::Observations => return Err(lasting("An Observation")),
    }
    Ok(no_content())
}

/// With its Datastreams and its places in the past; its readings stay in history, where no Datastream shows them.
async fn thing(call: &Call, id: &str) -> Result<(), Problem> {
    let maker = Maker { call, plan: Plan::default() };
    let thing = maker.read_thing(id).await?;
    check_match(call, &format!("{}-{}", thing.version, thing.extra_version))?;
    let body = CommandBody::Delete { what: ConfigKind::Asset, id: id.to_owned(), reason: None };
    plan::command(call, Resource::Assets, thing.version, body).await?;
    plan::remove(call, STA_THING, id, thing.extra_version).await
}

async fn datastream(call: &Call, id: &str) -> Result<(), Problem> {
    let (asset, kind) = ids::of_datastream(id).ok_or_else(|| Problem::not_found("Datastream", id))?;
    let mut maker = Maker { call, plan: Plan::default() };
    let mut thing = maker.read_thing(asset.as_str()).await?;
    if !thing.asset.observes.contains(&kind) {
        return Err(Problem::not_found("Datastream", id));
    }
    check_match(call, &format!("{}-{}", thing.version, thing.extra_version))?;
    thing.asset.observes.retain(|observed| *observed != kind);
    thing.extra.datastreams.remove(kind.as_str());
    maker.put_thing(&thing)?;
    let plan = maker.plan;
    plan.carry_out(call).await
}

async fn property(call: &Call, id: &str) -> Result<(), Problem> {
    check_owner(call, Resource::Kinds, None)?;
    let kind = find::<Versioned<ObservationKind>>(call, KIND, id).await?.map(|(kind, _)| kind);
    let extra = find::<PropertyDocument>(call, STA_PROPERTY, id).await?;
    let (version, extra_version) =
        (kind.as_ref().map_or(0, |kind| kind.version), extra.as_ref().map_or(0, |(_, version)| *version));
    if version == 0 && extra_version == 0 {
        return Err(Problem::not_found("ObservedProperty", id));
    }
    check_match(call, &format!("{version}-{extra_version}"))?;
    let catalogue = call.platform().intake().catalogue.get();
    let mut observing = catalogue.assets().filter(|(_, asset)| asset.observes.iter().any(|k| k.as_str() == id));
    if let Some((asset, _)) = observing.next() {
        let used = ids::datastream(asset, id);
        return Err(Problem::new(
            Code::Conflict,
            format!("Datastream {used} observes it; delete its Datastreams first"),
        ));
    }
    if version > 0 {
        let body = CommandBody::Delete { what: ConfigKind::Kind, id: id.to_owned(), reason: None };
        plan::command(call, Resource::Kinds, version, body).await?;
    }
    plan::remove(call, STA_PROPERTY, id, extra_version).await
}

async fn sensor(call: &Call, id: &str) -> Result<(), Problem> {
    let (_, version, _) = owned(call, SENSOR, id, "Sensor").await?;
    check_match(call, &format!("0-{version}"))?;
    let rights = Rights::to_read(call, &[EntitySet::Sensors].into(), &format!("Sensors('{id}')/Datastreams")).await?;
    let sensor = id.to_owned();
    let used = call
        .blocking(move |api| {
            let reader = Reader::new(api, rights);
            let entity = reader.get(EntitySet::Sensors, &sensor)?;
            entity.map_or(Ok(Vec::new()), |entity| reader.datastreams_by_sensor(&entity))
        })
        .await?;
    if let Some(datastream) = used.first() {
        let why = format!("Datastream {datastream} names it; give its Datastreams another Sensor first");
        return Err(Problem::new(Code::Conflict, why));
    }
    plan::remove(call, SENSOR, id, version).await
}

async fn past_place(call: &Call, id: &str) -> Result<(), Problem> {
    let (asset, _) = ids::of_past_place(id).ok_or_else(|| Problem::not_found("HistoricalLocation", id))?;
    let maker = Maker { call, plan: Plan::default() };
    maker.read_thing(asset.as_str()).await?;
    let found = find::<serde_json::Value>(call, ASSET_PLACE, id).await?;
    let (_, version) = found.ok_or_else(|| Problem::not_found("HistoricalLocation", id))?;
    check_match(call, &format!("0-{version}"))?;
    plan::remove(call, ASSET_PLACE, id, version).await
}
