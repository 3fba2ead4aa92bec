//! The backends of a platform: embedded ones in one data directory, or those on servers that the configuration names.

use std::fs::{File, TryLockError};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use vigiles_backup::Shipping;
use vigiles_bus::{Bus, Clock, JetStream, SystemClock};
use vigiles_connect::task_kinds;
use vigiles_history::{History, PostgresHistory};
use vigiles_runtime::directory::Directory;
use vigiles_runtime::{Parts, Seat, Snapshots, TimeZone, documents};
use vigiles_store::{PostgresStore, SqliteStore, Store};

use crate::backups;
use crate::config::Config;

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
    /// Held by whoever runs on the directory while the log, which has a lock of its own, lies elsewhere.
    lock: PathBuf,
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
            lock: data.join("lock"),
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

/// The backends of a platform, and what keeps a second process out of the data directory.
pub(crate) struct Opened {
    pub(crate) parts: Parts,
    /// None where the log lies in the directory: it has a lock of its own.
    pub(crate) lock: Option<File>,
    /// None where the log is not shipped to a repository of backups.
    pub(crate) shipping: Option<Arc<Shipping>>,
}

/// Opens the backends. The log, or the lock in its place, is first: it keeps a second process out.
pub(crate) fn open(data: &Path, config: &Config, time_zone: TimeZone) -> Result<Opened> {
    let layout = Layout::new(data);
    make(data)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let lock = config.bus.as_ref().map(|_| lock(&layout.lock)).transpose()?;
    let (bus, shipping) = backups::shipped(open_bus(&layout, config, clock.clone())?, data, config)?;
    if config.bus.is_none() && config.store.is_none() && vigiles_runtime::log_end(&*bus)? > 0 {
        for part in [&layout.history, &layout.store] {
            anyhow::ensure!(
                part.is_dir(),
                "{} is missing, though the log beside it has entries: restore it from a backup, or begin anew in another directory",
                part.display()
            );
        }
    }
    let history = open_history(&layout, config)?;
    let store = open_store(&layout, config, clock.clone())?;
    let seat = config.seat()?;
    let snapshots = Arc::new(snapshots(layout.snapshots, &seat, &bus));
    let task_kinds = task_kinds::kinds(task_kinds::REGISTERED);
    Ok(Opened { parts: Parts { bus, history, store, clock, snapshots, time_zone, seat, task_kinds }, lock, shipping })
}

/// Waits while another engine works on the servers; what is alone on its data waits for nobody.
pub(crate) fn stand_by(data: &Path, config: &Config) -> Result<()> {
    if config.seat()? != Seat::Engine {
        return Ok(());
    }
    make(data)?;
    let layout = Layout::new(data);
    // Not even one that stands by shares its directory.
    let _held = lock(&layout.lock)?;
    let store = open_store(&layout, config, Arc::new(SystemClock))?;
    let tell = || {
        // Nobody reads it where the program runs as a service.
        let _nobody = crate::cmds::say("vigiles: standing by: another engine works");
    };
    vigiles_runtime::lease::stand_by(&*store, tell).context("waiting for the engine's lease")
}

/// Where several processes work on the log and the store, the engine's snapshots lie where each of them reaches them.
pub(crate) fn snapshots(directory: PathBuf, seat: &Seat, bus: &Arc<dyn Bus>) -> Snapshots {
    match seat {
        Seat::Alone => Snapshots::Directory(directory),
        Seat::Engine | Seat::Door { .. } => Snapshots::beside_log(bus.clone(), directory),
    }
}

fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("making {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => anyhow::bail!("{} is in use by another process", path.display()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {}", path.display())),
    }
}

/// Opens the log.
pub(crate) fn open_bus(layout: &Layout, config: &Config, clock: Arc<dyn Clock>) -> Result<Arc<dyn Bus>> {
    Ok(match &config.bus {
        Some(address) => Arc::new(
            JetStream::open(address.secret(), vigiles_bus::jetstream::Options::default(), clock)
                .context("opening the log on its servers")?,
        ),
        None => Arc::new(
            vigiles_bus::Embedded::open(&layout.log, vigiles_bus::Options::default(), clock)
                .context("opening the log")?,
        ),
    })
}

/// Opens history.
pub(crate) fn open_history(layout: &Layout, config: &Config) -> Result<Arc<dyn History>> {
    Ok(match &config.store {
        Some(address) => Arc::new(
            PostgresHistory::open(address.secret(), vigiles_history::postgres::Options::default())
                .context("opening history on its server")?,
        ),
        None => Arc::new(
            vigiles_history::Embedded::open(&layout.history, vigiles_history::Options::default())
                .context("opening history")?,
        ),
    })
}

/// Opens documents, accounts and the audit log.
pub(crate) fn open_store(layout: &Layout, config: &Config, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>> {
    let (kinds, clock): (_, vigiles_store::Clock) = (&documents::KINDS, Arc::new(move || clock.now()));
    if let Some(address) = &config.store {
        let options = vigiles_store::postgres::Options { kinds, clock };
        return Ok(Arc::new(
            PostgresStore::open(address.secret(), options).context("opening the store on its server")?,
        ));
    }
    let options = vigiles_store::sqlite::Options { kinds, clock, max_bytes: None };
    Ok(Arc::new(SqliteStore::open(&layout.store, options).context("opening the store")?))
}

/// Opens accounts and tokens of a data directory on which no platform runs.
pub(crate) fn open_directory(data: &Path, config: &Config) -> Result<(Directory, Arc<dyn Clock>)> {
    make(data)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = open_store(&Layout::new(data), config, clock.clone())?;
    Ok((Directory::open(store)?, clock))
}
