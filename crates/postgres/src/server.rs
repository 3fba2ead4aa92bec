//! Where a server is, and how a connection to it is opened.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use percent_encoding::percent_decode_str;
use postgres::config::{Host, SslMode, TargetSessionAttrs};
use postgres::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::PostgresError;
use crate::error::is_passing;

/// How long a caller waits for a server that went away, before it is told so.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// One try to connect takes no longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A peer that acknowledges nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(15);
/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(100);

/// What every session says first. A session that hangs inside a transaction is cut off, so that what it locked is free again;
/// reads have an end too.
const SESSION: &str =
    "SET default_transaction_isolation = 'read committed'; SET jit = off; SET statement_timeout = '60s';
    SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '30s'; SET client_min_messages = warning;";

/// The address of one database, or of several servers of which one takes writes.
#[derive(Clone)]
pub struct Server {
    config: Config,
    tls: MakeRustlsConnect,
    name: String,
    schema: &'static str,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("name", &self.name).field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Server {
    /// Reads an address as libpq writes it: `postgres://user:password@host:port/database?options`. Several hosts may be named;
    /// the one that takes writes is used. `sslmode` is `disable` (the default) or `verify-full` (also written `require`: the
    /// certificate and its name are always checked); `sslrootcert` names a PEM file of authorities instead of the public ones.
    /// `schema` is where the caller's tables lie.
    pub fn at(url: &str, schema: &'static str) -> Result<Self, PostgresError> {
        let wrong = |why: &str| PostgresError::Address { why: why.to_owned() };
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(wrong("does not begin with postgres://"));
        }
        let Options { rest, mode, authorities } = take_tls(url)?;
        let mut config: Config =
            rest.parse().map_err(|_| wrong("cannot be read: check the port, the options and the percent-encoding"))?;
        if config.get_hosts().is_empty() {
            return Err(wrong("names no host"));
        }
        if config.get_application_name().is_none() {
            config.application_name("vigiles");
        }
        config
            .ssl_mode(mode)
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE)
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        let tls = MakeRustlsConnect::new(tls(authorities.as_deref().map(Path::new))?);
        let name = name(&config);
        Ok(Self { config, tls, name, schema })
    }

    /// Host, port and database: how errors and logs call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the caller's tables lie.
    pub fn schema(&self) -> &'static str {
        self.schema
    }

    /// One try to open a connection.
    pub fn connect(&self) -> Result<Client, PostgresError> {
        self.open().map_err(|e| PostgresError::of(&self.name, "connecting", &e))
    }

    /// Tries again while the server starts or is away, until `deadline`.
    pub fn connect_until(&self, deadline: Instant) -> Result<Client, PostgresError> {
        loop {
            match self.open() {
                Ok(client) => return Ok(client),
                Err(error) if is_passing(&error) && Instant::now() + PAUSE < deadline => {
                    std::thread::park_timeout(PAUSE);
                }
                Err(error) => return Err(PostgresError::of(&self.name, "connecting", &error)),
            }
        }
    }

    fn open(&self) -> Result<Client, postgres::Error> {
        let mut client = self.config.connect(self.tls.clone())?;
        // PostGIS may lie in any schema; a temporary table never hides a stored one.
        let extension: Option<String> = client
            .query_opt("SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'", &[])?
            .map(|row| row.get(0));
        let extension = extension.unwrap_or_else(|| "public".to_owned());
        client.batch_execute(&format!("{SESSION} SET search_path = {}, {extension}, pg_temp;", self.schema))?;
        Ok(client)
    }
}

struct Options {
    /// The address without the options of TLS.
    rest: String,
    mode: SslMode,
    authorities: Option<String>,
}

/// The client knows `sslmode` by other names than libpq, and `sslrootcert` not at all.
fn take_tls(url: &str) -> Result<Options, PostgresError> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut authorities, mut others) = (SslMode::Disable, None, Vec::new());
    for option in query.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("sslmode", "disable")) => mode = SslMode::Disable,
            Some(("sslmode", "require" | "verify-full")) => mode = SslMode::Require,
            Some(("sslmode", _)) => {
                let why =
                    "has an sslmode other than `disable` and `verify-full`: one that may fall back protects nothing";
                return Err(PostgresError::Address { why: why.to_owned() });
            }
            Some(("sslrootcert", path)) => {
                let path = percent_decode_str(path).decode_utf8();
                authorities =
                    Some(path.map_err(|_| PostgresError::Address {
                        why: "has an sslrootcert that is not UTF-8".to_owned(),
                    })?);
            }
            _ => others.push(option),
        }
    }
    let rest = if others.is_empty() { address.to_owned() } else { format!("{address}?{}", others.join("&")) };
    Ok(Options { rest, mode, authorities: authorities.map(std::borrow::Cow::into_owned) })
}

/// Certificates are checked against the public authorities, or against those of a file alone.
fn tls(authorities: Option<&Path>) -> Result<ClientConfig, PostgresError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let wrong = |e: &dyn fmt::Display| PostgresError::Address {
                why: format!("has the sslrootcert {}: {e}", file.display()),
            };
            for certificate in CertificateDer::pem_file_iter(file).map_err(|e| wrong(&e))? {
                let certificate = certificate.map_err(|e| wrong(&e))?;
                roots.add(certificate).map_err(|e| wrong(&e))?;
            }
            if roots.is_empty() {
                return Err(wrong(&"the file holds no certificate"));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| PostgresError::Address { why: format!("cannot be reached by TLS: {e}") })?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn name(config: &Config) -> String {
    let hosts = config.get_hosts().iter().enumerate().map(|(i, host)| {
        let host = match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        };
        let ports = config.get_ports();
        let port = ports.get(i).or(ports.first()).copied().unwrap_or(5432);
        format!("{host}:{port}")
    });
    let hosts = hosts.collect::<Vec<_>>().join(",");
    format!("postgres://{hosts}/{}", config.get_dbname().or(config.get_user()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Result<&str, &str>) {
        match (Server::at(url, "test"), expected) {
            (Ok(server), Ok(name)) => assert_eq!(server.name(), name, "{url}"),
            (Err(error), Err(part)) => {
                let text = error.to_string();
                assert!(text.contains(part), "{url}: {text}");
                assert!(!text.contains("geheim"), "{text}");
            }
            (found, expected) => panic!("{url}: {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn addresses() {
        check("postgres://vigiles:geheim@db:5433/city", Ok("postgres://db:5433/city"));
        check("postgresql://vigiles@db", Ok("postgres://db:5432/vigiles"));
        check("postgres://vigiles@a,b/city?sslmode=verify-full", Ok("postgres://a:5432,b:5432/city"));
        check("postgres:///city?host=/run/postgresql&user=vigiles", Ok("postgres:///run/postgresql:5432/city"));
        check("mysql://vigiles:geheim@db/city", Err("does not begin with postgres://"));
        check("postgres://vigiles:geheim@db:port/city", Err("cannot be read"));
        check("postgres://vigiles:geheim@db/city?geheim=1", Err("cannot be read"));
        check("postgres://vigiles:geheim@db/city?sslmode=prefer", Err("may fall back"));
        check("postgres://vigiles:geheim@db/city?sslmode=verify-full&sslrootcert=/no/such.pem", Err("/no/such.pem"));
        check("postgres:///city", Err("names no host"));
    }

    #[test]
    fn passwords_stay_in() {
        let server = Server::at("postgres://vigiles:geheim@db/city", "test").unwrap();
        assert!(!format!("{server:?}").contains("geheim"));
    }
}
