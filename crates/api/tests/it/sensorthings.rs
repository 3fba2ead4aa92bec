//! The SensorThings API: what is created is read again, filtered, changed, deleted; what the policy says holds here too.

mod batch;
mod create;
mod query;
mod rights;

use serde_json::{Value, json};
use vigiles_trust::Role;

use crate::client::Answer;
use crate::world::World;

pub(crate) const ROOT: &str = "/sensorthings/v1.1";

/// A Thing with a Datastream and three Observations, made by one request.
pub(crate) fn station(id: &str, lon: f64) -> Value {
    let observation = |minute: u32, result: f64| {
        json!({"phenomenonTime": format!("2026-03-01T10:{minute:02}:00Z"), "result": result,
               "parameters": {"height": 2, "side": "north"}})
    };
    json!({
        "@iot.id": id,
        "name": format!("Station {id}"),
        "description": "On the roof",
        "properties": {"owner": "city", "height": 12.5},
        "Locations": [{"name": "roof", "description": "the roof", "encodingType": "application/geo+json",
                       "location": {"type": "Point", "coordinates": [lon, 60.17]}}],
        "Datastreams": [{
            "name": format!("dust {id}"),
            "description": "fine dust",
            "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
            "unitOfMeasurement": {"name": "microgram per cubic metre", "symbol": "ug/m3", "definition": "ucum:ug/m3"},
            "ObservedProperty": {"@iot.id": format!("dust-{id}"), "name": "PM2.5", "definition": "http://example.org/pm25", "description": "fine dust"},
            "Sensor": {"@iot.id": format!("sensor-{id}"), "name": "SDS011", "description": "optical", "encodingType": "application/pdf", "metadata": "http://example.org/sds011.pdf"},
            "Observations": [observation(0, 5.0), observation(1, 20.0), observation(2, 7.5)],
        }],
    })
}

impl World {
    pub(crate) async fn sta(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.sta_as(&self.token(Role::Integrator), method, path, body).await
    }

    pub(crate) async fn sta_as(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let path = format!("{ROOT}/{path}").replace(' ', "%20");
        let request = self.request(method, &path).bearer(token);
        match body {
            Some(body) => request.json(body).send().await,
            None => request.send().await,
        }
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        self.sta("GET", path, None).await.expect(200).json()
    }

    /// The ids of a collection, in order.
    pub(crate) async fn ids(&self, path: &str) -> Vec<String> {
        let answer = self.read(path).await;
        let ids = answer["value"].as_array().unwrap().iter().map(|e| e["@iot.id"].as_str().unwrap().to_owned());
        ids.collect()
    }
}
