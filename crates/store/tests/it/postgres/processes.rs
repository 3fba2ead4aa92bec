//! Several stores on one database, as several processes have them; what a server is refused for; what was tampered with.

use std::sync::Arc;
use std::time::Duration;

use postgres::{Client, NoTls};
use vigiles_model::Timestamp;
use vigiles_postgres::cluster::Cluster;
use vigiles_store::contract_tests::fixture::{INCIDENT, in_state, incident, system};
use vigiles_store::postgres::check;
use vigiles_store::{Changes, Expect, Query, Store, StoreError, Write};

use super::{open, open_with};

fn put(id: &str, expect: Expect) -> Write {
    Write::Put { document: incident(id, 1), expect }
}

fn client(cluster: &Cluster) -> Client {
    Client::connect(&cluster.url(), NoTls).unwrap()
}

/// A follower that reads on from where it was sees every sequence once, in order, whoever writes.
#[test]
fn the_feed_has_no_gap_with_writers_at_once() {
    const EACH: u64 = 60;
    let cluster = Cluster::start();
    let stores = [open(&cluster.url()), open(&cluster.url()), open(&cluster.url())];
    let seen = std::thread::scope(|scope| {
        for (writer, store) in stores.iter().enumerate().take(2) {
            for thread in 0..2 {
                scope.spawn(move || {
                    for i in 0..EACH {
                        store.apply(&system(), vec![put(&format!("{writer}-{thread}-{i}"), Expect::Absent)]).unwrap();
                    }
                });
            }
        }
        let (mut seen, mut after) = (Vec::new(), 0);
        while after < 4 * EACH {
            // The third process writes nothing: it hears of the others.
            stores[2].wait_change(&system(), after, Duration::from_mins(1)).unwrap();
            let Ok(Changes::Events { changes, next }) = stores[2].changes(&system(), after, 7) else {
                panic!("resync")
            };
            seen.extend(changes.into_iter().map(|change| change.sequence));
            after = next;
        }
        seen
    });
    assert_eq!(seen, (1..=4 * EACH).collect::<Vec<_>>());
}

/// Of many that believe the same version, one wins.
#[test]
fn one_of_two_processes_wins_a_version() {
    let cluster = Cluster::start();
    let stores = [open(&cluster.url()), open(&cluster.url())];
    stores[0].apply(&system(), vec![put("a", Expect::Absent)]).unwrap();
    for version in 1..=20 {
        let won = std::thread::scope(|scope| {
            let tries = stores.each_ref().map(|store| {
                scope.spawn(move || store.apply(&system(), vec![put("a", Expect::Version(version))]).is_ok())
            });
            tries.into_iter().map(|taken| taken.join().unwrap()).filter(|won| *won).count()
        });
        assert_eq!(won, 1, "version {version}");
    }
    assert_eq!(stores[1].get(&system(), INCIDENT, "a").unwrap().unwrap().version, 21);
}

/// The engine that was thought dead comes back and writes: nothing of it is taken.
#[test]
fn a_fence_holds_between_processes() {
    let cluster = Cluster::start();
    let (old, new) = (open(&cluster.url()), open(&cluster.url()));
    let write = |store: &dyn Store, epoch, id: &str| {
        store.apply(&system(), vec![Write::Fence { name: "engine", epoch }, put(id, Expect::Absent)]).map(drop)
    };
    let before = old.take_fence(&system(), "engine").unwrap();
    assert_eq!(write(&old, before, "a"), Ok(()));
    let now = new.take_fence(&system(), "engine").unwrap();
    let fenced = StoreError::Fenced { name: "engine".to_owned(), epoch: before, newest: now };
    assert_eq!(write(&old, before, "b"), Err(fenced));
    assert_eq!(write(&new, now, "c"), Ok(()));
    assert_eq!(old.get(&system(), INCIDENT, "b"), Ok(None));
}

#[test]
fn a_server_that_may_lose_data_is_refused() {
    let check = |settings: &[&str], part: &str| {
        let cluster = Cluster::start_with(settings);
        let error = open_with(&cluster.url(), Arc::new(|| Timestamp(0))).err().unwrap();
        assert!(error.to_string().contains(part), "{settings:?}: {error}");
    };
    check(&["fsync=off"], "set `fsync = on`");
    check(&["full_page_writes=off"], "set `full_page_writes = on`");
    check(&["synchronous_commit=off"], "set `synchronous_commit = on`");
}

#[test]
fn a_database_of_a_newer_program_is_left_alone() {
    let cluster = Cluster::start();
    drop(open(&cluster.url()));
    client(&cluster).execute("UPDATE vigiles_store.schema_version SET version = 99", &[]).unwrap();
    let error = open_with(&cluster.url(), Arc::new(|| Timestamp(0))).err().unwrap();
    assert!(matches!(error, StoreError::TooNew { found: 99, known: 1, .. }), "{error}");
}

#[test]
fn damage_is_found() {
    let cluster = Cluster::start();
    let store = open(&cluster.url());
    for id in ["a", "b", "c"] {
        store.apply(&system(), vec![put(id, Expect::Absent)]).unwrap();
    }
    let mut client = client(&cluster);
    let refused = client.execute("UPDATE vigiles_store.audit SET actor = 'nobody' WHERE sequence = 2", &[]);
    assert!(refused.unwrap_err().as_db_error().unwrap().message().contains("append-only"));
    client
        .batch_execute(
            "ALTER TABLE vigiles_store.audit DISABLE TRIGGER USER;
             UPDATE vigiles_store.audit SET actor = 'nobody' WHERE sequence = 2;
             DELETE FROM vigiles_store.revisions WHERE sequence = 1;
             UPDATE vigiles_store.documents SET body = '{}' WHERE id = 'c'",
        )
        .unwrap();
    let places: Vec<_> = check(&cluster.url()).unwrap().into_iter().map(|finding| finding.place).collect();
    let expected = ["audit, entry 2", "revisions, sequence 1", "documents, incident/a", "documents, incident/c"];
    assert_eq!(places, expected);
}

/// What JSON may hold and PostgreSQL's may not.
#[test]
fn bodies_come_back_as_they_were() {
    let cluster = Cluster::start();
    let store = open(&cluster.url());
    let bodies =
        [r#"{"sort":"a","t":"\u0000"}"#, r#"{"sort":"a","t":"\ud800"}"#, r#"{"sort":"a",   "sort2":"\\u0000"}"#];
    for (i, body) in bodies.iter().enumerate() {
        let document = vigiles_store::Draft { body: (*body).to_owned(), ..incident(&format!("i{i}"), 9 - i as i64) };
        store.apply(&system(), vec![Write::Put { document, expect: Expect::Absent }]).unwrap();
    }
    store
        .apply(&system(), vec![Write::Put { document: in_state("new", incident("other", 1)), expect: Expect::Any }])
        .unwrap();
    let fields = vec![("sort", vec!["a".to_owned()])];
    let found = store.list(&system(), &Query { fields, ..Query::new(INCIDENT) }).unwrap().documents;
    // A lone surrogate is no text: that body has no field, in any backend.
    let found: Vec<_> = found.iter().map(|document| document.body.as_str()).collect();
    assert_eq!(found, [bodies[0], bodies[2]]);
}
