//! Recorded series. Sources and licences: `../shared/data/environment/README.md`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{
    AssetId, Duration, Geometry, KindId, Observation, ObservationId, ObservationKind, Origin, Position, Quality,
    SourceId, Timestamp, Value,
};

/// The readings of one sensor.
pub(crate) struct Recorded {
    pub(crate) kind: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) asset: String,
    pub(crate) place: Position,
    /// Below this a reading is physically impossible.
    min: Option<f64>,
    /// Oldest first.
    pub(crate) readings: Vec<(Timestamp, f64)>,
}

impl Recorded {
    pub(crate) fn kind_entry(&self) -> (KindId, ObservationKind) {
        let id = KindId::new(self.kind).unwrap();
        let kind = ObservationKind {
            id: id.clone(),
            name: self.kind.to_owned(),
            quantity: self.kind.to_owned(),
            unit: self.unit.to_owned(),
            value_type: ValueType::Number,
            min: self.min,
            max: None,
            retention: Duration::from_secs(86_400),
            personal: false,
            overload: Overload::Wait,
        };
        (id, kind)
    }

    fn observation(&self, number: usize, (time, value): (Timestamp, f64)) -> Observation {
        let broken = self.min.is_some_and(|min| value < min);
        Observation {
            id: ObservationId(number as u128),
            kind: KindId::new(self.kind).unwrap(),
            source: SourceId::new("recording").unwrap(),
            asset: Some(AssetId::new(self.asset.as_str()).unwrap()),
            time,
            arrived: time,
            place: Some(Geometry::Point(self.place)),
            value: Value::Number(value),
            quality: if broken { Quality::Implausible } else { Quality::Good },
            origin: Origin::Replayed,
            attributes: Vec::new(),
        }
    }
}

/// All readings in the order of time, with the number of their series.
pub(crate) fn in_order(all: &[Recorded]) -> Vec<(usize, Observation)> {
    let mut merged: Vec<(usize, Observation)> = Vec::new();
    for (series, recorded) in all.iter().enumerate() {
        let first = merged.len();
        let readings = recorded.readings.iter().enumerate();
        merged.extend(readings.map(|(i, reading)| (series, recorded.observation(first + i, *reading))));
    }
    merged.sort_by_key(|(series, o)| (o.time, *series));
    merged
}

/// A series of the Numenta Anomaly Benchmark (MIT): traffic of the Twin Cities, taxi passengers of New York.
pub(crate) fn nab(name: &str, kind: &'static str, unit: &'static str) -> Recorded {
    let text = std::fs::read_to_string(data().join("nab").join(format!("{name}.csv"))).unwrap();
    let readings = text.lines().skip(1).map(|line| {
        let (time, value) = line.split_once(',').unwrap();
        (moment(&time.replace(' ', "T")), value.parse().unwrap())
    });
    Recorded { kind, unit, asset: name.to_owned(), place: PLACE, min: None, readings: readings.collect() }
}

/// Benzene in an Italian city (De Vito et al., CC BY 4.0); -200 stands for a sensor that did not work.
pub(crate) fn benzene() -> Recorded {
    let text = unzipped("uci_airquality_italy_2004-2005.csv.gz");
    let readings = text.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let [day, month, year] = fields[0].split('/').collect::<Vec<_>>().try_into().ok()?;
        let time = format!("{year}-{month:0>2}-{day:0>2}T{}", fields[1]);
        let value = fields[5].parse().ok()?;
        Some((time_of(&time)?, value))
    });
    let readings = readings.collect();
    Recorded { kind: "air.benzene", unit: "ug/m3", asset: "italy".into(), place: PLACE, min: Some(0.0), readings }
}

/// Fine dust at Beijing's stations in January 2014 (Zhang et al., CC BY 4.0). The first one is made to drift by half a
/// microgram an hour from the fifteenth day on: no drifting station was recorded.
pub(crate) fn drifting() -> Vec<Recorded> {
    let places = std::fs::read_to_string(data().join("beijing_stations.csv")).unwrap();
    let text = unzipped("beijing_air_2014-2015.csv.gz");
    let station = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let of = |row: &&str| row.split(',').nth(1) == Some(fields[0]) && row.starts_with("2014-01");
        let reading = |row: &str| {
            let fields: Vec<&str> = row.split(',').collect();
            Some((moment(&format!("{}:00", fields[0])), fields[2].parse::<f64>().ok()?))
        };
        let place = Position { lon: fields[1].parse().unwrap(), lat: fields[2].parse().unwrap() };
        let readings: Vec<_> = text.lines().filter(of).filter_map(reading).collect();
        Recorded { kind: "air.pm25", unit: "ug/m3", asset: fields[0].to_owned(), place, min: None, readings }
    };
    let mut stations: Vec<Recorded> = places.lines().skip(1).map(station).collect();
    let start = stations[0].readings[0].0.0 + 14 * 86_400_000_000;
    for (time, value) in &mut stations[0].readings {
        *value += (time.0 - start).max(0) as f64 / 3_600_000_000.0 * 0.5;
    }
    stations
}

const PLACE: Position = Position { lon: 0.0, lat: 0.0 };

fn time_of(text: &str) -> Option<Timestamp> {
    format!("{text}Z").parse().ok()
}

fn moment(text: &str) -> Timestamp {
    time_of(text).unwrap_or_else(|| panic!("no time: {text}"))
}

fn unzipped(name: &str) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(data().join(name)).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/environment")
}
