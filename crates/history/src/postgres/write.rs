//! What was written and is not yet stored, and how it is: COPY in batches, with the offset of the log in the same transaction.
//!
//! Invariant: an observation is stored once. Its id and time are the key, and a batch whose commit was not answered is looked
//! for by its offset before it is sent again.

use std::collections::BTreeSet;
use std::time::Instant;

use postgres::{Client, Transaction};
use vigiles_model::Observation;
use vigiles_postgres::{PATIENCE, PostgresError, Server, fitness, on_this_thread};

use super::rows;

pub(super) const DAY: i64 = 86_400_000_000;

/// Observations on their way, and the connection that stores them.
pub(super) struct Pending {
    server: Server,
    client: Option<Client>,
    pub(super) observations: Vec<Observation>,
    /// After the last entry taken.
    pub(super) next_offset: u64,
    /// Every entry before it is stored.
    pub(super) durable_offset: u64,
}

impl Pending {
    pub(super) fn new(server: Server, durable_offset: u64) -> Self {
        Self { server, client: None, observations: Vec::new(), next_offset: durable_offset, durable_offset }
    }

    /// Stores what is pending; waits for a server that is away, as long as [`PATIENCE`]. Where it fails everything stays.
    pub(super) fn store(&mut self) -> Result<(), PostgresError> {
        if self.durable_offset == self.next_offset {
            return Ok(());
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match on_this_thread(|| self.attempt(deadline)) {
                Ok(()) => break,
                Err(PostgresError::Unreachable { server, what }) if Instant::now() < deadline => {
                    tracing::warn!(server, what, "the connection that writes history was lost; trying again");
                    self.client = None;
                }
                Err(error) => {
                    self.client = None;
                    return Err(error);
                }
            }
        }
        self.observations.clear();
        self.durable_offset = self.next_offset;
        Ok(())
    }

    fn attempt(&mut self, deadline: Instant) -> Result<(), PostgresError> {
        let client = open(&mut self.client, &self.server, deadline)?;
        let stored = client.transaction().and_then(|mut tx| {
            // Two processes on one log take turns, and the second finds the work done.
            let next: i64 = tx.query_one("SELECT next_offset FROM progress FOR UPDATE", &[])?.get(0);
            if next as u64 >= self.next_offset {
                return Ok(());
            }
            insert(&mut tx, &self.observations)?;
            tx.execute("UPDATE progress SET next_offset = $1", &[&(self.next_offset as i64)])?;
            tx.commit()
        });
        stored.map_err(|e| PostgresError::of(self.server.name(), "storing observations", &e))
    }

    /// Runs something else on the connection that writes.
    pub(super) fn with<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&mut Client) -> Result<T, postgres::Error>,
    ) -> Result<T, PostgresError> {
        on_this_thread(|| {
            let client = open(&mut self.client, &self.server, Instant::now() + PATIENCE)?;
            work(client).map_err(|e| PostgresError::of(self.server.name(), doing, &e))
        })
    }
}

/// A server that was replaced may be set otherwise: each connection looks anew.
fn open<'a>(held: &'a mut Option<Client>, server: &Server, deadline: Instant) -> Result<&'a mut Client, PostgresError> {
    let client = if let Some(client) = held.take().filter(|client| !client.is_closed()) {
        client
    } else {
        let mut client = server.connect_until(deadline)?;
        fitness::check(&mut client, server)?;
        client
            .batch_execute("CREATE TEMPORARY TABLE incoming (LIKE observations) ON COMMIT DELETE ROWS")
            .map_err(|e| PostgresError::of(server.name(), "opening", &e))?;
        client
    };
    Ok(held.insert(client))
}

fn insert(tx: &mut Transaction<'_>, observations: &[Observation]) -> Result<(), postgres::Error> {
    if observations.is_empty() {
        return Ok(());
    }
    let days: BTreeSet<i64> = observations.iter().map(|o| o.time.0.div_euclid(DAY)).collect();
    make_days(tx, &days.into_iter().collect::<Vec<_>>())?;
    rows::copy(tx, "pg_temp.incoming", observations)?;
    // In the order of the key, so that the index grows at its end.
    tx.execute(
        "WITH taken AS (
             INSERT INTO observations SELECT * FROM pg_temp.incoming ORDER BY time, id ON CONFLICT DO NOTHING
             RETURNING time, kind)
         INSERT INTO days
         SELECT floor(time::numeric / $1::bigint)::bigint, kind, count(*), min(time), max(time) FROM taken GROUP BY 1, 2
         ON CONFLICT (day, kind) DO UPDATE SET observations = days.observations + excluded.observations,
             oldest = least(days.oldest, excluded.oldest), newest = greatest(days.newest, excluded.newest)",
        &[&DAY],
    )?;
    Ok(())
}

/// Makes the partitions that are missing. Attached rather than made in place, which would wait for every reader.
fn make_days(tx: &mut Transaction<'_>, days: &[i64]) -> Result<(), postgres::Error> {
    let names: Vec<String> = days.iter().map(|day| partition(*day)).collect();
    let missing = tx.query(
        "SELECT day, name FROM unnest($1::bigint[], $2::text[]) AS wanted (day, name) WHERE to_regclass(name) IS NULL",
        &[&days, &names],
    )?;
    for row in missing {
        let (day, name): (i64, &str) = (row.get(0), row.get(1));
        let (from, to) = (day.saturating_mul(DAY), (day + 1).saturating_mul(DAY));
        tx.batch_execute(&format!(
            "CREATE TABLE {name} (LIKE observations INCLUDING ALL, CHECK (time >= {from} AND time < {to}));
             ALTER TABLE observations ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({to});"
        ))?;
    }
    Ok(())
}

/// The table of a day since 1970.
pub(super) fn partition(day: i64) -> String {
    if day < 0 { format!("observations_before_{}", day.unsigned_abs()) } else { format!("observations_{day}") }
}
