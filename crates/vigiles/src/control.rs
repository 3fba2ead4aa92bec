//! Commands of this machine's administrator: who may write to the data directory may ask the platform that
//! runs on it, through a socket in the directory; where none runs, the directory is opened instead.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use serde::{Deserialize, Serialize};
use vigiles_model::{SourceId, Timestamp};
use vigiles_runtime::TimeZone;
use vigiles_runtime::directory::{Directory, NewToken};
use vigiles_runtime::support::Bundle;
use vigiles_trust::{Context, Role};

use crate::backends::{self, Opened};
use crate::backups::{self, Backups};
use crate::cmds::support;
use crate::config::Config;

/// Who acts in the audit log.
const ACTOR: Context = Context::system("command-line");
/// Longest request, in bytes.
const MAX_REQUEST: u64 = 4096;
/// How long a peer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What can be asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// A bearer token.
    CreateToken {
        /// What it may do.
        role: Role,
        /// Name for people.
        name: String,
        /// The source it speaks for.
        source: Option<SourceId>,
    },
    /// A one-time sign-in link.
    CreateLink {
        /// The account's name; none for the first administrator.
        account: Option<String>,
    },
    /// A backup, now.
    Backup,
    /// A support bundle.
    Bundle(support::Wanted),
}

type Answer = Result<String, String>;

impl Request {
    /// How long its answer may take; as long as it needs where there is none.
    fn patience(&self) -> Option<Duration> {
        (!matches!(self, Self::Backup | Self::Bundle(_))).then_some(PATIENCE)
    }
}

/// Whoever answers.
pub(crate) struct Desk {
    pub(crate) platform: Arc<vigiles_runtime::Platform>,
    /// None where no repository is configured.
    pub(crate) backups: Option<Arc<Backups>>,
    /// The address that links start with.
    pub(crate) base: String,
}

/// Asks the platform that runs on `data`, or does it on the directory itself, or where `config` says that its data lie.
pub(crate) fn ask(data: &Path, config: Option<&Path>, request: &Request) -> Result<String> {
    if let Ok(stream) = UnixStream::connect(socket(data)) {
        return ask_running(stream, request);
    }
    match request {
        Request::Backup => return backup_of(data, config),
        Request::Bundle(wanted) => {
            let Opened { parts, lock: _lock, .. } = backends::open(data, &Config::read(config)?, TimeZone::default())?;
            return support::make(wanted, &*parts.store, || Bundle::gather(&parts));
        }
        Request::CreateToken { .. } | Request::CreateLink { .. } => {}
    }
    let (directory, clock) = backends::open_directory(data, &Config::read(config)?)?;
    answer(&directory, request, clock.now(), "http://127.0.0.1:8080")
}

/// A backup of a data directory on which no platform runs.
fn backup_of(data: &Path, file: Option<&Path>) -> Result<String> {
    let opened = backends::open(data, &Config::read(file)?, TimeZone::default())?;
    let shipping = opened.shipping.context("no repository is configured")?;
    let taken = Backups::new(shipping.clone(), &opened.parts, data, file, None).take();
    shipping.finish();
    Ok(backups::told(&taken?))
}

fn ask_running(mut stream: UnixStream, request: &Request) -> Result<String> {
    stream.set_read_timeout(request.patience())?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut text = String::new();
    BufReader::new(stream).read_line(&mut text).context("the running platform did not answer")?;
    serde_json::from_str::<Answer>(&text)?.map_err(|why| anyhow!(why))
}

/// Serves requests until the process ends.
pub(crate) fn serve(data: &Path, desk: Desk) -> Result<()> {
    let path = socket(data);
    // The directory is locked by this process, so a socket found here is a dead one's.
    if path.exists() {
        std::fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
    }
    let listener = UnixListener::bind(&path).with_context(|| format!("listening on {}", path.display()))?;
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let desk = Arc::new(desk);
    std::thread::Builder::new().name("control".to_owned()).spawn(move || {
        for stream in listener.incoming().flatten() {
            let desk = desk.clone();
            // A thread each: a backup takes its time, and a link is wanted at once.
            let served = std::thread::Builder::new().name("control-one".to_owned()).spawn(move || {
                if let Err(error) = serve_one(&stream, &desk) {
                    tracing::warn!(%error, "a request of the command line failed");
                }
            });
            if let Err(error) = served {
                tracing::warn!(%error, "a request of the command line was not served");
            }
        }
    })?;
    Ok(())
}

fn serve_one(stream: &UnixStream, desk: &Desk) -> Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(stream.take(MAX_REQUEST)).read_line(&mut line)?;
    let done = serde_json::from_str(&line).map_err(anyhow::Error::from).and_then(|request| match request {
        Request::Backup => {
            let backups =
                desk.backups.as_ref().context("the platform that runs has no [backup] in its configuration")?;
            Ok(backups::told(&backups.take()?))
        }
        Request::Bundle(wanted) => support::make(&wanted, desk.platform.store(), || desk.platform.bundle()),
        request => answer(desk.platform.directory(), &request, desk.platform.now(), &desk.base),
    });
    let answer: Answer = done.map_err(|error| format!("{error:#}"));
    let mut out = serde_json::to_vec(&answer)?;
    out.push(b'\n');
    (&mut &*stream).write_all(&out)?;
    Ok(())
}

fn answer(directory: &Directory, request: &Request, now: Timestamp, base: &str) -> Result<String> {
    match request {
        Request::CreateToken { role, name, source } => {
            let new = NewToken { name: name.clone(), role: *role, agency: None, source: source.clone(), expires: None };
            Ok(directory.add_token(&ACTOR, new, now)?.1)
        }
        Request::CreateLink { account: None } => match directory.first_administrator_link(now)? {
            Some(link) => Ok(link_address(base, &link)),
            None => bail!("there is an administrator already; name an account with --account"),
        },
        Request::Backup | Request::Bundle(_) => bail!("that is made by whoever holds the log"),
        Request::CreateLink { account: Some(name) } => {
            let account = directory.account_by_name(name).ok_or_else(|| anyhow!("there is no account {name:?}"))?;
            Ok(link_address(base, &directory.sign_in_link(&ACTOR, &account, false, now)?))
        }
    }
}

/// The address that a one-time link opens.
pub(crate) fn link_address(base: &str, link: &str) -> String {
    format!("{base}/sign-in#link={link}")
}

fn socket(data: &Path) -> PathBuf {
    data.join("control.sock")
}
