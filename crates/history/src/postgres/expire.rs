//! Forgetting what is too old: a whole day where nothing of it stays, else the kinds of the day that are over.

use std::collections::BTreeMap;

use postgres::Client;
use vigiles_model::{Duration, KindId, Timestamp};
use vigiles_postgres::PostgresError;

use super::write::{Pending, partition};
use crate::{Expired, HistoryError};

/// What a day holds.
#[derive(Default)]
struct Held {
    /// Kinds that are over, and how many observations they have.
    over: Vec<(String, u64)>,
    stays: bool,
}

/// Drops what is older than its kind allows. One transaction for each day.
pub(super) fn expire(
    pending: &mut Pending,
    retention: &dyn Fn(&KindId) -> Duration,
    now: Timestamp,
) -> Result<Expired, HistoryError> {
    let mut held: BTreeMap<i64, Held> = BTreeMap::new();
    for row in
        pending.with("reading the days", |db| db.query("SELECT day, kind, observations, newest FROM days", &[]))?
    {
        let (day, kind): (i64, String) = (row.get(0), row.get(1));
        let id = KindId::new(&kind).map_err(|e| HistoryError::Damaged {
            path: "days".into(),
            place: format!("day {day}"),
            what: e.to_string(),
        })?;
        let day = held.entry(day).or_default();
        if row.get::<_, i64>(3) < (now - retention(&id)).0 {
            day.over.push((kind, row.get::<_, i64>(2) as u64));
        } else {
            day.stays = true;
        }
    }
    let mut expired = Expired::default();
    for (day, held) in held.into_iter().filter(|(_, held)| !held.over.is_empty()) {
        let bytes = pending.with("expiring", |db| forget(db, day, &held))?;
        expired.observations += held.over.iter().map(|(_, observations)| observations).sum::<u64>();
        expired.bytes += bytes;
        expired.files += u64::from(!held.stays);
    }
    Ok(expired)
}

/// Gives the bytes that are free on the disk now; those of deleted rows are used again by the server later.
fn forget(db: &mut Client, day: i64, held: &Held) -> Result<u64, postgres::Error> {
    let name = partition(day);
    let kinds: Vec<&str> = held.over.iter().map(|(kind, _)| kind.as_str()).collect();
    let mut tx = db.transaction()?;
    // Nobody writes meanwhile, so that what is counted is what goes.
    tx.query_one("SELECT next_offset FROM progress FOR UPDATE", &[])?;
    tx.execute("DELETE FROM days WHERE day = $1 AND kind = ANY($2)", &[&day, &kinds])?;
    let mut bytes = 0;
    if held.stays {
        tx.execute(&format!("DELETE FROM {name} WHERE kind = ANY($1)"), &[&kinds])?;
    } else {
        bytes = tx.query_one("SELECT pg_total_relation_size($1::text::regclass)", &[&name])?.get::<_, i64>(0) as u64;
        tx.batch_execute(&format!("DROP TABLE {name}"))?;
    }
    tx.commit()?;
    Ok(bytes)
}

impl From<PostgresError> for HistoryError {
    fn from(error: PostgresError) -> Self {
        match error {
            PostgresError::Unreachable { server, what } => Self::Unreachable { server, what },
            PostgresError::Full { server } => Self::DiskFull { doing: "writing to", path: server.into() },
            PostgresError::Locked { server, .. } => Self::Locked { path: server.into() },
            PostgresError::TooNew { server, found, known } => Self::Version { path: server.into(), found, known },
            PostgresError::Damaged { server, doing, what } => {
                Self::Damaged { path: server.into(), place: doing.to_owned(), what }
            }
            other => Self::Server(other.to_string()),
        }
    }
}
