use proptest::prelude::*;
use vigiles_history::contract_tests::{all, newest_first, reading, wants};
use vigiles_history::{Embedded, History, Options, Query};
use vigiles_model::{BoundingBox, Observation, Timestamp};
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// History behaves as a plain list of observations, whatever is in memory, sealed, merged or reopened.
    #[test]
    fn behaves_as_a_list(steps in prop::collection::vec(step(), 1..40)) {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { memory_bytes: 12_000, index_bytes: 2_000, merge_rows: 500, ..Options::default() };
        let open = || Embedded::open(directory.path(), options).unwrap();
        let mut history = Some(open());
        let mut list: Vec<Observation> = Vec::new();
        let mut offset = 0;
        for step in steps {
            let now = history.as_ref().unwrap();
            match &step {
                Step::Write(rows) => {
                    let rows = rows.iter();
                    let fresh: Vec<_> = rows.map(|(k, s, t)| reading(KINDS[*k as usize], u32::from(*s), i64::from(*t), 1.5)).collect();
                    now.write(&Context::system("test"), offset, &fresh).unwrap();
                    offset += 1;
                    list.extend(fresh);
                }
                Step::Ask { .. } => {
                    let query = query(&step);
                    let mut expected = newest_first(list.iter().filter(|o| wants(&query, o)).cloned().collect());
                    expected.dedup_by_key(|o| o.id);
                    prop_assert_eq!(all(now, &query), expected);
                }
                Step::Flush => prop_assert_eq!(now.flush(), Ok(offset)),
                Step::Merge => now.merge_all().unwrap(),
                Step::Restart => {
                    history = None;
                    history.replace(open());
                    prop_assert_eq!(history.as_ref().unwrap().durable_offset(), offset);
                }
            }
        }
        drop(history);
        prop_assert_eq!(vigiles_history::check(directory.path()), []);
    }
}
