//! `vigiles bundle DIR FILE --reason TEXT` and `vigiles reproduce FILE`.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use vigiles_connect::task_kinds;
use vigiles_runtime::TimeZone;
use vigiles_runtime::support::Bundle;
use vigiles_store::{AuditNote, Outcome};

use crate::backends::{self, Opened};
use crate::config::Config;

/// Who acts in the audit log.
const ACTOR: vigiles_trust::Context = vigiles_trust::Context::system("command-line");
/// Longest reason, in characters.
const MAX_REASON: usize = 500;

/// Put what the engine was given lately, and what came of it, into one file for whoever looks for a fault. It holds
/// observations and commands as they were. The platform must not be running.
#[derive(Debug, clap::Args)]
pub(crate) struct BundleArguments {
    /// The data directory.
    dir: PathBuf,
    /// The file to make.
    file: PathBuf,
    /// The configuration file: it says where the platform's data lie if not in the directory.
    #[arg(long)]
    config: Option<PathBuf>,
    /// What it is for; it stands in the audit log.
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: String,
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
    let file = &arguments.file;
    if file.exists() {
        bail!("{} is there already", file.display());
    }
    let config = Config::read(arguments.config.as_deref())?;
    let Opened { parts, lock: _lock, .. } = backends::open(&arguments.dir, &config, TimeZone::default())?;
    let bytes = Bundle::gather(&parts)?.to_bytes();
    // Before anything is written: nothing of the city leaves the platform without an entry.
    parts.store.record(&ACTOR, audit_note(&arguments.reason)?)?;
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    opened.and_then(|mut open| open.write_all(&bytes)).with_context(|| format!("writing {}", file.display()))?;
    super::say(format_args!(
        "{}: {} bytes; it tells what was observed and done: hand it on with care",
        file.display(),
        bytes.len()
    ))
}

/// Who takes the bundle: the account of the operating system that runs the command.
fn audit_note(reason: &str) -> Result<AuditNote> {
    let account = fs::metadata("/proc/self").context("asking for the account that runs this")?.uid();
    let reason: String = reason.chars().take(MAX_REASON).collect();
    Ok(AuditNote {
        action: "read".to_owned(),
        resource: "support_bundle".to_owned(),
        outcome: Outcome::Allowed,
        detail: format!("observations and commands, by account {account} of the machine, for: {reason}"),
    })
}

/// Plays one.
pub(crate) fn reproduce(arguments: &ReproduceArguments) -> Result<()> {
    let file = &arguments.file;
    let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let bundle = Bundle::parse(&bytes).with_context(|| file.display().to_string())?;
    let found = bundle.reproduce(&task_kinds::kinds(task_kinds::REGISTERED), arguments.restart)?;
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
