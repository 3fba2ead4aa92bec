//! The stream of a synthetic city as a reader sees it.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use proptest::prelude::*;
use vigiles_model::{Timestamp, Value};
use vigiles_sim::{City, Options};

const START: Timestamp = Timestamp::from_secs(1_700_000_000);

fn lines(city: &City, count: usize) -> Vec<serde_json::Value> {
    let mut bytes = Vec::new();
    city.stream(START).write_ndjson(count, &mut bytes);
    bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(|l| serde_json::from_slice(l).unwrap()).collect()
}

#[test]
fn lines_and_observations_are_the_same_readings() {
    let city = City::new(&Options { assets: 50, anomalies_per_10k: 500, gaps_per_10k: 500, ..Options::default() });
    let lines = lines(&city, 5000);
    assert_eq!(lines.len(), 5000);
    for (line, observation) in lines.iter().zip(city.stream(START)) {
        assert_eq!(line["kind"], observation.kind.as_str());
        assert_eq!(line["asset"], observation.asset.unwrap().as_str());
        assert_eq!(line["source"], observation.source.as_str());
        assert_eq!(line["time"], observation.time.to_string());
        assert_eq!(Value::Number(line["value"].as_f64().unwrap()), observation.value);
    }
}

#[test]
fn drafts_carry_the_same_readings() {
    let city = City::new(&Options { assets: 5, ..Options::default() });
    let mut stream = city.stream(START);
    for observation in city.stream(START).take(100) {
        let draft = stream.next_draft().unwrap();
        assert_eq!(draft.kind, observation.kind.as_str());
        assert_eq!(draft.time, Some(observation.time));
        assert_eq!(draft.value, observation.value);
    }
}

#[test]
fn readings_are_plausible() {
    let city = City::new(&Options { assets: 100, anomalies_per_10k: 1000, ..Options::default() });
    for observation in city.stream(START).take(20_000) {
        let kind = city.kinds().find(|k| k.id == observation.kind).unwrap();
        assert!(kind.is_plausible(&observation.value), "{observation:?}");
    }
}

#[test]
fn a_stream_can_start_anywhere() {
    let city = City::new(&Options { assets: 30, ..Options::default() });
    let mut later = city.stream(START);
    later.seek(7);
    let all: Vec<_> = city.stream(START).skip_while(|o| o.time < city.time(START, 7)).take(100).collect();
    assert_eq!(later.take(100).collect::<Vec<_>>(), all);
    assert!(City::new(&Options { assets: 0, ..Options::default() }).stream(START).next().is_none());
}

proptest! {
    #[test]
    fn the_same_seed_gives_the_same_bytes(seed: u64, assets in 1usize..40) {
        let city = || City::new(&Options { seed, assets, ..Options::default() });
        let bytes = |city: City| {
            let mut bytes = Vec::new();
            city.stream(START).write_ndjson(500, &mut bytes);
            bytes
        };
        prop_assert_eq!(bytes(city()), bytes(city()));
    }
}
