//! The zones as an index from places: which contain one, and how much work it is to say so.

use vigiles_model::{Position, Zone};

use crate::area::{Area, Extent};
use crate::bands::Bands;
use crate::config::Config;

/// Kept in step with the zones of the configuration; not part of the snapshot.
#[derive(Debug, Default)]
pub(crate) struct ZoneIndex {
    /// In the order of their ids.
    pub(crate) zones: Vec<Zone>,
    areas: Vec<Area>,
    bands: Bands,
    pub(crate) generation: u32,
}

impl ZoneIndex {
    /// Takes all zones anew.
    pub(crate) fn rebuild(&mut self, config: &Config) {
        self.zones = config.zones.values().cloned().collect();
        self.areas = self.zones.iter().map(|zone| Area::new(&zone.area)).collect();
        self.arrange();
    }

    /// Takes a zone that is new or has changed.
    pub(crate) fn put(&mut self, zone: &Zone) {
        let area = Area::new(&zone.area);
        match self.zones.binary_search_by(|held| held.id.cmp(&zone.id)) {
            Ok(at) => (self.zones[at], self.areas[at]) = (zone.clone(), area),
            Err(at) => {
                self.zones.insert(at, zone.clone());
                self.areas.insert(at, area);
            }
        }
        self.arrange();
    }

    /// Drops a zone.
    pub(crate) fn remove(&mut self, id: &str) {
        if let Some(at) = self.zones.iter().position(|zone| zone.id.as_str() == id) {
            self.zones.remove(at);
            self.areas.remove(at);
            self.arrange();
        }
    }

    fn arrange(&mut self) {
        self.bands = bands(self.areas.iter().map(|area| &area.extent));
        self.generation = self.generation.wrapping_add(1);
    }

    /// Positions in `zones` of those that contain the place, ascending; and the steps that it took: boxes and edges that
    /// were looked at.
    pub(crate) fn find(&self, place: Position, found: &mut Vec<u32>) -> usize {
        found.clear();
        let near = self.bands.at(place.lat);
        let mut steps = near.len();
        for zone in near {
            let (inside, edges) = self.areas[*zone as usize].contains(place);
            steps += edges;
            if inside {
                found.push(*zone);
            }
        }
        steps
    }
}

fn bands<'a>(extents: impl Iterator<Item = &'a Extent>) -> Bands {
    let spans: Vec<_> = extents.map(|extent| (extent.bounds.south, extent.bounds.north)).collect();
    Bands::of(&spans)
}

/// Most steps that it takes to say which of these zones contain a place, wherever it lies.
pub fn zone_steps(extents: &[Extent]) -> u32 {
    let most = bands(extents.iter()).all().map(|near| near.len() as u32 + most_edges(near, extents)).max();
    most.unwrap_or(0)
}

/// Most edges of those of these zones whose boxes lie over each other.
fn most_edges(near: &[u32], extents: &[Extent]) -> u32 {
    // An edge of a box is in it: at one longitude boxes begin before others end.
    let mut ends: Vec<(f64, bool, u32)> = Vec::with_capacity(2 * near.len());
    for zone in near {
        let Extent { bounds, edges } = extents[*zone as usize];
        ends.extend([(bounds.west, false, edges), (bounds.east, true, edges)]);
    }
    ends.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (mut now, mut most) = (0u32, 0u32);
    for (_, is_end, edges) in ends {
        now = if is_end { now - edges } else { now + edges };
        most = most.max(now);
    }
    most
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigiles_model::{AgencyId, Geometry, ZoneId};

    use super::*;

    /// A ring of so many corners around a place.
    fn zone(id: usize, (lon, lat, reach): (f64, f64, f64), corners: usize) -> Zone {
        let at = |i: usize| std::f64::consts::TAU * (i % corners) as f64 / corners as f64;
        let corner = |i| Position { lon: lon + reach * at(i).cos(), lat: lat + reach * at(i).sin() };
        Zone {
            id: ZoneId::new(format!("z{id:03}")).unwrap(),
            name: String::new(),
            class: String::new(),
            area: Geometry::Polygon(vec![(0..=corners).map(corner).collect()]),
            agency: AgencyId::new("city").unwrap(),
        }
    }

    fn steps_of(index: &ZoneIndex) -> u32 {
        zone_steps(&index.areas.iter().map(|area| area.extent).collect::<Vec<_>>())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

        #[test]
        fn the_index_finds_what_looking_at_all_finds(
            zones in prop::collection::vec(((-2.0..2.0f64, -1.0..1.0f64, 0.001..1.0f64), 3..60usize), 0..60),
            gone in prop::collection::vec(0..60usize, 0..10),
            places in prop::collection::vec((-3.0..3.0f64, -2.0..2.0f64), 50),
        ) {
            let mut index = ZoneIndex::default();
            let mut config = Config::default();
            // In any order, some of them twice, some taken away again.
            for (i, (round, corners)) in zones.iter().enumerate() {
                let zone = zone(i * 7 % 50, *round, *corners);
                index.put(&zone);
                config.zones.insert(zone.id.clone(), zone);
            }
            for id in gone {
                let id = ZoneId::new(format!("z{id:03}")).unwrap();
                index.remove(id.as_str());
                config.zones.remove(&id);
            }
            let mut anew = ZoneIndex::default();
            anew.rebuild(&config);
            let (mut found, mut other, most) = (Vec::new(), Vec::new(), steps_of(&index) as usize);
            let areas: Vec<Area> = config.zones.values().map(|zone| Area::new(&zone.area)).collect();
            let corners = config.zones.values().flat_map(|zone| zone.area.vertices().take(3).collect::<Vec<_>>());
            for place in places.into_iter().map(|(lon, lat)| Position { lon, lat }).chain(corners) {
                let steps = index.find(place, &mut found);
                let all = areas.iter().enumerate().filter(|(_, area)| area.contains(place).0);
                prop_assert_eq!(&found, &all.map(|(i, _)| i as u32).collect::<Vec<_>>());
                prop_assert!(steps <= most, "{} of {}", steps, most);
                prop_assert_eq!((steps, &found), (anew.find(place, &mut other), &other));
            }
        }
    }

    #[test]
    fn a_place_asks_few_zones_of_many() {
        let mut config = Config::default();
        for i in 0..2_500 {
            let (column, row) = ((i % 50) as f64, (i / 50) as f64);
            let zone = zone(i, (column / 100.0, row / 100.0, 0.004), 100);
            config.zones.insert(zone.id.clone(), zone);
        }
        let mut index = ZoneIndex::default();
        index.rebuild(&config);
        // Those of one row or two by their boxes, and of one of them the edges at that height.
        assert!((50..=120).contains(&steps_of(&index)), "{}", steps_of(&index));
        let mut found = Vec::new();
        let steps = index.find(Position { lon: 0.2, lat: 0.3 }, &mut found);
        assert!(found.len() == 1 && steps <= 120, "{found:?} in {steps}");
    }
}
