//! The root document (OGC 18-088, 9.2).

use serde_json::json;
use vigiles_formats::sensorthings::EntitySet;

use super::base;
use crate::call::{Call, ok};
use crate::endpoint::Answer;

/// What the service conforms to; `docs/sensorthings.md` says what of each holds.
const CONFORMANCE: [&str; 19] = [
    "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/resource-path/resource-path-to-entities",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/expand",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/select",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/orderby",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/skip",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/top",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/count",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/filter",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/built-in-filter-operations",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/built-in-query-functions",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/pagination",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/create-entity",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/link-to-existing-entities",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/deep-insert",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/data-array/data-array",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-observations-via-mqtt/observations-creation",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/receive-updates-via-mqtt/receive-updates",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/batch-request/batch-request",
];

pub(super) async fn get(call: Call) -> Answer {
    let base = base(&call);
    let sets: Vec<_> =
        EntitySet::ALL.iter().map(|set| json!({ "name": set.as_str(), "url": format!("{base}/{set}") })).collect();
    ok(&json!({ "value": sets, "serverSettings": { "conformance": CONFORMANCE } }))
}
