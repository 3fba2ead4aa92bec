//! CSV (RFC 4180), for tables and spreadsheets.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use vigiles_model::{AssetId, Geometry, Observation, Position, Value};

use super::Rows;

/// The columns; new ones are only added at the end.
const HEADER: [&str; 15] = [
    "id",
    "kind",
    "source",
    "asset",
    "time",
    "arrived",
    "value",
    "value_type",
    "unit",
    "quality",
    "origin",
    "longitude",
    "latitude",
    "place",
    "attributes",
];

pub(super) struct Csv<W: Write> {
    to: csv::Writer<W>,
}

impl<W: Write> Csv<W> {
    pub(super) fn begin(to: W) -> io::Result<Self> {
        let mut to = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(to);
        to.write_record(HEADER)?;
        Ok(Self { to })
    }
}

impl<W: Write> Rows for Csv<W> {
    fn add(&mut self, o: &Observation, unit: &str) -> io::Result<()> {
        let (value, value_type) = match &o.value {
            // The shortest form that is the same number again.
            Value::Number(n) => (Cow::Owned(format!("{n:?}")), "number"),
            Value::Boolean(b) => (Cow::Borrowed(if *b { "true" } else { "false" }), "boolean"),
            Value::Text(text) => (harmless(text), "text"),
        };
        let (lon, lat) = match o.place {
            Some(Geometry::Point(Position { lon, lat })) => (lon.to_string(), lat.to_string()),
            _ => (String::new(), String::new()),
        };
        let attributes: BTreeMap<&str, &str> = o.attributes.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let attributes = if attributes.is_empty() { String::new() } else { serde_json::to_string(&attributes)? };
        let (time, arrived, id) = (o.time.to_string(), o.arrived.to_string(), o.id.to_string());
        let place = o.place.as_ref().map_or_else(String::new, well_known_text);
        let row: [&str; HEADER.len()] = [
            &id,
            &harmless(o.kind.as_str()),
            &harmless(o.source.as_str()),
            &harmless(o.asset.as_ref().map_or("", AssetId::as_str)),
            &time,
            &arrived,
            &value,
            value_type,
            &harmless(unit),
            &word(o.quality)?,
            &word(o.origin)?,
            &lon,
            &lat,
            &place,
            &attributes,
        ];
        Ok(self.to.write_record(row)?)
    }

    fn end(mut self: Box<Self>) -> io::Result<()> {
        self.to.flush()
    }
}

/// A text that a spreadsheet would take for a formula gets an apostrophe before it.
fn harmless(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A word of a closed list, as the API writes it.
fn word<T: serde::Serialize>(word: T) -> io::Result<String> {
    Ok(serde_json::to_value(word)?.as_str().unwrap_or_default().to_owned())
}

fn well_known_text(place: &Geometry) -> String {
    let line = |positions: &[Position]| {
        let mut text = String::from("(");
        for (i, p) in positions.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            // A String takes everything.
            let _written = write!(text, "{comma}{} {}", p.lon, p.lat);
        }
        text + ")"
    };
    match place {
        Geometry::Point(p) => format!("POINT {}", line(&[*p])),
        Geometry::Line(positions) => format!("LINESTRING {}", line(positions)),
        Geometry::Polygon(rings) => {
            format!("POLYGON ({})", rings.iter().map(|ring| line(ring)).collect::<Vec<_>>().join(", "))
        }
    }
}
