//! Places on the earth in WGS 84 degrees, longitude first (RFC 7946).

use std::fmt;

use geo::{Closest, Contains, Distance, Haversine, HaversineClosestPoint};
use serde::{Deserialize, Serialize};

/// Most vertices one geometry may have.
pub const MAX_VERTICES: usize = 10_000;
/// Mean radius of the earth after GRS 80, in metres: that of the distances here.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// A point: longitude and latitude in degrees. Fields are checked on the way in by [`Position::new`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Longitude, -180 to 180.
    pub lon: f64,
    /// Latitude, -90 to 90.
    pub lat: f64,
}

/// The place of an observation, asset or zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Geometry {
    /// One point.
    Point(Position),
    /// A line of at least two points.
    Line(Vec<Position>),
    /// A polygon: closed rings, the first is the outer one.
    Polygon(Vec<Vec<Position>>),
}

/// West, south, east, north in degrees; never crosses the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BoundingBox {
    /// Smallest longitude.
    pub west: f64,
    /// Smallest latitude.
    pub south: f64,
    /// Largest longitude.
    pub east: f64,
    /// Largest latitude.
    pub north: f64,
}

/// Why numbers are not a place.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GeometryError {
    /// A longitude or latitude out of range or not a number.
    #[error(
        "longitude {lon}, latitude {lat} is not a place on earth (WGS 84: -180..180, -90..90; longitude comes first)"
    )]
    Position {
        /// The longitude given.
        lon: f64,
        /// The latitude given.
        lat: f64,
    },
    /// A line or ring with too few points.
    #[error("a {what} needs at least {needed} points, this one has {found}")]
    TooFew {
        /// `line` or `ring`.
        what: &'static str,
        /// Points needed.
        needed: usize,
        /// Points found.
        found: usize,
    },
    /// A ring whose last point is not its first.
    #[error("ring {0} of the polygon is not closed: its last point must equal its first")]
    Open(usize),
    /// More vertices than [`MAX_VERTICES`].
    #[error("a geometry has at most {MAX_VERTICES} vertices, this one has {0}")]
    TooMany(usize),
    /// A box whose edges are in the wrong order.
    #[error("a box is west,south,east,north with west <= east and south <= north")]
    Box,
}

impl Position {
    /// A checked point.
    pub fn new(lon: f64, lat: f64) -> Result<Self, GeometryError> {
        if (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat) {
            Ok(Self { lon, lat })
        } else {
            Err(GeometryError::Position { lon, lat })
        }
    }

    /// Great-circle distance in metres on a sphere of the mean earth radius (haversine).
    pub fn distance_m(self, other: Self) -> f64 {
        Haversine.distance(self.point(), other.point())
    }

    fn point(self) -> geo::Point {
        geo::Point::new(self.lon, self.lat)
    }
}

impl fmt::Display for BoundingBox {
    /// `west,south,east,north`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{},{}", self.west, self.south, self.east, self.north)
    }
}

impl BoundingBox {
    /// A checked box.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Result<Self, GeometryError> {
        Position::new(west, south)?;
        Position::new(east, north)?;
        if west <= east && south <= north { Ok(Self { west, south, east, north }) } else { Err(GeometryError::Box) }
    }

    /// The smallest box around all of these; none where there is none.
    pub fn of(places: impl IntoIterator<Item = Position>) -> Option<Self> {
        let at = |p: Position| Self { west: p.lon, south: p.lat, east: p.lon, north: p.lat };
        places.into_iter().map(at).reduce(|all, next| all.union(&next))
    }

    /// The whole earth.
    pub const EARTH: Self = Self { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };

    /// Whether the point lies in the box, edges included.
    pub fn contains(&self, p: Position) -> bool {
        p.lon >= self.west && p.lon <= self.east && p.lat >= self.south && p.lat <= self.north
    }

    /// Whether the boxes share a point.
    pub fn intersects(&self, other: &Self) -> bool {
        self.west <= other.east && self.east >= other.west && self.south <= other.north && self.north >= other.south
    }

    /// The smallest box around both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }

    /// The box around a circle of `radius_m` metres on the sphere of [`Position::distance_m`], clipped to the earth: a
    /// circle over the 180th meridian is cut there, one over a pole has the box of all longitudes.
    ///
    /// The circle is widest on the pole's side of its centre: by asin(sin(radius) / cos(latitude)), not by the radius
    /// over the cosine (Bronstein, Handbook of Mathematics, right spherical triangles).
    pub fn around(centre: Position, radius_m: f64) -> Self {
        // Rounding must not cut off what lies on the edge: a ten thousandth of a metre.
        let angle = (radius_m.max(0.0) + 1e-4) / EARTH_RADIUS_M;
        let dlat = angle.to_degrees();
        let (south, north) = (centre.lat - dlat, centre.lat + dlat);
        let over_a_pole = south <= -90.0 || north >= 90.0;
        let dlon = if over_a_pole {
            360.0
        } else {
            (angle.sin() / centre.lat.to_radians().cos()).min(1.0).asin().to_degrees()
        };
        Self {
            west: (centre.lon - dlon).max(-180.0),
            south: south.max(-90.0),
            east: (centre.lon + dlon).min(180.0),
            north: north.min(90.0),
        }
    }
}

impl Geometry {
    /// Checks vertex counts, closed rings and coordinate ranges.
    pub fn validate(&self) -> Result<(), GeometryError> {
        let count = self.vertices().count();
        if count > MAX_VERTICES {
            return Err(GeometryError::TooMany(count));
        }
        for p in self.vertices() {
            Position::new(p.lon, p.lat)?;
        }
        match self {
            Self::Line(line) if line.len() < 2 => {
                Err(GeometryError::TooFew { what: "line", needed: 2, found: line.len() })
            }
            Self::Point(_) | Self::Line(_) => Ok(()),
            Self::Polygon(rings) if rings.is_empty() => {
                Err(GeometryError::TooFew { what: "ring", needed: 4, found: 0 })
            }
            Self::Polygon(rings) => rings.iter().enumerate().try_for_each(|(i, ring)| check_ring(i, ring)),
        }
    }

    /// Every vertex in order.
    pub fn vertices(&self) -> impl Iterator<Item = Position> + '_ {
        let (point, line, rings) = match self {
            Self::Point(p) => (Some(*p), &[][..], &[][..]),
            Self::Line(line) => (None, &line[..], &[][..]),
            Self::Polygon(rings) => (None, &[][..], &rings[..]),
        };
        point.into_iter().chain(line.iter().copied()).chain(rings.iter().flatten().copied())
    }

    /// The box around all vertices.
    pub fn bounding_box(&self) -> BoundingBox {
        // Every geometry has a vertex.
        BoundingBox::of(self.vertices()).unwrap_or(BoundingBox::EARTH)
    }

    /// One point that stands for the geometry: the point itself, or the middle of the box around it.
    pub fn centre(&self) -> Position {
        if let Self::Point(p) = self {
            return *p;
        }
        let b = self.bounding_box();
        Position { lon: f64::midpoint(b.west, b.east), lat: f64::midpoint(b.south, b.north) }
    }

    /// Whether the point lies in the polygon (holes excluded). False for points and lines.
    pub fn contains(&self, p: Position) -> bool {
        match self {
            Self::Polygon(rings) if !rings.is_empty() => polygon(rings).contains(&p.point()),
            _ => false,
        }
    }
}

impl Geometry {
    /// Metres from the point to the nearest point of the geometry: along a great circle to a line or the edge of a
    /// polygon, 0 inside it. An empty line or polygon is infinitely far.
    pub fn distance_m(&self, p: Position) -> f64 {
        let nearest = match self {
            Self::Point(own) => return own.distance_m(p),
            Self::Line(line) => line_string(line).haversine_closest_point(&p.point()),
            Self::Polygon(rings) => polygon(rings).haversine_closest_point(&p.point()),
        };
        match nearest {
            Closest::Intersection(_) => 0.0,
            Closest::SinglePoint(found) => Haversine.distance(p.point(), found),
            Closest::Indeterminate => f64::INFINITY,
        }
    }
}

fn check_ring(index: usize, ring: &[Position]) -> Result<(), GeometryError> {
    if ring.len() < 4 {
        return Err(GeometryError::TooFew { what: "ring", needed: 4, found: ring.len() });
    }
    if ring.first() != ring.last() {
        return Err(GeometryError::Open(index));
    }
    Ok(())
}

fn polygon(rings: &[Vec<Position>]) -> geo::Polygon {
    let mut lines = rings.iter().map(|ring| line_string(ring));
    let outer = lines.next().unwrap_or_else(|| geo::LineString::new(Vec::new()));
    geo::Polygon::new(outer, lines.collect())
}

fn line_string(line: &[Position]) -> geo::LineString {
    line.iter().map(|p| (p.lon, p.lat)).collect()
}

#[cfg(test)]
mod tests {
    use geo::Destination;
    use proptest::prelude::*;

    use super::*;

    fn square() -> Geometry {
        let p = |lon, lat| Position { lon, lat };
        Geometry::Polygon(vec![vec![p(0.0, 0.0), p(2.0, 0.0), p(2.0, 2.0), p(0.0, 2.0), p(0.0, 0.0)]])
    }

    proptest! {
        /// What is on the circle is in the box, and the box is no larger than that asks for.
        #[test]
        fn a_box_holds_its_circle(
            (lon, lat, bearing) in (-170.0..170.0f64, -89.9..89.9f64, 0.0..360.0f64),
            radius_m in 1.0..100_000.0f64,
        ) {
            let centre = Position { lon, lat };
            let bounds = BoundingBox::around(centre, radius_m);
            let edge = Haversine.destination(centre.point(), bearing, radius_m);
            let p = Position { lon: edge.x(), lat: edge.y() };
            let cut = bounds.west <= -180.0 || bounds.east >= 180.0;
            prop_assert!(bounds.contains(p) || cut && p.lat >= bounds.south && p.lat <= bounds.north, "{bounds:?} {p:?}");
            prop_assert!((bounds.north - lat) * 111_195.0 <= radius_m + 1.0);
        }
    }

    #[test]
    fn positions_are_checked() {
        assert!(Position::new(24.9, 60.1).is_ok());
        assert!(Position::new(f64::NAN, 0.0).is_err());
        assert!(Position::new(0.0, 90.1).is_err());
    }

    #[test]
    fn distance_of_one_degree_of_latitude() {
        let d = Position { lon: 0.0, lat: 0.0 }.distance_m(Position { lon: 0.0, lat: 1.0 });
        assert!((d - 111_195.0).abs() < 5.0, "{d}");
    }

    #[test]
    fn distance_to_what_has_an_extent() {
        let check = |place: &Geometry, (lon, lat): (f64, f64), expected_m: f64| {
            let found = place.distance_m(Position { lon, lat });
            let fits = if expected_m.is_finite() { (found - expected_m).abs() < 5.0 } else { found.is_infinite() };
            assert!(fits, "{found} m to {place:?}, not {expected_m} m");
        };
        let degree = 111_195.0;
        check(&square(), (1.0, 1.0), 0.0);
        check(&square(), (1.0, -0.5), degree / 2.0);
        // Not the middle, at 1.0, and not an end, but the place that it passes.
        let road = Geometry::Line(vec![Position { lon: 0.0, lat: 0.0 }, Position { lon: 2.0, lat: 0.0 }]);
        check(&road, (0.25, 0.01), degree / 100.0);
        check(&road, (-1.0, 0.0), degree);
        let hole = [(0.5, 0.5), (1.5, 0.5), (1.5, 1.5), (0.5, 1.5), (0.5, 0.5)];
        let Geometry::Polygon(mut rings) = square() else { unreachable!("a square is a polygon") };
        rings.push(hole.map(|(lon, lat)| Position { lon, lat }).to_vec());
        check(&Geometry::Polygon(rings), (1.0, 0.6), degree / 10.0);
        check(&Geometry::Line(Vec::new()), (0.0, 0.0), f64::INFINITY);
    }

    #[test]
    fn polygons_contain() {
        assert!(square().contains(Position { lon: 1.0, lat: 1.0 }));
        assert!(!square().contains(Position { lon: 3.0, lat: 1.0 }));
        assert_eq!(square().centre(), Position { lon: 1.0, lat: 1.0 });
    }

    #[test]
    fn open_rings_are_refused() {
        let p = |lon, lat| Position { lon, lat };
        let open = Geometry::Polygon(vec![vec![p(0.0, 0.0), p(1.0, 0.0), p(1.0, 1.0), p(0.0, 1.0)]]);
        assert_eq!(open.validate(), Err(GeometryError::Open(0)));
        assert_eq!(square().validate(), Ok(()));
    }
}
