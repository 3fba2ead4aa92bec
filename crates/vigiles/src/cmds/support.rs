//! `vigiles bundle DIR FILE` and `vigiles reproduce FILE`.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use vigiles_runtime::TimeZone;
use vigiles_runtime::support::Bundle;

use crate::backends;

/// Put what the engine was given lately, and what came of it, into one file for whoever looks for a fault. It holds
/// observations and commands as they were. The platform must not be running.
#[derive(Debug, clap::Args)]
pub(crate) struct BundleArguments {
    /// The data directory.
    dir: PathBuf,
    /// The file to make.
    file: PathBuf,
}

/// Play a support bundle: the same alarms and incidents must come of it, byte for byte.
#[derive(Debug, clap::Args)]
pub(crate) struct ReproduceArguments {
    /// The file.
    file: PathBuf,
    /// Restart the engine between each two entries.
    #[arg(long)]
    restart: bool,
}

/// Makes a bundle.
pub(crate) fn bundle(arguments: &BundleArguments) -> Result<()> {
    if !arguments.dir.is_dir() {
        bail!("{} is not a directory", arguments.dir.display());
    }
    let parts = backends::open(&arguments.dir, TimeZone::default())?;
    let bytes = Bundle::gather(&parts)?.to_bytes();
    let file = &arguments.file;
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    opened.and_then(|mut open| open.write_all(&bytes)).with_context(|| format!("writing {}", file.display()))?;
    super::say(format_args!(
        "{}: {} bytes; it tells what was observed and done: hand it on with care",
        file.display(),
        bytes.len()
    ))
}

/// Plays one.
pub(crate) fn reproduce(arguments: &ReproduceArguments) -> Result<()> {
    let file = &arguments.file;
    let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let bundle = Bundle::parse(&bytes).with_context(|| file.display().to_string())?;
    let found = bundle.reproduce(arguments.restart)?;
    super::say(format_args!("made by version {}", bundle.program))?;
    super::say(format_args!("{} entries with {} readings", found.entries, found.observations))?;
    super::say(format_args!("{} alarms, {} incidents", found.alarms, found.incidents))?;
    super::say(format_args!("effects {}", found.digest))?;
    for (kind, id) in &found.different {
        super::say(format_args!("{kind} {id} is not as it was stored"))?;
    }
    match found.different.len() {
        0 => super::say(format_args!("reproduced: {} of {} byte for byte", found.identical, found.identical)),
        different => bail!("{different} of {} are not as they were stored", different + found.identical),
    }
}
