//! The address of a log on NATS servers: which servers, which log, who one is there, and where the servers tell how they are set.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use crate::BusError;
use crate::contract::MAX_NAME_BYTES;

/// The log where the address names none.
const DEFAULT_LOG: &str = "vigiles";

/// `nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT][,HOST[:PORT]…][/LOG]?monitor=URL[,URL…][&OPTION=VALUE…]`; `tls://` asks for TLS.
///
/// Neither its `Debug` text nor an error tells a password or a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// `HOST:PORT` of each server named.
    pub servers: Vec<String>,
    /// Whether TLS is asked for.
    pub tls: bool,
    /// Who one is, where the address says so.
    pub login: Option<Login>,
    /// The log: the first part of the name of every stream. 1 to 64 of `a-z 0-9 -`.
    pub log: String,
    /// `monitor`: the monitoring address of each server of the cluster.
    pub monitors: Vec<String>,
    /// `credentials`: a file with a JWT and its seed.
    pub credentials: Option<PathBuf>,
    /// `ca`: a PEM file of the authorities to trust beside those of the system.
    pub ca: Option<PathBuf>,
    /// `certificate` and `key`: PEM files of the client's certificate.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// `replicas`: of how many servers each keeps every message. 1 on a single server, 3 in a cluster, unless said.
    pub replicas: Option<usize>,
}

/// What a server is told about who one is.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// A user and a password.
    Password(String, String),
    /// A token.
    Token(String),
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/{}", if self.tls { "tls" } else { "nats" }, self.servers.join(","), self.log)
    }
}

impl Address {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, BusError> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong("it has no scheme: nats:// or tls://"))?;
        let tls = match scheme {
            "nats" => false,
            "tls" => true,
            _ => return Err(wrong(&format!("scheme {scheme:?} is neither nats nor tls"))),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, log) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(read_login(login)?), hosts),
            None => (None, authority),
        };
        let mut address = Self {
            servers: hosts.split(',').map(read_server).collect::<Result<_, _>>()?,
            tls,
            login,
            log: read_log(log)?,
            monitors: Vec::new(),
            credentials: None,
            ca: None,
            certificate: None,
            replicas: None,
        };
        address.read_options(query)?;
        Ok(address)
    }

    fn read_options(&mut self, query: &str) -> Result<(), BusError> {
        let (mut certificate, mut key) = (None, None);
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value = decoded(name, value)?;
            if value.is_empty() {
                return Err(wrong(&format!("option {name:?} has no value")));
            }
            match name {
                "monitor" => self.monitors = value.split(',').map(read_monitor).collect::<Result<_, _>>()?,
                "credentials" => self.credentials = Some(value.into()),
                "ca" => self.ca = Some(value.into()),
                "certificate" => certificate = Some(PathBuf::from(value)),
                "key" => key = Some(PathBuf::from(value)),
                "replicas" => match value.parse() {
                    Ok(replicas @ 1..=5) => self.replicas = Some(replicas),
                    _ => return Err(wrong(&format!("replicas={value:?} is no number from 1 to 5"))),
                },
                _ => {
                    let known = "monitor, credentials, ca, certificate, key, replicas";
                    return Err(wrong(&format!("option {name:?} is unknown; there are {known}")));
                }
            }
        }
        self.certificate = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(wrong("certificate and key go together")),
        };
        if self.login.is_some() && self.credentials.is_some() {
            return Err(wrong("it has a login and a credentials file: one says who you are"));
        }
        Ok(())
    }
}

fn wrong(what: &str) -> BusError {
    BusError::Address(what.to_owned())
}

fn decoded(name: &str, text: &str) -> Result<String, BusError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| wrong(&format!("{name} is not UTF-8")))
}

fn read_login(text: &str) -> Result<Login, BusError> {
    match text.split_once(':') {
        Some((user, password)) => Ok(Login::Password(decoded("the user", user)?, decoded("the password", password)?)),
        None => Ok(Login::Token(decoded("the token", text)?)),
    }
}

fn read_server(text: &str) -> Result<String, BusError> {
    // A port stands behind the last colon, unless that is inside an IPv6 address.
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, "4222"),
    };
    let good = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
    if host.is_empty() || !host.chars().all(good) {
        return Err(wrong(&format!("{host:?} is no host")));
    }
    match port.parse::<u16>() {
        Ok(1..) => Ok(format!("{host}:{port}")),
        _ => Err(wrong(&format!("the port of host {host} is no number from 1 to 65535"))),
    }
}

fn read_log(text: &str) -> Result<String, BusError> {
    let log = if text.is_empty() { DEFAULT_LOG } else { text };
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if log.len() <= MAX_NAME_BYTES && log.starts_with(|c: char| c.is_ascii_lowercase()) && log.chars().all(good) {
        Ok(log.to_owned())
    } else {
        Err(wrong(&format!("{log:?} is no name of a log: 1 to {MAX_NAME_BYTES} of a-z 0-9 -, starting with a letter")))
    }
}

fn read_monitor(text: &str) -> Result<String, BusError> {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['@', '?', '#']) => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err(wrong("monitor names http://HOST:PORT or https://HOST:PORT of each server, without a login")),
    }
}
