//! `scaled-ingest`: the platform on a NATS server and a PostgreSQL, all of it and the load on the same cores. From acknowledged
//! at the door to judged by the engine and counted in the database; then publication to alarm at a quarter of the rate to reach.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use vigiles_bus::jetstream::test_server::NatsServer;
use vigiles_postgres::cluster::Cluster;

use crate::drive::Pace;
use crate::percentile::ms;
use crate::{Settings, clock, ingest, latency};

/// No less than a quarter of the 25,000 observations/s to reach, in whole readings a connection and tick.
const READINGS_PER_S: usize = 7_000;
/// Memory as a machine of 8 GB would give it, and the upkeep of tables that a database in use has. What decides about
/// durability (fsync, full pages, synchronous commit) is on in any case.
const POSTGRES: [&str; 5] =
    ["shared_buffers=1GB", "autovacuum=on", "min_wal_size=1GB", "max_wal_size=4GB", "wal_compression=on"];
/// How long the database may need, after the engine has judged everything, until it has everything.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs it and prints its figures.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    let rate = ingest(settings)?;
    let latency = alarms(settings)?;
    println!("p99 from publication to alarm at {READINGS_PER_S} readings/s: {latency:.1} ms");
    println!("scaled-ingest: {rate:.0} observations/s");
    Ok(())
}

fn ingest(settings: &Settings) -> Result<f64> {
    let servers = Servers::start()?;
    let measured = ingest::under_load(&servers.settings(settings), &servers.processes(), |acknowledged| {
        servers.wait_for(acknowledged)
    })?;
    measured.print();
    Ok(measured.rate_from_the_start())
}

fn alarms(settings: &Settings) -> Result<f64> {
    let servers = Servers::start()?;
    let pace = Pace { rate_per_s: Some(READINGS_PER_S), seconds: settings.seconds };
    let outcome = latency::with_platform(&servers.settings(settings), "", |platform| platform.drive(pace))?;
    println!(
        "alarms: {} arrived, {} did not; p50 {:.1} ms",
        outcome.alarms(),
        outcome.missing,
        ms(outcome.latency(0.5))
    );
    Ok(ms(outcome.whole()?.latency(0.99)))
}

/// What a scaled-out platform stands on; ends with the run.
struct Servers {
    folder: TempDir,
    nats: NatsServer,
    postgres: Cluster,
}

impl Servers {
    fn start() -> Result<Self> {
        let servers =
            Self { folder: tempfile::tempdir()?, nats: NatsServer::start(), postgres: Cluster::start_with(&POSTGRES) };
        let (bus, store) = (servers.nats.address("city"), servers.postgres.url());
        fs::write(servers.config(), format!("bus = {bus:?}\nstore = {store:?}\n"))?;
        Ok(servers)
    }

    fn config(&self) -> impl AsRef<Path> {
        self.folder.path().join("vigiles.toml")
    }

    fn settings(&self, settings: &Settings) -> Settings {
        Settings { config: Some(self.config().as_ref().to_owned()), ..settings.clone() }
    }

    fn processes(&self) -> [(&'static str, u32); 2] {
        [("NATS", self.nats.pid()), ("PostgreSQL", self.postgres.pid())]
    }

    /// Waits until the database has so many observations, each once; more than that are doubled.
    fn wait_for(&self, acknowledged: u64) -> Result<()> {
        let began = Instant::now();
        loop {
            let stored = self.count()?;
            if stored == acknowledged {
                println!("counted in the database: {stored} observations, as many as were acknowledged");
                return Ok(());
            }
            if stored > acknowledged || began.elapsed() > PATIENCE {
                bail!("{acknowledged} observations were acknowledged and {stored} are in the database");
            }
            clock::pause(Duration::from_millis(100));
        }
    }

    fn count(&self) -> Result<u64> {
        let query = [
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--command",
            "SELECT count(*) FROM vigiles_history.observations",
        ];
        let counted = Command::new("psql").arg(self.postgres.url()).args(query).output().context("starting psql")?;
        if !counted.status.success() {
            bail!("counting observations: {}", String::from_utf8_lossy(&counted.stderr));
        }
        Ok(String::from_utf8(counted.stdout)?.trim().parse()?)
    }
}
