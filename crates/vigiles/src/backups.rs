//! Backups of a data directory: the log shipped while it is open, and a backup whenever one is due or asked for.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use parking_lot::Mutex;
use tokio::sync::watch;
use vigiles_backup::{Repository, Shipped, Shipping, Source, Taken, key, take};
use vigiles_bus::{Bus, Clock};
use vigiles_runtime::Parts;
use vigiles_store::Store;

use crate::backends::Layout;
use crate::city::City;
use crate::config::{Backup, Config};

/// Longest wait until a backup that failed is tried again.
const TRY_AGAIN: Duration = Duration::from_mins(1);

/// Opens the repository that the configuration names, or makes it.
fn repository(config: &Backup) -> Result<Arc<Repository>> {
    let key = key::read(&config.key_file)?;
    let objects = config.place().objects()?;
    let repository = Repository::open_or_make(objects, &key).context("opening the repository of backups")?;
    Ok(Arc::new(repository))
}

/// A log, and what ships it where that is wanted.
type MaybeShipped = (Arc<dyn Bus>, Option<Arc<Shipping>>);

/// The log, shipped from now on where the configuration wants it.
pub(crate) fn shipped(bus: Arc<dyn Bus>, data: &Path, config: &Config) -> Result<MaybeShipped> {
    let Some(backup) = &config.backup else { return Ok((bus, None)) };
    let shipped = Shipped::start(bus, vigiles_runtime::topic(), repository(backup)?, data, backup.acknowledge)
        .context("shipping the log to the repository of backups")?;
    let shipping = shipped.shipping();
    Ok((Arc::new(shipped), Some(shipping)))
}

/// What goes into a backup beside the platform's own data: it is brought back below `configuration`, for a person to use.
fn source(data: &Path, config: Option<&Path>, city: Option<&City>) -> Source {
    let Layout { snapshots, history, store, basemap, .. } = Layout::new(data);
    let mut others = vec![("basemap.pmtiles".to_owned(), basemap)];
    others.extend(config.map(|file| ("configuration/vigiles.toml".to_owned(), file.to_owned())));
    others.extend(city.map(|city| ("configuration/city".to_owned(), city.dir.clone())));
    Source { data: data.to_owned(), snapshots, history, store, others }
}

/// Takes backups.
pub(crate) struct Backups {
    shipping: Arc<Shipping>,
    source: Source,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// One at a time.
    taking: Mutex<()>,
}

impl Backups {
    pub(crate) fn new(
        shipping: Arc<Shipping>,
        parts: &Parts,
        data: &Path,
        config: Option<&Path>,
        city: Option<&City>,
    ) -> Self {
        let (store, clock) = (parts.store.clone(), parts.clock.clone());
        Self { shipping, source: source(data, config, city), store, clock, taking: Mutex::default() }
    }

    /// Takes one now.
    pub(crate) fn take(&self) -> Result<Taken> {
        let _one = self.taking.lock();
        Ok(take(&self.shipping, &self.source, &*self.store, &*self.clock)?)
    }

    /// One at once, so that there is one of this line of the log; then one every so often, until the end.
    pub(crate) async fn keep(self: Arc<Self>, every: Duration, mut stop: watch::Receiver<bool>) {
        loop {
            let backups = self.clone();
            let taken = tokio::task::spawn_blocking(move || backups.take()).await;
            let wait = match taken {
                Ok(Ok(taken)) => {
                    let (backup, written) = (taken.backup.name(), taken.written);
                    tracing::info!(backup, bytes = taken.backup.bytes, written, "backup taken");
                    every
                }
                Ok(Err(error)) => {
                    tracing::error!(error = format!("{error:#}"), "no backup was taken; it is tried again");
                    every.min(TRY_AGAIN)
                }
                Err(error) => {
                    tracing::error!(%error, "taking a backup ended by a panic");
                    return;
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }
}

/// What is said of a backup that was taken.
pub(crate) fn told(taken: &Taken) -> String {
    let Taken { backup, written } = taken;
    format!(
        "backup {} of {}: {} files of {} bytes, {written} bytes written; the log from entry {}",
        backup.name(),
        backup.at,
        backup.files,
        backup.bytes,
        backup.log_from
    )
}
