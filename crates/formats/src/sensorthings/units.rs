//! From a unit of measurement as SensorThings clients write it to a UCUM code.

use serde_json::Value;
use vigiles_model::unit;

/// Symbols that are written often and are no UCUM codes.
const SYMBOLS: [(&str, &str); 18] = [
    ("°C", "Cel"),
    ("℃", "Cel"),
    ("degC", "Cel"),
    ("C", "Cel"),
    ("°F", "[degF]"),
    ("degF", "[degF]"),
    ("°", "deg"),
    ("µg/m³", "ug/m3"),
    ("μg/m³", "ug/m3"),
    ("ug/m³", "ug/m3"),
    ("µg/m3", "ug/m3"),
    ("mg/m³", "mg/m3"),
    ("m³", "m3"),
    ("m²", "m2"),
    ("W/m²", "W/m2"),
    ("dB(A)", "dB{A}"),
    ("ppm", "[ppm]"),
    ("ppb", "[ppb]"),
];

/// The UCUM code of a `unitOfMeasurement`: `ucum:` in its definition, a symbol that is a code, a symbol often written, else
/// a count of what the symbol names (`{symbol}`); empty where there is no unit.
pub fn ucum(unit_of_measurement: &Value) -> Result<String, String> {
    let text = |name: &str| unit_of_measurement[name].as_str().unwrap_or_default().trim();
    let definition = text("definition");
    let named = definition.strip_prefix("ucum:").or_else(|| definition.rsplit_once("ucum#").map(|(_, code)| code));
    if let Some(code) = named {
        return unit::check(code).map(|()| code.to_owned()).map_err(|e| format!("definition: {e}"));
    }
    let symbol = text("symbol");
    if symbol.is_empty() {
        return Ok(String::new());
    }
    if let Some((_, code)) = SYMBOLS.iter().find(|(written, _)| *written == symbol) {
        return Ok((*code).to_owned());
    }
    if unit::check(symbol).is_ok() {
        return Ok(symbol.to_owned());
    }
    let annotation = format!("{{{}}}", super::ids::slug(symbol));
    unit::check(&annotation).map(|()| annotation).map_err(|e| format!("symbol: {e}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(unit: &Value, expected: &str) {
        assert_eq!(ucum(unit).as_deref(), Ok(expected), "{unit}");
    }

    #[test]
    fn units_become_codes() {
        check(&json!({"symbol": "°C", "definition": "http://example.org/DegreeCelsius"}), "Cel");
        check(&json!({"symbol": "degrees", "definition": "ucum:Cel"}), "Cel");
        check(&json!({"symbol": "ug/m3"}), "ug/m3");
        check(&json!({"symbol": "%"}), "%");
        check(&json!({"symbol": "cars"}), "{cars}");
        check(&json!({"symbol": null}), "");
        check(&Value::Null, "");
        assert!(ucum(&json!({"definition": "ucum:furlongs?"})).is_err());
    }

    #[test]
    fn every_code_of_the_table_is_one() {
        for (symbol, code) in SYMBOLS {
            assert!(unit::check(code).is_ok(), "{symbol}: {code}");
        }
    }
}
