//! GeoJSON geometries (RFC 7946): `Point`, `LineString` and `Polygon`, longitude first.
//! A third coordinate (height) is read and dropped.

use std::fmt;

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use vigiles_model::{Geometry, Position};

/// A geometry in its GeoJSON form. Reading checks the shape, not the coordinates: see
/// [`Geometry::validate`].
#[derive(Debug, Clone, PartialEq)]
pub struct Place(pub Geometry);

/// A borrowed geometry, for writing.
#[derive(Debug, Clone, Copy)]
pub struct PlaceRef<'a>(pub &'a Geometry);

/// Reads and checks one geometry.
pub fn parse(bytes: &[u8]) -> Result<Geometry, String> {
    let place: Place = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    place.0.validate().map_err(|e| e.to_string())?;
    Ok(place.0)
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PlaceVisitor)
    }
}

struct PlaceVisitor;

impl<'de> Visitor<'de> for PlaceVisitor {
    type Value = Place;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a GeoJSON geometry, such as {\"type\":\"Point\",\"coordinates\":[24.94,60.17]}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Place, A::Error> {
        let mut shape = None;
        let mut coordinates = None;
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Type => shape = Some(map.next_value::<Shape>()?),
                Key::Coordinates => coordinates = Some(map.next_value::<Coordinates>()?),
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let shape = shape.ok_or_else(|| de::Error::missing_field("type"))?;
        let coordinates = coordinates.ok_or_else(|| de::Error::missing_field("coordinates"))?;
        match (shape, coordinates) {
            (Shape::Point, Coordinates::Position(p)) => Ok(Place(Geometry::Point(p))),
            (Shape::LineString, Coordinates::Line(line)) => Ok(Place(Geometry::Line(line))),
            (Shape::Polygon, Coordinates::Rings(rings)) => Ok(Place(Geometry::Polygon(rings))),
            (Shape::LineString | Shape::Polygon, Coordinates::Empty) => Err(de::Error::custom("coordinates are empty")),
            _ => Err(de::Error::custom("coordinates are not nested as the type of the geometry asks")),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Key {
    Type,
    Coordinates,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
enum Shape {
    Point,
    LineString,
    Polygon,
}

/// Numbers nested one, two or three deep.
enum Coordinates {
    Empty,
    Position(Position),
    Line(Vec<Position>),
    Rings(Vec<Vec<Position>>),
}

impl<'de> Deserialize<'de> for Coordinates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(NestVisitor)? {
            Nest::Number(_) => Err(de::Error::custom("coordinates are an array")),
            Nest::Array(coordinates) => Ok(coordinates),
        }
    }
}

enum Nest {
    Number(f64),
    Array(Coordinates),
}

impl<'de> Deserialize<'de> for Nest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NestVisitor)
    }
}

struct NestVisitor;

impl<'de> Visitor<'de> for NestVisitor {
    type Value = Nest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or an array of coordinates")
    }

    fn visit_f64<E>(self, n: f64) -> Result<Nest, E> {
        Ok(Nest::Number(n))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Nest, E> {
        Ok(Nest::Number(n as f64))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Nest, E> {
        Ok(Nest::Number(n as f64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Nest, A::Error> {
        let uneven = || de::Error::custom("coordinates are unevenly nested");
        let coordinates = match seq.next_element::<Nest>()? {
            None => Coordinates::Empty,
            Some(Nest::Number(lon)) => {
                let lat = seq
                    .next_element::<f64>()?
                    .ok_or_else(|| de::Error::custom("a position is [longitude, latitude]"))?;
                while seq.next_element::<f64>()?.is_some() {}
                Coordinates::Position(Position { lon, lat })
            }
            Some(Nest::Array(Coordinates::Position(first))) => {
                let mut line = vec![first];
                while let Some(next) = seq.next_element::<Nest>()? {
                    let Nest::Array(Coordinates::Position(p)) = next else {
                        return Err(uneven());
                    };
                    line.push(p);
                }
                Coordinates::Line(line)
            }
            Some(Nest::Array(Coordinates::Line(first))) => {
                let mut rings = vec![first];
                while let Some(next) = seq.next_element::<Nest>()? {
                    let Nest::Array(Coordinates::Line(ring)) = next else {
                        return Err(uneven());
                    };
                    rings.push(ring);
                }
                Coordinates::Rings(rings)
            }
            Some(Nest::Array(_)) => {
                return Err(de::Error::custom("only Point, LineString and Polygon are taken"));
            }
        };
        Ok(Nest::Array(coordinates))
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PlaceRef(&self.0).serialize(serializer)
    }
}

impl Serialize for PlaceRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        match self.0 {
            Geometry::Point(p) => {
                map.serialize_entry("type", "Point")?;
                map.serialize_entry("coordinates", &[p.lon, p.lat])?;
            }
            Geometry::Line(line) => {
                map.serialize_entry("type", "LineString")?;
                map.serialize_entry("coordinates", &LineRef(line))?;
            }
            Geometry::Polygon(rings) => {
                map.serialize_entry("type", "Polygon")?;
                map.serialize_entry("coordinates", &RingsRef(rings))?;
            }
        }
        map.end()
    }
}

struct LineRef<'a>(&'a [Position]);

impl Serialize for LineRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for p in self.0 {
            seq.serialize_element(&[p.lon, p.lat])?;
        }
        seq.end()
    }
}

struct RingsRef<'a>(&'a [Vec<Position>]);

impl Serialize for RingsRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for ring in self.0 {
            seq.serialize_element(&LineRef(ring))?;
        }
        seq.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let found = parse(text.as_bytes()).map(|g| serde_json::to_string(&Place(g)).unwrap());
        match expected {
            Ok(written) => assert_eq!(found.as_deref(), Ok(written)),
            Err(part) => assert!(found.as_ref().is_err_and(|e| e.contains(part)), "{found:?}"),
        }
    }

    #[test]
    fn geometries_both_ways() {
        check(r#"{"type":"Point","coordinates":[24.9,60.1,12]}"#, Ok(r#"{"type":"Point","coordinates":[24.9,60.1]}"#));
        let line = r#"{"type":"LineString","coordinates":[[0.0,0.0],[1.0,1.0]]}"#;
        check(r#"{"coordinates":[[0,0],[1,1]],"bbox":[0,0,1,1],"type":"LineString"}"#, Ok(line));
        let square = r#"{"type":"Polygon","coordinates":[[[0.0,0.0],[1.0,0.0],[1.0,1.0],[0.0,0.0]]]}"#;
        check(square, Ok(square));
    }

    #[test]
    fn refusals_say_why() {
        check(r#"{"type":"Point","coordinates":[60.1,124.9]}"#, Err("longitude comes first"));
        check(r#"{"type":"Point","coordinates":[1]}"#, Err("[longitude, latitude]"));
        check(r#"{"type":"Point","coordinates":[]}"#, Err("not nested"));
        check(r#"{"type":"MultiPoint","coordinates":[[1,2]]}"#, Err("unknown variant `MultiPoint`"));
        check(r#"{"type":"LineString","coordinates":[[1,2],3]}"#, Err("unevenly"));
        check(r#"{"type":"Polygon","coordinates":[[[[1,2]]]]}"#, Err("only Point"));
        check(r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}"#, Err("not closed"));
        check(r#"{"coordinates":[1,2]}"#, Err("missing field `type`"));
    }
}
