//! The recordings of a city directory, played through the platform's own doors by real clients.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use tokio::sync::watch;
use vigiles_connect::replay::{self, Options, Target};
use vigiles_model::Timestamp;
use vigiles_runtime::Platform;
use vigiles_runtime::directory::{Account, Directory, NewAccount, NewToken};
use vigiles_trust::{Context, Role};

use super::files::ReplayFile;
use super::{City, Via};
use crate::cmds::replay::read_mapping;

/// Who acts in the audit log.
const ACTOR: Context = Context::system("city-replay");
/// The account that the printed link of a demo city signs in.
const DEMO_ACCOUNT: &str = "demo";

/// Where the platform listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    /// The API.
    pub http: SocketAddr,
    /// The broker.
    pub mqtt: SocketAddr,
}

/// Starts every recording on a thread of its own; they end with the platform.
pub(crate) fn start_replays(
    city: &City,
    platform: &Platform,
    addresses: Addresses,
    stop: &watch::Receiver<bool>,
) -> Result<()> {
    for recording in &city.file.replay {
        let file = city.dir.join(&recording.file);
        let mapping = recording.mapping.as_ref().map(|path| read_mapping(&city.dir.join(path))).transpose()?;
        let token = replay_token(recording, city, platform)?;
        let options = Options {
            speed: recording.speed,
            start_offset_s: recording.start_offset,
            keep_times: false,
            repeat: recording.repeat,
            mapping,
            target: match recording.via {
                Via::Http => Target::Http { url: format!("http://{}", addresses.http), token },
                Via::Mqtt => Target::Mqtt { address: (addresses.mqtt.ip().to_string(), addresses.mqtt.port()), token },
            },
        };
        let stop = stop.clone();
        let play = move || match replay::play(&file, &options, &stop) {
            Ok(summary) => tracing::info!(file = %file.display(), ?summary, "recording ended"),
            Err(error) => tracing::warn!(file = %file.display(), %error, "recording ended early"),
        };
        std::thread::Builder::new().name(format!("replay {}", recording.source)).spawn(play)?;
    }
    Ok(())
}

/// A token for one run; those of earlier runs are revoked.
fn replay_token(recording: &ReplayFile, city: &City, platform: &Platform) -> Result<String> {
    let directory = platform.directory();
    let name = format!("replay of {}", recording.file.display());
    for old in directory.tokens(&ACTOR).into_iter().filter(|token| token.name == name) {
        directory.revoke_token(&ACTOR, &old.id)?;
    }
    let new = NewToken {
        name,
        role: Role::Source,
        agency: Some(city.agency()?),
        source: Some(recording.source.clone()),
        expires: None,
    };
    let (_, text) = directory.add_token(&ACTOR, new, platform.now()).context("making a token for a recording")?;
    Ok(text)
}

/// The account that a demonstration is looked at with: it has no password, only links.
pub(crate) fn demo_account(city: &City, directory: &Directory, now: Timestamp) -> Result<Account> {
    let roles = vec![Role::Operator, Role::Supervisor, Role::Analyst, Role::Integrator, Role::Auditor];
    let new = NewAccount { name: DEMO_ACCOUNT.to_owned(), roles, agency: city.agency()?, password: None };
    Ok(directory.ensure_account(&ACTOR, new, now)?)
}
