//! What the map of Monaco holds.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use vigiles_roads::basemap::{self, Options, Progress, Report};

use crate::monaco;
use crate::tile_reader::{Archive, Feature};

fn built(options: &Options) -> (Report, Vec<u8>) {
    let mut out = Cursor::new(Vec::new());
    let (pbf, path) = (Path::new("monaco.osm.pbf"), Path::new("monaco.pmtiles"));
    let report =
        basemap::build_from(Cursor::new(monaco()), pbf, &mut out, path, options, &mut |_: Progress| {}).unwrap();
    (report, out.into_inner())
}

fn count(features: &[Feature], layer: &str, class: &str) -> usize {
    features.iter().filter(|f| f.layer == layer && f.fields.get("class").is_some_and(|c| c == class)).count()
}

#[test]
fn features_by_layer() {
    let (report, _) = built(&Options::default());
    let expected = BTreeMap::from([
        ("building", 1161),
        ("green", 66),
        ("landuse", 54),
        ("place", 37),
        ("poi", 54),
        ("rail", 9),
        ("road", 1704),
        ("water", 50),
    ]);
    assert_eq!(report.features, expected);
    assert_eq!(report.odd.missing_nodes, 0);
    assert_eq!(report.odd.loose_coast, 2);
}

#[test]
fn tiles_read_back() {
    let (report, bytes) = built(&Options::default());
    let archive = Archive::open(bytes);
    let (first, last, bounds) = archive.header();
    assert_eq!((first, last), (8, 15));
    assert!(bounds[0] < 74_092_050 && bounds[2] > 74_486_370, "{bounds:?}");
    assert_eq!(archive.metadata["attribution"], "© OpenStreetMap contributors");
    let layers = archive.metadata["vector_layers"].as_array().unwrap();
    assert_eq!(layers.len(), 8);
    let tiles: u64 = archive.entries.iter().map(|entry| entry.3).sum();
    assert_eq!(tiles, report.tiles.values().sum::<u64>());

    let features = archive.features(12);
    assert_eq!(count(&features, "building", "building"), 0);
    assert_eq!(count(&features, "road", "footway"), 0);
    assert!(count(&features, "road", "primary") > 20);
    let features = archive.features(15);
    assert!(count(&features, "building", "building") >= 1100);
    assert!(count(&features, "water", "sea") >= 10);
    assert!(count(&features, "poi", "hospital") >= 1);
    assert!(count(&features, "poi", "police") >= 5);
    let named =
        features.iter().any(|f| f.layer == "road" && f.fields.get("name").is_some_and(|n| n == "Boulevard Albert 1er"));
    assert!(named, "a street by name");
}

#[test]
fn geometry_is_as_the_specification_wants_it() {
    let (_, bytes) = built(&Options::default());
    let archive = Archive::open(bytes);
    for zoom in 8..=15 {
        for f in archive.features(zoom) {
            assert!(!f.parts.is_empty(), "{f:?}");
            let expected = match f.layer.as_str() {
                "landuse" | "green" | "building" => 3,
                "road" | "rail" => 2,
                "place" | "poi" => 1,
                _ => f.kind,
            };
            assert_eq!(f.kind, expected, "{f:?}");
            assert!(f.parts.iter().flatten().flatten().all(|v| (-80..=4176).contains(v)), "{f:?}");
            assert!(f.fields.contains_key("class"), "{f:?}");
            if f.kind == 3 {
                assert!(twice_area(&f.parts[0]) > 0, "the first ring is an outer one: {f:?}");
                assert!(f.parts.iter().all(|ring| ring.len() > 3 && twice_area(ring) != 0), "{f:?}");
            }
        }
    }
}

fn twice_area(ring: &[[i64; 2]]) -> i64 {
    ring.windows(2).map(|w| w[0][0] * w[1][1] - w[1][0] * w[0][1]).sum()
}

#[test]
fn the_same_extract_gives_the_same_bytes() {
    let options = Options { max_zoom: 13, ..Options::default() };
    assert_eq!(built(&options).1, built(&options).1);
}

#[test]
fn the_file_appears_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let (pbf, out) = (dir.path().join("in.osm.pbf"), dir.path().join("out.pmtiles"));
    std::fs::write(&pbf, &monaco()[..200_000]).unwrap();
    let options = Options { max_zoom: 12, ..Options::default() };
    let error = basemap::build(&pbf, &out, &options, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("in.osm.pbf: damaged at byte"), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left behind");
    std::fs::write(&pbf, monaco()).unwrap();
    basemap::build(&pbf, &out, &options, &mut |_| {}).unwrap();
    assert!(std::fs::metadata(&out).unwrap().len() > 10_000);
}
