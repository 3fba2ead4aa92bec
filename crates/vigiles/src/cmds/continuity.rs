//! `vigiles continuity`, and the page that a running platform writes now and then.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use tokio::sync::watch;
use vigiles_backup::continuity::{self, Files, Key};
use vigiles_runtime::Platform;
use vigiles_store::{AuditNote, Outcome};

use crate::config::Continuity;

/// Who acts in the audit log.
const ACTOR: vigiles_trust::Context = vigiles_trust::Context::system("continuity");
/// Time between two looks whether the platform is ready.
const LOOK: Duration = Duration::from_millis(200);

/// The page that opens when the platform does not (docs/backup.md).
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make the key that signs pages, and print its fingerprint. Note that on paper.
    Key {
        /// The file to make.
        file: PathBuf,
    },
    /// Say whether a page is as it was written, and whose key signed it.
    Verify {
        /// The page; its signature lies beside it.
        page: PathBuf,
        /// The public key, from a place that can be trusted; the one beside the page if not given.
        #[arg(long)]
        key: Option<PathBuf>,
        /// The fingerprint that is noted on paper: any other is refused.
        #[arg(long)]
        fingerprint: Option<String>,
    },
}

/// Runs one of them.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.command {
        Command::Key { file } => {
            let key = Key::create(file)?;
            super::say(format_args!("fingerprint: {}", key.fingerprint()))
        }
        Command::Verify { page, key, fingerprint } => verify(page, key.as_deref(), fingerprint.as_deref()),
    }
}

fn verify(page: &Path, key: Option<&Path>, fingerprint: Option<&str>) -> Result<()> {
    let beside = Files::of(page);
    let read = |path: &Path| fs::read(path).with_context(|| format!("reading {}", path.display()));
    let key_file = key.unwrap_or(&beside.public_key);
    let pem = String::from_utf8(read(key_file)?).with_context(|| format!("{} is no text", key_file.display()))?;
    let wrong = |why: String| anyhow!("{}: {why}", page.display());
    continuity::verify(&pem, &read(page)?, &read(&beside.signature)?).map_err(wrong)?;
    let found = continuity::fingerprint(&pem).map_err(wrong)?;
    let digits = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    if let Some(expected) = fingerprint.filter(|expected| digits(expected) != digits(&found)) {
        return Err(anyhow!("{} was signed by the key {found}, not by {expected}", page.display()));
    }
    super::say(format_args!("{}: unchanged since it was signed by the key {found}", page.display()))?;
    if key.is_none() && fingerprint.is_none() {
        super::say("compare that with the fingerprint on paper: whoever forges a page can put a key beside it")?;
    }
    Ok(())
}

/// Writes pages until the end.
pub(crate) async fn keep(
    settings: Continuity,
    city: String,
    platform: Arc<Platform>,
    mut stop: watch::Receiver<bool>,
) -> Result<()> {
    let key = Arc::new(Key::read(&settings.key_file)?);
    platform.store().record(&ACTOR, audit_note(&settings))?;
    let every = Duration::from_secs(settings.every_s);
    // What is still being replayed would make a page of the past.
    while !platform.is_ready() {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        }
    }
    loop {
        let (settings, city, platform, key) = (settings.clone(), city.clone(), platform.clone(), key.clone());
        let written = tokio::task::spawn_blocking(move || write(&settings, &city, &platform, &key)).await;
        if let Ok(Err(error)) = written {
            tracing::error!(error = format!("{error:#}"), "no continuity page was written; the one before stays");
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        }
    }
}

fn write(settings: &Continuity, city: &str, platform: &Platform, key: &Key) -> Result<()> {
    let every = vigiles_model::Duration::from_secs(settings.every_s as i64);
    let pack = continuity::gather(platform, city, every)?;
    Ok(continuity::write(&settings.path, &pack, key)?)
}

/// Once a start: that the page is written, where to, and how often.
fn audit_note(settings: &Continuity) -> AuditNote {
    AuditNote {
        action: "read".to_owned(),
        resource: "continuity_page".to_owned(),
        outcome: Outcome::Allowed,
        detail: format!(
            "open incidents, plans, assets and contacts, to {} every {} s",
            settings.path.display(),
            settings.every_s
        ),
    }
}
