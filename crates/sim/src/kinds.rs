//! What the city measures: observation kinds with the shape of their day.

use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{Duration, KindId, ObservationKind};

/// A kind and the shape of its signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The kind as the registry has it.
    pub kind: ObservationKind,
    /// The class of the assets that measure it.
    pub class: &'static str,
    /// Mean of the day.
    pub base: f64,
    /// How far the day swings around the mean.
    pub swing: f64,
    /// Hour of the day at which it is highest.
    pub peak_hour: f64,
    /// Peaks a day: 1, or 2 for rush hours.
    pub peaks: f64,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// How far an injected anomaly pushes the signal.
    pub push: f64,
    /// Decimals written.
    pub decimals: u8,
}

/// One row: id, name, unit, lowest, highest, class, then the shape.
type Row = (&'static str, &'static str, &'static str, f64, f64, &'static str, [f64; 6], u8);

const ROWS: &[Row] = &[
    ("air.pm25", "Fine dust", "ug/m3", 0.0, 1000.0, "air_station", [18.0, 6.0, 8.0, 2.0, 2.0, 120.0], 1),
    ("air.no2", "Nitrogen dioxide", "ug/m3", 0.0, 1000.0, "air_station", [30.0, 14.0, 8.0, 2.0, 3.0, 150.0], 1),
    (
        "weather.temperature",
        "Air temperature",
        "Cel",
        -60.0,
        60.0,
        "weather_station",
        [12.0, 6.0, 15.0, 1.0, 0.3, 15.0],
        1,
    ),
    ("traffic.speed", "Mean speed", "km/h", 0.0, 250.0, "loop_detector", [48.0, -14.0, 8.0, 2.0, 3.0, -35.0], 1),
    ("traffic.occupancy", "Occupancy", "%", 0.0, 100.0, "loop_detector", [12.0, 8.0, 8.0, 2.0, 1.5, 60.0], 1),
    ("noise.level", "Sound level", "dB[SPL]", 0.0, 160.0, "noise_sensor", [58.0, 8.0, 14.0, 1.0, 2.0, 30.0], 1),
];

/// Every profile of the city.
pub fn profiles() -> Vec<Profile> {
    ROWS.iter().map(profile).collect()
}

fn profile(row: &Row) -> Profile {
    let (id, name, unit, min, max, class, [base, swing, peak_hour, peaks, noise, push], decimals) = row;
    Profile {
        kind: ObservationKind {
            id: KindId::new(id).expect("the table holds ids only"),
            name: (*name).to_owned(),
            quantity: name.to_lowercase(),
            unit: (*unit).to_owned(),
            value_type: ValueType::Number,
            min: Some(*min),
            max: Some(*max),
            retention: Duration::from_secs(30 * 86_400),
            personal: false,
            overload: Overload::Wait,
        },
        class,
        base: *base,
        swing: *swing,
        peak_hour: *peak_hour,
        peaks: *peaks,
        noise: *noise,
        push: *push,
        decimals: *decimals,
    }
}
