//! The suite that every backend of history must pass. Call [`run`] from the tests of a backend.

mod rights;
mod scans;

use vigiles_model::{
    AssetId, BoundingBox, Duration, Geometry, KindId, Observation, ObservationId, Origin, Position, Quality, SourceId,
    Timestamp, Value,
};
use vigiles_trust::Context;

use crate::{Bucket, Cursor, History, HistoryError, Query, SeriesQuery};

/// Makes histories for the suite.
pub trait Factory {
    /// The backend.
    type History: History;
    /// Opens the history called `name`, with what earlier calls stored under that name.
    fn open(&self, name: &str) -> Self::History;
}

/// Runs the whole suite. Panics at the first broken promise.
pub fn run<F: Factory>(factory: &F) {
    every_field_comes_back(factory);
    pages_are_newest_first_and_complete(factory);
    filters_choose(factory);
    pages_stand_still_while_more_is_written(factory);
    duplicates_are_given_once(factory);
    repeated_writes_change_nothing(factory);
    scans::are_oldest_first_and_complete(factory);
    the_latest_of_each_series(factory);
    a_series_is_cut_into_buckets(factory);
    old_kinds_expire(factory);
    rights::without_the_right_nothing_is_read_or_changed(factory);
}

const CONTEXT: Context = Context::system("contract-tests");
const SECOND: i64 = 1_000_000;
/// 2026-03-01T00:00:00Z.
const START: i64 = 1_772_323_200 * SECOND;

/// A reading of `sensor` at `second`, at a place of its own.
pub fn reading(kind: &str, sensor: u32, second: i64, value: f64) -> Observation {
    let place = Position { lon: 24.0 + f64::from(sensor) / 100.0, lat: 60.0 };
    let mut observation = Observation {
        id: ObservationId(0),
        kind: KindId::new(kind).expect("an id"),
        source: SourceId::new("feed").expect("an id"),
        asset: Some(AssetId::new(format!("sensor-{sensor}")).expect("an id")),
        time: Timestamp(START + second * SECOND),
        arrived: Timestamp(START + second * SECOND + 123_456),
        place: Some(Geometry::Point(place)),
        value: Value::Number(value),
        quality: Quality::Good,
        origin: Origin::Live,
        attributes: Vec::new(),
    };
    observation.id = observation.content_id();
    observation
}

/// All pages of a query, one after another.
pub fn all(history: &dyn History, query: &Query) -> Vec<Observation> {
    let mut query = query.clone();
    let mut found = Vec::new();
    loop {
        let page = history.page(&CONTEXT, &query).expect("a page");
        assert!(page.observations.len() <= query.limit, "at most the limit");
        found.extend(page.observations);
        match page.next {
            Some(next) => query.cursor = Some(next.to_string().parse().expect("a cursor reads back")),
            None => return found,
        }
    }
}

/// Newest first, of one time the larger id first.
pub fn newest_first(mut observations: Vec<Observation>) -> Vec<Observation> {
    observations.sort_by_key(|o| std::cmp::Reverse((o.time, o.id)));
    observations
}

/// Runs a check with everything in memory, after a seal, and after a restart.
fn at_each_stage<F: Factory>(factory: &F, name: &str, entries: &[Vec<Observation>], check: impl Fn(&F::History, &str)) {
    let history = factory.open(name);
    for (offset, entry) in entries.iter().enumerate() {
        history.write(&CONTEXT, offset as u64, entry).expect("taken");
        if offset == entries.len() / 2 {
            history.flush().expect("sealed");
        }
    }
    assert_eq!(history.readable_offset(), Ok(entries.len() as u64));
    check(&history, "partly in memory");
    assert_eq!(history.flush(), Ok(entries.len() as u64));
    assert_eq!(history.durable_offset(), entries.len() as u64);
    check(&history, "sealed");
    drop(history);
    let history = factory.open(name);
    assert_eq!(history.durable_offset(), entries.len() as u64);
    assert_eq!(history.readable_offset(), Ok(entries.len() as u64));
    check(&history, "after a restart");
}

fn query(limit: usize) -> Query {
    Query { limit, ..Query::default() }
}

fn assorted() -> Vec<Observation> {
    let p = |lon, lat| Position { lon, lat };
    let ring = vec![p(24.0, 60.0), p(24.1, 60.0), p(24.1, 60.1), p(24.0, 60.0)];
    let mut all = Vec::new();
    let values = [
        Value::Number(-0.0),
        Value::Number(f64::MAX),
        Value::Number(12.3),
        Value::Boolean(true),
        Value::Boolean(false),
        Value::Text("smoke, dense".into()),
        Value::Text("".into()),
    ];
    let places = [
        None,
        Some(Geometry::Point(p(24.941, 60.17))),
        Some(Geometry::Line(vec![p(24.0, 60.0), p(24.5, 60.5)])),
        Some(Geometry::Polygon(vec![ring])),
    ];
    for (i, value) in values.into_iter().enumerate() {
        for (j, place) in places.iter().enumerate() {
            let mut o = reading("mixed", (i * 10 + j) as u32, (i * 4 + j) as i64, 0.0);
            (o.value, o.place) = (value.clone(), place.clone());
            o.quality = [Quality::Good, Quality::Doubtful, Quality::Implausible][(i + j) % 3];
            o.origin = [Origin::Live, Origin::Replayed, Origin::Simulated, Origin::Exercise][(i * j) % 4];
            o.asset = o.asset.filter(|_| j != 1);
            o.attributes = (0..j).map(|n| (format!("name{n}").into(), format!("värde {i}").into())).collect();
            o.time = Timestamp(o.time.0 + [0, 1, -86_400 * SECOND * 40_000][i % 3]);
            o.id = o.content_id();
            all.push(o);
        }
    }
    all
}

fn every_field_comes_back<F: Factory>(factory: &F) {
    let expected = newest_first(assorted());
    let entries: Vec<_> = assorted().chunks(5).map(<[_]>::to_vec).collect();
    at_each_stage(factory, "fields", &entries, |history, stage| {
        assert_eq!(all(history, &query(3)), expected, "{stage}");
    });
}

fn pages_are_newest_first_and_complete<F: Factory>(factory: &F) {
    let entries: Vec<Vec<Observation>> = (0..40)
        .map(|i| (0..25).map(|s| reading("air.pm25", s, (i * 7919) % 200_000 + i64::from(s % 3), 1.0)).collect())
        .collect();
    let expected = newest_first(entries.concat());
    at_each_stage(factory, "pages", &entries, |history, stage| {
        for limit in [70, 1000] {
            assert_eq!(all(history, &query(limit)), expected, "{stage}, {limit} a page");
        }
        let page = history.page(&CONTEXT, &query(10)).expect("a page");
        assert_eq!(page.observations, expected[..10], "{stage}");
        let last = &expected[9];
        assert_eq!(page.next, Some(Cursor { time: last.time, id: last.id }));
    });
    assert!(matches!("nonsense".parse::<Cursor>(), Err(HistoryError::Cursor(_))));
}

fn filters_choose<F: Factory>(factory: &F) {
    let mut entries: Vec<Vec<Observation>> = Vec::new();
    for i in 0..30_i64 {
        let kinds = ["air.pm25", "traffic.flow"];
        let mut entry: Vec<_> = (0..20).map(|s| reading(kinds[s as usize % 2], s, i * 3_600, i as f64)).collect();
        for o in entry.iter_mut().filter(|o| o.value == Value::Number(7.0)) {
            o.source = SourceId::new("other").expect("an id");
            o.asset = None;
            o.id = o.content_id();
        }
        entries.push(entry);
    }
    let area = BoundingBox::new(24.035, 59.0, 24.095, 61.0).expect("a box");
    let at = |hour: i64| Timestamp(START + hour * 3_600 * SECOND);
    let asset = |n: u32| AssetId::new(format!("sensor-{n}")).expect("an id");
    let queries = [
        Query { kinds: vec![KindId::new("air.pm25").expect("an id")], ..query(9) },
        Query { kinds: vec![KindId::new("no.such").expect("an id")], ..query(9) },
        Query { sources: vec![SourceId::new("other").expect("an id")], ..query(9) },
        Query { assets: vec![asset(3), asset(8)], ..query(9) },
        Query { area: Some(area), ..query(9) },
        Query { from: Some(at(5)), to: Some(at(8)), ..query(9) },
        Query {
            area: Some(area),
            from: Some(at(25)),
            kinds: vec![KindId::new("traffic.flow").expect("an id")],
            ..query(9)
        },
        Query { from: Some(at(8)), to: Some(at(5)), ..query(9) },
    ];
    let everything = newest_first(entries.concat());
    at_each_stage(factory, "filters", &entries, |history, stage| {
        for query in &queries {
            let expected: Vec<_> = everything.iter().filter(|o| wants(query, o)).cloned().collect();
            assert_eq!(all(history, query), expected, "{stage}: {query:?}");
        }
    });
}

/// What a query means, in plain words.
pub fn wants(query: &Query, o: &Observation) -> bool {
    (query.kinds.is_empty() || query.kinds.contains(&o.kind))
        && (query.sources.is_empty() || query.sources.contains(&o.source))
        && (query.assets.is_empty() || o.asset.as_ref().is_some_and(|asset| query.assets.contains(asset)))
        && query.area.is_none_or(|area| o.place.as_ref().is_some_and(|p| p.bounding_box().intersects(&area)))
        && query.from.is_none_or(|from| o.time >= from)
        && query.to.is_none_or(|to| o.time < to)
}

fn pages_stand_still_while_more_is_written<F: Factory>(factory: &F) {
    let history = factory.open("still");
    let entry: Vec<_> = (0..100).map(|s| reading("k", s, i64::from(s), 0.0)).collect();
    history.write(&CONTEXT, 0, &entry).expect("taken");
    let first = history.page(&CONTEXT, &query(40)).expect("a page");
    let newer: Vec<_> = (200..300).map(|s| reading("k", s, i64::from(s), 0.0)).collect();
    history.write(&CONTEXT, 1, &newer).expect("taken");
    history.flush().expect("sealed");
    let rest = all(&history, &Query { cursor: first.next, ..query(40) });
    assert_eq!([first.observations, rest].concat(), newest_first(entry));
}

fn duplicates_are_given_once<F: Factory>(factory: &F) {
    let once: Vec<_> = (0..50).map(|s| reading("k", s, i64::from(s / 5), 0.0)).collect();
    let late = |o: &Observation| Observation { arrived: Timestamp(o.arrived.0 + SECOND), ..o.clone() };
    let again: Vec<_> = once.iter().map(late).collect();
    let entries = [once.clone(), again.clone(), once.clone(), again];
    let ids = |observations: Vec<Observation>| observations.into_iter().map(|o| (o.time, o.id)).collect::<Vec<_>>();
    let expected = ids(newest_first(once));
    at_each_stage(factory, "duplicates", &entries, |history, stage| {
        assert_eq!(ids(all(history, &query(7))), expected, "{stage}");
        let chart = SeriesQuery {
            kind: KindId::new("k").expect("an id"),
            series: "sensor-3".into(),
            from: Timestamp(START),
            to: Timestamp(START + 100 * SECOND),
            buckets: 1,
        };
        assert_eq!(history.series(&CONTEXT, &chart).expect("buckets")[0].count, 1, "{stage}");
    });
}

fn repeated_writes_change_nothing<F: Factory>(factory: &F) {
    let history = factory.open("repeated");
    let entry = vec![reading("k", 1, 1, 0.0)];
    history.write(&CONTEXT, 5, &entry).expect("taken");
    history.write(&CONTEXT, 5, &[reading("k", 2, 2, 0.0)]).expect("a repetition");
    history.write(&CONTEXT, 4, &[reading("k", 3, 3, 0.0)]).expect("a repetition");
    assert_eq!(history.flush(), Ok(6));
    drop(history);
    let history = factory.open("repeated");
    history.write(&CONTEXT, 5, &[reading("k", 2, 2, 0.0)]).expect("a repetition");
    history.write(&CONTEXT, 6, &[]).expect("taken");
    assert_eq!(history.flush(), Ok(7));
    assert_eq!(all(&history, &query(10)), entry);
}

fn the_latest_of_each_series<F: Factory>(factory: &F) {
    let entries: Vec<Vec<Observation>> = (0..10_i64)
        .map(|i| (0..12).map(|s| reading(["a", "b"][s as usize % 2], s, i * 600, i as f64)).collect())
        .collect();
    let at = |second: i64| Timestamp(START + second * SECOND);
    let area = BoundingBox::new(24.015, 59.0, 24.055, 61.0).expect("a box");
    at_each_stage(factory, "latest", &entries, |history, stage| {
        for (before, step) in [(0, 0), (599, 0), (600, 1), (4_000, 6), (100 * 60, 9), (12_000, 9)] {
            let latest = history.latest(&CONTEXT, at(before), None).expect("latest");
            assert!(!latest.truncated);
            assert_eq!(newest_first(latest.observations), newest_first(entries[step].clone()), "{stage}, {before}");
            let latest = history.latest(&CONTEXT, at(before), Some(area)).expect("latest");
            let inside = Query { area: Some(area), ..query(1) };
            let expected: Vec<_> = entries[step].iter().filter(|o| wants(&inside, o)).cloned().collect();
            assert_eq!(newest_first(latest.observations), newest_first(expected), "{stage}, {before}");
        }
        assert_eq!(history.latest(&CONTEXT, at(-1), None).expect("latest").observations, []);
        let long_after = history.latest(&CONTEXT, at(400 * 86_400), None).expect("latest");
        assert_eq!(long_after.observations, [], "older than the look-back");
    });
}

fn a_series_is_cut_into_buckets<F: Factory>(factory: &F) {
    let entries: Vec<Vec<Observation>> = (0..100_i64)
        .map(|i| (0..3).map(|s| reading("k", s, i * 60, (i * 10) as f64 + f64::from(s))).collect())
        .collect();
    let chart = |from: i64, to: i64, buckets| SeriesQuery {
        kind: KindId::new("k").expect("an id"),
        series: "sensor-2".into(),
        from: Timestamp(START + from * SECOND),
        to: Timestamp(START + to * SECOND),
        buckets,
    };
    at_each_stage(factory, "series", &entries, |history, stage| {
        let buckets = history.series(&CONTEXT, &chart(0, 600, 2)).expect("buckets");
        let start = |second: i64| Timestamp(START + second * SECOND);
        let expected = [
            Bucket { start: start(0), min: 2.0, mean: 22.0, max: 42.0, count: 5 },
            Bucket { start: start(300), min: 52.0, mean: 72.0, max: 92.0, count: 5 },
        ];
        assert_eq!(buckets, expected, "{stage}");
        let sparse = history.series(&CONTEXT, &chart(-6_000, 61, 7_000)).expect("buckets");
        assert_eq!(sparse.iter().map(|b| b.count).collect::<Vec<_>>(), [1, 1], "{stage}");
        let backwards = history.series(&CONTEXT, &chart(5, 5, 2));
        assert!(matches!(backwards, Err(HistoryError::Span { .. })), "{backwards:?}");
    });
}

fn old_kinds_expire<F: Factory>(factory: &F) {
    const DAY: i64 = 86_400;
    let entries: Vec<Vec<Observation>> = (0..10_i64)
        .map(|day| vec![reading("short", 1, day * DAY, 0.0), reading("long", 2, day * DAY + 5, 0.0)])
        .collect();
    let history = factory.open("expire");
    for (offset, entry) in entries.iter().enumerate() {
        history.write(&CONTEXT, offset as u64, entry).expect("taken");
    }
    history.flush().expect("sealed");
    let retention = |kind: &KindId| Duration::from_secs(if kind.as_str() == "short" { 3 * DAY } else { 8 * DAY });
    let now = Timestamp(START + 9 * DAY * SECOND + 5 * SECOND);
    let expired = history.expire(&CONTEXT, &retention, now).expect("expired");
    assert_eq!(expired.observations, 8, "{expired:?}");
    let left = all(&history, &query(100));
    let count = |kind: &str| left.iter().filter(|o| o.kind.as_str() == kind).count();
    assert_eq!((count("short"), count("long")), (3, 9), "{left:?}");
    assert_eq!(history.expire(&CONTEXT, &retention, now).expect("expired").observations, 0);
    drop(history);
    assert_eq!(all(&factory.open("expire"), &query(100)), left);
}
