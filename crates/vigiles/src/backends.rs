//! The backends of a platform. The embedded ones live in one data directory.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use vigiles_bus::{Clock, SystemClock};
use vigiles_runtime::directory::{self, Directory};
use vigiles_runtime::{Parts, TimeZone, documents};
use vigiles_store::{Kind, SqliteStore, Store};

/// Where things lie in a data directory.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The log.
    pub(crate) log: PathBuf,
    /// Observations.
    pub(crate) history: PathBuf,
    /// Documents.
    pub(crate) store: PathBuf,
    /// The engine's snapshots.
    pub(crate) snapshots: PathBuf,
    /// The base map.
    pub(crate) basemap: PathBuf,
}

impl Layout {
    /// The layout of a data directory.
    pub(crate) fn new(data: &Path) -> Self {
        Self {
            log: data.join("log"),
            history: data.join("history"),
            store: data.join("store"),
            snapshots: data.join("engine"),
            basemap: data.join("basemap.pmtiles"),
        }
    }
}

/// Makes the data directory where there is none, for its owner only: notes, accounts and the audit log lie in it.
fn make(data: &Path) -> Result<()> {
    if !data.exists() {
        tracing::info!(path = %data.display(), "there is no such data directory yet: making it");
    }
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
    made.with_context(|| format!("making the data directory {}", data.display()))
}

/// Opens the embedded backends. The log is first: its lock keeps a second process out.
pub(crate) fn open(data: &Path, time_zone: TimeZone) -> Result<Parts> {
    let layout = Layout::new(data);
    make(data)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let bus = vigiles_bus::Embedded::open(&layout.log, vigiles_bus::Options::default(), clock.clone())
        .context("opening the log")?;
    if vigiles_runtime::log_end(&bus)? > 0 {
        for part in [&layout.history, &layout.store] {
            anyhow::ensure!(
                part.is_dir(),
                "{} is missing, though the log beside it has entries: restore it from a backup, or begin anew in another directory",
                part.display()
            );
        }
    }
    let history = vigiles_history::Embedded::open(&layout.history, vigiles_history::Options::default())
        .context("opening history")?;
    let store = open_store(&layout, clock.clone())?;
    let (bus, history) = (Arc::new(bus), Arc::new(history));
    Ok(Parts { bus, history, store, clock, snapshots: layout.snapshots, time_zone })
}

/// Every kind of document there is.
const KINDS: [Kind; documents::ENGINE_KINDS.len() + directory::KINDS.len()] = {
    let mut all = [documents::ALARM; documents::ENGINE_KINDS.len() + directory::KINDS.len()];
    let mut i = 0;
    while i < all.len() {
        all[i] = if i < documents::ENGINE_KINDS.len() {
            documents::ENGINE_KINDS[i]
        } else {
            directory::KINDS[i - documents::ENGINE_KINDS.len()]
        };
        i += 1;
    }
    all
};

pub(crate) fn open_store(layout: &Layout, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>> {
    let options =
        vigiles_store::sqlite::Options { kinds: &KINDS, clock: Arc::new(move || clock.now()), max_bytes: None };
    Ok(Arc::new(SqliteStore::open(&layout.store, options).context("opening the store")?))
}

/// Opens accounts and tokens of a data directory on which no platform runs.
pub(crate) fn open_directory(data: &Path) -> Result<(Directory, Arc<dyn Clock>)> {
    make(data)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = open_store(&Layout::new(data), clock.clone())?;
    Ok((Directory::open(store)?, clock))
}
