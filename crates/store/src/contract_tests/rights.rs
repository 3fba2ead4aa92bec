//! Nothing without the right context.

use vigiles_trust::{Action, Resource, Role};

use super::fixture::{
    ACCOUNT, ASSET, Fixture, INCIDENT, Open, TOKEN, agency, ids, incident, of_agency, of_kind, person,
};
use crate::contract::{Expect, Query, StoreError, Write};

fn refused<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::NotPermitted { .. })), "{result:?}");
}

pub fn refuses_without_the_role(open: &Open) {
    let f = Fixture::new(open);
    f.put(of_kind(ACCOUNT, incident("root", 1)));
    f.put(incident("a", 1));
    // Authorised for incidents: good for nothing that the role may not touch.
    let operator = person(Role::Operator, "fire", Action::Write(Resource::Incidents));
    refused(&f.store.get(&operator, ACCOUNT, "root"));
    refused(&f.store.list(&operator, &Query::new(ACCOUNT)));
    refused(&f.try_put(&operator, of_kind(ASSET, incident("x", 1)), Expect::Any));
    refused(&f.store.apply(&operator, vec![Write::SetMark { name: "applied", value: 1 }]));
    refused(&f.store.audit(&operator, &crate::contract::AuditQuery { limit: 1, ..Default::default() }));
    refused(&f.store.prune(&operator, vigiles_model::Timestamp(0)));
    let auditor = person(Role::Auditor, "fire", Action::Read(Resource::Audit));
    refused(&f.store.get(&auditor, INCIDENT, "a"));
    refused(&f.store.apply(&auditor, vec![Write::Delete { kind: INCIDENT, id: "a".to_owned(), expect: Expect::Any }]));
    assert!(f.get(INCIDENT, "a").is_some());
}

pub fn keeps_agencies_apart(open: &Open) {
    let f = Fixture::new(open);
    f.put(incident("a", 1));
    let fire = person(Role::Operator, "fire", Action::Write(Resource::Incidents));
    let police = person(Role::Operator, "police", Action::Write(Resource::Incidents));
    assert!(f.store.get(&police, INCIDENT, "a").unwrap().is_some(), "the picture is shared");
    refused(&f.try_put(&police, incident("b", 1), Expect::Any));
    assert!(f.try_put(&fire, incident("b", 1), Expect::Any).is_ok());
}

pub fn nobody_takes_over_anothers_document(open: &Open) {
    let f = Fixture::new(open);
    f.put(incident("a", 1));
    let police = person(Role::Operator, "police", Action::Write(Resource::Incidents));
    refused(&f.try_put(&police, of_agency("police", incident("a", 1)), Expect::Any));
    refused(&f.store.apply(&police, vec![Write::Delete { kind: INCIDENT, id: "a".to_owned(), expect: Expect::Any }]));
    assert_eq!(f.get(INCIDENT, "a").unwrap().agency, Some(agency("fire")));
}

pub fn filters_lists_as_single_reads(open: &Open) {
    let f = Fixture::new(open);
    for (i, owner) in ["fire", "police", "fire", "police", "fire"].into_iter().enumerate() {
        f.put(of_agency(owner, of_kind(TOKEN, incident(&format!("t{i}"), i as i64))));
    }
    let fire = person(Role::Integrator, "fire", Action::Read(Resource::Tokens));
    let first = f.store.list(&fire, &Query { limit: 2, ..Query::new(TOKEN) }).unwrap();
    assert_eq!(ids(&first.documents), ["t4", "t2"]);
    let second = f.store.list(&fire, &Query { limit: 2, cursor: first.next, ..Query::new(TOKEN) }).unwrap();
    assert_eq!((ids(&second.documents), second.next), (vec!["t0".to_owned()], None));
    assert_eq!(f.store.get(&fire, TOKEN, "t1"), Ok(None), "what may not be seen is not there");
    assert!(f.store.get(&fire, TOKEN, "t0").unwrap().is_some());
}
