//! What a server must be and be set to, so that "acknowledged" means "durable" and places can be asked for.

use postgres::Client;

use crate::{PostgresError, Server};

/// The oldest version that is tested.
const VERSION_AT_LEAST: i32 = 15;

/// Refuses a server that is too old, that may lose what it acknowledged, or that has no PostGIS; installs PostGIS into the
/// database where the role may.
pub fn check(client: &mut Client, server: &Server) -> Result<(), PostgresError> {
    let unfit = |what: String| Err(PostgresError::Unfit { server: server.name().to_owned(), what });
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::int4, current_setting('server_version'),
                 current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
                 current_setting('server_encoding'), EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'postgis')",
            &[],
        )
        .map_err(|e| PostgresError::of(server.name(), "reading the settings", &e))?;
    let (number, version): (i32, String) = (row.get(0), row.get(1));
    if number / 10_000 < VERSION_AT_LEAST {
        return unfit(format!("is PostgreSQL {version}; Vigiles needs {VERSION_AT_LEAST} or newer"));
    }
    for (column, setting) in [(2, "fsync"), (3, "full_page_writes")] {
        if row.get::<_, String>(column) != "on" {
            return unfit(format!(
                "{setting} is off, so that a crash may destroy the data: set `{setting} = on` in postgresql.conf"
            ));
        }
    }
    if row.get::<_, String>(4) == "off" {
        return unfit(
            "synchronous_commit is off, so that what was acknowledged may be lost: set `synchronous_commit = on` in \
             postgresql.conf, and for the role and the database where it was changed there"
                .to_owned(),
        );
    }
    let encoding: String = row.get(5);
    if encoding != "UTF8" {
        return unfit(format!("the database has the encoding {encoding}: make one with `createdb --encoding=UTF8`"));
    }
    if row.get(6) { Ok(()) } else { install_postgis(client, server, number / 10_000) }
}

fn install_postgis(client: &mut Client, server: &Server, major: i32) -> Result<(), PostgresError> {
    // Two that start at once must not both do it: the server answers the second with a broken unique index.
    let made = client.transaction().and_then(|mut tx| {
        tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('vigiles postgis', 0))", &[])?;
        tx.batch_execute("CREATE EXTENSION IF NOT EXISTS postgis SCHEMA public")?;
        tx.commit()
    });
    let Err(error) = made else { return Ok(()) };
    let said = error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned());
    Err(PostgresError::Unfit {
        server: server.name().to_owned(),
        what: format!(
            "PostGIS is missing ({said}): install it (Debian: postgresql-{major}-postgis-3), then let an administrator of the \
             server say `CREATE EXTENSION postgis` in this database"
        ),
    })
}
