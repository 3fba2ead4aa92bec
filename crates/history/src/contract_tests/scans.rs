//! Scans: everything, oldest first.

use std::collections::BTreeMap;

use vigiles_model::{Observation, Timestamp};

use super::{CONTEXT, Factory, START, all, assorted, at_each_stage, query, reading};
use crate::{History, Query};

/// What a scan gives; the number of each series must stay its own.
fn scanned(history: &dyn History, query: &Query) -> Vec<Observation> {
    let mut found = Vec::new();
    let mut series = BTreeMap::new();
    let mut visit = |number: usize, o: &Observation| {
        let name = (o.kind.clone(), o.source.clone(), o.asset.clone());
        assert_eq!(series.entry(number).or_insert_with(|| name.clone()), &name);
        found.push(o.clone());
        true
    };
    history.scan(&CONTEXT, query, &mut visit).expect("a scan");
    found
}

pub(super) fn are_oldest_first_and_complete<F: Factory>(factory: &F) {
    let mut entries = vec![assorted()];
    // Late ones, and some delivered twice.
    for late in [0, 40, 7, 3_000, 11] {
        entries.push((0..500).map(|i| reading("k", i % 7, i64::from(i) * 3 - late, f64::from(i))).collect());
        entries.push((0..20).map(|i| reading("other", i % 3, i64::from(i) * 90 - late, f64::from(i))).collect());
    }
    entries.push(entries[1].clone());
    let some = Query {
        kinds: vec![reading("k", 0, 0, 0.0).kind],
        from: Some(Timestamp(START + 100_000_000)),
        to: Some(Timestamp(START + 900_000_000)),
        ..query(100)
    };
    at_each_stage(factory, "scans", &entries, |history, stage| {
        for query in [query(100), some.clone()] {
            let mut expected = all(history, &query);
            expected.reverse();
            assert_eq!(scanned(history, &query), expected, "{stage}");
        }
        let mut first = Vec::new();
        let mut visit = |_: usize, o: &Observation| {
            first.push(o.id);
            first.len() < 3
        };
        history.scan(&CONTEXT, &query(100), &mut visit).expect("a scan");
        assert_eq!(first, scanned(history, &query(100))[..3].iter().map(|o| o.id).collect::<Vec<_>>(), "{stage}");
    });
}
