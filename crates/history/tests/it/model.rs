use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use vigiles_history::contract_tests::{all, newest_first, reading, wants};
use vigiles_history::postgres as on_server;
use vigiles_history::{Embedded, History, Options, PostgresHistory, Query};
use vigiles_model::{BoundingBox, Observation, Timestamp};
use vigiles_postgres::cluster::Cluster;
use vigiles_trust::Context;

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<(u8, u8, u32)>),
    Ask { kind: Option<u8>, sensor: Option<u8>, west: Option<u8>, from: u32, span: u32, limit: usize },
    Flush,
    Merge,
    Restart,
}

const KINDS: [&str; 3] = ["a", "b", "c"];

fn step() -> impl Strategy<Value = Step> {
    let some = || prop::option::of(0..3_u8);
    prop_oneof![
        5 => prop::collection::vec((0..3_u8, 0..20_u8, 0..400_000_u32), 1..40).prop_map(Step::Write),
        4 => (some(), prop::option::of(0..20_u8), prop::option::of(0..20_u8), 0..300_000_u32, 0..400_000_u32, 5..50_usize)
            .prop_map(|(kind, sensor, west, from, span, limit)| Step::Ask { kind, sensor, west, from, span, limit }),
        1 => Just(Step::Flush),
        1 => Just(Step::Merge),
        1 => Just(Step::Restart),
    ]
}

fn query(step: &Step) -> Query {
    let Step::Ask { kind, sensor, west, from, span, limit } = step else { panic!("not a question") };
    let zero = reading("a", 0, 0, 0.0).time;
    let at = |second: u32| Some(Timestamp(zero.0 + i64::from(second) * 1_000_000));
    Query {
        kinds: kind.map(|k| KINDS[k as usize].parse().unwrap()).into_iter().collect(),
        assets: sensor.map(|s| format!("sensor-{s}").parse().unwrap()).into_iter().collect(),
        area: west
            .map(|w| BoundingBox::new(24.0 + f64::from(w) / 100.0, 59.0, 24.15, 61.0).unwrap_or(BoundingBox::EARTH)),
        from: at(*from),
        to: at(from + span),
        limit: *limit,
        ..Query::default()
    }
}

/// A history that can be opened again, and what only some backends have to do.
trait Subject {
    type History: History;
    fn open(&self) -> Self::History;
    fn merge(&self, history: &Self::History);
}

struct InDirectory(PathBuf);

impl Subject for InDirectory {
    type History = Embedded;
    fn open(&self) -> Embedded {
        let options = Options { memory_bytes: 12_000, index_bytes: 2_000, merge_rows: 500, ..Options::default() };
        Embedded::open(&self.0, options).unwrap()
    }
    fn merge(&self, history: &Embedded) {
        history.merge_all().unwrap();
    }
}

struct OnServer(Cluster);

impl Subject for OnServer {
    type History = PostgresHistory;
    fn open(&self) -> PostgresHistory {
        let options = on_server::Options { batch_rows: 50, ..on_server::Options::default() };
        PostgresHistory::open(&self.0.url(), options).unwrap()
    }
    fn merge(&self, _: &PostgresHistory) {}
}

/// History behaves as a plain list of observations, whatever is in memory, sealed, merged or reopened.
fn check_list<S: Subject>(subject: &S, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut history = Some(subject.open());
    let mut list: Vec<Observation> = Vec::new();
    let mut offset = 0;
    for step in steps {
        let now = history.as_ref().unwrap();
        match step {
            Step::Write(rows) => {
                let rows = rows.iter();
                let fresh: Vec<_> =
                    rows.map(|(k, s, t)| reading(KINDS[*k as usize], u32::from(*s), i64::from(*t), 1.5)).collect();
                now.write(&Context::system("test"), offset, &fresh).unwrap();
                offset += 1;
                list.extend(fresh);
            }
            Step::Ask { .. } => {
                let query = query(step);
                let mut expected = newest_first(list.iter().filter(|o| wants(&query, o)).cloned().collect());
                expected.dedup_by_key(|o| o.id);
                prop_assert_eq!(all(now, &query), expected);
            }
            Step::Flush => prop_assert_eq!(now.flush(), Ok(offset)),
            Step::Merge => subject.merge(now),
            Step::Restart => {
                history = None;
                history.replace(subject.open());
                prop_assert_eq!(history.as_ref().unwrap().durable_offset(), offset);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn behaves_as_a_list(steps in prop::collection::vec(step(), 1..40)) {
        let directory = tempfile::tempdir().unwrap();
        check_list(&InDirectory(directory.path().to_owned()), &steps)?;
        prop_assert_eq!(vigiles_history::check(directory.path()), []);
    }
}

/// The same on PostgreSQL, in one database that is emptied for each case.
#[test]
fn behaves_as_a_list_in_postgres() {
    let subject = OnServer(Cluster::start());
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10) });
    let result = runner.run(&prop::collection::vec(step(), 1..40), |steps| {
        let mut client = postgres::Client::connect(&subject.0.url(), postgres::NoTls).unwrap();
        client.batch_execute("DROP SCHEMA IF EXISTS vigiles_history CASCADE").unwrap();
        check_list(&subject, &steps)
    });
    result.unwrap();
}
