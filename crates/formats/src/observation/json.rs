//! The JSON form of observations: the one read from the bytes straight into a [`Draft`], and written.

use std::cell::Cell;
use std::fmt;

use compact_str::CompactString;
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use vigiles_model::{Origin, Quality, Timestamp, Value};

use super::{Draft, Rejection};
use crate::geojson::Place;

/// Reads one observation. What cannot be read becomes a draft with a flaw that names the field.
pub fn parse_one(bytes: &[u8]) -> Draft {
    let field = Cell::new("");
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = DraftSeed { field: &field }.deserialize(&mut json).and_then(|draft| json.end().map(|()| draft));
    read.unwrap_or_else(|e| Draft::flawed(rejection(field.get(), &e, bytes)))
}

/// Reads one observation that was already read as JSON.
pub(crate) fn from_value(value: serde_json::Value) -> Draft {
    let field = Cell::new("");
    let read = DraftSeed { field: &field }.deserialize(value);
    read.unwrap_or_else(|e| Draft::flawed(rejection(field.get(), &e, b"")))
}

/// Reads `application/json`: one observation or an array of them. An error means that the bytes are not
/// JSON at all; an observation that is JSON but cannot be read becomes a draft with a flaw.
pub fn parse(bytes: &[u8]) -> Result<Vec<Draft>, Rejection> {
    if bytes.trim_ascii_start().first() != Some(&b'[') {
        let draft = parse_one(bytes);
        return match draft.flaw {
            Some(flaw) if serde_json::from_slice::<IgnoredAny>(bytes).is_err() => Err(*flaw),
            _ => Ok(vec![draft]),
        };
    }
    let (field, index) = (Cell::new(""), Cell::new(0));
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let array = ArraySeed { field: &field, index: &index }.deserialize(&mut json);
    match array.and_then(|drafts| json.end().map(|()| drafts)) {
        Ok(drafts) => Ok(drafts),
        Err(e) if e.is_data() => parse_each(bytes),
        Err(e) if field.get().is_empty() => Err(rejection("body", &e, bytes)),
        Err(e) => Err(rejection(&format!("[{}].{}", index.get(), field.get()), &e, bytes)),
    }
}

/// The slow way, when an element of the array cannot be read: the others still can.
fn parse_each(bytes: &[u8]) -> Result<Vec<Draft>, Rejection> {
    let values: Vec<serde_json::Value> = serde_json::from_slice(bytes).map_err(|e| rejection("body", &e, bytes))?;
    Ok(values.into_iter().map(from_value).collect())
}

fn rejection(field: &str, error: &serde_json::Error, bytes: &[u8]) -> Rejection {
    let field = if field.is_empty() { "body" } else { field };
    if error.is_syntax() && is_no_number(bytes, error) {
        return Rejection::new(
            field,
            format_args!("{error}: JSON has no NaN and no Infinity; leave a missing reading out"),
        );
    }
    Rejection::new(field, error)
}

/// Whether a reader stopped at what other languages write for a number that is none.
fn is_no_number(bytes: &[u8], error: &serde_json::Error) -> bool {
    let line = bytes.split(|b| *b == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    // The column is that of the first byte that does not fit, which for -Infinity is the second.
    let rest = line.get(error.column().saturating_sub(1)..).unwrap_or_default();
    [&b"NaN"[..], b"nan", b"Infinity", b"inf"].iter().any(|word| rest.starts_with(word))
}

struct ArraySeed<'a> {
    field: &'a Cell<&'static str>,
    index: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for ArraySeed<'_> {
    type Value = Vec<Draft>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Draft>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ArraySeed<'_> {
    type Value = Vec<Draft>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of observations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Draft>, A::Error> {
        let mut drafts = Vec::new();
        while let Some(draft) = seq.next_element_seed(DraftSeed { field: self.field })? {
            drafts.push(draft);
            self.index.set(drafts.len());
        }
        Ok(drafts)
    }
}

/// Reads a draft, keeping the name of the field under way for the error.
struct DraftSeed<'a> {
    field: &'a Cell<&'static str>,
}

impl<'de> DeserializeSeed<'de> for DraftSeed<'_> {
    type Value = Draft;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Draft, D::Error> {
        self.field.set("");
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for DraftSeed<'_> {
    type Value = Draft;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an observation, such as {\"kind\":\"air.pm25\",\"asset\":\"station-7\",\"value\":12.5}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Draft, A::Error> {
        let mut draft = Draft::new("", Value::Boolean(false));
        let mut value = None;
        while let Some(Key(name)) = map.next_key()? {
            self.field.set(name);
            match name {
                "kind" => draft.kind = map.next_value()?,
                "value" => value = Some(map.next_value::<Reading>()?.0),
                "unit" => draft.unit = map.next_value()?,
                "source" => draft.source = map.next_value()?,
                "asset" => draft.asset = map.next_value()?,
                "time" => draft.time = map.next_value::<Option<Time>>()?.map(|t| t.0),
                "place" => draft.place = map.next_value::<Option<Place>>()?.map(|p| p.0),
                "quality" => draft.quality = map.next_value::<Option<Quality>>()?.unwrap_or_default(),
                "origin" => draft.origin = map.next_value::<Option<Origin>>()?.unwrap_or_default(),
                "attributes" => draft.attributes = map.next_value::<Attributes>()?.0,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
            self.field.set("");
        }
        self.field.set("value");
        draft.value = value.ok_or_else(|| de::Error::missing_field("value"))?;
        self.field.set("");
        Ok(draft)
    }
}

/// The fields of an observation. `id` and `arrived` are what the platform adds: an observation read from it
/// can be sent again, but its answer is computed anew.
const FIELDS: &[&str] =
    &["kind", "value", "unit", "source", "asset", "time", "place", "quality", "origin", "attributes", "id", "arrived"];

struct Key(&'static str);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field of an observation")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Key, E> {
                match FIELDS.iter().find(|field| **field == name) {
                    Some(field) => Ok(Key(field)),
                    None => Err(E::unknown_field(name.get(..64).unwrap_or(name), FIELDS)),
                }
            }
        }
        deserializer.deserialize_identifier(KeyVisitor)
    }
}

struct Reading(Value);

impl<'de> Deserialize<'de> for Reading {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ReadingVisitor;
        impl Visitor<'_> for ReadingVisitor {
            type Value = Reading;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, true, false or a text")
            }
            fn visit_f64<E>(self, n: f64) -> Result<Reading, E> {
                Ok(Reading(Value::Number(n)))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Reading, E> {
                Ok(Reading(Value::Number(n as f64)))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Reading, E> {
                Ok(Reading(Value::Number(n as f64)))
            }
            fn visit_bool<E>(self, b: bool) -> Result<Reading, E> {
                Ok(Reading(Value::Boolean(b)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Reading, E> {
                Ok(Reading(Value::Text(CompactString::from(text))))
            }
        }
        deserializer.deserialize_any(ReadingVisitor)
    }
}

struct Time(Timestamp);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimeVisitor;
        impl Visitor<'_> for TimeVisitor {
            type Value = Time;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time such as 2026-11-22T03:00:00Z")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
                text.parse().map(Time).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(TimeVisitor)
    }
}

struct Attributes(Vec<(CompactString, CompactString)>);

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AttributesVisitor;
        impl<'de> Visitor<'de> for AttributesVisitor {
            type Value = Attributes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
                let mut list = Vec::new();
                while let Some((name, Reading(value))) = map.next_entry::<CompactString, Reading>()? {
                    let text = match value {
                        Value::Text(text) => text,
                        Value::Number(n) => n.to_string().into(),
                        Value::Boolean(b) => if b { "true" } else { "false" }.into(),
                    };
                    list.push((name, text));
                }
                Ok(Attributes(list))
            }
            fn visit_unit<E>(self) -> Result<Attributes, E> {
                Ok(Attributes(Vec::new()))
            }
        }
        deserializer.deserialize_any(AttributesVisitor)
    }
}
