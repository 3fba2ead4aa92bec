//! `vigiles backup` and `vigiles restore`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use vigiles_backup::{Place, Repository, check, key, plan, prune, restore};
use vigiles_bus::{Clock as _, SystemClock};
use vigiles_model::{Duration, Timestamp};
use vigiles_store::{AuditNote, Outcome};

use crate::backends::{self, Layout};
use crate::config::Config;
use crate::control::{self, Request};

/// Who acts in the audit log.
const ACTOR: vigiles_trust::Context = vigiles_trust::Context::system("command-line");

/// Back up a platform, and look after its backups (docs/backup.md).
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a key file. Keep a copy where the platform is not: without it no backup opens.
    Key {
        /// The file to make.
        file: PathBuf,
    },
    /// Take a backup now, of a platform that runs or not.
    Now {
        /// The data directory.
        #[arg(long)]
        data: PathBuf,
        /// The configuration file: `[backup]` says where to.
        #[arg(long)]
        config: PathBuf,
    },
    /// List the backups of a repository, oldest first.
    List {
        #[command(flatten)]
        repository: RepositoryArguments,
    },
    /// Read every byte of a repository and say what is wrong and where.
    Check {
        #[command(flatten)]
        repository: RepositoryArguments,
    },
    /// Remove what no restore to the last days needs. The platform itself never removes anything.
    Prune {
        #[command(flatten)]
        repository: RepositoryArguments,
        /// So many days stay.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        keep_days: u32,
    },
}

/// Which repository: the one of a configuration file, or the one named.
#[derive(Debug, clap::Args)]
struct RepositoryArguments {
    /// The configuration file: `[backup]` says where the repository is and what its key is.
    #[arg(long, required_unless_present = "repository", conflicts_with = "repository")]
    config: Option<PathBuf>,
    /// The repository: a directory, or s3://bucket/prefix.
    #[arg(long, requires = "key_file")]
    repository: Option<String>,
    /// File with the key, or with a passphrase.
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// The S3-compatible server.
    #[arg(long)]
    endpoint: Option<String>,
    /// Its region.
    #[arg(long)]
    region: Option<String>,
    /// File with the id of the access key and its secret, a line each.
    #[arg(long)]
    credentials_file: Option<PathBuf>,
}

impl RepositoryArguments {
    fn open(&self) -> Result<(Repository, key::KeyFile)> {
        let (place, key_file) = match (&self.config, &self.repository, &self.key_file) {
            (Some(config), ..) => {
                let backup = Config::read(Some(config))?.backup;
                let backup = backup.with_context(|| format!("{} has no [backup]", config.display()))?;
                (backup.place(), backup.key_file)
            }
            (None, Some(to), Some(key_file)) => {
                let (endpoint, region) = (self.endpoint.clone(), self.region.clone());
                let place = Place { to: to.clone(), endpoint, region, credentials_file: self.credentials_file.clone() };
                (place, key_file.clone())
            }
            _ => bail!("name a repository and its key file, or a configuration file with [backup]"),
        };
        let key = key::read(&key_file)?;
        Ok((Repository::open(place.objects()?, &key)?, key))
    }
}

/// Runs one of them.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.command {
        Command::Key { file } => {
            key::create(file)?;
            super::say(format_args!(
                "{}: keep a copy where the platform is not; without it no backup opens",
                file.display()
            ))
        }
        Command::Now { data, config } => now(data, config),
        Command::List { repository } => list(&repository.open()?.0),
        Command::Check { repository } => check_all(repository),
        Command::Prune { repository, keep_days } => {
            let (repository, _) = repository.open()?;
            let kept = Duration::from_secs(i64::from(*keep_days) * 86_400);
            let pruned = prune(&repository, SystemClock.now() - kept)?;
            super::say(format_args!(
                "removed {} backups, {} pieces of the log, {} chunks",
                pruned.backups, pruned.pieces, pruned.chunks
            ))
        }
    }
}

fn now(data: &Path, config: &Path) -> Result<()> {
    if Config::read(Some(config))?.backup.is_none() {
        bail!("{} has no [backup]", config.display());
    }
    if !Layout::new(data).store.is_dir() {
        bail!("{} is no data directory: it holds no store", data.display());
    }
    super::say(control::ask(data, Some(config), &Request::Backup).context("no backup was taken")?)
}

fn list(repository: &Repository) -> Result<()> {
    let all = repository.backups()?;
    for backup in &all {
        super::say(format_args!(
            "{} {} {} files, {} bytes, log {} from entry {}",
            backup.name(),
            backup.at,
            backup.files,
            backup.bytes,
            &backup.line_name()[..8],
            backup.log_from
        ))?;
    }
    super::say(format_args!("{} backups in {}", all.len(), repository.place()))
}

fn check_all(repository: &RepositoryArguments) -> Result<()> {
    let (repository, key) = repository.open()?;
    let checked = check(&repository, &key)?;
    for finding in &checked.findings {
        super::say(format_args!("{}: {}", finding.name, finding.what))?;
    }
    super::say(format_args!(
        "{}: {} backups can be restored; {} chunks, {} pieces of logs, {} bytes",
        repository.place(),
        checked.backups,
        checked.chunks,
        checked.pieces,
        checked.bytes
    ))?;
    match checked.findings.len() {
        0 => super::say("everything is in order"),
        count => bail!("{count} things are wrong in {}", repository.place()),
    }
}

/// Bring a platform back from its backups, into a new data directory.
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArguments {
    /// The data directory to make.
    dir: PathBuf,
    #[command(flatten)]
    repository: RepositoryArguments,
    /// As it was at this moment (RFC 3339, such as 2026-11-22T03:00:00Z); as late as there is anything if not given.
    #[arg(long)]
    to: Option<Timestamp>,
    /// From this backup; the newest that is early enough if not given.
    #[arg(long)]
    backup: Option<String>,
}

/// Restores, checks what came back, and leaves an entry about it in the audit log of it.
pub(crate) fn run_restore(arguments: &RestoreArguments) -> Result<()> {
    let begun = Instant::now();
    let (repository, _) = arguments.repository.open()?;
    let plan = plan(&repository, arguments.backup.as_deref(), arguments.to)?;
    super::say(format_args!("restoring backup {} of {}", plan.backup.name(), plan.backup.at))?;
    let dir = &arguments.dir;
    let restored = restore(&repository, &plan, &vigiles_runtime::topic(), dir)?;
    super::say(format_args!(
        "{} files of {} bytes, {} entries of the log up to {}",
        restored.files,
        restored.bytes,
        restored.entries,
        restored.newest.map_or_else(|| "that of the backup".to_owned(), |newest| newest.to_string())
    ))?;
    let text = format!("backup {} and the log up to entry {}", plan.backup.name(), restored.log_end);
    audit(dir, text)?;
    super::check::expect_whole(dir)?;
    super::say(format_args!("restored and checked in {:.1} s", begun.elapsed().as_secs_f64()))
}

fn audit(dir: &Path, detail: String) -> Result<()> {
    let store = backends::open_store(&Layout::new(dir), &Config::default(), std::sync::Arc::new(SystemClock))?;
    let note =
        AuditNote { action: "restore".to_owned(), resource: "backup".to_owned(), outcome: Outcome::Allowed, detail };
    Ok(store.record(&ACTOR, note)?)
}
