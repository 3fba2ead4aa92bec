//! Observations of the standard, from and to those of the platform.
//!
//! What the platform's Observation has no field for is kept in attributes whose names begin with `sensorthings.`; texts in
//! `parameters` are attributes under their own names.

use compact_str::CompactString;
use serde_json::{Map, Value, json};
use vigiles_model::{AssetId, Geometry, KindId, Observation, Quality, Value as Reading};

use super::entity::{Entity, EntitySet};
use super::ids;
use super::time::Time;
use crate::observation::{Draft, Rejection};

const RESERVED: &str = "sensorthings.";
/// Attributes that hold a field of the standard: the field, and whether its text is JSON.
const KEPT: [(&str, &str, bool); 5] = [
    ("phenomenonTime", "sensorthings.phenomenon_time", false),
    ("resultTime", "sensorthings.result_time", false),
    ("validTime", "sensorthings.valid_time", false),
    ("resultQuality", "sensorthings.result_quality", true),
    ("parameters", "sensorthings.parameters", true),
];
/// The attribute that names the FeatureOfInterest.
pub const FEATURE: &str = "sensorthings.feature";

/// An Observation as it was sent, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// The draft; its asset and kind are those of the Datastream, where it was named.
    pub draft: Draft,
    /// Id of the Datastream, where the Observation names one.
    pub datastream: Option<String>,
    /// The FeatureOfInterest, by its id or whole.
    pub feature: Option<Value>,
}

/// Reads one Observation. `datastream` is the one that the path names.
pub fn read(value: &Value, datastream: Option<&str>) -> Result<Incoming, Rejection> {
    let object = value.as_object().ok_or_else(|| Rejection::new("body", "an Observation is a JSON object"))?;
    let result = object.get("result").ok_or_else(|| Rejection::new("result", "an Observation needs a result"))?;
    let mut draft = Draft::new("", reading(result)?);
    let inside = object.get("Datastream").map(linked).transpose()?;
    let named = match (datastream, inside) {
        (Some(path), Some(inside)) if path != inside => {
            return Err(Rejection::new("Datastream", format_args!("{inside:?} is not that of the path, {path:?}")));
        }
        (Some(path), _) => Some(path.to_owned()),
        (None, inside) => inside,
    };
    if let Some(id) = &named {
        let (asset, kind) = of(id)?;
        draft.asset = Some(asset.as_str().into());
        draft.kind = kind.as_str().into();
    }
    for (field, attribute, _) in KEPT {
        match object.get(field) {
            None | Some(Value::Null) => {}
            Some(value) => keep(&mut draft, field, attribute, value)?,
        }
    }
    let known = |name: &str| KEPT.iter().any(|row| row.0 == name) || name.starts_with("@iot.");
    let unknown = object.keys().find(|name| {
        !known(name)
            && !matches!(name.as_str(), "result" | "Datastream" | "FeatureOfInterest")
            && !name.contains("@iot.")
    });
    if let Some(name) = unknown {
        return Err(Rejection::new(name.as_str(), "an Observation has no such property"));
    }
    Ok(Incoming {
        draft,
        datastream: named,
        feature: object.get("FeatureOfInterest").filter(|f| !f.is_null()).cloned(),
    })
}

/// The asset and the kind of a Datastream.
fn of(id: &str) -> Result<(AssetId, KindId), Rejection> {
    ids::of_datastream(id).ok_or_else(|| {
        Rejection::new(
            "Datastream",
            format_args!("there is no Datastream {:?}", id.chars().take(80).collect::<String>()),
        )
    })
}

/// The id of a link such as `{"@iot.id": "a1"}`.
fn linked(value: &Value) -> Result<String, Rejection> {
    let id = &value["@iot.id"];
    match id {
        Value::String(id) => Ok(id.clone()),
        Value::Number(id) => Ok(id.to_string()),
        _ => Err(Rejection::new(
            "Datastream",
            "an Observation names its Datastream, such as {\"@iot.id\": \"a1,air.pm25\"}",
        )),
    }
}

fn reading(result: &Value) -> Result<Reading, Rejection> {
    match result {
        Value::Number(n) => Ok(Reading::Number(n.as_f64().unwrap_or(f64::NAN))),
        Value::Bool(b) => Ok(Reading::Boolean(*b)),
        Value::String(text) => Ok(Reading::Text(text.into())),
        _ => Err(Rejection::new("result", "a number, true, false or a text is taken")),
    }
}

fn keep(draft: &mut Draft, field: &'static str, attribute: &'static str, value: &Value) -> Result<(), Rejection> {
    match (field, value) {
        ("phenomenonTime", value) => {
            let time = time(field, value)?;
            draft.time = Some(time.start());
            if matches!(time, Time::Interval(..)) {
                put(draft, attribute, &time.to_string());
            }
        }
        ("resultTime" | "validTime", value) => put(draft, attribute, &time(field, value)?.to_string()),
        ("resultQuality", Value::String(word)) if word == "good" => {}
        ("resultQuality", Value::String(word)) if word == "doubtful" => draft.quality = Quality::Doubtful,
        ("parameters", Value::Object(parameters)) => {
            let mut others = Map::new();
            for (name, value) in parameters {
                match value {
                    Value::String(text) if !name.starts_with(RESERVED) && !name.is_empty() => put(draft, name, text),
                    other => drop(others.insert(name.clone(), other.clone())),
                }
            }
            if !others.is_empty() {
                put(draft, attribute, &Value::Object(others).to_string());
            }
        }
        ("parameters", _) => return Err(Rejection::new(field, "parameters are an object")),
        (_, value) => put(draft, attribute, &value.to_string()),
    }
    Ok(())
}

fn time(field: &'static str, value: &Value) -> Result<Time, Rejection> {
    let text = value.as_str().ok_or_else(|| Rejection::new(field, "a time is a text"))?;
    Time::parse(text).map_err(|why| Rejection::new(field, why))
}

fn put(draft: &mut Draft, name: &str, text: &str) {
    draft.attributes.push((CompactString::from(name), CompactString::from(text)));
}

/// The Observation as an entity.
pub fn entity(o: &Observation) -> Entity {
    let mut properties = Map::new();
    properties.insert("phenomenonTime".to_owned(), o.time.to_string().into());
    let result = match &o.value {
        Reading::Number(n) => json!(n),
        Reading::Boolean(b) => json!(b),
        Reading::Text(text) => json!(text.as_str()),
    };
    properties.insert("result".to_owned(), result);
    properties.insert("resultTime".to_owned(), Value::Null);
    if o.quality != Quality::Good {
        let word = if o.quality == Quality::Doubtful { "doubtful" } else { "implausible" };
        properties.insert("resultQuality".to_owned(), word.into());
    }
    let mut parameters = Map::new();
    for (name, text) in &o.attributes {
        match KEPT.iter().find(|row| row.1 == name) {
            Some(("parameters", ..)) => {
                if let Ok(Value::Object(others)) = serde_json::from_str(text) {
                    parameters.extend(others);
                }
            }
            Some((field, _, is_json)) => {
                let plain = || Value::String(text.to_string());
                let value = if *is_json { serde_json::from_str(text).unwrap_or_else(|_| plain()) } else { plain() };
                properties.insert((*field).to_owned(), value);
            }
            None if name.starts_with(RESERVED) => {}
            None => drop(parameters.insert(name.to_string(), text.as_str().into())),
        }
    }
    if !parameters.is_empty() {
        properties.insert("parameters".to_owned(), Value::Object(parameters));
    }
    Entity { set: EntitySet::Observations, id: ids::observation(o.time, o.id), properties, tag: None }
}

/// The Datastream of an Observation; none where it belongs to no asset.
pub fn datastream_of(o: &Observation) -> Option<String> {
    o.asset.as_ref().map(|asset| ids::datastream(asset.as_str(), o.kind.as_str()))
}

/// The FeatureOfInterest of an Observation: the one it names; else its asset where it was made at the asset's place; else
/// the point where it was made, `'24.94,60.17'`.
pub fn feature_of(o: &Observation, asset_place: Option<&Geometry>) -> Option<String> {
    if let Some(id) = o.attribute(FEATURE) {
        return Some(id.to_owned());
    }
    match &o.place {
        Some(Geometry::Point(p)) if o.place.as_ref() != asset_place => Some(format!("{},{}", p.lon, p.lat)),
        _ => o.asset.as_ref().map(ToString::to_string),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(sent: &Value) -> Value {
        let incoming = read(sent, Some("a1,air.pm25")).unwrap();
        let draft = incoming.draft;
        let observation = Observation {
            id: vigiles_model::ObservationId(0xab),
            kind: KindId::try_from(draft.kind).unwrap(),
            source: vigiles_model::SourceId::new("s").unwrap(),
            asset: draft.asset.map(|a| AssetId::try_from(a).unwrap()),
            time: draft.time.unwrap_or_default(),
            arrived: vigiles_model::Timestamp(0),
            place: draft.place,
            value: draft.value,
            quality: draft.quality,
            origin: draft.origin,
            attributes: draft.attributes,
        };
        assert_eq!(datastream_of(&observation).as_deref(), Some("a1,air.pm25"));
        Value::Object(entity(&observation).properties)
    }

    #[test]
    fn what_is_sent_is_given_back() {
        let full = json!({
            "phenomenonTime": "2026-11-23T03:00:00Z/2026-11-23T04:00:00Z", "result": 12.5,
            "resultTime": "2026-11-23T04:00:01Z", "resultQuality": {"flag": [1, 2]},
            "validTime": "2026-11-23T03:00:00Z/2026-11-24T03:00:00Z",
            "parameters": {"height": 2, "side": "north"},
        });
        assert_eq!(back(&full), full);
        let small = json!({"phenomenonTime": "2026-11-23T03:00:00Z", "result": "wet", "resultTime": null, "resultQuality": "doubtful"});
        assert_eq!(back(&small), small);
    }

    fn check(sent: &Value, expected: &str) {
        let refused = read(sent, None).expect_err("refused").to_string();
        assert!(refused.starts_with(expected), "{sent}: {refused}");
    }

    #[test]
    fn faults_name_the_field() {
        check(&json!(3), "body:");
        check(&json!({}), "result: an Observation needs");
        check(&json!({"result": {"a": 1}}), "result: a number");
        check(&json!({"result": 1, "phenomenonTime": "soon"}), "phenomenonTime: not an RFC 3339");
        check(&json!({"result": 1, "validTime": 7}), "validTime: a time is a text");
        check(&json!({"result": 1, "Datastream": {}}), "Datastream: an Observation names");
        check(&json!({"result": 1, "Datastream": {"@iot.id": "a1"}}), "Datastream: there is no Datastream");
        check(&json!({"result": 1, "resutTime": "x"}), "resutTime: an Observation has no such property");
        check(&json!({"result": 1, "parameters": []}), "parameters: parameters are an object");
        assert!(read(&json!({"result": 1, "Datastream": {"@iot.id": "a,b"}}), Some("a,c")).is_err());
    }
}
