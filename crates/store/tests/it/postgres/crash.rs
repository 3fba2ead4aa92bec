//! The server dies under load: what was acknowledged is there, and nothing is there twice.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use vigiles_postgres::cluster::Cluster;
use vigiles_store::contract_tests::fixture::{INCIDENT, incident, system};
use vigiles_store::postgres::check;
use vigiles_store::{AuditQuery, Changes, Expect, Finding, PostgresStore, Query, Store, Write};

use super::open;

const THREADS: u64 = 4;

/// Puts one document after another, each once, until told to stop; gives how many were acknowledged.
fn load(store: &PostgresStore, thread: u64, acknowledged: &AtomicU64, over: &AtomicBool) -> u64 {
    let mut count = 0;
    while !over.load(Ordering::Relaxed) {
        let put = |id: String| Write::Put { document: incident(&id, 1), expect: Expect::Absent };
        let batch = vec![put(format!("t{thread}-{count}")), put(format!("t{thread}-{count}-twin"))];
        // Done twice, the second would be a conflict; lost, it would be missing below.
        store.apply(&system(), batch).unwrap();
        count += 1;
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    count
}

fn check_crash(crash: fn(&mut Cluster)) {
    const ROUNDS: u64 = 3;
    let mut cluster = Cluster::start();
    let store = open(&cluster.url());
    let (acknowledged, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let counts: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (store, acknowledged, over) = (&store, &acknowledged, &over);
                scope.spawn(move || load(store, thread, acknowledged, over))
            })
            .collect();
        // A thread that ended has failed, and says why when it is joined.
        let wait_for = |count| {
            let has_failed = || threads.iter().any(std::thread::ScopedJoinHandle::is_finished);
            while acknowledged.load(Ordering::Relaxed) < count && !has_failed() {
                std::thread::yield_now();
            }
        };
        for round in 1..=ROUNDS {
            // In the middle of the work: some of each round is acknowledged before its crash.
            wait_for(round * 40);
            crash(&mut cluster);
            cluster.resume();
        }
        wait_for((ROUNDS + 1) * 40);
        over.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let expected = counts.iter().sum::<u64>() * 2;
    let found = store.list(&system(), &Query { limit: 10_000, ..Query::new(INCIDENT) }).unwrap().documents;
    assert_eq!(found.len() as u64, expected);
    assert!(found.iter().all(|document| document.version == 1), "nothing is done twice");
    assert_eq!(store.statistics(&system()).unwrap().sequence, expected);
    let audit = store.audit(&system(), &AuditQuery { limit: 10_000, ..AuditQuery::default() }).unwrap().entries;
    assert_eq!(audit.len() as u64, expected / 2, "one entry for each batch");
    let Ok(Changes::Events { changes, .. }) = store.changes(&system(), 0, 10_000) else { panic!("resync") };
    assert_eq!(changes.iter().map(|change| change.sequence).collect::<Vec<_>>(), (1..=expected).collect::<Vec<_>>());
    assert_eq!(check(&cluster.url()).unwrap(), Vec::<Finding>::new());
}

#[test]
fn nothing_is_lost_or_doubled_when_the_server_is_killed() {
    check_crash(Cluster::kill);
}

#[test]
fn nothing_is_lost_or_doubled_by_an_immediate_shutdown() {
    check_crash(Cluster::abort);
}
