//! `vigiles bundle DIR FILE --reason TEXT` and `vigiles reproduce FILE`.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use vigiles_connect::task_kinds;
use vigiles_runtime::support::{Bundle, SupportError};
use vigiles_store::{AuditNote, Outcome, Store};

use crate::control::{self, Request};

/// Who acts in the audit log.
const ACTOR: vigiles_trust::Context = vigiles_trust::Context::system("command-line");
/// Longest reason, in characters.
const MAX_REASON: usize = 500;

/// Put what the engine was given lately, and what came of it, into one file for whoever looks for a fault. It holds
/// observations and commands as they were.
#[derive(Debug, clap::Args)]
pub(crate) struct BundleArguments {
    /// The data directory, of a platform that runs or not.
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
    /// Snapshot and restart the engine after each so many entries: after each hundred if no number is given.
    #[arg(long, value_name = "ENTRIES", num_args = 0..=1, default_missing_value = "100")]
    restart: Option<NonZeroUsize>,
}

/// A bundle that is asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// The file to make, from the root on.
    file: PathBuf,
    /// What the audit log says of it.
    detail: String,
}

/// Makes a bundle.
pub(crate) fn bundle(arguments: &BundleArguments) -> Result<()> {
    if !arguments.dir.is_dir() {
        bail!("{} is not a directory", arguments.dir.display());
    }
    let file = std::path::absolute(&arguments.file)?;
    let wanted = Wanted { file, detail: detail(&arguments.reason)? };
    super::say(control::ask(&arguments.dir, arguments.config.as_deref(), &Request::Bundle(wanted))?)
}

/// Gathers and writes what is asked for, in the process that holds the log.
pub(crate) fn make(
    wanted: &Wanted,
    store: &dyn Store,
    gather: impl FnOnce() -> Result<Bundle, SupportError>,
) -> Result<String> {
    let file = &wanted.file;
    if file.exists() {
        bail!("{} is there already", file.display());
    }
    let bytes = gather()?.to_bytes();
    // Before anything is written: nothing of the city leaves the platform without an entry.
    let note = AuditNote {
        action: "read".to_owned(),
        resource: "support_bundle".to_owned(),
        outcome: Outcome::Allowed,
        detail: wanted.detail.clone(),
    };
    store.record(&ACTOR, note)?;
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    opened.and_then(|mut open| open.write_all(&bytes)).with_context(|| format!("writing {}", file.display()))?;
    let told = "it tells what was observed and done: hand it on with care";
    Ok(format!("{}: {} bytes; {told}", file.display(), bytes.len()))
}

/// Who takes the bundle and what for: the account of the operating system that runs the command.
fn detail(reason: &str) -> Result<String> {
    let account = fs::metadata("/proc/self").context("asking for the account that runs this")?.uid();
    let reason: String = reason.chars().take(MAX_REASON).collect();
    Ok(format!("observations and commands, by account {account} of the machine, for: {reason}"))
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
