//! A feature collection of GeoJSON (RFC 7946).

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Serialize, Serializer};
use vigiles_formats::geojson::PlaceRef;
use vigiles_model::{Geometry, Observation, Origin, Position, Quality, Timestamp, Value};

use super::Rows;

pub(super) struct GeoJson<W> {
    to: W,
    is_empty: bool,
}

#[derive(Serialize)]
struct Feature<'a> {
    #[serde(rename = "type")]
    type_: &'static str,
    #[serde(serialize_with = "text")]
    id: &'a vigiles_model::ObservationId,
    /// Null where the observation has no place, as the standard has it.
    geometry: Option<PlaceRef<'a>>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Properties<'a> {
    kind: &'a str,
    source: &'a str,
    asset: Option<&'a str>,
    #[serde(serialize_with = "text")]
    time: Timestamp,
    #[serde(serialize_with = "text")]
    arrived: Timestamp,
    value: Reading<'a>,
    unit: &'a str,
    quality: Quality,
    origin: Origin,
    attributes: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Reading<'a> {
    Number(f64),
    Boolean(bool),
    Text(&'a str),
}

impl<W: Write> GeoJson<W> {
    pub(super) fn begin(mut to: W) -> io::Result<Self> {
        to.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
        Ok(Self { to, is_empty: true })
    }
}

impl<W: Write> Rows for GeoJson<W> {
    fn add(&mut self, o: &Observation, unit: &str) -> io::Result<()> {
        let place = o.place.as_ref().map(right_handed);
        let feature = Feature {
            type_: "Feature",
            id: &o.id,
            geometry: place.as_ref().map(|place| PlaceRef(place)),
            properties: Properties {
                kind: o.kind.as_str(),
                source: o.source.as_str(),
                asset: o.asset.as_ref().map(vigiles_model::AssetId::as_str),
                time: o.time,
                arrived: o.arrived,
                value: match &o.value {
                    Value::Number(n) => Reading::Number(*n),
                    Value::Boolean(b) => Reading::Boolean(*b),
                    Value::Text(text) => Reading::Text(text),
                },
                unit,
                quality: o.quality,
                origin: o.origin,
                attributes: o.attributes.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect(),
            },
        };
        self.to.write_all(if std::mem::take(&mut self.is_empty) { b"\n" } else { b",\n" })?;
        Ok(serde_json::to_writer(&mut self.to, &feature)?)
    }

    fn end(mut self: Box<Self>) -> io::Result<()> {
        self.to.write_all(b"\n]}\n")?;
        self.to.flush()
    }
}

fn text<T: std::fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// The outer ring counterclockwise, holes clockwise: the platform keeps rings as they came, the standard wants them so.
fn right_handed(place: &Geometry) -> std::borrow::Cow<'_, Geometry> {
    let Geometry::Polygon(rings) = place else { return std::borrow::Cow::Borrowed(place) };
    let turned = |(i, ring): (usize, &Vec<Position>)| {
        let mut ring = ring.clone();
        if (i == 0) == (twice_area(&ring) < 0.0) {
            ring.reverse();
        }
        ring
    };
    std::borrow::Cow::Owned(Geometry::Polygon(rings.iter().enumerate().map(turned).collect()))
}

/// Positive where a ring goes counterclockwise.
fn twice_area(ring: &[Position]) -> f64 {
    ring.windows(2).map(|pair| pair[0].lon * pair[1].lat - pair[1].lon * pair[0].lat).sum()
}
