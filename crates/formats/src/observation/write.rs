//! Observations as JSON for readers.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use vigiles_model::{Observation, Value};

use super::Draft;
use crate::geojson::PlaceRef;

/// An observation in its JSON form. What it writes can be read back by [`super::parse_one`].
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// The observation.
    pub observation: &'a Observation,
    /// The UCUM code of its kind; empty where it has none.
    pub unit: &'a str,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let o = self.observation;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &Text(&o.id))?;
        map.serialize_entry("kind", &o.kind)?;
        map.serialize_entry("source", &o.source)?;
        if let Some(asset) = &o.asset {
            map.serialize_entry("asset", asset)?;
        }
        map.serialize_entry("time", &Text(&o.time))?;
        map.serialize_entry("arrived", &Text(&o.arrived))?;
        if let Some(place) = &o.place {
            map.serialize_entry("place", &PlaceRef(place))?;
        }
        match &o.value {
            Value::Number(n) => map.serialize_entry("value", n)?,
            Value::Boolean(b) => map.serialize_entry("value", b)?,
            Value::Text(t) => map.serialize_entry("value", t)?,
        }
        if !self.unit.is_empty() {
            map.serialize_entry("unit", self.unit)?;
        }
        map.serialize_entry("quality", &o.quality)?;
        map.serialize_entry("origin", &o.origin)?;
        if !o.attributes.is_empty() {
            map.serialize_entry("attributes", &Attributes(&o.attributes))?;
        }
        map.end()
    }
}

struct Text<'a, T>(&'a T);

impl<T: std::fmt::Display> Serialize for Text<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

struct Attributes<'a>(&'a [(compact_str::CompactString, compact_str::CompactString)]);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, text)| (name, text)))
    }
}

impl Serialize for Draft {
    /// As [`super::parse_one`] reads it. A flaw is not written.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", &self.kind)?;
        match &self.value {
            Value::Number(n) => map.serialize_entry("value", n)?,
            Value::Boolean(b) => map.serialize_entry("value", b)?,
            Value::Text(t) => map.serialize_entry("value", t)?,
        }
        for (name, text) in [("unit", &self.unit), ("source", &self.source), ("asset", &self.asset)] {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
            }
        }
        if let Some(time) = &self.time {
            map.serialize_entry("time", &Text(time))?;
        }
        if let Some(place) = &self.place {
            map.serialize_entry("place", &PlaceRef(place))?;
        }
        map.serialize_entry("quality", &self.quality)?;
        map.serialize_entry("origin", &self.origin)?;
        if !self.attributes.is_empty() {
            map.serialize_entry("attributes", &Attributes(&self.attributes))?;
        }
        map.end()
    }
}

impl Draft {
    /// Appends the draft as a line of NDJSON. A value that is not finite becomes null, which no door takes.
    pub fn write_line(&self, line: &mut Vec<u8>) {
        let start = line.len();
        if serde_json::to_writer(&mut *line, self).is_err() {
            line.truncate(start);
            return;
        }
        line.push(b'\n');
    }
}
