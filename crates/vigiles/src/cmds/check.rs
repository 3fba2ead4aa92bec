//! `vigiles check DIR`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::backends::Layout;

/// Verify a data directory: say what is wrong and where. The platform must not be running on it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The data directory.
    dir: PathBuf,
}

/// Something that is wrong.
struct Finding {
    file: String,
    place: String,
    what: String,
}

/// Checks every file; fails where anything is wrong.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if !arguments.dir.is_dir() {
        bail!("{} is not a directory", arguments.dir.display());
    }
    let layout = Layout::new(&arguments.dir);
    let findings = check(&layout)?;
    for finding in &findings {
        let Finding { file, place, what } = finding;
        super::say(format_args!("{file}: {place}: {what}"))?;
    }
    match findings.len() {
        0 => super::say(format_args!("{}: everything is in order", arguments.dir.display())),
        count => bail!("{count} things are wrong in {}", arguments.dir.display()),
    }
}

fn check(layout: &Layout) -> Result<Vec<Finding>> {
    let shown = |file: &Path| file.display().to_string();
    let mut findings = Vec::new();
    if layout.log.is_dir() {
        findings.extend(vigiles_bus::check(&layout.log).into_iter().map(|f| Finding {
            file: shown(&f.file),
            place: f.place,
            what: f.what,
        }));
    }
    if layout.history.is_dir() {
        findings.extend(vigiles_history::check(&layout.history).into_iter().map(|f| Finding {
            file: shown(&f.file),
            place: f.place,
            what: f.what,
        }));
    }
    if layout.store.is_dir() {
        findings.extend(vigiles_store::check(&layout.store).into_iter().map(|f| Finding {
            file: f.file,
            place: f.place,
            what: f.what,
        }));
    }
    for (file, what) in vigiles_runtime::snapshot::check(&layout.snapshots)? {
        findings.push(Finding { file: shown(&file), place: "whole file".to_owned(), what: what.to_owned() });
    }
    Ok(findings)
}
