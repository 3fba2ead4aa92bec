//! The area of a zone, made ready to be asked for many places.

use vigiles_model::{BoundingBox, Geometry, Position};

use crate::bands::Bands;

/// How far a zone reaches, and how many of its edges are looked at for a place, at most.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    pub(crate) bounds: BoundingBox,
    pub(crate) edges: u32,
}

impl Extent {
    /// Of the area of a zone.
    pub fn of(area: &Geometry) -> Self {
        Area::new(area).extent
    }
}

/// A polygon whose edges are found by latitude.
#[derive(Debug)]
pub(crate) struct Area {
    pub(crate) extent: Extent,
    edges: Vec<(Position, Position)>,
    bands: Bands,
}

impl Area {
    pub(crate) fn new(area: &Geometry) -> Self {
        let rings = match area {
            Geometry::Polygon(rings) => rings.as_slice(),
            Geometry::Point(_) | Geometry::Line(_) => &[],
        };
        let edges = rings.iter().flat_map(|ring| ring.windows(2)).map(|edge| (edge[0], edge[1]));
        // One along a parallel is crossed by none.
        let edges: Vec<_> = edges.filter(|(a, b)| a.lat.total_cmp(&b.lat).is_ne()).collect();
        let spans: Vec<_> = edges.iter().map(|(a, b)| (a.lat.min(b.lat), a.lat.max(b.lat))).collect();
        let bands = Bands::of(&spans);
        let most = bands.all().map(<[u32]>::len).max().unwrap_or(0);
        Self { extent: Extent { bounds: area.bounding_box(), edges: most as u32 }, edges, bands }
    }

    /// Even-odd rule over all rings, so holes are outside; and how many edges were looked at.
    pub(crate) fn contains(&self, p: Position) -> (bool, usize) {
        if !self.extent.bounds.contains(p) {
            return (false, 0);
        }
        let near = self.bands.at(p.lat);
        let crossed = near.iter().filter(|edge| is_crossed(self.edges[**edge as usize], p)).count();
        (crossed % 2 == 1, near.len())
    }
}

/// Whether the way from a place due east crosses an edge. The northern end of an edge is not on it, the southern is.
fn is_crossed((a, b): (Position, Position), p: Position) -> bool {
    (a.lat > p.lat) != (b.lat > p.lat) && p.lon < (b.lon - a.lon) * (p.lat - a.lat) / (b.lat - a.lat) + a.lon
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rule itself, over all edges.
    fn plain(area: &Geometry, p: Position) -> bool {
        let Geometry::Polygon(rings) = area else { return false };
        let edges = rings.iter().flat_map(|ring| ring.windows(2));
        area.bounding_box().contains(p) && edges.filter(|edge| is_crossed((edge[0], edge[1]), p)).count() % 2 == 1
    }

    fn close(mut ring: Vec<Position>) -> Vec<Position> {
        ring.extend(ring.first().copied());
        ring
    }

    /// Rings of any form, crossing themselves and each other, with corners above and beside each other.
    fn rings() -> impl Strategy<Value = Vec<Vec<Position>>> {
        let coarse =
            (-6..6i32, -6..6i32).prop_map(|(x, y)| Position { lon: f64::from(x) / 2.0, lat: f64::from(y) / 3.0 });
        let fine = (-3.0..3.0f64, -2.0..2.0f64).prop_map(|(lon, lat)| Position { lon, lat });
        let ring = prop_oneof![
            prop::collection::vec(coarse, 3..40),
            prop::collection::vec(fine, 3..40),
            (3..300usize, 0.1..2.0f64).prop_map(|(corners, reach)| round(corners, reach)),
        ];
        prop::collection::vec(ring.prop_map(close), 0..4)
    }

    fn round(corners: usize, reach: f64) -> Vec<Position> {
        let at = |i: usize| std::f64::consts::TAU * i as f64 / corners as f64;
        (0..corners).map(|i| Position { lon: reach * at(i).cos(), lat: reach * at(i).sin() }).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        #[test]
        fn an_area_holds_what_the_rule_says(
            rings in rings(),
            places in prop::collection::vec((-3.5..3.5f64, -2.5..2.5f64), 20),
        ) {
            let geometry = Geometry::Polygon(rings.clone());
            let area = Area::new(&geometry);
            let mut places: Vec<Position> = places.iter().map(|(lon, lat)| Position { lon: *lon, lat: *lat }).collect();
            // On the corners, at their height, and on the edges.
            for edge in rings.iter().flat_map(|ring| ring.windows(2)) {
                let (a, b) = (edge[0], edge[1]);
                let middle = Position { lon: f64::midpoint(a.lon, b.lon), lat: f64::midpoint(a.lat, b.lat) };
                let beside = Position { lon: middle.lon, lat: a.lat };
                let hair = Position { lon: a.lon, lat: a.lat.next_up() };
                places.extend([a, middle, beside, hair]);
            }
            for p in places {
                let (inside, looked_at) = area.contains(p);
                prop_assert_eq!(inside, plain(&geometry, p), "{:?} in {:?}", p, geometry);
                prop_assert!(looked_at <= area.extent.edges as usize);
            }
        }
    }

    /// Most edges that are looked at for a place, and how many entries the bands have.
    fn check(ring: Vec<Position>, expected: std::ops::RangeInclusive<u32>) {
        let corners = ring.len();
        let area = Area::new(&Geometry::Polygon(vec![close(ring)]));
        assert!(expected.contains(&area.extent.edges), "{} of {corners}", area.extent.edges);
        assert!(area.bands.all().map(<[u32]>::len).sum::<usize>() <= 4 * corners, "{corners}");
    }

    #[test]
    fn few_edges_of_a_large_zone_are_looked_at() {
        check(round(9_900, 1.0), 2..=400);
        check(
            vec![Position { lon: 0.0, lat: 0.0 }, Position { lon: 1.0, lat: 0.0 }, Position { lon: 1.0, lat: 1.0 }],
            2..=2,
        );
        // A coast of many corners, and one long side over all of them.
        let coast = (0..5_000).map(|i| Position { lon: f64::from(i % 7) / 1e3, lat: f64::from(i) / 5e3 });
        check(coast.chain([Position { lon: 1.0, lat: 1.0 }, Position { lon: 1.0, lat: 0.0 }]).collect(), 2..=8);
        // A comb: each tooth lies across every latitude, so each has to be looked at, and it says so.
        let comb = (0..1_000).map(|i| Position { lon: f64::from(i) / 1e3, lat: f64::from(i % 2) });
        check(comb.collect(), 999..=1_000);
    }
}
