//! A recorded ride of a city bus, and zones drawn around it: what the geofence is tested with and shown on.
//! Where the recording comes from is told in `tests/fixtures/README.md`.

use vigiles_engine::Rule;
use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{
    AgencyId, AssetId, Duration, Geometry, KindId, Observation, ObservationId, ObservationKind, Origin, Position,
    Quality, SourceId, Timestamp, Value, Zone, ZoneId,
};

/// The places of the bus, oldest first, as readings of the kind of [`kind`].
pub(crate) fn readings() -> Vec<Observation> {
    let text = include_str!("../../tests/fixtures/bus_031_aracaju.csv");
    text.lines().skip(1).map(reading).collect()
}

/// `timestamp,longitude,latitude`; the time of the city's clocks is taken as UTC.
fn reading(row: &str) -> Observation {
    let fields: Vec<&str> = row.split(',').collect();
    let time: Timestamp = format!("{}Z", fields[0].replace(' ', "T")).parse().unwrap();
    let mut o = Observation {
        id: ObservationId(0),
        kind: kind().id,
        source: SourceId::new("recording").unwrap(),
        asset: Some(AssetId::new("bus-031").unwrap()),
        time,
        arrived: time,
        place: Some(Geometry::Point(Position { lon: fields[1].parse().unwrap(), lat: fields[2].parse().unwrap() })),
        value: Value::Boolean(true),
        quality: Quality::Good,
        origin: Origin::Replayed,
        attributes: Vec::new(),
    };
    o.id = o.content_id();
    o
}

pub(crate) fn kind() -> ObservationKind {
    ObservationKind {
        id: KindId::new("vehicle.seen").unwrap(),
        name: "Vehicle seen".to_owned(),
        quantity: "presence".to_owned(),
        unit: String::new(),
        value_type: ValueType::Boolean,
        min: None,
        max: None,
        retention: Duration::from_secs(86_400),
        personal: false,
        overload: Overload::Wait,
    }
}

/// The zones of the fixture (GeoJSON, RFC 7946).
pub(crate) fn zones() -> Vec<Zone> {
    let text = include_str!("../../tests/fixtures/bus_031_zones.geojson");
    let all: serde_json::Value = serde_json::from_str(text).unwrap();
    all["features"].as_array().unwrap().iter().map(zone).collect()
}

fn zone(feature: &serde_json::Value) -> Zone {
    let ring = feature["geometry"]["coordinates"][0].as_array().unwrap();
    let corner = |p: &serde_json::Value| Position { lon: p[0].as_f64().unwrap(), lat: p[1].as_f64().unwrap() };
    Zone {
        id: ZoneId::new(feature["id"].as_str().unwrap()).unwrap(),
        name: feature["properties"]["name"].as_str().unwrap().to_owned(),
        class: "geofence".to_owned(),
        area: Geometry::Polygon(vec![ring.iter().map(corner).collect()]),
        agency: AgencyId::new("city").unwrap(),
    }
}

/// A rule for each crossing, over all zones; a stay counts from three quarters of a minute on.
pub(crate) fn rules() -> Vec<Rule> {
    let zones: Vec<String> = zones().iter().map(|zone| zone.id.to_string()).collect();
    let rule = |(on, for_s): (&str, u32)| {
        serde_json::from_value(serde_json::json!({
            "id": on, "name": on, "stage": "live", "agency": "city", "kinds": [kind().id], "key": "asset",
            "detector": {"geofence": {"zones": zones, "on": on, "for_s": for_s}},
            "alarm": {"title": "{asset}", "severity": "moderate"},
        }))
        .unwrap()
    };
    [("enter", 0), ("leave", 0), ("inside", 45)].map(rule).into()
}
