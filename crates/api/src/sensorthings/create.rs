//! Creating: an entity with all that is inside it, or Observations.

use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use serde_json::{Map, Value};
use vigiles_formats::observation::Registry;
use vigiles_formats::sensorthings::path::{ResourcePath, Tail};
use vigiles_formats::sensorthings::time::Time;
use vigiles_formats::sensorthings::{Entity, EntitySet, ids, observation, place, units};
use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{Asset, AssetId, Duration, Geometry, KindId, ObservationKind};
use vigiles_runtime::documents::{ASSET, ASSET_PLACE, AssetPlace, KIND, STA_PROPERTY, STA_THING};
use vigiles_trust::{Action, Resource};

use super::documents::{DatastreamExtra, FEATURE, OwnDocument, PropertyDocument, SENSOR, ThingExtra};
use super::entities::{CLASS, DESCRIPTION, Thing};
use super::plan::{Plan, check_owner, own_agency};
use super::rights::resource;
use super::{READER, base, deliver, read};
use crate::call::{Call, stored};
use crate::endpoint::Answer;
use crate::problem::{Code, Problem};

/// How long history keeps the readings of a kind that a client made.
const RETENTION: Duration = Duration::from_secs(365 * 24 * 3600);

pub(super) async fn post(call: Call) -> Answer {
    let path = read::path(&call)?;
    if path.tail != Tail::Entity || !path.is_collection() {
        return Err(Problem::new(Code::MethodNotAllowed, "entities are created in a collection, such as Things"));
    }
    // Before anything is looked up: who may not create learns nothing of what there is.
    call.authorise(Action::Write(resource(path.last().set)))?;
    let body: Value = call.json()?;
    let (set, id) = match path.last().set {
        EntitySet::Observations => (EntitySet::Observations, deliver::one(&call, &path, &body).await?),
        set => (set, create(&call, &path, &body).await?),
    };
    let entity = Entity { set, id, properties: Map::new(), tag: None };
    created(&entity.link(&base(&call)))
}

fn created(link: &str) -> Answer {
    let mut response = crate::call::json(StatusCode::CREATED, &serde_json::json!({ "@iot.selfLink": link }))?;
    let address = HeaderValue::from_str(link).map_err(|e| Problem::internal(&e))?;
    response.headers_mut().insert(LOCATION, address);
    Ok(response)
}

async fn create(call: &Call, path: &ResourcePath, body: &Value) -> Result<String, Problem> {
    let mut maker = Maker { call, plan: Plan::default() };
    let body = object("body", body)?;
    let parent = path.steps.len().checked_sub(2).map(|at| &path.steps[at]);
    let parent_id = |set: EntitySet| parent.filter(|step| step.set == set).and_then(|step| step.id.clone());
    if parent.is_some() && path.steps.len() != 2 {
        return Err(Problem::new(Code::MethodNotAllowed, "create it in its set, or in a collection of one entity"));
    }
    let id = match path.last().set {
        EntitySet::Things if parent.is_none() => maker.thing(body).await?,
        EntitySet::Locations => maker.location(parent_id(EntitySet::Things), body).await?,
        EntitySet::Datastreams => {
            let mut body = body.clone();
            for (set, name) in [(EntitySet::Sensors, "Sensor"), (EntitySet::ObservedProperties, "ObservedProperty")] {
                if let Some(id) = parent_id(set) {
                    body.insert(name.to_owned(), serde_json::json!({ "@iot.id": id }));
                }
            }
            maker.datastream_of(parent_id(EntitySet::Things), &body).await?
        }
        EntitySet::Sensors if parent.is_none() => maker.own(SENSOR, "metadata", body)?,
        EntitySet::FeaturesOfInterest if parent.is_none() => maker.own(FEATURE, "feature", body)?,
        EntitySet::ObservedProperties if parent.is_none() => maker.property(body).await?,
        EntitySet::HistoricalLocations => maker.past_place(parent_id(EntitySet::Things), body).await?,
        _ => return Err(Problem::new(Code::MethodNotAllowed, "create it in its own set, and link it")),
    };
    let plan = maker.plan;
    plan.carry_out(call).await?;
    Ok(id)
}

/// Gathers what a request makes.
pub(super) struct Maker<'c> {
    pub(super) call: &'c Call,
    pub(super) plan: Plan,
}

impl Maker<'_> {
    async fn thing(&mut self, body: &Map<String, Value>) -> Result<String, Problem> {
        known(body, &["name", "description", "properties", "Locations", "Datastreams"])?;
        let name = text(body, "name")?;
        let id = self.plan.id(body, &name)?;
        if find::<Value>(self.call, ASSET, &id).await?.is_some() {
            return Err(Problem::of(Code::Conflict, "@iot.id", format!("there is a Thing {id:?}")));
        }
        let locations = array(body, "Locations")?;
        let [location] = locations else {
            let why = "a Thing of the platform stands somewhere: give it one Location in the same request";
            return Err(Problem::of(Code::Invalid, "Locations", why));
        };
        let location = object("Locations[0]", location)?;
        let mut thing = Thing {
            asset: Asset {
                id: AssetId::new(&id).map_err(|e| Problem::of(Code::Invalid, "@iot.id", e.to_string()))?,
                name,
                class: CLASS.to_owned(),
                place: self.place_of(location).await?,
                agency: own_agency(self.call)?,
                observes: Vec::new(),
                view: None,
                attributes: std::collections::BTreeMap::new(),
            },
            version: 0,
            extra: ThingExtra::default(),
            extra_version: 0,
        };
        describe_thing(&mut thing, body)?;
        describe_location(&mut thing, location)?;
        for (at, datastream) in array(body, "Datastreams")?.iter().enumerate() {
            let part = format!("Datastreams[{at}]");
            self.datastream(&mut thing, object(&part, datastream)?).await?;
        }
        self.put_thing(&thing)?;
        Ok(id)
    }

    /// Adds an asset with what is said beside it.
    pub(super) fn put_thing(&mut self, thing: &Thing) -> Result<(), Problem> {
        let id = thing.asset.id.as_str();
        self.plan.document(STA_THING, id, Some(thing.asset.agency.clone()), &thing.extra, thing.extra_version)?;
        self.plan.assets.push((thing.asset.clone(), thing.version));
        Ok(())
    }

    /// The place of a Location given whole, or by the id of one that there is.
    async fn place_of(&self, location: &Map<String, Value>) -> Result<Geometry, Problem> {
        match (location.get("location"), linked(location)) {
            (Some(place), _) => {
                place::from_json(place).map_err(|why| Problem::of(Code::Invalid, "Locations.location", why))
            }
            (None, Some(id)) => Ok(self.read_thing(&id).await?.asset.place),
            (None, None) => {
                Err(Problem::of(Code::Invalid, "Locations.location", "the GeoJSON of the place is missing"))
            }
        }
    }

    /// An asset with what is said beside it, which the caller may change.
    pub(super) async fn read_thing(&self, id: &str) -> Result<Thing, Problem> {
        let thing = read_thing(self.call, id).await?;
        check_owner(self.call, Resource::Assets, Some(&thing.asset.agency))?;
        Ok(thing)
    }

    /// A Location is the place of a Thing: creating one moves it there.
    async fn location(&mut self, parent: Option<String>, body: &Map<String, Value>) -> Result<String, Problem> {
        known(body, &["name", "description", "encodingType", "location", "properties", "Things"])?;
        let things: Vec<String> = match parent {
            Some(id) => vec![id],
            None => array(body, "Things")?.iter().filter_map(|t| t.as_object().and_then(linked)).collect(),
        };
        let [id] = things.as_slice() else {
            let why = "a Location is the place of one Thing: name it, or post to Things('…')/Locations";
            return Err(Problem::of(Code::Invalid, "Things", why));
        };
        let mut thing = self.read_thing(id).await?;
        thing.asset.place = self.place_of(body).await?;
        describe_location(&mut thing, body)?;
        self.put_thing(&thing)?;
        Ok(id.clone())
    }

    async fn datastream_of(&mut self, parent: Option<String>, body: &Map<String, Value>) -> Result<String, Problem> {
        let linked_thing = body.get("Thing").and_then(Value::as_object).and_then(linked);
        let mut thing = match (parent.or(linked_thing), body.get("Thing")) {
            (Some(id), _) => self.read_thing(&id).await?,
            (None, Some(_)) => {
                return Err(Problem::of(
                    Code::Invalid,
                    "Thing",
                    "create the Thing with its Datastreams, or link it by its id",
                ));
            }
            (None, None) => return Err(Problem::of(Code::Invalid, "Thing", "a Datastream belongs to a Thing")),
        };
        let id = self.datastream(&mut thing, body).await?;
        self.put_thing(&thing)?;
        Ok(id)
    }

    /// Adds a Datastream to an asset: a kind that it observes from now on.
    async fn datastream(&mut self, thing: &mut Thing, body: &Map<String, Value>) -> Result<String, Problem> {
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
        let observed = body
            .get("ObservedProperty")
            .and_then(Value::as_object)
            .ok_or_else(|| Problem::of(Code::Invalid, "ObservedProperty", "a Datastream observes a property"))?;
        let unit = body.get("unitOfMeasurement").cloned().unwrap_or_default();
        let code = units::ucum(&unit).map_err(|why| Problem::of(Code::Invalid, "unitOfMeasurement", why))?;
        let kind = self.kind(observed, &code, value_type(body)).await?;
        if thing.asset.observes.contains(&kind) {
            let why = format!(
                "Thing {} has a Datastream of it, {}",
                thing.asset.id,
                ids::datastream(thing.asset.id.as_str(), kind.as_str())
            );
            return Err(Problem::of(Code::Conflict, "ObservedProperty", why));
        }
        let sensor = match body.get("Sensor").filter(|sensor| !sensor.is_null()) {
            None => None,
            Some(sensor) => Some(self.sensor(object("Sensor", sensor)?).await?),
        };
        let id = ids::datastream(thing.asset.id.as_str(), kind.as_str());
        let mut extra = DatastreamExtra { sensor, ..DatastreamExtra::default() };
        describe_datastream(&mut extra, body)?;
        thing.extra.datastreams.insert(kind.to_string(), extra);
        thing.asset.observes.push(kind);
        for (at, sent) in array(body, "Observations")?.iter().enumerate() {
            let read = observation::read(sent, Some(&id));
            let incoming =
                read.map_err(|r| Problem::of(Code::Invalid, format!("Observations[{at}].{}", r.path), r.message))?;
            let mut draft = deliver::with_feature(self, incoming).await?;
            // The asset may be made by the same request: its place is not known at the door yet.
            draft.place.get_or_insert_with(|| thing.asset.place.clone());
            self.plan.observations.push(draft);
        }
        Ok(id)
    }

    /// The kind of an ObservedProperty, with the unit of its first Datastream.
    async fn kind(&mut self, body: &Map<String, Value>, unit: &str, value_type: ValueType) -> Result<KindId, Problem> {
        let (id, described) = if let Some(id) = linked(body).filter(|_| !body.contains_key("name")) {
            let found = find::<PropertyDocument>(self.call, STA_PROPERTY, &id).await?;
            let described = found.map(|(document, _)| document);
            (id, described)
        } else {
            let described = describe_property(PropertyDocument::default(), body)?;
            let id = self.plan.id(body, &described.name)?;
            let version = find::<PropertyDocument>(self.call, STA_PROPERTY, &id).await?.map_or(0, |(_, v)| v);
            self.plan.document(STA_PROPERTY, &id, None, &described, version)?;
            (id, Some(described))
        };
        let kind = KindId::new(&id).map_err(|e| Problem::of(Code::Invalid, "ObservedProperty", e.to_string()))?;
        let catalogue = self.call.platform().intake().catalogue.get();
        let planned = self.plan.kinds.iter().find(|(planned, _)| planned.id == kind).map(|(planned, _)| planned);
        if let Some(known) = catalogue.kind(&id).or(planned) {
            if known.unit != unit || known.value_type != value_type {
                let why = format!(
                    "ObservedProperty {id} is measured in {:?} as {}, this in {unit:?} as {}; make another one",
                    known.unit,
                    known.value_type.as_str(),
                    value_type.as_str()
                );
                return Err(Problem::of(Code::Conflict, "unitOfMeasurement", why));
            }
            return Ok(kind);
        }
        let described =
            described.ok_or_else(|| Problem::of(Code::Invalid, "ObservedProperty", format!("there is none {id:?}")))?;
        let number = value_type == ValueType::Number;
        self.plan.kinds.push((
            ObservationKind {
                id: kind.clone(),
                name: described.name.clone(),
                quantity: if described.description.is_empty() { described.name } else { described.description },
                unit: if number { unit.to_owned() } else { String::new() },
                value_type,
                min: None,
                max: None,
                retention: RETENTION,
                personal: false,
                overload: Overload::Wait,
            },
            0,
        ));
        Ok(kind)
    }

    /// The Sensor that a Datastream names or brings along.
    pub(super) async fn sensor(&mut self, body: &Map<String, Value>) -> Result<String, Problem> {
        if let Some(id) = linked(body).filter(|_| !body.contains_key("name")) {
            let is_class = id.starts_with(super::entities::CLASS_SENSOR);
            if !is_class && find::<OwnDocument>(self.call, SENSOR, &id).await?.is_none() {
                return Err(Problem::of(Code::Invalid, "Sensor", format!("there is none {id:?}")));
            }
            return Ok(id);
        }
        self.own(SENSOR, "metadata", body)
    }

    /// A Sensor or a FeatureOfInterest.
    pub(super) fn own(
        &mut self,
        kind: vigiles_store::Kind,
        content: &str,
        body: &Map<String, Value>,
    ) -> Result<String, Problem> {
        known(body, &["name", "description", "encodingType", content, "properties"])?;
        let document = describe_own(OwnDocument::default(), content, body)?;
        let id = self.plan.id(body, &document.name)?;
        self.plan.document(kind, &id, Some(own_agency(self.call)?), &document, 0)?;
        Ok(id)
    }

    async fn property(&mut self, body: &Map<String, Value>) -> Result<String, Problem> {
        known(body, &["name", "definition", "description", "properties"])?;
        let document = describe_property(PropertyDocument::default(), body)?;
        let id = self.plan.id(body, &document.name)?;
        if find::<Value>(self.call, KIND, &id).await?.is_some() {
            return Err(Problem::of(Code::Conflict, "@iot.id", format!("there is an ObservedProperty {id:?}")));
        }
        self.plan.document(STA_PROPERTY, &id, None, &document, 0)?;
        Ok(id)
    }

    async fn past_place(&mut self, parent: Option<String>, body: &Map<String, Value>) -> Result<String, Problem> {
        known(body, &["time", "Thing", "Locations"])?;
        let thing = parent.or_else(|| body.get("Thing").and_then(Value::as_object).and_then(linked));
        let thing = thing.ok_or_else(|| Problem::of(Code::Invalid, "Thing", "whose place it was is missing"))?;
        let thing = self.read_thing(&thing).await?;
        let time = Time::parse(&text(body, "time")?).map_err(|why| Problem::of(Code::Invalid, "time", why))?.start();
        let [location] = array(body, "Locations")? else {
            return Err(Problem::of(Code::Invalid, "Locations", "one Location is expected"));
        };
        let place = self.place_of(object("Locations[0]", location)?).await?;
        let id = ids::past_place(thing.asset.id.as_str(), time);
        let past = AssetPlace { asset: thing.asset.id.to_string(), since: time, place };
        let write =
            super::documents::put(ASSET_PLACE, &id, Some(thing.asset.agency), &past, vigiles_store::Expect::Absent)?;
        let vigiles_store::Write::Put { document, expect } = write else {
            return Err(Problem::internal(&"not a document"));
        };
        let document = vigiles_store::Draft { time, place: Some(past.place.bounding_box()), ..document };
        self.plan.documents.push((ASSET_PLACE, vigiles_store::Write::Put { document, expect }));
        Ok(id)
    }
}

/// A stored document with its version, read for a change that is audited by itself.
pub(super) async fn find<T: serde::de::DeserializeOwned + Send + 'static>(
    call: &Call,
    kind: vigiles_store::Kind,
    id: &str,
) -> Result<Option<(T, u64)>, Problem> {
    let id = id.to_owned();
    call.blocking(move |api| {
        let found = api.platform.store().get(&READER, kind, &id)?;
        found.map(|document| Ok((stored(&document)?, document.version))).transpose()
    })
    .await
}

/// An asset with what is said beside it.
pub(super) async fn read_thing(call: &Call, id: &str) -> Result<Thing, Problem> {
    let owned = id.to_owned();
    let found = call
        .blocking(move |api| {
            let store = api.platform.store();
            let Some(asset) = store.get(&READER, ASSET, &owned)? else { return Ok(None) };
            Thing::new(&asset, store.get(&READER, STA_THING, &owned)?.as_ref()).map(Some)
        })
        .await?;
    found.ok_or_else(|| Problem::not_found("Thing", id))
}

/// The type of the results by the type of the observations.
fn value_type(body: &Map<String, Value>) -> ValueType {
    let named = body.get("observationType").and_then(Value::as_str).unwrap_or_default();
    match named.rsplit('/').next().unwrap_or_default() {
        "OM_TruthObservation" => ValueType::Boolean,
        "OM_Measurement" | "OM_CountObservation" | "" => ValueType::Number,
        _ => ValueType::Text,
    }
}

// ---- what is said of an entity, over what was said before

pub(super) fn describe_thing(thing: &mut Thing, body: &Map<String, Value>) -> Result<(), Problem> {
    if body.contains_key("name") {
        thing.asset.name = text(body, "name")?;
    }
    if let Some(description) = optional_text(body, "description")? {
        thing.asset.attributes.insert(DESCRIPTION.to_owned(), description);
    }
    if let Some(properties) = properties(body)? {
        thing.asset.attributes.retain(|name, _| name == DESCRIPTION);
        thing.extra.properties.clear();
        for (name, value) in properties {
            match value {
                Value::String(class) if name == "class" => thing.asset.class = class,
                Value::String(text) if name != DESCRIPTION => drop(thing.asset.attributes.insert(name, text)),
                other => drop(thing.extra.properties.insert(name, other)),
            }
        }
    }
    Ok(())
}

pub(super) fn describe_location(thing: &mut Thing, body: &Map<String, Value>) -> Result<(), Problem> {
    let location = &mut thing.extra.location;
    location.name = optional_text(body, "name")?.or(location.name.take());
    location.description = optional_text(body, "description")?.or(location.description.take());
    if let Some(properties) = properties(body)? {
        location.properties = properties;
    }
    Ok(())
}

pub(super) fn describe_datastream(extra: &mut DatastreamExtra, body: &Map<String, Value>) -> Result<(), Problem> {
    extra.name = optional_text(body, "name")?.or(extra.name.take());
    extra.description = optional_text(body, "description")?.or(extra.description.take());
    extra.observation_type = optional_text(body, "observationType")?.or(extra.observation_type.take());
    if let Some(unit) = body.get("unitOfMeasurement") {
        extra.unit_of_measurement = Some(unit.clone());
    }
    if let Some(properties) = properties(body)? {
        extra.properties = properties;
    }
    Ok(())
}

pub(super) fn describe_property(old: PropertyDocument, body: &Map<String, Value>) -> Result<PropertyDocument, Problem> {
    let name = if body.contains_key("name") || old.name.is_empty() { text(body, "name")? } else { old.name };
    Ok(PropertyDocument {
        name,
        definition: optional_text(body, "definition")?.unwrap_or(old.definition),
        description: optional_text(body, "description")?.unwrap_or(old.description),
        properties: properties(body)?.unwrap_or(old.properties),
    })
}

pub(super) fn describe_own(old: OwnDocument, content: &str, body: &Map<String, Value>) -> Result<OwnDocument, Problem> {
    let name = if body.contains_key("name") || old.name.is_empty() { text(body, "name")? } else { old.name };
    if let Some(feature) = body.get("feature") {
        place::from_json(feature).map_err(|why| Problem::of(Code::Invalid, "feature", why))?;
    } else if content == "feature" && old.content.is_null() {
        return Err(Problem::of(Code::Invalid, "feature", "the GeoJSON of the feature is missing"));
    }
    Ok(OwnDocument {
        name,
        description: optional_text(body, "description")?.unwrap_or(old.description),
        encoding: optional_text(body, "encodingType")?.unwrap_or(old.encoding),
        content: body.get(content).cloned().unwrap_or(old.content),
        properties: properties(body)?.unwrap_or(old.properties),
    })
}

// ---- fields of a body

pub(super) fn object<'v>(part: &str, value: &'v Value) -> Result<&'v Map<String, Value>, Problem> {
    value.as_object().ok_or_else(|| Problem::of(Code::Invalid, part, "a JSON object is expected"))
}

pub(super) fn known(body: &Map<String, Value>, names: &[&str]) -> Result<(), Problem> {
    match body.keys().find(|name| !names.contains(&name.as_str()) && !name.contains("@iot.") && *name != "id") {
        Some(name) => Err(Problem::of(Code::Invalid, name.as_str(), "there is no such property here")),
        None => Ok(()),
    }
}

pub(super) fn text(body: &Map<String, Value>, name: &str) -> Result<String, Problem> {
    match optional_text(body, name)? {
        Some(text) if !text.trim().is_empty() => Ok(text),
        _ => Err(Problem::of(Code::Invalid, name, "is missing or empty")),
    }
}

pub(super) fn optional_text(body: &Map<String, Value>, name: &str) -> Result<Option<String>, Problem> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Problem::of(Code::Invalid, name, "a text is expected")),
    }
}

fn properties(body: &Map<String, Value>) -> Result<Option<Map<String, Value>>, Problem> {
    match body.get("properties") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(Map::new())),
        Some(Value::Object(properties)) => Ok(Some(properties.clone())),
        Some(_) => Err(Problem::of(Code::Invalid, "properties", "a JSON object is expected")),
    }
}

fn array<'v>(body: &'v Map<String, Value>, name: &str) -> Result<&'v [Value], Problem> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(list)) => Ok(list),
        Some(Value::Object(_)) => Ok(std::slice::from_ref(&body[name])),
        Some(_) => Err(Problem::of(Code::Invalid, name, "an array is expected")),
    }
}

/// The id of a link such as `{"@iot.id": "a1"}`.
pub(super) fn linked(link: &Map<String, Value>) -> Option<String> {
    match link.get("@iot.id").or_else(|| link.get("id"))? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}
