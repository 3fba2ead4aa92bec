//! From a message to its records, and from a record to its drafts.

use compact_str::CompactString;
use serde_json::Value as Json;
use vigiles_model::{Geometry, Position, Value};

use super::record::{Body, Columns, Record};
use super::template::Template;
use super::{Compiled, Format, Mapping, ReadingType};
use crate::observation::{Draft, Rejection};

pub(super) fn drafts(mapping: &Mapping, topic: &str, payload: &[u8]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    match mapping.config.format {
        Format::Json => document(mapping, topic, payload, "", &mut drafts),
        Format::Ndjson => {
            let lines = payload.split(|b| *b == b'\n').enumerate();
            for (i, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
                document(mapping, topic, line, &format!("line {}: ", i + 1), &mut drafts);
            }
        }
        Format::Csv => table(mapping, topic, payload, &mut drafts),
    }
    drafts
}

fn document(mapping: &Mapping, topic: &str, payload: &[u8], at: &str, drafts: &mut Vec<Draft>) {
    let document: Json = match serde_json::from_slice(payload) {
        Ok(document) => document,
        Err(e) => return drafts.push(flaw(at, "message", format_args!("not JSON: {e}"))),
    };
    let json = |record| Record { topic, body: Body::Json { record, document: &document } };
    let found = match &mapping.config.records {
        Some(pointer) => document.pointer(pointer),
        None => Some(&document),
    };
    match (found, &mapping.config.records) {
        (Some(Json::Array(records)), _) => {
            for (i, record) in records.iter().enumerate() {
                mapping.record(&json(record), &format!("{at}record {i}: "), drafts);
            }
        }
        (Some(record), None) => mapping.record(&json(record), at, drafts),
        (_, pointer) => {
            let pointer = pointer.as_deref().unwrap_or_default();
            drafts.push(flaw(at, "records", format_args!("the message has no array at {pointer}")));
        }
    }
}

fn table(mapping: &Mapping, topic: &str, payload: &[u8], drafts: &mut Vec<Draft>) {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(mapping.config.delimiter as u8).flexible(true).from_reader(payload);
    let table = match reader.headers() {
        Ok(header) => Table::new(mapping, header),
        Err(e) => return drafts.push(flaw("line 1: ", "header", e)),
    };
    let mut row = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut row) {
            Ok(false) => return,
            Ok(true) => table.row(topic, &row, line, drafts),
            Err(e) => drafts.push(flaw(&format!("line {line}: "), "row", e)),
        }
    }
}

/// A mapping bound to the header of a CSV table, for reading it row by row.
pub struct Table<'m> {
    mapping: &'m Mapping,
    columns: Columns,
    width: usize,
}

impl<'m> Table<'m> {
    /// Binds to a header. A byte order mark and blanks around the names are dropped.
    pub fn new(mapping: &'m Mapping, header: &csv::StringRecord) -> Self {
        let clean = |name: &str| name.trim_start_matches('\u{feff}').trim().to_owned();
        let columns = header.iter().enumerate().map(|(i, name)| (clean(name), i)).collect();
        Self { mapping, columns, width: header.len() }
    }

    /// Appends the drafts of one row; `line` is where it stands, for errors. In a row with another number of fields than
    /// the header nobody knows which is which: a delimiter or a quote is missing, or one too many.
    pub fn row(&self, topic: &str, fields: &csv::StringRecord, line: u64, drafts: &mut Vec<Draft>) {
        if fields.len() != self.width {
            let message = format!("{} fields, the header has {}", fields.len(), self.width);
            return drafts.push(flaw(&format!("line {line}: "), "row", message));
        }
        let record = Record { topic, body: Body::Row { columns: &self.columns, fields } };
        self.mapping.record(&record, &format!("line {line}: "), drafts);
    }
}

impl Mapping {
    fn record(&self, record: &Record<'_>, at: &str, drafts: &mut Vec<Draft>) {
        if let Some(missing) = self.config.required.iter().find(|required| !record.has(&required.field)) {
            return drafts.push(flaw(at, &missing.field, format_args!("missing: {}", missing.otherwise)));
        }
        let before = drafts.len();
        let mut skipped = false;
        let common = match self.common(record) {
            Ok(common) => common,
            Err(rejection) => return drafts.push(flaw(at, &rejection.path, rejection.message)),
        };
        for reading in &self.readings {
            match self.reading(reading, record) {
                Ok(Outcome::Value(kind, value, asset)) => drafts.push(Draft {
                    kind,
                    value,
                    unit: reading.config.unit.as_deref().map(CompactString::from),
                    asset: asset.or_else(|| common.asset.clone()),
                    quality: reading.config.quality,
                    ..common.clone()
                }),
                Ok(Outcome::Missing) => skipped = true,
                Ok(Outcome::Absent) => {}
                Err(rejection) => drafts.push(flaw(at, &rejection.path, rejection.message)),
            }
        }
        if drafts.len() == before && !skipped {
            let fields: Vec<&str> = self.readings.iter().map(|r| r.config.value.as_str()).collect();
            drafts.push(flaw(
                at,
                "observations",
                format_args!("the record has none of the mapped fields: {}", fields.join(", ")),
            ));
        }
    }

    /// What all readings of a record share.
    fn common(&self, record: &Record<'_>) -> Result<Draft, Rejection> {
        let fill = |path: &str, template: &Template| template.fill(record).map_err(|e| Rejection::new(path, e));
        let mut draft = Draft::new("", Value::Boolean(false));
        if let Some((template, clock)) = &self.time {
            let text = fill("time", template)?;
            draft.time = Some(clock.read(text.trim()).map_err(|e| Rejection::new("time", e))?);
        }
        draft.asset = self.asset.as_ref().map(|t| fill("asset", t)).transpose()?.map(|t| id_text(&t));
        draft.source = self.source.as_ref().map(|t| fill("source", t)).transpose()?.map(|t| id_text(&t));
        draft.place = self.place(record)?;
        draft.origin = self.config.origin;
        for (name, template) in &self.attributes {
            if let Ok(text) = template.fill(record) {
                draft.attributes.push((name.into(), text.into()));
            }
        }
        Ok(draft)
    }

    fn place(&self, record: &Record<'_>) -> Result<Option<Geometry>, Rejection> {
        let Some(place) = &self.config.place else {
            return Ok(None);
        };
        let degrees = |path: &str, field: &str| match record.text(field) {
            Ok(None) => Ok(None),
            Ok(Some(text)) => self.number(&text).map(Some).map_err(|e| Rejection::new(path, e)),
            Err(e) => Err(Rejection::new(path, e)),
        };
        match (degrees("place.lon", &place.lon)?, degrees("place.lat", &place.lat)?) {
            (Some(lon), Some(lat)) => {
                Position::new(lon, lat).map(|p| Some(Geometry::Point(p))).map_err(|e| Rejection::new("place", e))
            }
            _ => Ok(None),
        }
    }

    fn reading(&self, reading: &Compiled, record: &Record<'_>) -> Result<Outcome, Rejection> {
        let config = &reading.config;
        let at = |e: String| Rejection::new(&config.value, e);
        let Some(text) = record.text(&config.value).map_err(at)? else {
            return Ok(if record.names(&config.value) { Outcome::Missing } else { Outcome::Absent });
        };
        if self.is_missing(&text) {
            return Ok(Outcome::Missing);
        }
        let value = match config.value_type {
            ReadingType::Number => {
                let number = self.number(&text).map_err(at)?;
                Value::Number(number * config.scale + config.offset)
            }
            ReadingType::Boolean => Value::Boolean(boolean(&text).map_err(at)?),
            ReadingType::Text => Value::Text(CompactString::from(text.as_ref())),
        };
        let kind = reading.kind.fill(record).map_err(|e| Rejection::new("kind", e))?;
        let asset =
            reading.asset.as_ref().map(|t| t.fill(record)).transpose().map_err(|e| Rejection::new("asset", e))?;
        Ok(Outcome::Value(id_text(&kind), value, asset.map(|t| id_text(&t))))
    }

    fn is_missing(&self, text: &str) -> bool {
        let number = || self.number(text).ok();
        self.config.missing.iter().any(|marker| {
            marker == text.trim()
                || self.number(marker).is_ok_and(|m| number().is_some_and(|n| n.total_cmp(&m).is_eq()))
        })
    }

    fn number(&self, text: &str) -> Result<f64, String> {
        let trimmed = text.trim();
        let parsed = if self.config.decimal_comma { trimmed.replace(',', ".").parse() } else { trimmed.parse() };
        parsed.map_err(|_| format!("{} is not a number", shown(text)))
    }
}

/// What a reading's field held.
enum Outcome {
    Value(CompactString, Value, Option<CompactString>),
    /// There, but marked as no reading.
    Missing,
    /// Not in this record.
    Absent,
}

fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Ok(true),
        "false" | "0" | "off" | "no" => Ok(false),
        _ => Err(format!("{} is neither true nor false", shown(text))),
    }
}

fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(64).collect::<String>())
}

/// An id from foreign text: what an id cannot have becomes `-`.
fn id_text(text: &str) -> CompactString {
    let keep = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '~' | '@' | '-');
    text.trim().chars().map(|c| if keep(c) { c } else { '-' }).collect()
}

fn flaw(at: &str, field: &str, message: impl std::fmt::Display) -> Draft {
    Draft::flawed(Rejection::new(format!("{at}{field}"), message))
}
