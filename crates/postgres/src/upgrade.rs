//! Numbered upgrades of a schema, one transaction each.

use postgres::{Client, Transaction};

use crate::{PostgresError, Server};

/// Brings the schema of `server` up to date: upgrade `n` leads from version `n` to `n + 1`. Programs that start at once wait for
/// each other; a schema of a newer program is left alone.
pub fn upgrade(client: &mut Client, server: &Server, upgrades: &[&str]) -> Result<(), PostgresError> {
    let failed = |e: postgres::Error| PostgresError::of(server.name(), "upgrading the schema", &e);
    loop {
        let mut tx = client.transaction().map_err(failed)?;
        let found = lock_and_read(&mut tx, server.schema()).map_err(failed)?;
        let known = upgrades.len() as u32;
        if found > known {
            let server = format!("{}, schema {}", server.name(), server.schema());
            return Err(PostgresError::TooNew { server, found, known });
        }
        let Some(script) = upgrades.get(found as usize) else {
            return Ok(());
        };
        // A large table may take its time; the session's limit is for everyday statements.
        tx.batch_execute("SET LOCAL statement_timeout = 0")
            .and_then(|()| tx.batch_execute(script))
            .and_then(|()| tx.execute("UPDATE schema_version SET version = $1", &[&i64::from(found + 1)]))
            .and_then(|_| tx.commit())
            .map_err(failed)?;
    }
}

/// The version there is; makes schema and table where there are none, so that a role without the right to do so can still
/// open what an administrator has made.
fn lock_and_read(tx: &mut Transaction<'_>, schema: &str) -> Result<u32, postgres::Error> {
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", &[&format!("vigiles upgrade {schema}")])?;
    let exists: bool =
        tx.query_one("SELECT to_regclass($1) IS NOT NULL", &[&format!("{schema}.schema_version")])?.get(0);
    if !exists {
        tx.batch_execute(&format!(
            "CREATE SCHEMA IF NOT EXISTS {schema};
             CREATE TABLE {schema}.schema_version (one boolean PRIMARY KEY CHECK (one), version bigint NOT NULL);
             INSERT INTO {schema}.schema_version VALUES (true, 0);"
        ))?;
    }
    let version: i64 = tx.query_one("SELECT version FROM schema_version", &[])?.get(0);
    Ok(u32::try_from(version).unwrap_or(u32::MAX))
}
