//! Measures the embedded store: durable batches, reads and audit entries a second, by one and by 16 threads.
//!
//! `cargo run --release -p vigiles-store --example rates -- [SECONDS] [DIRECTORY]`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement prints and may fail loudly")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use vigiles_model::{AgencyId, PersonId, Timestamp};
use vigiles_store::sqlite::{Options, SqliteStore};
use vigiles_store::{AuditNote, Draft, Expect, Kind, Outcome, Query, Store, Write};
use vigiles_trust::{Action, Context, Resource, Role, authorise};

const INCIDENT: Kind = Kind::new("incident", Resource::Incidents);
const KINDS: &[Kind] = &[INCIDENT];
const DOCUMENTS: u64 = 10_000;

fn draft(i: u64) -> Draft {
    Draft {
        kind: INCIDENT,
        id: format!("inc-{:016x}", i % DOCUMENTS),
        agency: None,
        state: if i.is_multiple_of(10) { "new" } else { "closed" }.to_owned(),
        place: None,
        time: Timestamp::from_secs((i % DOCUMENTS) as i64),
        body: format!("{{\"title\":\"{}\"}}", "x".repeat(1000)),
    }
}

/// Runs `deed` on so many threads for a while; prints the rate and the p99 of one call.
fn measure(what: &str, threads: u64, span: Duration, deed: &(dyn Fn(u64) + Sync)) {
    let count = AtomicU64::new(0);
    let start = Instant::now();
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let run = |_| {
            scope.spawn(|| {
                let mut times = Vec::new();
                while start.elapsed() < span {
                    let i = count.fetch_add(1, Ordering::Relaxed);
                    let begun = Instant::now();
                    deed(i);
                    times.push(begun.elapsed());
                }
                times
            })
        };
        let running: Vec<_> = (0..threads).map(run).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let rate = times.len() as f64 / start.elapsed().as_secs_f64();
    times.sort_unstable();
    let p99 = times[times.len() * 99 / 100].as_secs_f64() * 1e3;
    println!("{what:44} {threads:3} threads  {rate:9.0}/s  p99 {p99:7.2} ms");
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let span = Duration::from_secs(arguments.next().map_or(5, |s| s.parse().unwrap()));
    let dir = arguments.next().map_or_else(|| std::env::temp_dir().join("vigiles-rates"), PathBuf::from);
    let clock = Arc::new(|| Timestamp::from_secs(1000));
    let store = SqliteStore::open(&dir, Options { kinds: KINDS, clock, max_bytes: None }).unwrap();
    let system = Context::system("rates");
    let person = authorise(
        &PersonId::new("ada").unwrap(),
        &[Role::Operator],
        &AgencyId::new("fire").unwrap(),
        None,
        Action::Read(Resource::Incidents),
        None,
    )
    .unwrap();
    let put = |i| Write::Put { document: draft(i), expect: Expect::Any };
    for first in (0..DOCUMENTS).step_by(1000) {
        store.apply(&system, (first..first + 1000).map(put).collect()).unwrap();
    }
    for threads in [1, 16] {
        measure("apply, 1 document", threads, span, &|i| drop(store.apply(&system, vec![put(i)]).unwrap()));
    }
    measure("apply, 100 documents", 1, span, &|i| {
        drop(store.apply(&system, (i * 100..i * 100 + 100).map(put).collect()).unwrap());
    });
    let id = |i: u64| format!("inc-{:016x}", i * 7919 % DOCUMENTS);
    for threads in [1, 16] {
        measure("get by the platform", threads, span, &|i| drop(store.get(&system, INCIDENT, &id(i)).unwrap()));
    }
    for threads in [1, 16] {
        measure("get by a person, audited", threads, span, &|i| drop(store.get(&person, INCIDENT, &id(i)).unwrap()));
    }
    for threads in [1, 16, 128] {
        let note = AuditNote {
            action: "sign_in".to_owned(),
            resource: "account/ada".to_owned(),
            outcome: Outcome::Allowed,
            detail: String::new(),
        };
        measure("audit entry", threads, span, &|_| store.record(&person, note.clone()).unwrap());
    }
    let open = Query { states: vec!["new".to_owned()], ..Query::new(INCIDENT) };
    measure("list 100 of one state", 1, span, &|_| drop(store.list(&system, &open).unwrap()));
    measure("as_of, 100 of one state", 1, span, &|_| {
        drop(store.as_of(&system, &open, Timestamp::from_secs(1000)).unwrap());
    });
    println!("{} MiB on disk", store.statistics(&system).unwrap().bytes >> 20);
}
