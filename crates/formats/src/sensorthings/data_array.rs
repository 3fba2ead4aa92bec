//! The data array extension: many Observations of one Datastream with their properties named once (OGC 18-088, 8.5 and 12).

use serde_json::{Map, Value};

use super::SyntaxError;
use super::observation;
use crate::observation::Rejection;

/// Most Observations of one request.
pub const MAX_ROWS: usize = 100_000;

/// Reads the body of `CreateObservations`: one Observation, or why it is none, a row, in order.
pub fn read(body: &Value) -> Result<Vec<Result<observation::Incoming, Rejection>>, SyntaxError> {
    let groups = body.as_array().ok_or_else(|| SyntaxError::new("body", "an array of data arrays is expected"))?;
    let mut rows = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let part = |name: &str| format!("[{at}].{name}");
        let names = group["components"]
            .as_array()
            .filter(|names| !names.is_empty())
            .ok_or_else(|| SyntaxError::new(part("components"), "the names of the columns are missing"))?;
        let names = names.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
        let names = names.ok_or_else(|| SyntaxError::new(part("components"), "names are texts"))?;
        let array =
            group["dataArray"].as_array().ok_or_else(|| SyntaxError::new(part("dataArray"), "the rows are missing"))?;
        if rows.len() + array.len() > MAX_ROWS {
            return Err(SyntaxError::new(part("dataArray"), format_args!("at most {MAX_ROWS} rows are taken at once")));
        }
        rows.extend(array.iter().enumerate().map(|(row, values)| {
            one(&names, values, &group["Datastream"]).map_err(|r| {
                let path = format!("[{at}].dataArray[{row}].{}", r.path);
                Rejection { path, ..r }
            })
        }));
    }
    Ok(rows)
}

fn one(names: &[&str], values: &Value, datastream: &Value) -> Result<observation::Incoming, Rejection> {
    let values = values.as_array().ok_or_else(|| Rejection::new("row", "a row is an array"))?;
    if values.len() != names.len() {
        let why = format_args!("has {} values for {} components", values.len(), names.len());
        return Err(Rejection::new("row", why));
    }
    let mut object = Map::new();
    object.insert("Datastream".to_owned(), datastream.clone());
    for (name, value) in names.iter().zip(values) {
        match name.strip_suffix("/id").or_else(|| name.strip_suffix("/@iot.id")) {
            Some(way) => object.insert(way.to_owned(), serde_json::json!({ "@iot.id": value })),
            None => object.insert((*name).to_owned(), value.clone()),
        };
    }
    observation::read(&Value::Object(object), None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn group(components: &Value, rows: &Value) -> Value {
        json!([{"Datastream": {"@iot.id": "a1,air.pm25"}, "components": components, "dataArray@iot.count": 2, "dataArray": rows}])
    }

    #[test]
    fn rows_are_observations() {
        let body = group(
            &json!(["phenomenonTime", "result", "FeatureOfInterest/id"]),
            &json!([["2026-11-23T03:00:00Z", 1, "f1"], ["2026-11-23T03:01:00Z", {}, "f1"], [1]]),
        );
        let rows = read(&body).unwrap();
        let first = rows[0].as_ref().unwrap();
        assert_eq!(first.datastream.as_deref(), Some("a1,air.pm25"));
        assert_eq!(first.feature, Some(json!({"@iot.id": "f1"})));
        assert_eq!(rows[1].as_ref().unwrap_err().path, "[0].dataArray[1].result");
        assert_eq!(rows[2].as_ref().unwrap_err().path, "[0].dataArray[2].row");
    }

    #[test]
    fn what_is_no_data_array_is_told() {
        for (body, part) in [
            (json!({}), "body"),
            (json!([{"dataArray": []}]), "[0].components"),
            (json!([{"components": [1], "dataArray": []}]), "[0].components"),
            (json!([{"components": ["result"]}]), "[0].dataArray"),
        ] {
            assert_eq!(read(&body).unwrap_err().part, part, "{body}");
        }
    }
}
