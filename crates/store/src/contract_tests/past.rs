//! The store as it was.

use vigiles_model::{BoundingBox, Timestamp};

use super::fixture::{Fixture, INCIDENT, Open, at, in_state, incident, system};
use crate::contract::{Changes, Query, StoreError};

fn check(f: &Fixture, query: &Query, second: i64, expected: &[(&str, u64)]) {
    let page = f.store.as_of(&system(), query, Timestamp::from_secs(second)).unwrap();
    let found: Vec<_> = page.documents.iter().map(|d| (d.id.as_str(), d.version)).collect();
    assert_eq!(found, expected, "at second {second}");
}

pub fn answers_for_any_moment(open: &Open) {
    let f = Fixture::new(open);
    f.put(at(8.0, 47.0, incident("a", 1)));
    f.set_time(1010);
    f.put(incident("b", 2));
    f.put(in_state("closed", at(9.0, 47.0, incident("a", 1))));
    f.set_time(1020);
    f.delete(INCIDENT, "a");
    let all = Query::new(INCIDENT);
    check(&f, &all, 999, &[]);
    check(&f, &all, 1000, &[("a", 1)]);
    check(&f, &all, 1009, &[("a", 1)]);
    check(&f, &all, 1010, &[("b", 1), ("a", 2)]);
    check(&f, &all, 1020, &[("b", 1)]);
    let new = Query { states: vec!["new".to_owned()], ..all.clone() };
    check(&f, &new, 1000, &[("a", 1)]);
    check(&f, &new, 1015, &[("b", 1)]);
    let west = Query { area: Some(BoundingBox { west: 7.0, south: 46.0, east: 8.5, north: 48.0 }), ..all };
    check(&f, &west, 1000, &[("a", 1)]);
    check(&f, &west, 1010, &[]);
    let gone = Query { ids: vec!["a".to_owned(), "no-such".to_owned()], ..Query::new(INCIDENT) };
    check(&f, &gone, 1010, &[("a", 2)]);
    check(&f, &gone, 1020, &[]);
    check(&f, &Query { limit: 1, ..Query::new(INCIDENT) }, 1010, &[("b", 1)]);
}

pub fn prunes_and_keeps_the_last_forms(open: &Open) {
    let f = Fixture::new(open);
    for id in ["kept", "changed", "gone"] {
        f.put(incident(id, 1));
    }
    f.put(incident("changed", 1));
    f.delete(INCIDENT, "gone");
    f.set_time(2000);
    f.put(incident("changed", 1));
    let removed = f.store.prune(&system(), Timestamp::from_secs(1500)).unwrap();
    assert_eq!(removed, 3, "the first form of `changed`, both of `gone`");
    check(&f, &Query::new(INCIDENT), 1500, &[("kept", 1), ("changed", 2)]);
    check(&f, &Query::new(INCIDENT), 2000, &[("kept", 1), ("changed", 3)]);
    let early = f.store.as_of(&system(), &Query::new(INCIDENT), Timestamp::from_secs(1499));
    assert!(matches!(early, Err(StoreError::Invalid { field: "at", .. })), "{early:?}");
    assert_eq!(f.store.prune(&system(), Timestamp::from_secs(1500)), Ok(0), "a second time there is nothing");
}

pub fn time_never_runs_backwards(open: &Open) {
    let f = Fixture::new(open);
    f.put(incident("a", 1));
    f.set_time(500);
    f.put(incident("b", 1));
    let Ok(Changes::Events { changes, .. }) = f.store.changes(&system(), 0, 10) else { panic!("resync") };
    let times: Vec<_> = changes.iter().map(|change| change.at).collect();
    assert_eq!(times, [Timestamp::from_secs(1000); 2]);
}
