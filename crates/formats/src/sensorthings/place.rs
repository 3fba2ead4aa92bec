//! Geometries of filters and of GeoJSON, and how two of them lie to each other (DE-9IM).

use geo::{Euclidean, Geometry, Length, Relate};
use vigiles_model::{BoundingBox, Geometry as Place, Position};
use wkt::{ToWkt, TryFromWkt};

/// Longest geometry in a filter, in bytes: the reader goes down one level for each parenthesis.
const MAX_WKT_BYTES: usize = 64 * 1024;

/// Reads Well-Known Text: points, lines, polygons and collections of one sort, in WGS 84, longitude first.
pub fn parse(text: &str) -> Result<Geometry, String> {
    if text.len() > MAX_WKT_BYTES {
        return Err(format!("a geometry has at most {MAX_WKT_BYTES} bytes"));
    }
    let text = text.trim();
    let text = match text.split_once(';') {
        Some((srid, rest)) if srid.trim().eq_ignore_ascii_case("SRID=4326") => rest,
        Some(_) => return Err("only SRID=4326 is known".to_owned()),
        None => text,
    };
    // Collections may hold collections: a bound on the depth of what is read.
    if text.to_ascii_uppercase().contains("GEOMETRYCOLLECTION") {
        return Err("a GEOMETRYCOLLECTION is not taken; use POINT, LINESTRING, POLYGON or their MULTI forms".to_owned());
    }
    // `POINT (30, 10)` stands in examples of the standard.
    let point = text.strip_prefix("POINT").map(str::trim_start).filter(|rest| rest.matches(',').count() == 1);
    let comma_free = point.map(|rest| format!("POINT{}", rest.replace(',', " ")));
    let geometry = Geometry::try_from_wkt_str(comma_free.as_deref().unwrap_or(text)).map_err(|e| e.to_string())?;
    check(&geometry)?;
    Ok(geometry)
}

/// Every coordinate is a place on earth.
fn check(geometry: &Geometry) -> Result<(), String> {
    use geo::CoordsIter;
    for c in geometry.coords_iter() {
        Position::new(c.x, c.y).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// Writes Well-Known Text.
pub fn write(geometry: &Geometry) -> String {
    geometry.wkt_string()
}

/// The place of an asset or an observation as a geometry.
pub fn from_place(place: &Place) -> Geometry {
    let coordinate = |p: &Position| geo::coord! { x: p.lon, y: p.lat };
    let line = |line: &[Position]| geo::LineString::new(line.iter().map(coordinate).collect());
    match place {
        Place::Point(p) => geo::Point::from(coordinate(p)).into(),
        Place::Line(points) => line(points).into(),
        Place::Polygon(rings) => {
            let mut rings = rings.iter().map(|ring| line(ring));
            let outer = rings.next().unwrap_or_else(|| geo::LineString::new(Vec::new()));
            geo::Polygon::new(outer, rings.collect()).into()
        }
    }
}

/// Reads a GeoJSON geometry or a Feature with one.
pub fn from_json(value: &serde_json::Value) -> Result<Place, String> {
    let geometry = if value["type"] == "Feature" { &value["geometry"] } else { value };
    let place: crate::geojson::Place = serde_json::from_value(geometry.clone())
        .map_err(|e| format!("{e}; a GeoJSON Point, LineString or Polygon is taken"))?;
    place.0.validate().map_err(|e| e.to_string())?;
    Ok(place.0)
}

/// Writes GeoJSON.
pub fn to_json(place: &Place) -> serde_json::Value {
    serde_json::to_value(crate::geojson::PlaceRef(place)).unwrap_or_default()
}

/// The box around a geometry; none for an empty one.
pub fn bounds(geometry: &Geometry) -> Option<BoundingBox> {
    use geo::BoundingRect;
    let rect = geometry.bounding_rect()?;
    BoundingBox::new(rect.min().x, rect.min().y, rect.max().x, rect.max().y).ok()
}

/// Distance in degrees, as the coordinate system counts (OData, `geo.distance`).
pub fn distance(a: &Geometry, b: &Geometry) -> f64 {
    use geo::Distance;
    Euclidean.distance(a, b)
}

/// Length of lines in degrees; of anything else 0.
pub fn length(geometry: &Geometry) -> f64 {
    match geometry {
        Geometry::LineString(line) => Euclidean.length(line),
        Geometry::MultiLineString(lines) => Euclidean.length(lines),
        _ => 0.0,
    }
}

/// The relations of OGC 06-103.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The same points.
    Equals,
    /// No point in common.
    Disjoint,
    /// Only boundaries in common.
    Touches,
    /// The first in the second.
    Within,
    /// Parts in common, of one dimension.
    Overlaps,
    /// The insides meet in a lower dimension.
    Crosses,
    /// A point in common.
    Intersects,
    /// The second in the first.
    Contains,
}

/// Whether the first lies so to the second.
pub fn relates(relation: Relation, a: &Geometry, b: &Geometry) -> bool {
    let matrix = a.relate(b);
    match relation {
        Relation::Equals => matrix.is_equal_topo(),
        Relation::Disjoint => matrix.is_disjoint(),
        Relation::Touches => matrix.is_touches(),
        Relation::Within => matrix.is_within(),
        Relation::Overlaps => matrix.is_overlaps(),
        Relation::Crosses => matrix.is_crosses(),
        Relation::Intersects => matrix.is_intersects(),
        Relation::Contains => matrix.is_contains(),
    }
}

/// Whether the relation's matrix has the pattern, such as `T*F**F***`; none where it is no pattern.
pub fn relates_as(a: &Geometry, b: &Geometry, pattern: &str) -> Option<bool> {
    a.relate(b).matches(pattern).ok()
}
