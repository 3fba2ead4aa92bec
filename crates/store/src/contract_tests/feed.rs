//! The change feed.

use std::sync::Arc;
use std::time::Duration;

use vigiles_model::Timestamp;

use super::fixture::{ACCOUNT, ASSET, Fixture, INCIDENT, NOTICE, Open, TOKEN, incident, of_kind, system};
use crate::contract::{AuditQuery, Changes, Expect, Store, Write};

fn events(store: &dyn Store, after: u64, limit: usize) -> (Vec<(u64, String, bool)>, u64) {
    match store.changes(&system(), after, limit).unwrap() {
        Changes::Events { changes, next } => {
            (changes.into_iter().map(|c| (c.sequence, c.document.id, c.deleted)).collect(), next)
        }
        Changes::Resync { .. } => panic!("resync"),
    }
}

pub fn tells_changes_in_order(open: &Open) {
    let f = Fixture::new(open);
    assert_eq!(events(&*f.store, 0, 10), (vec![], 0));
    f.put(incident("a", 5));
    f.put(of_kind(ASSET, incident("b", 6)));
    f.put(incident("a", 5));
    f.delete(INCIDENT, "a");
    let of = |sequence, id: &str, deleted| (sequence, id.to_owned(), deleted);
    assert_eq!(events(&*f.store, 0, 2), (vec![of(1, "a", false), of(2, "b", false)], 2));
    assert_eq!(events(&*f.store, 2, 10), (vec![of(3, "a", false), of(4, "a", true)], 4));
    assert_eq!(events(&*f.store, 4, 10), (vec![], 4));
}

/// A notice is in the feed, with what it tells of not; of both audit has one entry.
pub fn notices_tell_of_secrets(open: &Open) {
    let f = Fixture::new(open);
    let put = |kind| Write::Put { document: of_kind(kind, incident("t1", 5)), expect: Expect::Any };
    let delete = |kind| Write::Delete { kind, id: "t1".to_owned(), expect: Expect::Any };
    f.store.apply(&system(), vec![put(TOKEN), put(NOTICE)]).unwrap();
    f.store.apply(&system(), vec![delete(TOKEN), delete(NOTICE)]).unwrap();
    let found = events(&*f.store, 0, 10).0;
    assert_eq!(found, [(1, "t1".to_owned(), false), (2, "t1".to_owned(), true)]);
    let entries = f.store.audit(&system(), &AuditQuery { limit: 10, ..AuditQuery::default() }).unwrap().entries;
    let noted: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), entry.resource.as_str())).collect();
    assert_eq!(noted, [("delete", "token/t1"), ("create", "token/t1")]);
}

pub fn leaves_secrets_out(open: &Open) {
    let f = Fixture::new(open);
    f.put(incident("a", 5));
    let sequence = f.put(of_kind(ACCOUNT, incident("root", 6)));
    f.delete(ACCOUNT, "root");
    f.put(incident("b", 7));
    assert_eq!(sequence, 1, "a secret takes no sequence");
    let seen: Vec<_> = events(&*f.store, 0, 10).0.into_iter().map(|(_, id, _)| id).collect();
    assert_eq!(seen, ["a", "b"]);
}

pub fn says_resync(open: &Open) {
    let f = Fixture::new(open);
    f.put(incident("a", 5));
    f.put(incident("b", 5));
    assert_eq!(f.store.changes(&system(), 99, 10), Ok(Changes::Resync { oldest: 0, latest: 2 }), "from another life");
    f.set_time(2000);
    f.put(incident("c", 5));
    f.store.prune(&system(), Timestamp::from_secs(1500)).unwrap();
    assert_eq!(f.store.changes(&system(), 1, 10), Ok(Changes::Resync { oldest: 2, latest: 3 }));
    assert_eq!(events(&*f.store, 2, 10).0, [(3, "c".to_owned(), false)]);
}

pub fn wakes_those_who_wait(open: &Open) {
    let f = Fixture::new(open);
    assert_eq!(f.store.wait_change(&system(), 0, Duration::ZERO), Ok(0));
    let store = Arc::clone(&f.store);
    let waiting = std::thread::spawn(move || store.wait_change(&system(), 0, Duration::from_mins(1)));
    let sequence = f.put(incident("a", 5));
    assert_eq!(waiting.join().unwrap(), Ok(sequence));
    assert_eq!(f.store.wait_change(&system(), 0, Duration::from_mins(1)), Ok(sequence), "at once");
}
