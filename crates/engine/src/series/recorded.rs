//! Recorded series for the tests of the kernels; where they come from is told in `tests/fixtures/README.md`.

use vigiles_model::Timestamp;

/// Speeds of a road detector in nine days of 2015: time in microseconds, miles an hour.
pub(crate) fn speeds() -> Vec<(i64, f64)> {
    let text = include_str!("../../tests/fixtures/speed_7578.csv");
    rows(text).into_iter().map(|(time, values)| (time, values[0])).collect()
}

/// Rows of `timestamp,value,...`: the time in microseconds as UTC, and the values.
fn rows(text: &str) -> Vec<(i64, Vec<f64>)> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let row = |row: csv::StringRecord| {
        let time: Timestamp = format!("{}Z", row[0].replace(' ', "T")).parse().unwrap();
        (time.0, row.iter().skip(1).map(|value| value.parse().unwrap()).collect())
    };
    reader.records().map(|r| row(r.unwrap())).collect()
}

/// PM2.5 in ug/m3 of five stations of Beijing, hourly in January 2014; hours with a missing reading are left out.
pub(crate) fn particulates() -> Vec<Vec<f64>> {
    let text = include_str!("../../tests/fixtures/beijing_pm25_2014-01.csv");
    rows(text).into_iter().map(|(_, values)| values).collect()
}
