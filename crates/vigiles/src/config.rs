//! `vigiles.toml`: what the platform needs to know of its surroundings. Everything has a default.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use serde::Deserialize;
use vigiles_backup::{Acknowledge, Place};
use vigiles_runtime::Seat;

use crate::roles::{Role, Roles};

/// Schemes of the key `bus`.
const BUS_SCHEMES: &[&str] = &["nats", "tls"];
/// Schemes of the key `store`.
const STORE_SCHEMES: &[&str] = &["postgres", "postgresql"];

/// Bounds of the time from one backup, or page, to the next.
const LEAST_EVERY_S: u64 = 10;
const MOST_EVERY_S: u64 = 7 * 86_400;

/// The configuration file. Secrets stand in files of their own, named here; the address of a server may hold one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The address people type, such as `https://vigiles.city.example`; for links and cookies. The listening
    /// address if not given.
    #[serde(default)]
    pub(crate) public_url: Option<String>,
    /// The servers on which the log lies: `nats://…` or `tls://…` (docs/scale-out.md). The data directory if not given.
    #[serde(default)]
    pub(crate) bus: Option<Address>,
    /// The server on which documents and observations lie: `postgres://…` (docs/store.md). The data directory if not given.
    #[serde(default)]
    pub(crate) store: Option<Address>,
    /// What this process does; everything if not given. Roles apart need `bus` and `store` (docs/scale-out.md).
    #[serde(default)]
    pub(crate) roles: Option<Roles>,
    /// The name of this process, which no other has; needed without the role `engine`: 1 to 32 of `a-z 0-9 -`.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// Where backups go, and the log as it is written.
    #[serde(default)]
    pub(crate) backup: Option<Backup>,
    /// The page that opens when the platform does not.
    #[serde(default)]
    pub(crate) continuity: Option<Continuity>,
    /// The server that e-mail of playbooks is handed to.
    #[serde(default)]
    pub(crate) smtp: Option<Smtp>,
    /// Endpoints that playbooks may call, by name.
    #[serde(default)]
    pub(crate) webhook: Vec<Webhook>,
    /// Endpoints that playbooks may send plain HTTP requests to, by name.
    #[serde(default)]
    pub(crate) endpoint: Vec<Endpoint>,
    /// What external MQTT brokers ask for, by their address.
    #[serde(default)]
    pub(crate) broker: Vec<Broker>,
}

/// `[backup]` (docs/backup.md).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backup {
    /// The repository: a directory (mounted from another machine), or `s3://bucket/prefix`.
    pub(crate) to: String,
    /// File with the key that seals all of it (`vigiles backup key`), or with a passphrase.
    pub(crate) key_file: PathBuf,
    /// Seconds from one backup to the next; an hour if not given.
    #[serde(default = "backup_every_s")]
    pub(crate) every_s: u64,
    /// What an acknowledgement promises: `log` (this machine's disk; the repository a second later) or `repository`.
    #[serde(default)]
    pub(crate) acknowledge: Acknowledge,
    /// The S3-compatible server, such as `https://s3.city.example`; Amazon's of the region if not given.
    #[serde(default)]
    pub(crate) endpoint: Option<String>,
    /// Its region; `us-east-1` if not given.
    #[serde(default)]
    pub(crate) region: Option<String>,
    /// File with two lines: the id of the access key, and its secret.
    #[serde(default)]
    pub(crate) credentials_file: Option<PathBuf>,
}

impl Backup {
    /// Where the repository lies.
    pub(crate) fn place(&self) -> Place {
        let Self { to, endpoint, region, credentials_file, .. } = self.clone();
        Place { to, endpoint, region, credentials_file }
    }
}

/// `[continuity]` (docs/backup.md).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Continuity {
    /// The page; `.sig` beside it is its signature, `.pub` the key that proves it.
    pub(crate) path: PathBuf,
    /// File with the signing key (`vigiles continuity key`).
    pub(crate) key_file: PathBuf,
    /// Seconds from one page to the next; five minutes if not given.
    #[serde(default = "continuity_every_s")]
    pub(crate) every_s: u64,
}

/// The address of servers. It may hold a password, so `Debug` shows its scheme alone.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Address(String);

impl Address {
    /// The whole address, for whoever connects.
    pub(crate) fn secret(&self) -> &str {
        &self.0
    }

    fn scheme(&self) -> Option<&str> {
        self.0.split_once("://").map(|(scheme, _)| scheme)
    }

    fn check(&self, key: &str, known: &[&str]) -> Result<()> {
        let listed = known.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(" and ");
        match self.scheme() {
            Some(scheme) if known.contains(&scheme) => Ok(()),
            Some(scheme) => Err(anyhow!("`{key}` has the scheme {scheme:?}, which is not known: {listed} are")),
            None => Err(anyhow!("`{key}` has no scheme: {listed} are known")),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://…", self.scheme().unwrap_or_default())
    }
}

/// `[[broker]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Broker {
    /// The address, as it stands in the sources that use it.
    pub(crate) url: String,
    /// User name, where the broker asks for one; then `password_file` is needed.
    #[serde(default)]
    pub(crate) user: Option<String>,
    /// File with the password.
    #[serde(default)]
    pub(crate) password_file: Option<PathBuf>,
    /// File with the certificates (PEM) of the authorities that vouch for the broker; those of the web if not given.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
}

/// `[smtp]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Smtp {
    /// Host name or address.
    pub(crate) host: String,
    /// Port; 25 if not given.
    #[serde(default = "smtp_port")]
    pub(crate) port: u16,
    /// The sender's address.
    pub(crate) from: String,
    /// Whether the line must be protected by STARTTLS.
    #[serde(default)]
    pub(crate) starttls: bool,
    /// User name, where the server asks for one; then `password_file` is needed, and `starttls`.
    #[serde(default)]
    pub(crate) user: Option<String>,
    /// File with the password.
    #[serde(default)]
    pub(crate) password_file: Option<PathBuf>,
}

/// `[[webhook]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhook {
    /// The name that playbooks use.
    pub(crate) name: String,
    /// Where it is called.
    pub(crate) url: String,
    /// File with the signing secret (Standard Webhooks: `whsec_` and base64).
    pub(crate) secret_file: PathBuf,
}

/// `[[endpoint]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoint {
    /// The name that playbooks use.
    pub(crate) name: String,
    /// Where requests go; the path of a playbook's step is added to it.
    pub(crate) url: String,
    /// File with the value of the Authorization header, where the endpoint asks for one.
    #[serde(default)]
    pub(crate) authorization_file: Option<PathBuf>,
}

fn backup_every_s() -> u64 {
    3600
}

fn continuity_every_s() -> u64 {
    300
}

fn smtp_port() -> u16 {
    25
}

impl Config {
    /// Reads the file; the defaults where none is named.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", path.display()))
    }

    /// An error tells place and fault, and does not repeat the line: it may hold a password.
    fn parse(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let (line, column) =
                (before.matches('\n').count(), before.chars().rev().take_while(|c| *c != '\n').count());
            anyhow!("line {}, column {}: {}", line + 1, column + 1, error.message())
        })?;
        for (key, address, known) in [("bus", &config.bus, BUS_SCHEMES), ("store", &config.store, STORE_SCHEMES)] {
            address.iter().try_for_each(|address| address.check(key, known))?;
        }
        config.check()?;
        Ok(config)
    }

    /// What this process does.
    pub(crate) fn roles(&self) -> Roles {
        self.roles.clone().unwrap_or_default()
    }

    /// How this process takes part, by its roles, its name, and where the log and the store lie.
    pub(crate) fn seat(&self) -> Result<Seat> {
        let roles = self.roles();
        if self.bus.is_none() || self.store.is_none() {
            anyhow::ensure!(
                roles == Roles::default(),
                "roles apart need `bus` and `store` on servers: docs/scale-out.md"
            );
            return Ok(Seat::Alone);
        }
        if roles.has(Role::Engine) {
            return Ok(Seat::Engine);
        }
        let name = self.name.as_deref().context("without the role `engine` a process needs a `name` of its own")?;
        Ok(Seat::Door { name: name.parse()?, has_consoles: roles.has(Role::Api) })
    }

    fn check(&self) -> Result<()> {
        let servers = [("bus", self.bus.is_some()), ("store", self.store.is_some())];
        if let Some((key, _)) = servers.into_iter().find(|(_, named)| self.backup.is_some() && *named) {
            return Err(anyhow!(
                "`backup` is for data in the data directory, and `{key}` puts it on servers: back up those with their own means \
                 (docs/backup.md)"
            ));
        }
        if self.backup.is_some() && self.roles() != Roles::default() {
            return Err(anyhow!("`backup` is for a platform in one process: it goes with no `roles` (docs/backup.md)"));
        }
        for (key, every_s) in [
            ("backup", self.backup.as_ref().map(|backup| backup.every_s)),
            ("continuity", self.continuity.as_ref().map(|page| page.every_s)),
        ] {
            if every_s.is_some_and(|every_s| !(LEAST_EVERY_S..=MOST_EVERY_S).contains(&every_s)) {
                return Err(anyhow!("`{key}.every_s` must be {LEAST_EVERY_S} to {MOST_EVERY_S} seconds"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        match (Config::parse(text), expected) {
            (Ok(config), Ok(shown)) => assert_eq!(format!("{:?} {:?}", config.bus, config.store), shown, "{text}"),
            (Err(error), Err(part)) => {
                let said = format!("{error:#}");
                assert!(said.contains(part), "{text}: {said}");
                assert!(!said.contains("geheim"), "{said}");
            }
            (found, expected) => panic!("{text}: {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn the_scheme_picks_the_backend() {
        check("", Ok("None None"));
        check("bus = \"nats://a:geheim@h?monitor=http://h\"", Ok("Some(nats://…) None"));
        check("bus = \"tls://h\"\nstore = \"postgresql://u:geheim@h/d\"", Ok("Some(tls://…) Some(postgresql://…)"));
        check("store = \"postgres://u:geheim@h/d\"", Ok("None Some(postgres://…)"));
        check(
            "bus = \"kafka://u:geheim@h\"",
            Err("`bus` has the scheme \"kafka\", which is not known: nats:// and tls:// are"),
        );
        check("store = \"nats://u:geheim@h\"", Err("`store` has the scheme \"nats\", which is not known: postgres://"));
        check("store = \"/geheim\"", Err("`store` has no scheme: postgres:// and postgresql:// are known"));
        let backup = "[backup]\nto = '/b'\nkey_file = '/k'\n";
        check(backup, Ok("None None"));
        check(&format!("bus = 'nats://u:geheim@h'\n{backup}"), Err("`bus` puts it on servers"));
        check(&format!("roles = ['engine']\n{backup}"), Err("`backup` is for a platform in one process"));
        check(&format!("{backup}every_s = 1"), Err("`backup.every_s` must be 10 to"));
        check(&format!("{backup}acknowledge = 'nobody'"), Err("unknown variant `nobody`"));
        check("store = [\"postgres://u:geheim@h\"]", Err("line 1, column 9: "));
        check("public_url = \"x\"\nstore = \"postgres://u:geheim@h", Err("line 2, column "));
        check("\n[smtp]\nbus = \"nats://u:geheim@h\"", Err("line 3, column 1: unknown field `bus`"));
    }
}
