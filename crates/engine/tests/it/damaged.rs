//! Snapshots with a number that no engine wrote: refused, or gone on with; never the end of the process.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;
use vigiles_engine::Input;
use vigiles_model::Timestamp;

/// Marker and format before the state.
const HEAD: usize = 7;
/// A number at which arithmetic runs over; as postcard writes signed numbers, the least of them.
const MOST: u64 = u64::MAX;

/// When the engine goes on: in the autumn of 2026, and when much of what it knew is due and forgotten.
const NOW: [i64; 2] = [1_795_305_600_000_000, 1_799_000_000_000_000];

/// Goes on with a snapshot as after a restart.
fn go_on(bytes: &[u8], what: &str) {
    let went = catch_unwind(AssertUnwindSafe(|| {
        let Ok(mut engine) = crate::kinds::restore(bytes) else { return };
        for now in NOW {
            engine.step(&Input::Tick, Timestamp(now), &mut Vec::new());
        }
        engine.statistics();
        assert!(crate::kinds::restore(&engine.snapshot()).is_ok(), "its own snapshot is refused");
    }));
    assert!(went.is_ok(), "{what}");
}

/// As postcard writes it.
fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// The end of the varint that begins at `at`.
fn varint_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|b| b & 0x80 == 0).map_or(bytes.len(), |n| at + n + 1)
}

/// Every number in the JSON by its path.
fn numbers(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(path.to_owned()),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| numbers(v, &format!("{path}/{i}"), found)),
        Value::Object(fields) => {
            let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
            fields.iter().for_each(|(name, v)| numbers(v, &format!("{path}/{}", escaped(name)), found));
        }
        _ => {}
    }
}

/// The documents of a snapshot of format 2, and what follows them.
fn documents(snapshot: &[u8]) -> (Value, &[u8]) {
    postcard::take_from_bytes::<Vec<u8>>(&snapshot[HEAD..])
        .map(|(json, rest)| (serde_json::from_slice(&json).unwrap(), rest))
        .unwrap()
}

fn with_documents(snapshot: &[u8], documents: &Value, rest: &[u8]) -> Vec<u8> {
    let json = serde_json::to_vec(documents).unwrap();
    [&snapshot[..HEAD], &varint(json.len() as u64), &json, rest].concat()
}

#[test]
fn numbers_of_documents() {
    let snapshot = include_bytes!("../fixtures/snapshot-2");
    let (value, rest) = documents(snapshot);
    let mut paths = Vec::new();
    numbers(&value, "", &mut paths);
    assert!(paths.len() > 100, "{}", paths.len());
    for path in paths {
        for extreme in [Value::from(MOST), Value::from(i64::MIN)] {
            let mut changed = value.clone();
            *changed.pointer_mut(&path).unwrap() = extreme.clone();
            go_on(&with_documents(snapshot, &changed, rest), &format!("{path} = {extreme}"));
        }
    }
}

fn check_state(snapshot: &[u8], from: usize) {
    for at in from..snapshot.len() {
        let end = varint_end(snapshot, at);
        let changed = [&snapshot[..at], &varint(MOST), &snapshot[end..]].concat();
        go_on(&changed, &format!("{MOST} at byte {at}"));
    }
}

#[test]
fn numbers_of_state() {
    let snapshot = include_bytes!("../fixtures/snapshot-2");
    let (_, rest) = documents(snapshot);
    check_state(snapshot, snapshot.len() - rest.len());
}

#[test]
fn numbers_of_the_first_format() {
    check_state(include_bytes!("../fixtures/snapshot-1"), HEAD);
}
