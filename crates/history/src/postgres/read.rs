//! Pages, scans, the newest of each series, and charts.

use postgres::GenericClient;
use rustc_hash::FxHashMap;
use vigiles_model::{AssetId, BoundingBox, Duration, KindId, Observation, SourceId, Timestamp};
use vigiles_postgres::Pool;

use super::rows::{self, COLUMNS};
use super::select::Select;
use crate::contract::{MAX_BUCKETS, MAX_PAGE};
use crate::{Bucket, Cursor, HistoryError, Latest, Page, Query, SeriesQuery, Statistics, Visit};

/// Observations of a scan read at once.
const CHUNK: usize = 5000;
/// Most series given at once.
const MAX_LATEST: usize = 200_000;

/// One page, newest first.
pub(super) fn page(pool: &Pool, query: &Query) -> Result<Page, HistoryError> {
    let limit = query.limit.clamp(1, MAX_PAGE);
    // One more than is shown, to know whether there is a next page.
    let mut observations = pool.read("reading a page", |db| part(db, query, query.cursor, false, limit + 1))??;
    let is_last = observations.len() <= limit;
    observations.truncate(limit);
    let next = observations.last().filter(|_| !is_last).map(cursor);
    Ok(Page { observations, next })
}

/// Every observation of a query, oldest first, part by part, so that no snapshot is held while the visitor works.
pub(super) fn scan(pool: &Pool, query: &Query, visit: &mut Visit<'_>) -> Result<(), HistoryError> {
    let mut series: FxHashMap<(KindId, SourceId, Option<AssetId>), usize> = FxHashMap::default();
    let mut after = None;
    loop {
        let found = pool.read("scanning", |db| part(db, query, after, true, CHUNK))??;
        for observation in &found {
            let count = series.len();
            let key = (observation.kind.clone(), observation.source.clone(), observation.asset.clone());
            if !visit(*series.entry(key).or_insert(count), observation) {
                return Ok(());
            }
        }
        match found.last().filter(|_| found.len() == CHUNK) {
            Some(last) => after = Some(cursor(last)),
            None => return Ok(()),
        }
    }
}

fn cursor(observation: &Observation) -> Cursor {
    Cursor { time: observation.time, id: observation.id }
}

type Answer<T> = Result<Result<T, HistoryError>, postgres::Error>;

fn part(
    db: &mut impl GenericClient,
    query: &Query,
    after: Option<Cursor>,
    is_rising: bool,
    limit: usize,
) -> Answer<Vec<Observation>> {
    let mut select = Select::new(format!("SELECT {COLUMNS} FROM observations WHERE true"));
    select.narrow(query);
    select.after(after, is_rising);
    select.text.push_str(if is_rising { " ORDER BY time, id LIMIT " } else { " ORDER BY time DESC, id DESC LIMIT " });
    select.bind(limit as i64);
    let found = db.query(&select.text, &select.values())?;
    Ok(found.iter().map(rows::observation).collect())
}

/// Per series and kind the newest observation at or before `before`.
pub(super) fn latest(
    pool: &Pool,
    before: Timestamp,
    look_back: Duration,
    area: Option<BoundingBox>,
) -> Result<Latest, HistoryError> {
    let since = before.0.saturating_sub(look_back.0);
    let edges = area.map(|b| [b.west, b.east, b.south, b.north]);
    let [west, east, south, north] = std::array::from_fn(|edge| edges.map(|edges| edges[edge]));
    // The newest is chosen first: who has left the area since is not in it.
    let sql = format!(
        "SELECT {COLUMNS} FROM (SELECT DISTINCT ON (series, kind) * FROM observations WHERE time >= $1 AND time <= $2
             ORDER BY series, kind, time DESC, id DESC) AS newest
         WHERE $3::float8 IS NULL OR (east >= $3 AND west <= $4 AND north >= $5 AND south <= $6) LIMIT $7"
    );
    let mut observations: Vec<Observation> = pool.read("reading the latest", |db| {
        let limit = MAX_LATEST as i64 + 1;
        let found = db.query(&sql, &[&since, &before.0, &west, &east, &south, &north, &limit])?;
        Ok(found.iter().map(rows::observation).collect::<Result<_, HistoryError>>())
    })??;
    let truncated = observations.len() > MAX_LATEST;
    observations.truncate(MAX_LATEST);
    Ok(Latest { observations, truncated })
}

/// The readings of one series in equal spans.
pub(super) fn series(pool: &Pool, query: &SeriesQuery) -> Result<Vec<Bucket>, HistoryError> {
    let (from, to) = (query.from.0, query.to.0);
    if to <= from {
        return Err(HistoryError::Span { from: query.from, to: query.to });
    }
    let count = query.buckets.clamp(1, MAX_BUCKETS);
    let span = i128::from(to) - i128::from(from);
    let starts: Vec<i64> = (0..count).map(|i| (i128::from(from) + span * i as i128 / count as i128) as i64).collect();
    let found = pool.read("reading a series", |db| {
        db.query(
            "SELECT width_bucket(time, $1::bigint[]), min(value), avg(value), max(value), count(*) FROM observations
             WHERE series = $2 AND kind = $3 AND value_type = 0 AND time >= $4 AND time < $5 GROUP BY 1 ORDER BY 1",
            &[&starts, &query.series, &query.kind.as_str(), &from, &to],
        )
    })?;
    let bucket = |row: &postgres::Row| Bucket {
        start: Timestamp(starts[(row.get::<_, i32>(0) as usize).saturating_sub(1)]),
        min: row.get(1),
        mean: row.get(2),
        max: row.get(3),
        count: row.get::<_, i64>(4) as u64,
    };
    Ok(found.iter().map(bucket).collect())
}

/// Every log entry before it is stored, by whichever process.
pub(super) fn next_offset(pool: &Pool) -> Result<u64, HistoryError> {
    let row = pool.read("asking how far it is stored", |db| db.query_one("SELECT next_offset FROM progress", &[]))?;
    Ok(row.get::<_, i64>(0) as u64)
}

/// What is stored: a partition counts as a file, the observations of a kind in it as a block.
pub(super) fn counts(pool: &Pool) -> Result<Statistics, HistoryError> {
    let row = pool.read("counting", |db| {
        db.query_one(
            "SELECT coalesce(sum(observations), 0)::bigint, count(*), count(DISTINCT day), min(oldest), max(newest),
                 (SELECT coalesce(sum(pg_total_relation_size(relid)), 0)::bigint FROM pg_partition_tree('observations'))
             FROM days",
            &[],
        )
    })?;
    let count = |column: usize| row.get::<_, i64>(column) as u64;
    let time = |column: usize| row.get::<_, Option<i64>>(column).map(Timestamp);
    Ok(Statistics {
        sealed: count(0),
        blocks: count(1),
        files: count(2),
        bytes: count(5),
        span: time(3).zip(time(4)),
        ..Statistics::default()
    })
}
