//! The readers of SensorThings: a path, a query and a body, each ended by a zero byte. What a query is read as is printed
//! and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_formats::sensorthings::filter::Expression;
use vigiles_formats::sensorthings::{EntitySet, Query, ResourcePath, batch, data_array, mqtt, observation};

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |byte| *byte == 0);
    let path = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let query = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let body = parts.next().unwrap_or_default();
    let _read = ResourcePath::parse(&path);
    let _target = mqtt::target(&path);
    let _draft = mqtt::draft(Some("a,b"), body);
    for set in EntitySet::ALL {
        if let Ok(read) = Query::parse(&query, set) {
            assert_eq!(Query::parse(&read.to_url(), set).as_ref(), Ok(&read), "{}", read.to_url());
        }
    }
    if let Ok(read) = Expression::parse("$filter", &query) {
        assert_eq!(Expression::parse("$filter", &read.to_string()).as_ref(), Ok(&read), "{read}");
    }
    let _batch = batch::read("multipart/mixed; boundary=b", body);
    if let Ok(value) = serde_json::from_slice(body) {
        let _incoming = observation::read(&value, None);
        let _rows = data_array::read(&value);
    }
});
