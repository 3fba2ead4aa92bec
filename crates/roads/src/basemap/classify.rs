//! From the tags of OpenStreetMap to the layers, classes and zooms of `docs/basemap.md`.

use crate::pbf::Tags;

/// A layer of the tiles, in drawing order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// What the ground is used for.
    Landuse,
    /// Parks, woods, grass.
    Green,
    /// Sea, lakes, rivers.
    Water,
    /// Houses.
    Building,
    /// Tracks.
    Rail,
    /// Streets and paths.
    Road,
    /// Names of places.
    Place,
    /// Public buildings and stops.
    Poi,
}

impl Layer {
    /// Every layer in drawing order.
    pub const ALL: [Self; 8] =
        [Self::Landuse, Self::Green, Self::Water, Self::Building, Self::Rail, Self::Road, Self::Place, Self::Poi];

    /// The name of the layer in the tiles.
    pub fn name(self) -> &'static str {
        match self {
            Self::Landuse => "landuse",
            Self::Green => "green",
            Self::Water => "water",
            Self::Building => "building",
            Self::Rail => "rail",
            Self::Road => "road",
            Self::Place => "place",
            Self::Poi => "poi",
        }
    }
}

/// What a thing is drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Class {
    pub(super) layer: Layer,
    pub(super) name: &'static str,
    /// Importance, 1 the highest; 0 where the layer has none.
    pub(super) rank: u8,
    /// First zoom at which it may be drawn at all (areas: if large enough to be seen).
    pub(super) from_zoom: u8,
    /// First zoom at which every one is drawn.
    pub(super) all_zoom: u8,
}

/// The fields of a feature besides its class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[allow(clippy::struct_excessive_bools, reason = "each is one yes-or-no field of the tiles")]
pub(super) struct Fields {
    pub(super) name: Option<Box<str>>,
    pub(super) reference: Option<Box<str>>,
    pub(super) height_m: Option<u32>,
    pub(super) bridge: bool,
    pub(super) tunnel: bool,
    pub(super) oneway: bool,
    pub(super) link: bool,
}

/// Everything one element is drawn as.
#[derive(Debug, Clone, Default)]
pub(super) struct Subject {
    pub(super) area: Option<Class>,
    pub(super) line: Option<Class>,
    pub(super) point: Option<Class>,
    pub(super) coastline: bool,
    pub(super) fields: Fields,
}

/// A row of a table: tag value, class, rank, zoom.
type Row = (&'static str, &'static str, u8, u8);

const ROADS: &[Row] = &[
    ("motorway", "motorway", 1, 8),
    ("trunk", "trunk", 2, 8),
    ("primary", "primary", 3, 9),
    ("secondary", "secondary", 4, 10),
    ("tertiary", "tertiary", 5, 11),
    ("residential", "residential", 6, 12),
    ("unclassified", "residential", 6, 12),
    ("living_street", "residential", 6, 12),
    ("road", "residential", 6, 12),
    ("pedestrian", "pedestrian", 7, 13),
    ("service", "service", 8, 13),
    ("track", "track", 9, 13),
    ("bridleway", "track", 9, 13),
    ("cycleway", "cycleway", 10, 13),
    ("footway", "footway", 11, 14),
    ("path", "footway", 11, 14),
    ("steps", "footway", 11, 14),
    ("corridor", "footway", 11, 14),
];

const RAILS: &[Row] = &[
    ("rail", "rail", 0, 10),
    ("narrow_gauge", "rail", 0, 10),
    ("funicular", "rail", 0, 12),
    ("subway", "subway", 0, 12),
    ("light_rail", "light_rail", 0, 12),
    ("monorail", "light_rail", 0, 12),
    ("tram", "tram", 0, 12),
];

const WATERWAYS: &[Row] =
    &[("river", "river", 0, 9), ("canal", "canal", 0, 11), ("stream", "stream", 0, 13), ("drain", "stream", 0, 14)];

const GREENS: &[(&str, &str, &str)] = &[
    ("landuse", "forest", "forest"),
    ("natural", "wood", "forest"),
    ("leisure", "park", "park"),
    ("leisure", "dog_park", "park"),
    ("leisure", "nature_reserve", "forest"),
    ("leisure", "golf_course", "grass"),
    ("leisure", "garden", "garden"),
    ("leisure", "playground", "park"),
    ("leisure", "pitch", "pitch"),
    ("leisure", "track", "pitch"),
    ("leisure", "stadium", "pitch"),
    ("landuse", "grass", "grass"),
    ("landuse", "meadow", "grass"),
    ("landuse", "village_green", "grass"),
    ("landuse", "recreation_ground", "grass"),
    ("landuse", "flowerbed", "garden"),
    ("landuse", "allotments", "garden"),
    ("natural", "grassland", "grass"),
    ("landuse", "cemetery", "cemetery"),
    ("amenity", "grave_yard", "cemetery"),
    ("landuse", "farmland", "farmland"),
    ("landuse", "orchard", "farmland"),
    ("landuse", "vineyard", "farmland"),
    ("natural", "scrub", "scrub"),
    ("natural", "heath", "scrub"),
    ("natural", "beach", "beach"),
    ("natural", "sand", "beach"),
    ("natural", "bare_rock", "rock"),
    ("natural", "scree", "rock"),
    ("natural", "wetland", "wetland"),
];

const LANDUSES: &[(&str, &str, &str)] = &[
    ("landuse", "residential", "residential"),
    ("landuse", "commercial", "commercial"),
    ("landuse", "retail", "commercial"),
    ("landuse", "industrial", "industrial"),
    ("landuse", "railway", "railway"),
    ("landuse", "quarry", "quarry"),
    ("landuse", "military", "military"),
    ("amenity", "school", "education"),
    ("amenity", "university", "education"),
    ("amenity", "college", "education"),
    ("amenity", "hospital", "health"),
    ("highway", "pedestrian", "pedestrian"),
    ("highway", "footway", "pedestrian"),
    ("place", "square", "pedestrian"),
    ("man_made", "pier", "pier"),
    ("man_made", "breakwater", "pier"),
];

const PLACES: &[Row] = &[
    ("city", "city", 1, 8),
    ("town", "town", 2, 8),
    ("village", "village", 3, 11),
    ("suburb", "suburb", 4, 11),
    ("quarter", "quarter", 5, 12),
    ("island", "island", 5, 12),
    ("islet", "island", 8, 14),
    ("neighbourhood", "neighbourhood", 6, 13),
    ("square", "square", 7, 14),
];

const POIS: &[(&str, &str, &str, u8)] = &[
    ("amenity", "hospital", "hospital", 1),
    ("railway", "station", "station", 1),
    ("railway", "halt", "station", 2),
    ("amenity", "fire_station", "fire_station", 2),
    ("amenity", "police", "police", 2),
    ("amenity", "bus_station", "station", 3),
    ("amenity", "ferry_terminal", "ferry", 3),
    ("amenity", "townhall", "townhall", 3),
    ("amenity", "university", "university", 4),
    ("amenity", "school", "school", 5),
    ("amenity", "college", "school", 5),
    ("tourism", "museum", "museum", 6),
    ("amenity", "theatre", "theatre", 6),
    ("amenity", "library", "library", 6),
    ("amenity", "pharmacy", "pharmacy", 8),
];

fn get<'a>(tags: &Tags<'a>, key: &str) -> Option<&'a str> {
    tags.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
}

fn is_set(tags: &Tags<'_>, key: &str) -> bool {
    get(tags, key).is_some_and(|v| v != "no")
}

/// Everything an element with these tags is drawn as. Whether its shape allows it is for the caller to see.
pub(super) fn subject(tags: &Tags<'_>) -> Subject {
    if tags.is_empty() {
        return Subject::default();
    }
    let (line, area) = (line(tags), area(tags));
    Subject {
        point: point(tags).or_else(|| label(tags, area)),
        coastline: get(tags, "natural") == Some("coastline"),
        fields: fields(tags),
        line,
        area,
    }
}

/// Whether a closed way with these tags is a line all the same (a roundabout, a loop of a path).
pub(super) fn closed_is_line(tags: &Tags<'_>) -> bool {
    get(tags, "area") == Some("no")
        || (["highway", "railway", "waterway"].iter().any(|k| is_set(tags, k)) && get(tags, "area") != Some("yes"))
}

fn line(tags: &Tags<'_>) -> Option<Class> {
    let class =
        |layer, (_, name, rank, zoom): &Row| Class { layer, name, rank: *rank, from_zoom: *zoom, all_zoom: *zoom };
    if let Some(highway) = get(tags, "highway") {
        let base = highway.strip_suffix("_link").unwrap_or(highway);
        return ROADS.iter().find(|row| row.0 == base).map(|row| class(Layer::Road, row));
    }
    if let Some(railway) = get(tags, "railway") {
        let rail = RAILS.iter().find(|row| row.0 == railway).map(|row| class(Layer::Rail, row))?;
        let siding = rail.name == "rail" && get(tags, "service").is_some();
        return Some(if siding { Class { name: "siding", from_zoom: 13, all_zoom: 13, ..rail } } else { rail });
    }
    let waterway = get(tags, "waterway")?;
    WATERWAYS.iter().find(|row| row.0 == waterway).map(|row| class(Layer::Water, row))
}

fn area(tags: &Tags<'_>) -> Option<Class> {
    let class = |layer, name, from_zoom, all_zoom| Some(Class { layer, name, rank: 0, from_zoom, all_zoom });
    if is_set(tags, "building") {
        return class(Layer::Building, "building", 13, 14);
    }
    if is_set(tags, "building:part") {
        return class(Layer::Building, "part", 14, 15);
    }
    let find = |table: &[(&str, &str, &'static str)]| {
        table.iter().find(|(key, value, _)| get(tags, key) == Some(value)).map(|row| row.2)
    };
    match (get(tags, "natural"), get(tags, "waterway"), get(tags, "landuse"), get(tags, "leisure")) {
        (Some("water"), ..) => {
            let river = matches!(get(tags, "water"), Some("river" | "canal" | "stream"));
            return class(Layer::Water, if river { "river" } else { "lake" }, 8, 13);
        }
        (Some("bay"), ..) => return class(Layer::Water, "sea", 8, 13),
        (_, Some("riverbank" | "dock"), ..) => return class(Layer::Water, "river", 8, 13),
        (_, _, Some("reservoir" | "basin"), _) | (_, _, _, Some("swimming_pool")) => {
            return class(Layer::Water, "basin", 8, 13);
        }
        _ => {}
    }
    if let Some(name) = find(GREENS) {
        return class(Layer::Green, name, 8, 13);
    }
    let name = find(LANDUSES)?;
    // A footway is an area only where it says so; the caller has seen to that for closed ways.
    class(Layer::Landuse, name, 10, 13)
}

fn point(tags: &Tags<'_>) -> Option<Class> {
    if let Some((_, _, name, rank)) = POIS.iter().find(|(key, value, ..)| get(tags, key) == Some(value)) {
        return Some(Class { layer: Layer::Poi, name, rank: *rank, from_zoom: 13, all_zoom: 13 });
    }
    get(tags, "name")?;
    let place = get(tags, "place")?;
    let (_, name, rank, zoom) = PLACES.iter().find(|row| row.0 == place)?;
    Some(Class { layer: Layer::Place, name, rank: *rank, from_zoom: *zoom, all_zoom: *zoom })
}

/// The label of a named area.
fn label(tags: &Tags<'_>, area: Option<Class>) -> Option<Class> {
    get(tags, "name")?;
    let place = |name, rank, zoom| Some(Class { layer: Layer::Place, name, rank, from_zoom: zoom, all_zoom: zoom });
    match area.map(|class| (class.layer, class.name)) {
        Some((Layer::Water, "lake" | "river" | "sea")) => place("water", 5, 12),
        Some((Layer::Green, "park" | "garden" | "forest" | "cemetery")) => place("park", 8, 14),
        Some((Layer::Landuse, "pedestrian")) => place("square", 7, 14),
        _ if matches!(get(tags, "natural"), Some("bay" | "strait")) => place("water", 4, 12),
        _ => None,
    }
}

fn fields(tags: &Tags<'_>) -> Fields {
    let text = |key| get(tags, key).filter(|v| !v.is_empty() && v.len() <= 256).map(Into::into);
    let number = |key| get(tags, key).and_then(|v| v.trim_end_matches('m').trim().parse::<f64>().ok());
    let height = number("height").or_else(|| number("building:levels").map(|levels| levels * 3.0));
    Fields {
        name: text("name"),
        reference: text("ref"),
        height_m: height.filter(|h| (1.0..1000.0).contains(h)).map(|h| h.round() as u32),
        bridge: is_set(tags, "bridge"),
        tunnel: is_set(tags, "tunnel") && get(tags, "tunnel") != Some("building_passage"),
        oneway: matches!(get(tags, "oneway"), Some("yes" | "1" | "true")),
        link: get(tags, "highway").is_some_and(|h| h.ends_with("_link")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tags: &[(&'static str, &'static str)], expected: (Option<&str>, Option<&str>, Option<&str>)) {
        let s = subject(&tags.to_vec());
        let name = |class: Option<Class>| class.map(|c| c.name);
        assert_eq!((name(s.line), name(s.area), name(s.point)), expected, "{tags:?}");
    }

    #[test]
    fn tags_become_classes() {
        check(&[("highway", "primary_link")], (Some("primary"), None, None));
        check(&[("highway", "proposed")], (None, None, None));
        check(&[("railway", "rail"), ("service", "yard")], (Some("siding"), None, None));
        check(&[("building", "yes"), ("amenity", "hospital")], (None, Some("building"), Some("hospital")));
        check(&[("building", "no")], (None, None, None));
        check(&[("natural", "water"), ("name", "Lake")], (None, Some("lake"), Some("water")));
        check(&[("leisure", "park")], (None, Some("park"), None));
        check(&[("place", "suburb")], (None, None, None));
        check(&[("place", "suburb"), ("name", "Kluuvi")], (None, None, Some("suburb")));
    }

    #[test]
    fn fields_are_read() {
        let f =
            subject(&vec![("highway", "motorway_link"), ("oneway", "yes"), ("bridge", "viaduct"), ("tunnel", "no")])
                .fields;
        assert!(f.link && f.oneway && f.bridge && !f.tunnel);
        assert_eq!(subject(&vec![("building", "yes"), ("building:levels", "4")]).fields.height_m, Some(12));
        assert_eq!(subject(&vec![("building", "yes"), ("height", "nonsense")]).fields.height_m, None);
    }
}
