use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
use vigiles_formats::geojson;
use vigiles_formats::ndjson::parse_line;
use vigiles_model::{Geometry, KindId, ObservationId, Origin, Position, Quality, SourceId, Timestamp, Value};

use super::*;

/// A place to write to that can be looked into afterwards.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(format: Format, observations: &[Observation]) -> Vec<u8> {
    let shared = Shared::default();
    let mut rows = format.begin(shared.clone()).unwrap();
    for observation in observations {
        let unit = if observation.kind.as_str() == "air.pm25" { "ug/m3" } else { "" };
        rows.add(observation, unit).unwrap();
    }
    rows.end().unwrap();
    shared.0.lock().unwrap().split_off(0)
}

fn observation(kind: &str, value: Value) -> Observation {
    Observation {
        id: ObservationId(0),
        kind: KindId::new(kind).unwrap(),
        source: SourceId::new("feed").unwrap(),
        asset: None,
        time: Timestamp(1_398_902_400_000_001),
        arrived: Timestamp(1_795_000_000_000_000),
        place: None,
        value,
        quality: Quality::Good,
        origin: Origin::Live,
        attributes: Vec::new(),
    }
}

/// One of each sort, and what readers of a format fall over.
fn sample() -> Vec<Observation> {
    let p = |lon, lat| Position { lon, lat };
    // Clockwise, as the platform keeps it.
    let square = vec![p(0.0, 0.0), p(0.0, 3.0), p(3.0, 3.0), p(3.0, 0.0), p(0.0, 0.0)];
    let hole = vec![p(1.0, 1.0), p(2.0, 1.0), p(2.0, 2.0), p(1.0, 2.0), p(1.0, 1.0)];
    let mut all = [
        Observation { place: Some(Geometry::Point(p(24.94, 60.17))), ..observation("air.pm25", Value::Number(-12.5)) },
        Observation {
            asset: Some("-5".parse().unwrap()),
            attributes: vec![("=name".into(), "+ \"x\",\ny".into()), ("Straße".into(), "Ü".into())],
            ..observation("report", Value::Text("=HYPERLINK(\"http://evil.example\",\"click\")".into()))
        },
        Observation {
            place: Some(Geometry::Polygon(vec![square, hole])),
            quality: Quality::Doubtful,
            ..observation("door.open", Value::Boolean(true))
        },
        Observation {
            place: Some(Geometry::Line(vec![p(1.0, 2.0), p(-3.5, 1e-7)])),
            origin: Origin::Simulated,
            quality: Quality::Implausible,
            ..observation("air.pm25", Value::Number(1e300))
        },
    ];
    for o in &mut all {
        o.id = o.content_id();
    }
    all.into()
}

fn check(name: &str, found: &[u8]) {
    let file = format!("src/export/testdata/sample.{name}");
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&golden, found).unwrap();
    }
    let expected = std::fs::read(&golden).unwrap();
    assert_eq!(String::from_utf8_lossy(found), String::from_utf8_lossy(&expected));
}

#[test]
fn each_format_is_as_in_its_file() {
    for format in [Format::Csv, Format::GeoJson, Format::Ndjson] {
        check(format.name(), &written(format, &sample()));
    }
}

#[test]
fn each_format_has_a_form_for_nothing() {
    assert_eq!(written(Format::Ndjson, &[]), b"");
    assert_eq!(String::from_utf8(written(Format::Csv, &[])).unwrap().lines().count(), 1);
    let empty: serde_json::Value = serde_json::from_slice(&written(Format::GeoJson, &[])).unwrap();
    assert_eq!(empty["features"].as_array().unwrap().len(), 0);
    let reader = SerializedFileReader::new(bytes::Bytes::from(written(Format::Parquet, &[]))).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
}

#[test]
fn parquet_is_read_back() {
    let bytes = written(Format::Parquet, &sample());
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let file = reader.metadata().file_metadata();
    let mut text = Vec::new();
    ::parquet::schema::printer::print_schema(&mut text, file.schema());
    let geo = file.key_value_metadata().unwrap().iter().find(|entry| entry.key == "geo").unwrap();
    text.extend_from_slice(geo.value.as_deref().unwrap().as_bytes());
    for row in reader.get_row_iter(None).unwrap() {
        text.extend_from_slice(format!("\n{}", row.unwrap()).as_bytes());
    }
    text.push(b'\n');
    check("parquet.txt", &text);
}

#[test]
fn parquet_has_groups_of_bounded_size() {
    let mut long = observation("report", Value::Text("x".repeat(4096).into()));
    long.attributes = (0..32).map(|i| (format!("{i}").into(), "y".repeat(4096).into())).collect();
    let reader = SerializedFileReader::new(bytes::Bytes::from(written(Format::Parquet, &vec![long; 300]))).unwrap();
    let rows: Vec<i64> =
        reader.metadata().row_groups().iter().map(::parquet::file::metadata::RowGroupMetaData::num_rows).collect();
    assert_eq!(rows.iter().sum::<i64>(), 300);
    assert!(rows.len() > 1 && rows.iter().all(|rows| *rows < 150), "{rows:?}");
}

#[test]
fn what_is_written_for_the_doors_is_read_by_them() {
    let lines = String::from_utf8(written(Format::Ndjson, &sample())).unwrap();
    for (line, observation) in lines.lines().zip(sample()) {
        let draft = parse_line(line.as_bytes(), 1).unwrap();
        assert_eq!(draft.flaw, None, "{line}");
        assert_eq!(
            (draft.value, draft.place, draft.time),
            (observation.value, observation.place, Some(observation.time))
        );
        assert_eq!((draft.quality, draft.origin), (observation.quality, observation.origin));
        assert_eq!(draft.attributes, observation.attributes);
    }
}

#[test]
fn rings_of_features_follow_the_right_hand() {
    let features: serde_json::Value = serde_json::from_slice(&written(Format::GeoJson, &sample())).unwrap();
    let place = features["features"][2]["geometry"].to_string();
    let Ok(Geometry::Polygon(rings)) = geojson::parse(place.as_bytes()) else { panic!("{place}") };
    let area = |ring: &[Position]| ring.windows(2).map(|p| p[0].lon * p[1].lat - p[1].lon * p[0].lat).sum::<f64>();
    assert!(area(&rings[0]) > 0.0 && area(&rings[1]) < 0.0, "{place}");
}

#[test]
fn formulas_are_harmless_and_numbers_as_they_are() {
    let bytes = written(Format::Csv, &sample());
    let mut reader = ::csv::Reader::from_reader(&bytes[..]);
    let cells: Vec<String> =
        reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect();
    assert!(cells.contains(&"-12.5".to_owned()) && cells.contains(&"'-5".to_owned()));
    assert!(cells.iter().any(|cell| cell.starts_with("'=HYPERLINK")));
    let dangerous =
        |cell: &&String| cell.starts_with(['=', '+', '@']) || (cell.starts_with('-') && cell.parse::<f64>().is_err());
    assert_eq!(cells.iter().find(dangerous), None);
}
