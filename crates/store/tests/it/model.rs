//! Random work on the store and on a plain map must give the same: answers, the present, every past
//! moment, and the past that is left after pruning.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use vigiles_model::Timestamp;
use vigiles_postgres::cluster::Cluster;
use vigiles_store::contract_tests::KINDS;
use vigiles_store::contract_tests::fixture::{INCIDENT, in_state, incident, system};
use vigiles_store::postgres as on_server;
use vigiles_store::sqlite::{Options, SqliteStore, check};
use vigiles_store::{Clock, Expect, Finding, PostgresStore, Query, Store, StoreError, Write};

const STATES: [&str; 2] = ["new", "closed"];

#[derive(Debug, Clone)]
enum Op {
    Put { id: u8, state: usize, expect: u8 },
    Delete { id: u8, expect: u8 },
    Tick,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..4_u8, 0..STATES.len(), 0..5_u8).prop_map(|(id, state, expect)| Op::Put { id, state, expect }),
        2 => (0..4_u8, 0..5_u8).prop_map(|(id, expect)| Op::Delete { id, expect }),
        1 => Just(Op::Tick),
    ]
}

fn expect(code: u8) -> Expect {
    match code {
        0 | 1 => Expect::Any,
        2 => Expect::Absent,
        n => Expect::Version(u64::from(n) - 2),
    }
}

/// Version and state by id, and the last version each id ever had.
#[derive(Debug, Clone, Default)]
struct Model {
    now: BTreeMap<String, (u64, &'static str)>,
    last: BTreeMap<String, u64>,
}

impl Model {
    /// Whether the write is taken.
    fn write(&mut self, id: &str, state: Option<&'static str>, expect: Expect) -> bool {
        let found = self.now.get(id).map(|(version, _)| *version);
        let fits = match expect {
            Expect::Any => true,
            Expect::Absent => found.is_none(),
            Expect::Version(version) => found == Some(version),
        };
        if !fits || (state.is_none() && found.is_none()) {
            return fits;
        }
        let version = self.last.get(id).copied().unwrap_or(0) + 1;
        self.last.insert(id.to_owned(), version);
        match state {
            Some(state) => drop(self.now.insert(id.to_owned(), (version, state))),
            None => drop(self.now.remove(id)),
        }
        true
    }

    fn of_state(&self, state: Option<&str>) -> Vec<(String, u64)> {
        let wanted = |(_, (_, found)): &(&String, &(u64, &str))| state.is_none_or(|state| state == *found);
        self.now.iter().filter(wanted).map(|(id, (version, _))| (id.clone(), *version)).collect()
    }
}

fn same(found: &[vigiles_store::Document], mut expected: Vec<(String, u64)>) -> Result<(), TestCaseError> {
    // All are of the same time, so that they come by id, the last first.
    expected.reverse();
    let found: Vec<_> = found.iter().map(|d| (d.id.clone(), d.version)).collect();
    prop_assert_eq!(found, expected);
    Ok(())
}

/// Does the work on an empty store whose clock is `second`, and compares.
fn check_map(store: &dyn Store, second: &AtomicI64, ops: Vec<Op>, cut: i64) -> Result<(), TestCaseError> {
    let (mut model, mut past) = (Model::default(), BTreeMap::new());
    for op in ops {
        let (write, taken) = match op {
            Op::Tick => {
                second.fetch_add(1, Ordering::SeqCst);
                continue;
            }
            Op::Put { id, state, expect: code } => {
                let (id, state, expect) = (format!("i{id}"), STATES[state], expect(code));
                let taken = model.write(&id, Some(state), expect);
                (Write::Put { document: in_state(state, incident(&id, 1)), expect }, taken)
            }
            Op::Delete { id, expect: code } => {
                let (id, expect) = (format!("i{id}"), expect(code));
                let taken = model.write(&id, None, expect);
                (Write::Delete { kind: INCIDENT, id, expect }, taken)
            }
        };
        match store.apply(&system(), vec![write]) {
            Ok(_) => prop_assert!(taken),
            Err(StoreError::Conflict { .. }) => prop_assert!(!taken),
            Err(error) => prop_assert!(false, "{}", error),
        }
        past.insert(second.load(Ordering::SeqCst), model.clone());
    }
    let query =
        |state: Option<&str>| Query { states: state.map(str::to_owned).into_iter().collect(), ..Query::new(INCIDENT) };
    for state in [None, Some(STATES[0]), Some(STATES[1])] {
        same(&store.list(&system(), &query(state)).unwrap().documents, model.of_state(state))?;
        for (at, then) in &past {
            let page = store.as_of(&system(), &query(state), Timestamp::from_secs(*at)).unwrap();
            same(&page.documents, then.of_state(state))?;
        }
    }
    store.prune(&system(), Timestamp::from_secs(cut)).unwrap();
    for (at, then) in past.range(cut..) {
        let page = store.as_of(&system(), &query(None), Timestamp::from_secs(*at)).unwrap();
        same(&page.documents, then.of_state(None))?;
    }
    Ok(())
}

/// A clock that is set by hand, at second 0.
fn clock() -> (Arc<AtomicI64>, Clock) {
    let second = Arc::new(AtomicI64::new(0));
    let hand = Arc::clone(&second);
    (second, Arc::new(move || Timestamp::from_secs(hand.load(Ordering::SeqCst))))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_store_is_a_map_with_a_past(ops in proptest::collection::vec(op(), 1..40), cut in 0..8_i64) {
        let dir = tempfile::tempdir().unwrap();
        let (second, clock) = clock();
        let store = SqliteStore::open(dir.path(), Options { kinds: KINDS, clock, max_bytes: None }).unwrap();
        check_map(&store, &second, ops, cut)?;
        drop(store);
        prop_assert_eq!(check(dir.path()), Vec::<Finding>::new());
    }
}

/// The same on PostgreSQL, in one database that is emptied for each case.
#[test]
fn the_store_in_postgres_is_a_map_with_a_past() {
    let cluster = Cluster::start();
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) });
    let strategy = (proptest::collection::vec(op(), 1..40), 0..8_i64);
    let result = runner.run(&strategy, |(ops, cut)| {
        let mut client = postgres::Client::connect(&cluster.url(), postgres::NoTls).unwrap();
        client.batch_execute("DROP SCHEMA IF EXISTS vigiles_store CASCADE").unwrap();
        let (second, clock) = clock();
        let store = PostgresStore::open(&cluster.url(), on_server::Options { kinds: KINDS, clock }).unwrap();
        check_map(&store, &second, ops, cut)?;
        drop(store);
        prop_assert_eq!(on_server::check(&cluster.url()), Ok(Vec::new()));
        Ok(())
    });
    result.unwrap();
}
