//! The configuration of a mapping. Its comments are its manual; see docs/mappings.md for examples.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vigiles_model::{Origin, Quality};

/// How the messages of a foreign source become observations.
///
/// A *field* names a place in a message: for JSON a pointer (RFC 6901) such as `/data/0/pm25`, for CSV the
/// name of a column. A *template* is a text with fields in braces, such as `station-{/id}`; `{topic}` is the
/// whole MQTT topic and `{topic.2}` its second level, counted from 1; `{{` and `}}` are braces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What a message is: `json` (one document), `ndjson` (one document a line) or `csv` (a header and rows).
    pub format: Format,
    /// CSV: the character between columns. A comma if not given.
    #[serde(default = "comma", skip_serializing_if = "is_comma")]
    pub delimiter: char,
    /// Numbers are written with a decimal comma, such as `2,6`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub decimal_comma: bool,
    /// JSON: pointer to an array whose elements are the records. The whole document is one record if not given
    /// (or each element, where the document is an array). Fields are then looked up in the record; a field
    /// that starts with `//` is looked up in the whole document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// Values that mean "no reading", such as `-200`, `NA` or the empty text: the reading is left out. Numbers
    /// are compared as numbers. An empty CSV cell and JSON null always mean "no reading".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What a record must have to be read at all, and what to tell its sender where it has not. At most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<Required>,
    /// When it was so. The time of arrival if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// Template of the asset's id. Characters that an id cannot have become `-`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// Template of the source's id, where one feed carries several sources. The feed's own id if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Where. The asset's place if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Further named texts: name and template. An attribute whose fields are missing is left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// `live`, `replayed` or `simulated`. `live` if not given.
    #[serde(default, skip_serializing_if = "is_default")]
    pub origin: Origin,
    /// The observations made from each record, at least one, at most 64.
    pub observations: Vec<Reading>,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One JSON document.
    Json,
    /// One JSON document a line.
    Ndjson,
    /// Comma-separated values with a header row (RFC 4180).
    Csv,
}

/// A field that a record must have, with a value; of JSON an object or an array will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Required {
    /// The field.
    pub field: String,
    /// How to mend it, as the error of a record without the field says it.
    pub otherwise: String,
}

/// How the time is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// Template of the time's text: `{/ts}`, or several columns as in `{Date} {Time}`.
    pub from: String,
    /// `rfc3339`, `epoch_s`, `epoch_ms`, or a strptime pattern such as `%d/%m/%Y %H.%M.%S`.
    #[serde(default = "rfc3339")]
    pub format: String,
    /// For patterns without an offset: `UTC`, an offset such as `+02:00`, or an IANA name such as `Europe/Rome`.
    /// `UTC` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// A point, in WGS 84 degrees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Field of the longitude.
    pub lon: String,
    /// Field of the latitude.
    pub lat: String,
}

/// One observation made from a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Template of the kind's id; mostly a plain `air.pm25`.
    pub kind: String,
    /// Field of the value. The reading is left out where the record does not have it.
    pub value: String,
    /// The type of the value: `number`, `boolean` or `text`. `number` if not given. Booleans may be written
    /// `true`, `false`, `1`, `0`, `on`, `off`, `yes`, `no`.
    #[serde(default, rename = "type", skip_serializing_if = "is_default")]
    pub value_type: ReadingType,
    /// UCUM code of the value's unit after `scale` and `offset`. The kind's unit if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The number is multiplied by this. 1 if not given.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub scale: f64,
    /// This is added after scaling. 0 if not given.
    #[serde(default, skip_serializing_if = "is_default")]
    pub offset: f64,
    /// Template of the asset's id for this reading alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// `good` or `doubtful`. `good` if not given.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quality: Quality,
}

/// The type of a mapped value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadingType {
    /// A number.
    #[default]
    Number,
    /// True or false.
    Boolean,
    /// A text.
    Text,
}

const fn comma() -> char {
    ','
}

const fn one() -> f64 {
    1.0
}

fn rfc3339() -> String {
    "rfc3339".to_owned()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_comma(c: &char) -> bool {
    *c == ','
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::float_cmp,
    reason = "serde hands a reference; the default is exact"
)]
fn is_one(n: &f64) -> bool {
    *n == 1.0
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
