//! Documents, versions, pages, marks, replies.

use vigiles_model::{BoundingBox, Timestamp};
use vigiles_trust::{Action, Resource, Role};

use super::fixture::{
    ACCOUNT, ASSET, Fixture, INCIDENT, Open, agency, at, ids, in_state, incident, of_agency, of_kind, person, system,
};
use crate::contract::{Draft, Expect, Query, Reply, StoreError, Write};

pub fn puts_and_gets(open: &Open) {
    let f = Fixture::new(open);
    assert_eq!(f.get(INCIDENT, "a"), None);
    let sequence = f.put(at(8.5, 47.25, incident("a", 5)));
    let found = f.get(INCIDENT, "a").unwrap();
    assert_eq!((found.version, found.sequence, found.time), (1, sequence, Timestamp::from_secs(5)));
    assert_eq!(found.body, "{\"title\":\"Smoke at a\"}");
    assert_eq!(found.agency, Some(agency("fire")));
    assert_eq!(found.place, Some(BoundingBox { west: 8.5, south: 47.25, east: 8.5, north: 47.25 }));
    assert_eq!(f.get(ASSET, "a"), None, "an id is of its kind");
}

pub fn counts_versions(open: &Open) {
    let f = Fixture::new(open);
    for version in 1..=3 {
        f.put(incident("a", 5));
        assert_eq!(f.get(INCIDENT, "a").unwrap().version, version);
    }
    f.delete(INCIDENT, "a");
    f.put(incident("a", 5));
    assert_eq!(f.get(INCIDENT, "a").unwrap().version, 5, "the deletion was version 4");
}

pub fn refuses_what_was_not_expected(open: &Open) {
    let f = Fixture::new(open);
    let conflict =
        |expected, found| Err(StoreError::Conflict { kind: "incident", id: "a".to_owned(), expected, found });
    let put = |expect| f.try_put(&system(), incident("a", 5), expect).map(drop);
    assert_eq!(put(Expect::Version(1)), conflict(Some(1), None));
    assert_eq!(put(Expect::Absent), Ok(()));
    assert_eq!(put(Expect::Absent), conflict(None, Some(1)));
    assert_eq!(put(Expect::Version(2)), conflict(Some(2), Some(1)));
    assert_eq!(put(Expect::Version(1)), Ok(()));
    let delete =
        |expect| f.store.apply(&system(), vec![Write::Delete { kind: INCIDENT, id: "a".to_owned(), expect }]).map(drop);
    assert_eq!(delete(Expect::Version(1)), conflict(Some(1), Some(2)));
    assert_eq!(delete(Expect::Version(2)), Ok(()));
    assert_eq!(delete(Expect::Version(2)), conflict(Some(2), None));
}

pub fn does_all_or_nothing(open: &Open) {
    let f = Fixture::new(open);
    let first = f.put(incident("a", 5));
    let batch = vec![
        Write::Put { document: incident("b", 6), expect: Expect::Any },
        Write::SetMark { name: "applied", value: 7 },
        Write::Put { document: incident("a", 5), expect: Expect::Absent },
    ];
    assert!(matches!(f.store.apply(&system(), batch), Err(StoreError::Conflict { .. })));
    assert_eq!(f.get(INCIDENT, "b"), None);
    assert_eq!(f.store.mark(&system(), "applied"), Ok(None));
    assert_eq!(f.put(incident("c", 7)), first + 1, "a refused batch takes no sequence");
}

pub fn deletes(open: &Open) {
    let f = Fixture::new(open);
    f.put(incident("a", 5));
    f.delete(INCIDENT, "a");
    assert_eq!(f.get(INCIDENT, "a"), None);
    assert_eq!(f.ids(&Query::new(INCIDENT)), Vec::<String>::new());
    f.delete(INCIDENT, "a");
}

pub fn refuses_what_cannot_be_stored(open: &Open) {
    let f = Fixture::new(open);
    let check = |draft: Draft, field: &str| match f.try_put(&system(), draft, Expect::Any) {
        Err(StoreError::Invalid { field: found, .. }) => assert_eq!(found, field),
        other => panic!("{field}: {other:?}"),
    };
    check(incident("", 5), "id");
    check(incident(&"x".repeat(513), 5), "id");
    check(Draft { body: "{\"title\":".to_owned(), ..incident("a", 5) }, "body");
    check(incident("a\0b", 5), "id");
    check(in_state("ne\0w", incident("a", 5)), "state");
    check(Draft { body: String::new(), ..incident("a", 5) }, "body");
    let list = |query: Query| f.store.list(&system(), &query).map(drop);
    assert!(matches!(
        list(Query { limit: 0, ..Query::new(INCIDENT) }),
        Err(StoreError::Invalid { field: "limit", .. })
    ));
    let cursor = Some("nonsense".to_owned());
    assert!(matches!(list(Query { cursor, ..Query::new(INCIDENT) }), Err(StoreError::Invalid { field: "cursor", .. })));
}

pub fn pages_newest_first(open: &Open) {
    let f = Fixture::new(open);
    for (id, second) in [("a", 3), ("b", 1), ("c", 3), ("d", 2)] {
        f.put(incident(id, second));
    }
    assert_eq!(f.ids(&Query::new(INCIDENT)), ["c", "a", "d", "b"]);
}

pub fn pages_each_document_once(open: &Open) {
    let f = Fixture::new(open);
    // Many of the same time, so that pages end between equals; two states, so that walks are merged.
    for i in 0..57 {
        f.put(in_state(if i % 3 == 0 { "new" } else { "closed" }, incident(&format!("i{i}"), i / 10)));
    }
    for states in [vec![], vec!["new".to_owned(), "closed".to_owned()]] {
        let all = Query { limit: 1000, states: states.clone(), ..Query::new(INCIDENT) };
        let mut query = Query { limit: 5, states, ..Query::new(INCIDENT) };
        let mut found = Vec::new();
        loop {
            let page = f.store.list(&system(), &query).unwrap();
            found.extend(ids(&page.documents));
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(found.len(), 57);
        assert_eq!(found, f.ids(&all));
    }
}

pub fn filters(open: &Open) {
    let f = Fixture::new(open);
    f.put(at(8.0, 47.0, incident("a", 1)));
    f.put(in_state("closed", at(9.0, 47.0, incident("b", 2))));
    f.put(of_agency("police", incident("c", 3)));
    f.put(in_state("merged", Draft { body: "{\"title\":\"FIRE\"}".to_owned(), ..incident("d", 4) }));
    let q = || Query::new(INCIDENT);
    let check = |query: Query, expected: &[&str]| assert_eq!(f.ids(&query), expected, "{query:?}");
    let states = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    check(Query { states: states(&["closed"]), ..q() }, &["b"]);
    check(Query { states: states(&["closed", "merged", "closed"]), ..q() }, &["d", "b"]);
    check(Query { states: states(&["new"]), agency: Some(agency("police")), ..q() }, &["c"]);
    let area = Some(BoundingBox { west: 7.5, south: 46.5, east: 8.5, north: 47.5 });
    check(Query { area, ..q() }, &["a"]);
    check(Query { area: Some(BoundingBox::EARTH), ..q() }, &["b", "a"]);
    let (from, to) = (Some(Timestamp::from_secs(2)), Some(Timestamp::from_secs(4)));
    check(Query { from, to, ..q() }, &["c", "b"]);
    check(Query { text: Some("fire".to_owned()), ..q() }, &["d"]);
    check(Query { text: Some("100%_".to_owned()), ..q() }, &[]);
    check(Query { limit: 1, ..q() }, &["d"]);
    let among = |ids: &[&str]| ids.iter().map(ToString::to_string).collect();
    check(Query { ids: among(&["a", "no-such", "c", "a", "it's \"quoted\""]), ..q() }, &["c", "a"]);
    check(Query { ids: among(&["a", "b"]), states: states(&["closed"]), ..q() }, &["b"]);
}

pub fn keeps_marks(open: &Open) {
    let f = Fixture::new(open);
    for value in [5, 9, 7] {
        f.store.apply(&system(), vec![Write::SetMark { name: "applied", value }]).unwrap();
        assert_eq!(f.store.mark(&system(), "applied"), Ok(Some(value)));
    }
    assert_eq!(f.store.mark(&system(), "other"), Ok(None));
}

/// Derived writes are seen at once, keep their order among the others, and are refused for the same reasons.
pub fn derived_writes_are_writes(open: &Open) {
    let f = Fixture::new(open);
    for value in 1..=3 {
        let mark = Write::SetMark { name: "applied", value };
        let put = Write::Put { document: incident(&format!("i{value}"), 1), expect: Expect::Absent };
        let sequences = f.store.apply_derived(&system(), vec![put.clone(), mark]).unwrap();
        assert_eq!((sequences[0], f.store.mark(&system(), "applied")), (2 * value - 1, Ok(Some(value))));
        assert!(matches!(f.store.apply_derived(&system(), vec![put]), Err(StoreError::Conflict { .. })));
        assert_eq!(f.put(Draft { kind: ASSET, ..incident(&format!("a{value}"), 1) }), 2 * value);
    }
    assert_eq!(f.ids(&Query::new(INCIDENT)), ["i3", "i2", "i1"]);
}

pub fn remembers_replies_for_their_actor(open: &Open) {
    let f = Fixture::new(open);
    let ada = person(Role::Operator, "fire", Action::Write(Resource::Incidents));
    let reply = Reply {
        key: "k1".to_owned(),
        fingerprint: "f".to_owned(),
        status: 201,
        body: "{}".to_owned(),
        expires: Timestamp::from_secs(2000),
    };
    f.store.apply(&ada, vec![Write::Remember(reply.clone())]).unwrap();
    assert_eq!(f.store.recall(&ada, "k1"), Ok(Some(reply)));
    assert_eq!(f.store.recall(&system(), "k1"), Ok(None), "another actor's key is another key");
    assert_eq!(f.store.recall(&ada, "k2"), Ok(None));
    f.set_time(2000);
    assert_eq!(f.store.recall(&ada, "k1"), Ok(None), "expired");
}

pub fn counts_what_it_holds(open: &Open) {
    let f = Fixture::new(open);
    f.put(incident("a", 1));
    f.put(incident("b", 1));
    f.put(of_kind(ACCOUNT, incident("root", 1)));
    f.put(incident("b", 1));
    f.delete(INCIDENT, "a");
    let found = f.store.statistics(&system()).unwrap();
    assert_eq!(found.documents, [("account", 1), ("incident", 1)]);
    assert_eq!((found.sequence, found.audit_entries), (4, 5));
    assert!(found.bytes > 0);
}

/// A page is full whenever there are more that fit, however rare they are.
pub fn narrows_by_fields_of_the_body(open: &Open) {
    let f = Fixture::new(open);
    for i in 0..40_i64 {
        let body = format!("{{\"sort\":\"{}\",\"n\":{i}}}", ["a", "b", "c", "d"][i as usize % 4]);
        f.put(Draft { body, ..incident(&format!("i{i:02}"), i) });
    }
    let one = |sort: &str, limit, cursor| Query {
        fields: vec![("sort", vec![sort.to_owned()]), ("n", Vec::new())],
        limit,
        cursor,
        ..Query::new(INCIDENT)
    };
    let first = f.store.list(&system(), &one("b", 3, None)).unwrap();
    assert_eq!(ids(&first.documents), ["i37", "i33", "i29"]);
    let rest = f.store.list(&system(), &one("b", 10, first.next)).unwrap();
    assert_eq!((rest.documents.len(), rest.next.as_ref()), (7, None));
    let two = Query { fields: vec![("sort", vec!["a".to_owned(), "d".to_owned()])], ..Query::new(INCIDENT) };
    assert_eq!(f.ids(&two).len(), 20);
    assert_eq!(f.ids(&one("x' OR 1=1", 10, None)), Vec::<String>::new());
}
