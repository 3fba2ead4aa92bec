//! Changing: PATCH says what becomes different, PUT says everything.

use axum::http::header::IF_MATCH;
use serde_json::{Map, Value};
use vigiles_formats::sensorthings::path::Tail;
use vigiles_formats::sensorthings::{EntitySet, ids, place, units};
use vigiles_model::ObservationKind;
use vigiles_runtime::documents::{KIND, STA_PROPERTY, Versioned};
use vigiles_trust::{Action, Resource};

use super::create::{
    Maker, describe_datastream, describe_location, describe_own, describe_property, describe_thing, find, known,
    object, read_thing,
};
use super::documents::{DatastreamExtra, FEATURE, OwnDocument, PropertyDocument, SENSOR};
use super::plan::{Plan, check_owner};
use super::rights::resource;
use super::{READER, read};
use crate::call::{Call, no_content};
use crate::endpoint::Answer;
use crate::problem::{Code, Problem};

pub(super) async fn patch(call: Call) -> Answer {
    change(call, false).await
}

pub(super) async fn put(call: Call) -> Answer {
    change(call, true).await
}

/// The set and the id of the one entity that a path names, of a set that the caller may change.
pub(super) fn target(call: &Call) -> Result<(EntitySet, String), Problem> {
    let path = read::path(call)?;
    let ([step], Tail::Entity) = (path.steps.as_slice(), &path.tail) else {
        return Err(Problem::new(Code::MethodNotAllowed, "name the entity in its set, such as Things('a1')"));
    };
    let Some(id) = &step.id else {
        return Err(Problem::new(Code::MethodNotAllowed, "name one entity by its id, such as Things('a1')"));
    };
    call.authorise(Action::Write(resource(step.set)))?;
    Ok((step.set, id.clone()))
}

/// Checks `If-Match`, where it is given, against the versions that were read.
pub(super) fn check_match(call: &Call, tag: &str) -> Result<(), Problem> {
    let Some(given) = call.headers.get(IF_MATCH) else { return Ok(()) };
    let given = given.to_str().unwrap_or_default().trim();
    if given == "*" || given.trim_start_matches("W/").trim_matches('"') == tag {
        return Ok(());
    }
    Err(Problem::new(Code::VersionMismatch, format!("made for {given}, but it is at \"{tag}\"; read it again")))
}

async fn change(call: Call, whole: bool) -> Answer {
    let (set, id) = target(&call)?;
    let body: Value = call.json()?;
    let body = object("body", &body)?;
    if let Some(named) = super::create::linked(body).filter(|named| *named != id) {
        return Err(Problem::of(Code::Invalid, "@iot.id", format!("{named:?} is not the id of the path, {id:?}")));
    }
    let mut maker = Maker { call: &call, plan: Plan::default() };
    match set {
        EntitySet::Things => thing(&mut maker, &id, body, whole).await?,
        EntitySet::Locations => location(&mut maker, &id, body, whole).await?,
        EntitySet::Datastreams => datastream(&mut maker, &id, body, whole).await?,
        EntitySet::ObservedProperties => property(&mut maker, &id, body, whole).await?,
        EntitySet::Sensors => own(&mut maker, SENSOR, "metadata", &id, body, whole).await?,
        EntitySet::FeaturesOfInterest => own(&mut maker, FEATURE, "feature", &id, body, whole).await?,
        EntitySet::Observations => return Err(lasting("An Observation")),
        EntitySet::HistoricalLocations => return Err(lasting("A HistoricalLocation")),
    }
    let plan = maker.plan;
    plan.carry_out(&call).await?;
    Ok(no_content())
}

/// What is the record of what was is not changed.
pub(super) fn lasting(what: &str) -> Problem {
    let why = format!("{what} is a record of what was: it stands as it was taken. Deliver a new one beside it.");
    Problem::new(Code::MethodNotAllowed, why)
}

async fn thing(maker: &mut Maker<'_>, id: &str, body: &Map<String, Value>, whole: bool) -> Result<(), Problem> {
    known(body, &["name", "description", "properties", "Locations", "Datastreams", "HistoricalLocations"])?;
    let mut thing = maker.read_thing(id).await?;
    check_match(maker.call, &format!("{}-{}", thing.version, thing.extra_version))?;
    if whole {
        super::create::text(body, "name")?;
        thing.asset.attributes.clear();
        thing.extra.properties.clear();
    }
    describe_thing(&mut thing, body)?;
    if let Some(locations) = body.get("Locations") {
        let [location] = locations.as_array().map(Vec::as_slice).unwrap_or_default() else {
            return Err(Problem::of(Code::Invalid, "Locations", "a Thing has one Location"));
        };
        move_to(&mut thing, object("Locations[0]", location)?)?;
    }
    maker.put_thing(&thing)
}

/// Moves a Thing to a Location given whole; its own, by id, moves it nowhere.
fn move_to(thing: &mut super::entities::Thing, location: &Map<String, Value>) -> Result<(), Problem> {
    match location.get("location") {
        Some(at) => {
            thing.asset.place = place::from_json(at).map_err(|why| Problem::of(Code::Invalid, "location", why))?;
            describe_location(thing, location)
        }
        None if super::create::linked(location).as_deref() == Some(thing.asset.id.as_str()) => Ok(()),
        None => Err(Problem::of(Code::Invalid, "location", "the GeoJSON of the place is missing")),
    }
}

async fn location(maker: &mut Maker<'_>, id: &str, body: &Map<String, Value>, whole: bool) -> Result<(), Problem> {
    known(body, &["name", "description", "encodingType", "location", "properties", "Things", "HistoricalLocations"])?;
    if ids::of_past_place(id).is_some() {
        return Err(lasting("A Location of the past"));
    }
    let mut thing = maker.read_thing(id).await?;
    check_match(maker.call, &format!("{}-{}", thing.version, thing.extra_version))?;
    if whole {
        thing.extra.location = super::documents::LocationExtra::default();
    }
    if body.contains_key("location") || whole {
        move_to(&mut thing, body)?;
    } else {
        describe_location(&mut thing, body)?;
    }
    maker.put_thing(&thing)
}

async fn datastream(maker: &mut Maker<'_>, id: &str, body: &Map<String, Value>, whole: bool) -> Result<(), Problem> {
    known(
        body,
        &[
            "name",
            "description",
            "observationType",
            "unitOfMeasurement",
            "observedArea",
            "phenomenonTime",
            "resultTime",
            "properties",
            "Thing",
            "Sensor",
            "ObservedProperty",
            "Observations",
        ],
    )?;
    let (asset, kind) = ids::of_datastream(id).ok_or_else(|| Problem::not_found("Datastream", id))?;
    let mut thing = maker.read_thing(asset.as_str()).await?;
    if !thing.asset.observes.contains(&kind) {
        return Err(Problem::not_found("Datastream", id));
    }
    check_match(maker.call, &format!("{}-{}", thing.version, thing.extra_version))?;
    if let Some(unit) = body.get("unitOfMeasurement") {
        check_unit(maker.call, &kind, unit)?;
    }
    let old = thing.extra.datastreams.remove(kind.as_str()).unwrap_or_default();
    let mut extra = if whole { DatastreamExtra { sensor: old.sensor, ..DatastreamExtra::default() } } else { old };
    describe_datastream(&mut extra, body)?;
    if let Some(sensor) = body.get("Sensor").filter(|sensor| !sensor.is_null()) {
        extra.sensor = Some(maker.sensor(object("Sensor", sensor)?).await?);
    }
    thing.extra.datastreams.insert(kind.to_string(), extra);
    maker.put_thing(&thing)
}

/// The stored readings mean the unit of their kind: another way to write it is taken, another unit is not.
fn check_unit(call: &Call, kind: &vigiles_model::KindId, unit: &Value) -> Result<(), Problem> {
    use vigiles_formats::observation::Registry;
    let code = units::ucum(unit).map_err(|why| Problem::of(Code::Invalid, "unitOfMeasurement", why))?;
    let catalogue = call.platform().intake().catalogue.get();
    match catalogue.kind(kind.as_str()) {
        Some(known) if known.unit != code => {
            let why =
                format!("the stored readings are in {:?}, not {code:?}; make another ObservedProperty", known.unit);
            Err(Problem::of(Code::Conflict, "unitOfMeasurement", why))
        }
        _ => Ok(()),
    }
}

async fn property(maker: &mut Maker<'_>, id: &str, body: &Map<String, Value>, whole: bool) -> Result<(), Problem> {
    known(body, &["name", "definition", "description", "properties", "Datastreams"])?;
    check_owner(maker.call, Resource::Kinds, None)?;
    let kind = find::<Versioned<ObservationKind>>(maker.call, KIND, id).await?.map(|(kind, _)| kind);
    let extra = find::<PropertyDocument>(maker.call, STA_PROPERTY, id).await?;
    if kind.is_none() && extra.is_none() {
        return Err(Problem::not_found("ObservedProperty", id));
    }
    let (old, extra_version) = extra.unwrap_or_default();
    let version = kind.as_ref().map_or(0, |kind| kind.version);
    check_match(maker.call, &format!("{version}-{extra_version}"))?;
    let old = match &kind {
        _ if whole => PropertyDocument::default(),
        Some(kind) => {
            PropertyDocument { name: kind.document.name.clone(), description: kind.document.quantity.clone(), ..old }
        }
        None => old,
    };
    let new = describe_property(old, body)?;
    maker.plan.document(STA_PROPERTY, id, None, &new, extra_version)?;
    if let Some(Versioned { version, document }) = kind {
        let quantity = if new.description.is_empty() { document.quantity.clone() } else { new.description };
        let changed = ObservationKind { name: new.name, quantity, ..document.clone() };
        if changed != document {
            maker.plan.kinds.push((changed, version));
        }
    }
    Ok(())
}

async fn own(
    maker: &mut Maker<'_>,
    kind: vigiles_store::Kind,
    content: &str,
    id: &str,
    body: &Map<String, Value>,
    whole: bool,
) -> Result<(), Problem> {
    known(body, &["name", "description", "encodingType", content, "properties", "Datastreams", "Observations"])?;
    let what = if content == "feature" { "FeatureOfInterest" } else { "Sensor" };
    let (document, version, agency) = owned(maker.call, kind, id, what).await?;
    check_match(maker.call, &format!("0-{version}"))?;
    let old = if whole { OwnDocument::default() } else { document };
    let new = describe_own(old, content, body)?;
    maker.plan.document(kind, id, agency, &new, version)
}

/// A Sensor or feature that a client made, with its version, if the caller may change it.
pub(super) async fn owned(
    call: &Call,
    kind: vigiles_store::Kind,
    id: &str,
    what: &str,
) -> Result<(OwnDocument, u64, Option<vigiles_model::AgencyId>), Problem> {
    let owned = id.to_owned();
    let found = call.blocking(move |api| Ok(api.platform.store().get(&READER, kind, &owned)?)).await?;
    let Some(document) = found else {
        let stands_for = kind == SENSOR && id.starts_with(super::entities::CLASS_SENSOR)
            || kind == FEATURE && read_thing(call, id).await.is_ok();
        let why = format!("{what} {id:?} stands for assets of the platform; change those");
        return Err(if stands_for { Problem::new(Code::Conflict, why) } else { Problem::not_found(what, id) });
    };
    check_owner(call, kind.resource(), document.agency.as_ref())?;
    Ok((crate::call::stored(&document)?, document.version, document.agency))
}
