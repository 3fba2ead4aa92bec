//! Fences: who was thought dead cannot write.

use std::sync::Arc;

use vigiles_trust::{Action, Resource, Role};

use super::fixture::{Fixture, INCIDENT, Open, incident, person, system};
use crate::contract::{AuditQuery, Expect, Store, StoreError, Write};

const FENCE: &str = "engine";

fn put_under(store: &dyn Store, epoch: u64, id: &str) -> Result<(), StoreError> {
    let fence = Write::Fence { name: FENCE, epoch };
    let put = Write::Put { document: incident(id, 1), expect: Expect::Absent };
    store.apply(&system(), vec![put, fence]).map(drop)
}

fn fenced(epoch: u64, newest: u64) -> Result<(), StoreError> {
    Err(StoreError::Fenced { name: FENCE.to_owned(), epoch, newest })
}

pub fn only_the_newest_epoch_writes(open: &Open) {
    let f = Fixture::new(open);
    assert_eq!(put_under(&*f.store, 1, "early"), fenced(1, 0), "nobody has taken it");
    let first = f.store.take_fence(&system(), FENCE).unwrap();
    assert_eq!(first, 1);
    assert_eq!(put_under(&*f.store, first, "a"), Ok(()));
    assert_eq!(f.store.take_fence(&system(), "other"), Ok(1), "a fence counts for itself");
    let second = f.store.take_fence(&system(), FENCE).unwrap();
    assert_eq!(second, 2);
    assert_eq!(put_under(&*f.store, first, "late"), fenced(1, 2));
    assert_eq!(put_under(&*f.store, 3, "from the future"), fenced(3, 2));
    assert_eq!(f.get(INCIDENT, "late"), None, "nothing of the batch is stored");
    assert_eq!(put_under(&*f.store, second, "b"), Ok(()));
    f.put(incident("c", 1));
}

pub fn derived_writes_are_fenced_too(open: &Open) {
    let f = Fixture::new(open);
    let old = f.store.take_fence(&system(), FENCE).unwrap();
    f.store.take_fence(&system(), FENCE).unwrap();
    let batch = vec![Write::Fence { name: FENCE, epoch: old }, Write::SetMark { name: "applied", value: 9 }];
    assert_eq!(f.store.apply_derived(&system(), batch).map(drop), fenced(1, 2));
    assert_eq!(f.store.mark(&system(), "applied"), Ok(None));
}

pub fn fences_are_the_platforms_own(open: &Open) {
    let f = Fixture::new(open);
    let ada = person(Role::Administrator, "fire", Action::Write(Resource::System));
    let refused = |result: Result<(), StoreError>| assert!(matches!(result, Err(StoreError::NotPermitted { .. })));
    refused(f.store.take_fence(&ada, FENCE).map(drop));
    refused(f.store.apply(&ada, vec![Write::Fence { name: FENCE, epoch: 1 }]).map(drop));
    f.store.take_fence(&system(), FENCE).unwrap();
    let entries = f.store.audit(&system(), &AuditQuery { limit: 9, ..AuditQuery::default() }).unwrap().entries;
    let found: Vec<_> = entries.iter().map(|e| (&*e.action, &*e.resource, &*e.detail)).collect();
    assert_eq!(found, [("take_fence", "fence/engine", "epoch 1")]);
}

/// Whoever takes it last is the only one who writes on, however many do it at once.
pub fn one_of_many_takers_remains(open: &Open) {
    let f = Fixture::new(open);
    let takers: Vec<_> = (0..8)
        .map(|taker| {
            let store = Arc::clone(&f.store);
            std::thread::spawn(move || {
                let epoch = store.take_fence(&system(), FENCE).unwrap();
                (epoch, taker)
            })
        })
        .collect();
    let mut epochs: Vec<_> = takers.into_iter().map(|taker| taker.join().unwrap()).collect();
    epochs.sort_unstable();
    assert_eq!(epochs.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
    for (epoch, taker) in epochs {
        assert_eq!(put_under(&*f.store, epoch, &format!("t{taker}")).is_ok(), epoch == 8);
    }
}
