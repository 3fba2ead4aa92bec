//! `vigiles.toml`: what the platform needs to know of its surroundings. Everything has a default.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// The configuration file. Secrets stand in files of their own, named here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The address people type, such as `https://vigiles.city.example`; for links and cookies. The listening
    /// address if not given.
    #[serde(default)]
    pub(crate) public_url: Option<String>,
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

fn smtp_port() -> u16 {
    25
}

impl Config {
    /// Reads the file; the defaults where none is named.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("in {}", path.display()))
    }
}
