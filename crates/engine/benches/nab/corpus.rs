//! The benchmark's series, windows and published results, read from a folder.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use vigiles_model::Timestamp;

use crate::scorer::Score;

/// The seven series of `realTraffic`, then three of `realKnownCause` as a check beside them.
pub(crate) const SERIES: [&str; 10] = [
    "occupancy_6005",
    "occupancy_t4013",
    "speed_6005",
    "speed_7578",
    "speed_t4013",
    "TravelTime_387",
    "TravelTime_451",
    "nyc_taxi",
    "ambient_temperature_system_failure",
    "machine_temperature_system_failure",
];
/// How many of [`SERIES`] are of traffic.
pub(crate) const TRAFFIC: usize = 7;

/// One labelled series.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    /// Microseconds since 1970; the corpus names no time zone, so UTC.
    pub(crate) times: Vec<i64>,
    pub(crate) values: Vec<f64>,
    /// First and last reading of each labelled window.
    pub(crate) windows: Vec<(usize, usize)>,
}

/// Published scores of the standard profile: of a detector, of a series.
pub(crate) type Published = BTreeMap<String, BTreeMap<String, Score>>;

/// Reads the series of `timestamp,value` rows, with their windows from the text of `windows.json`.
pub(crate) fn series(name: &'static str, rows: &str, windows: &str) -> Series {
    let (mut stamps, mut values) = (Vec::new(), Vec::new());
    for row in csv::Reader::from_reader(rows.as_bytes()).records() {
        let row = row.unwrap();
        stamps.push(row[0].to_owned());
        values.push(row[1].parse().unwrap());
    }
    let labels: Value = serde_json::from_str(windows).unwrap();
    let place = |stamp: &Value| {
        let seconds = stamp.as_str().unwrap().split('.').next().unwrap();
        stamps.iter().position(|s| s == seconds).unwrap()
    };
    let listed = labels[format!("{name}.csv")]["windows"].as_array().unwrap();
    let windows = listed.iter().map(|w| (place(&w[0]), place(&w[1]))).collect();
    let times = stamps.iter().map(|s| microseconds(s)).collect();
    Series { name, times, values, windows }
}

fn microseconds(stamp: &str) -> i64 {
    let time: Timestamp = format!("{}Z", stamp.replace(' ', "T")).parse().unwrap();
    time.0
}

/// All series of a folder that holds `NAME.csv` and `windows.json`.
pub(crate) fn read(folder: &Path) -> Vec<Series> {
    let windows = text(&folder.join("windows.json"));
    SERIES.iter().map(|name| series(name, &text(&folder.join(format!("{name}.csv"))), &windows)).collect()
}

/// The folder's `published_scores.csv`: the rows of the standard profile.
pub(crate) fn published(folder: &Path) -> Published {
    let mut all = Published::new();
    let rows = text(&folder.join("published_scores.csv"));
    for row in csv::Reader::from_reader(rows.as_bytes()).records() {
        let row = row.unwrap();
        if &row[1] != "standard" {
            continue;
        }
        let count = |column: usize| row[column].parse().unwrap();
        let score = Score {
            raw: row[4].parse().unwrap(),
            true_positives: count(5),
            false_positives: count(6),
            false_negatives: count(7),
        };
        all.entry(row[0].to_owned()).or_default().insert(row[2].trim_end_matches(".csv").to_owned(), score);
    }
    all
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
