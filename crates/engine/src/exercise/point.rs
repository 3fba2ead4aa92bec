//! The place of a reading or call of a scenario: a GeoJSON point (RFC 7946), or a longitude and a latitude by name.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vigiles_model::Position;

/// As it may be written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "type", default)]
    shape: Option<String>,
    #[serde(default)]
    coordinates: Option<[f64; 2]>,
    #[serde(default)]
    lon: Option<f64>,
    #[serde(default)]
    lat: Option<f64>,
}

/// As it is written.
#[derive(Serialize)]
struct Point {
    #[serde(rename = "type")]
    shape: &'static str,
    coordinates: [f64; 2],
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
pub(super) fn serialize<S: Serializer>(place: &Option<Position>, to: S) -> Result<S::Ok, S::Error> {
    place.map(|p| Point { shape: "Point", coordinates: [p.lon, p.lat] }).serialize(to)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Position>, D::Error> {
    let Some(written) = Option::<Written>::deserialize(from)? else { return Ok(None) };
    match (written.shape.as_deref(), written.coordinates, written.lon, written.lat) {
        (Some("Point"), Some([lon, lat]), None, None) | (None, None, Some(lon), Some(lat)) => {
            Ok(Some(Position { lon, lat }))
        }
        _ => Err(D::Error::custom(
            "expected a GeoJSON point, such as { type = \"Point\", coordinates = [7.42, 43.73] }, or { lon = 7.42, lat = 43.73 }",
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Held {
        #[serde(default, with = "super")]
        place: Option<Position>,
    }

    fn check(place: &Value, expected: Option<[f64; 2]>) {
        let found = serde_json::from_value::<Held>(json!({ "place": place })).map(|held| held.place);
        assert_eq!(found.ok().flatten().map(|p| [p.lon, p.lat]), expected, "{place}");
    }

    #[test]
    fn points_are_read_by_coordinates_or_by_name() {
        check(&json!({"type": "Point", "coordinates": [7.42, 43.73]}), Some([7.42, 43.73]));
        check(&json!({"lon": 7.42, "lat": 43.73}), Some([7.42, 43.73]));
        for wrong in [
            json!({"type": "Point", "lon": 7.42, "lat": 43.73}),
            json!({"type": "Polygon", "coordinates": [7.42, 43.73]}),
            json!({"type": "Point", "coordinates": [7.42]}),
            json!({"lon": 7.42}),
            json!({"lon": 7.42, "lat": 43.73, "height": 3}),
            json!({}),
            json!("here"),
        ] {
            check(&wrong, None);
            assert!(serde_json::from_value::<Held>(json!({ "place": wrong })).is_err(), "{wrong}");
        }
        assert_eq!(serde_json::from_value::<Held>(json!({})).unwrap(), Held { place: None });
    }

    #[test]
    fn what_is_written_reads_back() {
        for place in [None, Some(Position { lon: 7.42, lat: 43.73 })] {
            let written = serde_json::to_value(Held { place }).unwrap();
            assert_eq!(serde_json::from_value::<Held>(written).unwrap(), Held { place });
        }
    }
}
