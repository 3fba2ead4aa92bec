//! `vigiles check DIR`: of the embedded backends every file, of those on servers what they can tell.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use vigiles_bus::{BusError, Clock as _, SystemClock};
use vigiles_runtime::{Seat, Snapshots};

use crate::backends::{self, Layout};
use crate::config::Config;

/// Verify a data directory: say what is wrong and where. The platform must not be running on it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The data directory.
    dir: PathBuf,
    /// The configuration file: what lies on the servers that it names is checked too.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Set what is damaged in the directory aside below DIR/damaged, so that the platform starts on the rest, and say what is lost.
    #[arg(long)]
    repair: bool,
}

/// Something that is wrong.
struct Finding {
    file: String,
    place: String,
    what: String,
}

impl From<vigiles_bus::Finding> for Finding {
    fn from(found: vigiles_bus::Finding) -> Self {
        Self { file: shown(&found.file), place: found.place, what: found.what }
    }
}

impl From<vigiles_history::Finding> for Finding {
    fn from(found: vigiles_history::Finding) -> Self {
        Self { file: shown(&found.file), place: found.place, what: found.what }
    }
}

/// Checks every file; fails where anything is wrong, also after a repair.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let dir = &arguments.dir;
    if !dir.is_dir() {
        bail!("{} is not a directory", dir.display());
    }
    let (layout, config) = (Layout::new(dir), Config::read(arguments.config.as_deref())?);
    let is_here = config.bus.is_none() && config.store.is_none();
    if is_here && ![&layout.log, &layout.history, &layout.store].iter().any(|part| part.is_dir()) {
        bail!("{} is no data directory: it holds no log, no history and no store", dir.display());
    }
    let findings = check(&layout, &config)?;
    say_all(&findings)?;
    match findings.len() {
        0 => super::say(format_args!("{}: everything is in order", dir.display())),
        _ if arguments.repair => mend(dir, &layout, &config),
        count => bail!("{count} things are wrong in {}; --repair sets aside what lies in it", dir.display()),
    }
}

/// Checks a directory that was just brought back; fails where anything is wrong.
pub(crate) fn expect_whole(dir: &Path) -> Result<()> {
    let findings = check(&Layout::new(dir), &Config::default())?;
    say_all(&findings)?;
    match findings.len() {
        0 => Ok(()),
        count => bail!("{count} things are wrong in {}", dir.display()),
    }
}

fn mend(dir: &Path, layout: &Layout, config: &Config) -> Result<()> {
    let aside = dir.join("damaged").join(SystemClock.now().to_string().replace(':', "-"));
    super::say(format_args!("repairing; copies of what is damaged go to {}", aside.display()))?;
    say_all(&repair(layout, config, &aside)?)?;
    let left = check(layout, config)?;
    say_all(&left)?;
    match left.len() {
        0 => super::say(format_args!("{}: the rest is in order", dir.display())),
        count => bail!("{count} things are still wrong in {}: restore them from a backup", dir.display()),
    }
}

fn say_all(findings: &[Finding]) -> Result<()> {
    for Finding { file, place, what } in findings {
        super::say(format_args!("{file}: {place}: {what}"))?;
    }
    Ok(())
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}

fn check(layout: &Layout, config: &Config) -> Result<Vec<Finding>> {
    let mut findings = check_log(layout, config)?;
    if config.store.is_none() && layout.history.is_dir() {
        findings.extend(vigiles_history::check(&layout.history).into_iter().map(Finding::from));
    }
    let documents = match &config.store {
        Some(address) => {
            vigiles_store::postgres::check(address.secret()).context("checking the store on its server")?
        }
        None if layout.store.is_dir() => vigiles_store::check(&layout.store),
        None => Vec::new(),
    };
    findings.extend(documents.into_iter().map(|f| Finding { file: f.file, place: f.place, what: f.what }));
    let snapshots = vigiles_runtime::snapshot::check(&layout.snapshots)?;
    findings.extend(snapshots.into_iter().map(|(file, what)| whole(&file, what.to_owned())));
    if findings.is_empty() {
        findings = missing(layout, config);
    }
    if findings.is_empty() && holds_data(layout, config) {
        findings = compare(layout, config)?;
    }
    Ok(findings)
}

/// The directory's log is checked file by file; one on servers by reading it, up to its first fault.
fn check_log(layout: &Layout, config: &Config) -> Result<Vec<Finding>> {
    if config.bus.is_none() {
        let found = if layout.log.is_dir() { vigiles_bus::check(&layout.log) } else { Vec::new() };
        return Ok(found.into_iter().map(Finding::from).collect());
    }
    let read =
        backends::open_bus(layout, config, Arc::new(SystemClock)).map(|bus| vigiles_runtime::read_through(&*bus));
    match read? {
        Ok(()) => Ok(Vec::new()),
        Err(BusError::DamagedStream { stream, sequence, what }) => {
            Ok(vec![Finding { file: format!("stream {stream}"), place: format!("sequence {sequence}"), what }])
        }
        Err(error) => Err(error).context("reading the log on its servers"),
    }
}

/// Whether a platform ever ran: accounts and tokens may be made before the first start.
fn holds_data(layout: &Layout, config: &Config) -> bool {
    config.store.is_some() || layout.history.is_dir()
}

/// The embedded parts that are not there, though another one beside them is.
fn missing(layout: &Layout, config: &Config) -> Vec<Finding> {
    let log = config.bus.is_none().then_some(&layout.log);
    let (history, store) = match &config.store {
        Some(_) => (None, None),
        None => (Some(&layout.history), Some(&layout.store)),
    };
    // The store alone is there where accounts and tokens were made before the first start.
    if !log.into_iter().chain(history).any(|part| part.is_dir()) {
        return Vec::new();
    }
    let parts = log.into_iter().chain(history).chain(store);
    let absent = parts.filter(|part| !part.is_dir());
    absent.map(|part| whole(part, "missing; restore it from a backup".to_owned())).collect()
}

/// What does not belong together though each part is whole.
fn compare(layout: &Layout, config: &Config) -> Result<Vec<Finding>> {
    // First what was acted on: a platform that runs elsewhere goes on.
    let acted_on = acted_on(layout, config)?;
    let end = if config.bus.is_some() || layout.log.is_dir() {
        vigiles_runtime::log_end(&*backends::open_bus(layout, config, Arc::new(SystemClock))?)?
    } else {
        0
    };
    if end >= acted_on {
        return Ok(Vec::new());
    }
    let what =
        format!("ends at {end}, though entries up to {acted_on} were acted on; restore all parts from one backup");
    let file = if config.bus.is_some() { "the log on its servers".to_owned() } else { shown(&layout.log) };
    Ok(vec![Finding { file, place: "its end".to_owned(), what }])
}

fn whole(file: &Path, what: String) -> Finding {
    Finding { file: shown(file), place: "whole file".to_owned(), what }
}

/// Mends what can be mended; gives what was lost. The document store is not touched: a damaged one needs its backup.
fn repair(layout: &Layout, config: &Config, aside: &Path) -> Result<Vec<Finding>> {
    let mut lost = Vec::new();
    if config.store.is_none() && layout.history.is_dir() {
        let found = vigiles_history::repair(&layout.history, &aside.join("history")).context("repairing history")?;
        lost.extend(found.into_iter().map(Finding::from));
    }
    let snapshots = vigiles_runtime::snapshot::repair(&layout.snapshots, &aside.join("engine"))
        .context("setting snapshots aside")?;
    let replaced = |what| format!("{what}; set aside, an older one or the log stands in for it");
    lost.extend(snapshots.into_iter().map(|(file, what)| whole(&file, replaced(what))));
    if config.bus.is_none() && layout.log.is_dir() {
        let at_least = acted_on(layout, config)?;
        let found = vigiles_bus::repair(&layout.log, &aside.join("log"), at_least).context("repairing the log")?;
        lost.extend(found.into_iter().map(Finding::from));
    }
    Ok(lost)
}

fn acted_on(layout: &Layout, config: &Config) -> Result<u64> {
    let store = backends::open_store(layout, config, Arc::new(SystemClock))?;
    let history = backends::open_history(layout, config)?;
    // A log in the directory is not opened here: it may be damaged, and snapshots lie beside it only on servers.
    let snapshots = match config.seat()? {
        Seat::Alone => Snapshots::Directory(layout.snapshots.clone()),
        seat => backends::snapshots(
            layout.snapshots.clone(),
            &seat,
            &backends::open_bus(layout, config, Arc::new(SystemClock))?,
        ),
    };
    Ok(vigiles_runtime::acted_on(&*store, &*history, &snapshots)?)
}
