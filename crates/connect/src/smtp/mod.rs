//! E-mail of playbooks, handed to one mail server.

use std::fmt::Write as _;
use std::time::Duration;

use lettre::address::AddressError;
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};
use vigiles_model::Geometry;
use vigiles_model::playbook::Live;
use vigiles_runtime::carrier::{Failure, Outcome};

use crate::outbound::started;

/// How long the mail server may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Most addresses of one message.
pub(crate) const MAX_TO: usize = 50;

/// How the line to the mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Security {
    /// Not at all: for a server on the same machine or network.
    #[default]
    Plain,
    /// STARTTLS, and nothing is sent without it.
    StartTls,
}

/// The mail server.
#[derive(Debug, Clone)]
pub struct Config {
    /// Host name or address.
    pub host: String,
    /// Port, mostly 25 or 587.
    pub port: u16,
    /// The sender's address.
    pub from: String,
    /// How the line is protected.
    pub security: Security,
    /// User name and password, where the server asks for them.
    pub credentials: Option<(String, String)>,
}

/// Why a mail server cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The sender's address is none.
    #[error("from: {0:?} is not a mail address: {1}")]
    From(String, AddressError),
    /// A password would travel in the clear.
    #[error("credentials need the line to be protected by STARTTLS")]
    Credentials,
    /// The protection cannot be set up.
    #[error("tls: {0}")]
    Tls(lettre::transport::smtp::Error),
}

/// A mail server that is ready to take messages.
#[derive(Debug)]
pub struct Smtp {
    transport: SmtpTransport,
    from: Mailbox,
}

impl Smtp {
    /// Checks a configuration. The server is not called before the first message.
    pub fn new(config: &Config) -> Result<Self, SmtpError> {
        let from = config.from.parse().map_err(|e| SmtpError::From(config.from.clone(), e))?;
        let tls = match config.security {
            Security::Plain => Tls::None,
            Security::StartTls => Tls::Required(TlsParameters::new(config.host.clone()).map_err(SmtpError::Tls)?),
        };
        if config.credentials.is_some() && config.security == Security::Plain {
            return Err(SmtpError::Credentials);
        }
        let mut builder =
            SmtpTransport::builder_dangerous(&config.host).port(config.port).tls(tls).timeout(Some(TIMEOUT));
        if let Some((user, password)) = &config.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// The message of a task. Its Message-ID stays the same when it is tried again by itself, also after a crash.
    pub(crate) fn message(
        &self,
        live: &Live<'_>,
        to: &[String],
        subject: &str,
        body: &str,
    ) -> Result<Message, Failure> {
        if to.is_empty() || to.len() > MAX_TO {
            let why = format!("an e-mail has 1 to {MAX_TO} addresses, this one has {}", to.len());
            return Err(Failure::Lasting(why));
        }
        let id = format!("<{}.{}@{}>", live.task().id, started(live).as_millis(), self.from.email.domain());
        let mut builder = Message::builder()
            .from(self.from.clone())
            .subject(subject)
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN);
        for address in to {
            let no_address = |e| Failure::Lasting(format!("{address:?} is not a mail address: {e}"));
            builder = builder.to(address.parse().map_err(no_address)?);
        }
        builder.body(text(live, body)).map_err(|e| Failure::Lasting(e.to_string()))
    }

    /// Hands a message over once.
    pub(crate) fn send(&self, message: &Message) -> Outcome {
        match self.transport.send(message) {
            Ok(answer) => Ok(format!("handed to the mail server, {}", answer.code())),
            Err(e) if e.is_permanent() || e.is_client() => {
                Err(Failure::Lasting(format!("the mail server refused: {e}")))
            }
            Err(e) => Err(Failure::Passing(format!("the mail server did not take it: {e}"))),
        }
    }
}

/// The body and the facts of the incident.
fn text(live: &Live<'_>, body: &str) -> String {
    let incident = live.incident();
    let mut text = body.trim_end().to_owned();
    let _ = write!(text, "\n\n-- \nIncident {}: {}\nOpened {}", incident.number, incident.title, incident.opened);
    if let Some(centre) = incident.place.as_ref().map(Geometry::centre) {
        let _ = write!(text, "\nPlace {:.5}, {:.5} (latitude, longitude)", centre.lat, centre.lon);
    }
    text.push('\n');
    text
}
