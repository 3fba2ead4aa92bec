//! `vigiles check DIR`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use vigiles_bus::{Clock as _, SystemClock};

use crate::backends::{self, Layout};

/// Verify a data directory: say what is wrong and where. The platform must not be running on it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The data directory.
    dir: PathBuf,
    /// Set what is damaged aside below DIR/damaged, so that the platform starts on the rest, and say what is lost.
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
    let layout = Layout::new(dir);
    if ![&layout.log, &layout.history, &layout.store].iter().any(|part| part.is_dir()) {
        bail!("{} is no data directory: it holds no log, no history and no store", dir.display());
    }
    let findings = check(&layout)?;
    say_all(&findings)?;
    match findings.len() {
        0 => super::say(format_args!("{}: everything is in order", dir.display())),
        _ if arguments.repair => mend(dir, &layout),
        count => bail!("{count} things are wrong in {}; --repair sets them aside", dir.display()),
    }
}

fn mend(dir: &Path, layout: &Layout) -> Result<()> {
    let aside = dir.join("damaged").join(SystemClock.now().to_string().replace(':', "-"));
    super::say(format_args!("repairing; copies of what is damaged go to {}", aside.display()))?;
    say_all(&repair(layout, &aside)?)?;
    let left = check(layout)?;
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

fn check(layout: &Layout) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    if layout.log.is_dir() {
        findings.extend(vigiles_bus::check(&layout.log).into_iter().map(Finding::from));
    }
    if layout.history.is_dir() {
        findings.extend(vigiles_history::check(&layout.history).into_iter().map(Finding::from));
    }
    if layout.store.is_dir() {
        let found = vigiles_store::check(&layout.store).into_iter();
        findings.extend(found.map(|f| Finding { file: f.file, place: f.place, what: f.what }));
    }
    let snapshots = vigiles_runtime::snapshot::check(&layout.snapshots)?;
    findings.extend(snapshots.into_iter().map(|(file, what)| whole(&file, what.to_owned())));
    if findings.is_empty() {
        findings = compare(layout)?;
    }
    Ok(findings)
}

/// What is missing, or does not belong together though each part is whole.
fn compare(layout: &Layout) -> Result<Vec<Finding>> {
    if !layout.log.is_dir() && !layout.history.is_dir() {
        // Accounts and tokens were made before the first start.
        return Ok(Vec::new());
    }
    let parts = [&layout.log, &layout.history, &layout.store].into_iter();
    let missing: Vec<Finding> = parts
        .filter(|part| !part.is_dir())
        .map(|part| whole(part, "missing; restore it from a backup".to_owned()))
        .collect();
    if !missing.is_empty() {
        return Ok(missing);
    }
    let bus = vigiles_bus::Embedded::open(&layout.log, vigiles_bus::Options::default(), Arc::new(SystemClock))?;
    let (end, acted_on) = (vigiles_runtime::log_end(&bus)?, acted_on(layout)?);
    if end >= acted_on {
        return Ok(Vec::new());
    }
    let what =
        format!("ends at {end}, though entries up to {acted_on} were acted on; restore all parts from one backup");
    Ok(vec![whole(&layout.log, what)])
}

fn whole(file: &Path, what: String) -> Finding {
    Finding { file: shown(file), place: "whole file".to_owned(), what }
}

/// Mends what can be mended; gives what was lost. The document store is not touched: a damaged one needs its backup.
fn repair(layout: &Layout, aside: &Path) -> Result<Vec<Finding>> {
    let mut lost = Vec::new();
    if layout.history.is_dir() {
        let found = vigiles_history::repair(&layout.history, &aside.join("history")).context("repairing history")?;
        lost.extend(found.into_iter().map(Finding::from));
    }
    let snapshots = vigiles_runtime::snapshot::repair(&layout.snapshots, &aside.join("engine"))
        .context("setting snapshots aside")?;
    let replaced = |what| format!("{what}; set aside, an older one or the log stands in for it");
    lost.extend(snapshots.into_iter().map(|(file, what)| whole(&file, replaced(what))));
    if layout.log.is_dir() {
        let at_least = acted_on(layout)?;
        let found = vigiles_bus::repair(&layout.log, &aside.join("log"), at_least).context("repairing the log")?;
        lost.extend(found.into_iter().map(Finding::from));
    }
    Ok(lost)
}

fn acted_on(layout: &Layout) -> Result<u64> {
    let store = backends::open_store(layout, Arc::new(SystemClock))?;
    let history = vigiles_history::Embedded::open(&layout.history, vigiles_history::Options::default())?;
    Ok(vigiles_runtime::acted_on(&*store, &history, &layout.snapshots)?)
}
