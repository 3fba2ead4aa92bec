//! The MQTT extension: Observations are published and followed on the paths of the API (OGC 18-088, 14).

use serde_json::Value;
use vigiles_model::Observation;

use super::entity::EntitySet;
use super::observation;
use super::path::{ResourcePath, Tail};
use crate::observation::{Draft, Rejection};

/// What the topics begin with.
pub const ROOT: &str = "v1.1";

/// Whether a topic or filter is one of this API.
pub fn is_topic(topic: &str) -> bool {
    topic.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where Observations are published: `v1.1/Observations`, or `v1.1/Datastreams('a1,air.pm25')/Observations`; gives the
/// Datastream that the topic names. None where nothing may be published.
pub fn target(topic: &str) -> Option<Option<String>> {
    let path = ResourcePath::parse(topic.strip_prefix(ROOT)?.strip_prefix('/')?).ok()?;
    if path.tail != Tail::Entity || path.last().set != EntitySet::Observations || !path.is_collection() {
        return None;
    }
    match path.steps.as_slice() {
        [_] => Some(None),
        [datastream, _] if datastream.set == EntitySet::Datastreams => Some(datastream.id.clone()),
        _ => None,
    }
}

/// The draft of a message that was published.
pub fn draft(datastream: Option<&str>, payload: &[u8]) -> Draft {
    let read = || {
        let value: Value = serde_json::from_slice(payload).map_err(|e| Rejection::new("payload", e))?;
        let incoming = observation::read(&value, datastream)?;
        if incoming.datastream.is_none() {
            return Err(Rejection::new("Datastream", "an Observation names its Datastream"));
        }
        let mut draft = incoming.draft;
        match incoming.feature.as_ref().map(|feature| feature["@iot.id"].as_str()) {
            None => {}
            Some(Some(id)) => draft.attributes.push((observation::FEATURE.into(), id.into())),
            Some(None) => {
                return Err(Rejection::new(
                    "FeatureOfInterest",
                    "by MQTT it is named by its id; make it over HTTP first",
                ));
            }
        }
        Ok(draft)
    };
    read().unwrap_or_else(Draft::flawed)
}

/// The topics on which an Observation is told; none where it is of no Datastream.
pub fn topics(o: &Observation) -> Vec<String> {
    let Some(datastream) = observation::datastream_of(o) else { return Vec::new() };
    vec![
        format!("{ROOT}/Observations"),
        format!("{ROOT}/Datastreams({})/Observations", super::ids::quoted(&datastream)),
    ]
}

/// What is told of an Observation.
pub fn payload(o: &Observation) -> String {
    let entity = observation::entity(o);
    let mut object = serde_json::Map::new();
    object.insert("@iot.id".to_owned(), entity.id.into());
    if let Some(datastream) = observation::datastream_of(o) {
        object.insert("Datastream".to_owned(), serde_json::json!({ "@iot.id": datastream }));
    }
    object.extend(entity.properties);
    Value::Object(object).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_to_publish_to() {
        for (topic, expected) in [
            ("v1.1/Observations", Some(None)),
            ("v1.1/Datastreams('a1,air.pm25')/Observations", Some(Some("a1,air.pm25".to_owned()))),
            ("v1.1/Datastreams('a1,air.pm25')", None),
            ("v1.1/FeaturesOfInterest('a1')/Observations", None),
            ("v1.1/Observations('x')", None),
            ("v1.1/Things", None),
            ("v1.0/Observations", None),
        ] {
            assert_eq!(target(topic), expected, "{topic}");
        }
    }

    #[test]
    fn what_is_published_becomes_a_draft() {
        let draft = |payload: &str| draft(Some("a1,air.pm25"), payload.as_bytes());
        assert_eq!((draft(r#"{"result":3}"#).kind.as_str(), draft(r#"{"result":3}"#).flaw), ("air.pm25", None));
        assert!(draft("{").flaw.is_some());
        assert!(draft(r#"{"result":3,"FeatureOfInterest":{"name":"x"}}"#).flaw.is_some());
        assert!(super::draft(None, br#"{"result":3}"#).flaw.is_some());
    }
}
