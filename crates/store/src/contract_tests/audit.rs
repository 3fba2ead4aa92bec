//! The audit log.

use std::sync::Arc;

use vigiles_trust::{Action, Resource, Role};

use super::fixture::{ACCOUNT, Fixture, INCIDENT, Open, incident, of_kind, person, system};
use crate::contract::{AuditEntry, AuditNote, AuditQuery, Expect, Outcome, Query, Store, Write};

fn entries(store: &dyn Store, query: AuditQuery) -> Vec<AuditEntry> {
    let mut found = store.audit(&system(), &AuditQuery { limit: 10_000, ..query }).unwrap().entries;
    found.reverse();
    found
}

fn check(f: &Fixture, expected: &[(&str, &str, &str, &str)]) {
    let entries = entries(&*f.store, AuditQuery::default());
    let found: Vec<_> = entries.iter().map(|e| (&*e.actor, &*e.action, &*e.resource, &*e.detail)).collect();
    assert_eq!(found, expected);
    assert!(entries.iter().enumerate().all(|(i, e)| e.sequence == i as u64 + 1), "no gap");
}

pub fn entries_for_reads_and_writes(open: &Open) {
    let f = Fixture::new(open);
    let ada = person(Role::Operator, "fire", Action::Write(Resource::Incidents));
    f.try_put(&ada, incident("a", 1), Expect::Any).unwrap();
    f.try_put(&ada, incident("a", 1), Expect::Version(1)).unwrap();
    f.store.get(&ada, INCIDENT, "a").unwrap();
    f.store.get(&ada, INCIDENT, "b").unwrap();
    f.store.list(&ada, &Query::new(INCIDENT)).unwrap();
    f.store.as_of(&ada, &Query::new(INCIDENT), vigiles_model::Timestamp::from_secs(1000)).unwrap();
    f.store.changes(&ada, 1, 10).unwrap();
    check(
        &f,
        &[
            ("ada", "create", "incident/a", "v1"),
            ("ada", "change", "incident/a", "v2"),
            ("ada", "read", "incident/a", ""),
            ("ada", "read", "incident/b", "not found"),
            ("ada", "list", "incident", "1 found"),
            ("ada", "list", "incident", "at 1970-01-01T00:16:40Z, 1 found"),
            ("ada", "follow", "changes", "after 1"),
        ],
    );
    let first = &entries(&*f.store, AuditQuery::default())[0];
    assert_eq!(
        (first.agency.as_deref(), &*first.purpose, first.outcome),
        (Some("fire"), "operations", Outcome::Allowed)
    );
}

pub fn no_entries_for_the_platforms_reads(open: &Open) {
    let f = Fixture::new(open);
    let batch = ["a", "b"].map(|id| Write::Put { document: incident(id, 1), expect: Expect::Any });
    f.store.apply(&system(), batch.to_vec()).unwrap();
    f.put(of_kind(ACCOUNT, incident("root", 1)));
    f.get(INCIDENT, "a");
    f.ids(&Query::new(INCIDENT));
    f.store.apply(&system(), vec![Write::SetMark { name: "applied", value: 1 }]).unwrap();
    check(
        &f,
        &[
            ("system:test", "apply", "incident/a", "create incident/a v1, create incident/b v1"),
            ("system:test", "create", "account/root", "v1"),
        ],
    );
}

pub fn pages_and_filters(open: &Open) {
    let f = Fixture::new(open);
    for i in 0..10 {
        f.set_time(1000 + i);
        let note = AuditNote {
            action: if i % 2 == 0 { "sign_in" } else { "export" }.to_owned(),
            resource: format!("thing/{i}"),
            outcome: if i == 4 { Outcome::Failed } else { Outcome::Allowed },
            detail: String::new(),
        };
        f.store.record(&system(), note).unwrap();
    }
    let count = |query: AuditQuery| entries(&*f.store, query).len();
    let second = |s| Some(vigiles_model::Timestamp::from_secs(s));
    assert_eq!(count(AuditQuery { action: Some("sign_in".to_owned()), ..Default::default() }), 5);
    assert_eq!(count(AuditQuery { from: second(1003), to: second(1005), ..Default::default() }), 2);
    assert_eq!(count(AuditQuery { resource: Some("thing/".to_owned()), ..Default::default() }), 10);
    assert_eq!(count(AuditQuery { resource: Some("thing/3".to_owned()), ..Default::default() }), 1);
    assert_eq!(count(AuditQuery { outcome: Some(Outcome::Failed), ..Default::default() }), 1);
    assert_eq!(count(AuditQuery { actor: Some("ada".to_owned()), ..Default::default() }), 0);
    let mut query = AuditQuery { limit: 3, ..Default::default() };
    let mut sequences = Vec::new();
    loop {
        let page = f.store.audit(&system(), &query).unwrap();
        sequences.extend(page.entries.iter().map(|e| e.sequence));
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(sequences, (1..=10).rev().collect::<Vec<_>>());
}

pub fn refusals_are_recorded(open: &Open) {
    let f = Fixture::new(open);
    let ada = person(Role::Operator, "fire", Action::Write(Resource::Incidents));
    f.store.get(&ada, ACCOUNT, "root").unwrap_err();
    let found = entries(&*f.store, AuditQuery::default());
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].outcome, &*found[0].action, &*found[0].resource),
        (Outcome::Refused, "read accounts", "account/root")
    );
}

pub fn many_writers_at_once(open: &Open) {
    let f = Fixture::new(open);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let store = Arc::clone(&f.store);
            scope.spawn(move || {
                for i in 0..20 {
                    let put = |id: String, expect| Write::Put { document: incident(&id, 1), expect };
                    // Every other batch is refused; it must not harm those in the same commit.
                    let expect = if i % 2 == 0 { Expect::Absent } else { Expect::Version(77) };
                    let result = store.apply(&system(), vec![put(format!("t{thread}-{i}"), expect)]);
                    assert_eq!(result.is_ok(), i % 2 == 0);
                }
            });
        }
    });
    let found = f.ids(&Query { limit: 1000, ..Query::new(INCIDENT) });
    assert_eq!(found.len(), 80);
    assert_eq!(f.store.wait_change(&system(), 0, std::time::Duration::ZERO), Ok(80), "sequences without gap");
    assert_eq!(entries(&*f.store, AuditQuery::default()).len(), 80);
}
