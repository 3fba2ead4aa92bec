//! Places as GeoJSON geometries (RFC 7946), longitude first.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use vigiles_model::{Geometry, Position};

/// Longitude and latitude in WGS 84 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Coordinates(pub [f64; 2]);

impl PartialSchema for Coordinates {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(ObjectBuilder::new().schema_type(Type::Number))
            .min_items(Some(2))
            .max_items(Some(2))
            .description(Some("Longitude and latitude in WGS 84 degrees."))
            .into()
    }
}

impl ToSchema for Coordinates {}

/// A GeoJSON geometry: a point, a line or a polygon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum Place {
    /// One point.
    Point {
        /// Longitude, latitude.
        coordinates: Coordinates,
    },
    /// A line of at least two points.
    LineString {
        /// The points in order.
        coordinates: Vec<Coordinates>,
    },
    /// A polygon: closed rings, the first is the outer one.
    Polygon {
        /// The rings.
        coordinates: Vec<Vec<Coordinates>>,
    },
}

fn pair(p: &Position) -> Coordinates {
    Coordinates([p.lon, p.lat])
}

fn position(c: &Coordinates) -> Position {
    Position { lon: c.0[0], lat: c.0[1] }
}

impl From<&Geometry> for Place {
    fn from(geometry: &Geometry) -> Self {
        match geometry {
            Geometry::Point(p) => Self::Point { coordinates: pair(p) },
            Geometry::Line(line) => Self::LineString { coordinates: line.iter().map(pair).collect() },
            Geometry::Polygon(rings) => {
                Self::Polygon { coordinates: rings.iter().map(|ring| ring.iter().map(pair).collect()).collect() }
            }
        }
    }
}

impl From<&Place> for Geometry {
    /// Not yet validated: the caller asks [`Geometry::validate`].
    fn from(place: &Place) -> Self {
        match place {
            Place::Point { coordinates } => Self::Point(position(coordinates)),
            Place::LineString { coordinates } => Self::Line(coordinates.iter().map(position).collect()),
            Place::Polygon { coordinates } => {
                Self::Polygon(coordinates.iter().map(|ring| ring.iter().map(position).collect()).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) {
        let place: Place = serde_json::from_str(json).unwrap();
        let back = Place::from(&Geometry::from(&place));
        assert_eq!(serde_json::to_string(&back).unwrap(), json);
    }

    #[test]
    fn geojson_both_ways() {
        check(r#"{"type":"Point","coordinates":[24.9,60.1]}"#);
        check(r#"{"type":"LineString","coordinates":[[1.0,2.0],[3.0,4.0]]}"#);
        check(r#"{"type":"Polygon","coordinates":[[[0.0,0.0],[1.0,0.0],[1.0,1.0],[0.0,0.0]]]}"#);
    }
}
