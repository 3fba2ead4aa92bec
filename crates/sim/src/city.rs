//! The things of the city: zones on a grid, assets in them, and what each asset measures.

use std::collections::BTreeMap;

use vigiles_model::{AgencyId, Asset, AssetId, Geometry, ObservationKind, Position, SourceId, Zone, ZoneId};

use crate::kinds::{Profile, profiles};
use crate::seed::{at, unit};

/// How large a city to make.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The seed; everything follows from it.
    pub seed: u64,
    /// Assets.
    pub assets: usize,
    /// Zones; at least 1.
    pub zones: usize,
    /// The middle of the city.
    pub centre: Position,
    /// Side of a zone, metres.
    pub zone_side_m: f64,
    /// Time between two readings of one series, seconds.
    pub period_s: u32,
    /// How many of 10,000 readings lie in an injected anomaly.
    pub anomalies_per_10k: u32,
    /// How many of 10,000 readings are missing, in runs.
    pub gaps_per_10k: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            assets: 1000,
            zones: 16,
            centre: Position { lon: 7.42, lat: 43.74 },
            zone_side_m: 500.0,
            period_s: 60,
            anomalies_per_10k: 20,
            gaps_per_10k: 10,
        }
    }
}

/// One quantity measured by one asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series {
    /// Index of the asset.
    pub asset: usize,
    /// Index of the profile.
    pub profile: usize,
}

/// A synthetic city.
#[derive(Debug, Clone)]
pub struct City {
    pub(crate) options: Options,
    pub(crate) profiles: Vec<Profile>,
    zones: Vec<Zone>,
    assets: Vec<Asset>,
    series: Vec<Series>,
    sources: Vec<SourceId>,
}

/// The agency that answers for everything.
const AGENCY: &str = "city";
/// Metres in one degree of latitude.
const METRES_PER_DEGREE: f64 = 111_320.0;

impl City {
    /// Lays out a city.
    pub fn new(options: &Options) -> Self {
        let profiles = profiles();
        let zones: Vec<Zone> = (0..options.zones.max(1)).map(|i| zone(options, i)).collect();
        let classes = classes(&profiles);
        let assets: Vec<Asset> = (0..options.assets).map(|i| asset(options, &profiles, &classes, i)).collect();
        let of_asset = |i: usize| {
            let profiles = &profiles;
            let class = classes[i % classes.len()];
            let observed = (0..profiles.len()).filter(move |p| profiles[*p].class == class);
            observed.map(move |profile| Series { asset: i, profile })
        };
        let series = (0..assets.len()).flat_map(of_asset).collect();
        let sources = classes.iter().map(|class| SourceId::new(format!("sim-{class}")));
        let sources = sources.collect::<Result<_, _>>().expect("class names are ids");
        Self { options: options.clone(), zones, assets, series, sources, profiles }
    }

    /// The kinds to register.
    pub fn kinds(&self) -> impl Iterator<Item = &ObservationKind> {
        self.profiles.iter().map(|profile| &profile.kind)
    }

    /// The assets, `sim-0` first.
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// The zones: squares side by side that together hold every asset.
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// Every series: by asset, then by kind.
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// The feeds that deliver the readings, one for each class of asset.
    pub fn sources(&self) -> &[SourceId] {
        &self.sources
    }

    /// The feed that delivers a series.
    pub fn source(&self, series: Series) -> &SourceId {
        &self.sources[series.asset % self.sources.len()]
    }

    /// The profile of a series.
    pub fn profile(&self, series: Series) -> &Profile {
        &self.profiles[series.profile]
    }
}

/// Classes in the order of their first profile.
fn classes(profiles: &[Profile]) -> Vec<&'static str> {
    let mut classes: Vec<&'static str> = Vec::new();
    for profile in profiles {
        if !classes.contains(&profile.class) {
            classes.push(profile.class);
        }
    }
    classes
}

/// The south-west corner of a zone: rows of as many zones as there are rows.
fn corner(options: &Options, index: usize) -> Position {
    let columns = (options.zones.max(1) as f64).sqrt().ceil();
    let (column, row) = (index as f64 % columns, (index as f64 / columns).floor());
    moved(options.centre, (column - columns / 2.0) * options.zone_side_m, (row - columns / 2.0) * options.zone_side_m)
}

fn moved(from: Position, east_m: f64, north_m: f64) -> Position {
    let lat = from.lat + north_m / METRES_PER_DEGREE;
    let lon = from.lon + east_m / (METRES_PER_DEGREE * from.lat.to_radians().cos().max(0.01));
    Position { lon, lat }
}

fn zone(options: &Options, index: usize) -> Zone {
    let south_west = corner(options, index);
    let side = options.zone_side_m;
    let at = |east, north| moved(south_west, east, north);
    let ring = vec![south_west, at(side, 0.0), at(side, side), at(0.0, side), south_west];
    Zone {
        id: ZoneId::new(format!("zone-{index}")).expect("a number is an id"),
        name: format!("Zone {index}"),
        class: "district".to_owned(),
        area: Geometry::Polygon(vec![ring]),
        agency: AgencyId::new(AGENCY).expect("the name is an id"),
    }
}

fn asset(options: &Options, profiles: &[Profile], classes: &[&'static str], index: usize) -> Asset {
    let class = classes[index % classes.len()];
    let place = |axis: u64| unit(at(options.seed, index as u64, axis)) * options.zone_side_m;
    let south_west = corner(options, index % options.zones.max(1));
    Asset {
        id: AssetId::new(format!("sim-{index}")).expect("a number is an id"),
        name: format!("Simulated {} {index}", class.replace('_', " ")),
        class: class.to_owned(),
        place: Geometry::Point(moved(south_west, place(1), place(2))),
        agency: AgencyId::new(AGENCY).expect("the name is an id"),
        observes: profiles.iter().filter(|p| p.class == class).map(|p| p.kind.id.clone()).collect(),
        view: None,
        attributes: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_lies_in_its_zone() {
        for zones in [1, 2, 16, 17] {
            let city = City::new(&Options { zones, assets: 200, ..Options::default() });
            assert_eq!(city.zones().len(), zones);
            for (i, asset) in city.assets().iter().enumerate() {
                assert!(city.zones()[i % zones].area.contains(asset.place.centre()), "{asset:?}");
                assert!(!asset.observes.is_empty());
            }
        }
    }

    #[test]
    fn the_seed_makes_the_city() {
        let city = |seed| City::new(&Options { seed, ..Options::default() });
        assert_eq!(city(3).assets(), city(3).assets());
        assert_ne!(city(3).assets(), city(4).assets());
    }
}
