//! Units of measure by their UCUM code (<https://ucum.org>), with conversion inside one dimension.

use serde::{Deserialize, Serialize};

/// A UCUM unit known to the registry. A value is stored in the unit of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit(pub String);

/// Why a value cannot be taken in a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// The code is not in the table.
    #[error("unknown unit {0:?}; write it as a UCUM code, such as ug/m3, Cel, km/h, %")]
    Unknown(String),
    /// The two units measure different things.
    #[error("unit {from:?} measures another quantity than {to:?} and cannot be converted")]
    Dimension {
        /// The unit given.
        from: String,
        /// The unit wanted.
        to: String,
    },
}

/// `code, dimension, factor, offset`: value in the base unit = value * factor + offset.
const TABLE: &[(&str, &str, f64, f64)] = &[
    ("1", "number", 1.0, 0.0),
    ("%", "number", 0.01, 0.0),
    ("[ppm]", "number", 1e-6, 0.0),
    ("{count}", "number", 1.0, 0.0),
    ("[ppb]", "number", 1e-9, 0.0),
    ("g/m3", "density", 1.0, 0.0),
    ("mg/m3", "density", 1e-3, 0.0),
    ("ug/m3", "density", 1e-6, 0.0),
    ("Cel", "temperature", 1.0, 273.15),
    ("K", "temperature", 1.0, 0.0),
    ("[degF]", "temperature", 5.0 / 9.0, 459.67 * 5.0 / 9.0),
    ("m/s", "speed", 1.0, 0.0),
    ("km/h", "speed", 1.0 / 3.6, 0.0),
    ("[mi_i]/h", "speed", 0.44704, 0.0),
    ("[kn_i]", "speed", 1852.0 / 3600.0, 0.0),
    ("m", "length", 1.0, 0.0),
    ("mm", "length", 1e-3, 0.0),
    ("cm", "length", 1e-2, 0.0),
    ("km", "length", 1e3, 0.0),
    ("[ft_i]", "length", 0.3048, 0.0),
    ("Pa", "pressure", 1.0, 0.0),
    ("hPa", "pressure", 100.0, 0.0),
    ("kPa", "pressure", 1000.0, 0.0),
    ("bar", "pressure", 1e5, 0.0),
    ("s", "time", 1.0, 0.0),
    ("ms", "time", 1e-3, 0.0),
    ("min", "time", 60.0, 0.0),
    ("h", "time", 3600.0, 0.0),
    ("d", "time", 86400.0, 0.0),
    ("dB[SPL]", "sound level", 1.0, 0.0),
    ("lx", "illuminance", 1.0, 0.0),
    ("W", "power", 1.0, 0.0),
    ("kW", "power", 1e3, 0.0),
    ("V", "voltage", 1.0, 0.0),
    ("A", "current", 1.0, 0.0),
    ("Hz", "frequency", 1.0, 0.0),
    ("/min", "frequency", 1.0 / 60.0, 0.0),
    ("/h", "frequency", 1.0 / 3600.0, 0.0),
    ("deg", "angle", 1.0, 0.0),
    ("m3/s", "flow", 1.0, 0.0),
    ("L/min", "flow", 1e-3 / 60.0, 0.0),
];

fn look_up(code: &str) -> Result<(&'static str, f64, f64), UnitError> {
    TABLE
        .iter()
        .find(|row| row.0 == code)
        .map(|row| (row.1, row.2, row.3))
        .ok_or_else(|| UnitError::Unknown(code.to_owned()))
}

/// Checks that a code is in the table.
pub fn check(code: &str) -> Result<(), UnitError> {
    look_up(code).map(|_| ())
}

/// Every code of the table, for forms.
pub fn codes() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.0)
}

/// Converts `value` from one UCUM unit to another of the same dimension.
pub fn convert(value: f64, from: &str, to: &str) -> Result<f64, UnitError> {
    if from == to {
        return Ok(value);
    }
    Conversion::between(from, to).map(|conversion| conversion.apply(value))
}

/// The way from one unit to another, looked up once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    from: (f64, f64),
    to: (f64, f64),
}

impl Conversion {
    /// From one UCUM unit to another of the same dimension.
    pub fn between(from: &str, to: &str) -> Result<Self, UnitError> {
        let (from_dimension, from_factor, from_offset) = look_up(from)?;
        let (to_dimension, to_factor, to_offset) = look_up(to)?;
        if from_dimension != to_dimension {
            return Err(UnitError::Dimension { from: from.to_owned(), to: to.to_owned() });
        }
        Ok(Self { from: (from_factor, from_offset), to: (to_factor, to_offset) })
    }

    /// The value in the other unit.
    pub fn apply(self, value: f64) -> f64 {
        (value * self.from.0 + self.from.1 - self.to.1) / self.to.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_conversion(value: f64, from: &str, to: &str, expected: f64) {
        let got = convert(value, from, to).expect("units of the table");
        assert!((got - expected).abs() < 1e-9 * expected.abs().max(1.0), "{value} {from} -> {got} {to}");
    }

    #[test]
    fn converts_inside_a_dimension() {
        check_conversion(1.0, "mg/m3", "ug/m3", 1000.0);
        check_conversion(212.0, "[degF]", "Cel", 100.0);
        check_conversion(36.0, "km/h", "m/s", 10.0);
        check_conversion(50.0, "%", "1", 0.5);
    }

    #[test]
    fn refuses_the_rest() {
        assert_eq!(convert(1.0, "m", "s"), Err(UnitError::Dimension { from: "m".into(), to: "s".into() }));
        assert_eq!(convert(1.0, "furlong", "m"), Err(UnitError::Unknown("furlong".into())));
    }
}
