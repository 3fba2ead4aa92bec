//! The platform's documents as entities.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use vigiles_formats::sensorthings::{Entity, EntitySet, ids, place};
use vigiles_model::kind::ValueType;
use vigiles_model::{Asset, Geometry, ObservationKind};
use vigiles_runtime::documents::{AssetPlace, Versioned};
use vigiles_store::Document;

use super::documents::{OwnDocument, PropertyDocument, ThingExtra};
use crate::call::stored;
use crate::problem::Problem;

/// The name under which a Thing's description stands among the asset's attributes.
pub(super) const DESCRIPTION: &str = "description";
/// The class of an asset that a client made without naming one.
pub(super) const CLASS: &str = "thing";
/// What begins the id of the Sensor that stands for a class of assets.
pub(super) const CLASS_SENSOR: &str = "class:";
const GEOJSON: &str = "application/geo+json";

/// An asset with what SensorThings says beside it.
#[derive(Debug, Clone)]
pub(super) struct Thing {
    pub(super) asset: Asset,
    pub(super) version: u64,
    pub(super) extra: ThingExtra,
    pub(super) extra_version: u64,
}

impl Thing {
    pub(super) fn new(asset: &Document, extra: Option<&Document>) -> Result<Self, Problem> {
        let Versioned { version, document } = stored::<Versioned<Asset>>(asset)?;
        let (extra, extra_version) = with_version(extra)?;
        Ok(Self { asset: document, version, extra, extra_version })
    }

    fn tag(&self) -> String {
        format!("{}-{}", self.version, self.extra_version)
    }

    fn entity(&self, set: EntitySet, id: String, properties: Value) -> Entity {
        Entity { set, id, properties: object(properties), tag: Some(self.tag()) }
    }

    pub(super) fn thing(&self) -> Entity {
        let asset = &self.asset;
        let mut properties = self.extra.properties.clone();
        let texts = asset.attributes.iter().filter(|(name, _)| *name != DESCRIPTION);
        properties.extend(texts.map(|(name, text)| (name.clone(), text.as_str().into())));
        if asset.class != CLASS {
            properties.insert("class".to_owned(), asset.class.as_str().into());
        }
        let description = asset.attributes.get(DESCRIPTION).unwrap_or(&asset.class);
        let body = json!({ "name": asset.name, "description": description, "properties": properties });
        self.entity(EntitySet::Things, asset.id.to_string(), body)
    }

    pub(super) fn location(&self) -> Entity {
        let extra = &self.extra.location;
        let body = json!({
            "name": extra.name.as_ref().unwrap_or(&self.asset.name),
            "description": extra.description.as_ref().unwrap_or(&self.asset.name),
            "encodingType": GEOJSON,
            "location": place::to_json(&self.asset.place),
            "properties": extra.properties,
        });
        self.entity(EntitySet::Locations, self.asset.id.to_string(), body)
    }

    /// The Datastream of a kind that the asset observes.
    pub(super) fn datastream(&self, kind: &ObservationKind) -> Option<Entity> {
        let asset = &self.asset;
        if !asset.observes.contains(&kind.id) {
            return None;
        }
        let extra = self.extra.datastreams.get(kind.id.as_str()).cloned().unwrap_or_default();
        let body = json!({
            "name": extra.name.unwrap_or_else(|| format!("{} at {}", kind.name, asset.name)),
            "description": extra.description.unwrap_or_else(|| kind.quantity.clone()),
            "observationType": extra.observation_type.unwrap_or_else(|| observation_type(kind.value_type).to_owned()),
            "unitOfMeasurement": extra.unit_of_measurement.unwrap_or_else(|| unit(kind)),
            "observedArea": place::to_json(&asset.place),
            "properties": extra.properties,
        });
        let id = ids::datastream(asset.id.as_str(), kind.id.as_str());
        Some(self.entity(EntitySet::Datastreams, id, body))
    }

    /// The Sensor of a Datastream: the one it names, else that of the asset's class.
    pub(super) fn sensor_of(&self, kind: &str) -> String {
        let named = self.extra.datastreams.get(kind).and_then(|extra| extra.sensor.clone());
        named.unwrap_or_else(|| class_sensor_id(&self.asset.class))
    }

    /// The feature that readings at the asset's place are of.
    pub(super) fn feature(&self) -> Entity {
        let name = &self.asset.name;
        feature(self.asset.id.to_string(), name, &self.asset.place)
    }
}

/// A feature that is a place and nothing else.
pub(super) fn feature(id: String, name: &str, at: &Geometry) -> Entity {
    let body = json!({
        "name": name,
        "description": "where it was observed",
        "encodingType": GEOJSON,
        "feature": place::to_json(at),
    });
    Entity { set: EntitySet::FeaturesOfInterest, id, properties: object(body), tag: None }
}

fn unit(kind: &ObservationKind) -> Value {
    if kind.unit.is_empty() {
        return json!({ "name": null, "symbol": null, "definition": null });
    }
    json!({ "name": kind.unit, "symbol": kind.unit, "definition": format!("ucum:{}", kind.unit) })
}

/// The observation type of a type of value.
pub(super) const fn observation_type(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Number => "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        ValueType::Boolean => "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_TruthObservation",
        ValueType::Text => "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Observation",
    }
}

/// A kind as an ObservedProperty.
pub(super) fn property(kind: &Document, extra: Option<&Document>) -> Result<Entity, Problem> {
    let Versioned { version, document: kind } = stored::<Versioned<ObservationKind>>(kind)?;
    let (extra, extra_version) = with_version::<PropertyDocument>(extra)?;
    let definition =
        if extra.definition.is_empty() { format!("urn:vigiles:kind:{}", kind.id) } else { extra.definition };
    let body = json!({
        "name": kind.name,
        "definition": definition,
        "description": kind.quantity,
        "properties": extra.properties,
    });
    let tag = Some(format!("{version}-{extra_version}"));
    Ok(Entity { set: EntitySet::ObservedProperties, id: kind.id.to_string(), properties: object(body), tag })
}

/// An ObservedProperty that no Datastream has given a unit yet.
pub(super) fn property_alone(document: &Document) -> Result<Entity, Problem> {
    let PropertyDocument { name, definition, description, properties } = stored(document)?;
    let body = json!({ "name": name, "definition": definition, "description": description, "properties": properties });
    let tag = Some(format!("0-{}", document.version));
    Ok(Entity { set: EntitySet::ObservedProperties, id: document.id.clone(), properties: object(body), tag })
}

/// A Sensor or a FeatureOfInterest that a client made.
pub(super) fn own(set: EntitySet, document: &Document) -> Result<Entity, Problem> {
    let OwnDocument { name, description, encoding, content, properties } = stored(document)?;
    let field = if set == EntitySet::Sensors { "metadata" } else { "feature" };
    let body = json!({
        "name": name, "description": description, "encodingType": encoding, field: content, "properties": properties,
    });
    Ok(Entity { set, id: document.id.clone(), properties: object(body), tag: Some(format!("0-{}", document.version)) })
}

pub(super) fn class_sensor_id(class: &str) -> String {
    format!("{CLASS_SENSOR}{}", ids::slug(class))
}

/// The Sensor that stands for a class of assets whose Datastreams name none.
pub(super) fn class_sensor(class: &str) -> Entity {
    let body = json!({
        "name": class,
        "description": format!("assets of the class {class}, whose configuration names no sensor"),
        "encodingType": "text/plain",
        "metadata": class,
    });
    Entity { set: EntitySet::Sensors, id: class_sensor_id(class), properties: object(body), tag: None }
}

/// Where an asset stood from a moment on.
pub(super) fn past_place(document: &Document) -> Result<Entity, Problem> {
    let past: AssetPlace = stored(document)?;
    let body = json!({ "time": past.since.to_string() });
    let tag = Some(format!("0-{}", document.version));
    Ok(Entity { set: EntitySet::HistoricalLocations, id: document.id.clone(), properties: object(body), tag })
}

/// The Location of an asset in the past.
pub(super) fn past_location(document: &Document) -> Result<Entity, Problem> {
    let past: AssetPlace = stored(document)?;
    let body = json!({
        "name": format!("{} from {}", past.asset, past.since),
        "description": "a place in the past",
        "encodingType": GEOJSON,
        "location": place::to_json(&past.place),
    });
    Ok(Entity { set: EntitySet::Locations, id: document.id.clone(), properties: object(body), tag: None })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn with_version<T: DeserializeOwned + Default>(document: Option<&Document>) -> Result<(T, u64), Problem> {
    document.map_or_else(|| Ok((T::default(), 0)), |document| Ok((stored(document)?, document.version)))
}
