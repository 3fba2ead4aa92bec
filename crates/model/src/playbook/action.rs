//! Who or what carries out a step.

use serde::{Deserialize, Serialize};

use crate::{AgencyId, PersonId};

/// What a step does. The texts of all but [`Action::Manual`] may hold placeholders such as `{title}` and
/// `{answers.smell}`, filled in when the step starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A person ticks it off.
    Manual,
    /// The console shows a notice to everyone who follows incidents.
    NotifyConsole {
        /// The text.
        message: String,
    },
    /// An e-mail is sent.
    Email {
        /// Addresses.
        to: Vec<String>,
        /// Subject line.
        subject: String,
        /// The text.
        body: String,
    },
    /// An HTTP POST signed by Standard Webhooks (HMAC-SHA256) is sent to a configured endpoint.
    Webhook {
        /// Name of the endpoint in the configuration (addresses and secrets stay out of playbooks).
        endpoint: String,
    },
    /// The incident is given to somebody.
    Assign {
        /// To whom.
        to: Assignee,
    },
    /// A person answers a question; later conditions and texts read the answer.
    Ask {
        /// The question.
        question: String,
        /// The answers to choose from; any text where there are none.
        #[serde(default)]
        options: Vec<String>,
    },
    /// Nothing happens until the time is over or the condition holds, whichever comes first.
    Wait {
        /// Seconds.
        #[serde(default)]
        seconds: Option<u32>,
        /// A CEL expression as in `when`.
        #[serde(default)]
        until: Option<String>,
    },
    /// A note is written into the timeline.
    Annotate {
        /// The text.
        text: String,
    },
    /// An HTTP request is sent to a configured endpoint.
    Http {
        /// Name of the endpoint in the configuration (addresses and secrets stay out of playbooks).
        endpoint: String,
        /// The verb.
        #[serde(default)]
        method: HttpMethod,
        /// What is added to the endpoint's address: empty, or from a `/`. Placeholders are percent-encoded.
        #[serde(default)]
        path: String,
        /// JSON; nothing where empty. Placeholders stand inside its quoted texts and are escaped for them.
        #[serde(default)]
        body: String,
    },
    /// A joint room of the incident is opened, and agencies are invited to it.
    OpenRoom {
        /// Its name.
        name: String,
        /// Who is invited beside the agency that leads.
        agencies: Vec<AgencyId>,
    },
}

/// Who sees to it that an action is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A person, in the console.
    Person,
    /// The engine, at once or by its timers.
    Engine,
    /// The runtime, which answers what came of it.
    Runtime,
}

impl Action {
    /// Who sees to it that it is done.
    pub fn carrier(&self) -> Carrier {
        match self {
            Self::Manual | Self::Ask { .. } => Carrier::Person,
            Self::Assign { .. } | Self::Wait { .. } | Self::Annotate { .. } | Self::OpenRoom { .. } => Carrier::Engine,
            Self::NotifyConsole { .. } | Self::Email { .. } | Self::Webhook { .. } | Self::Http { .. } => {
                Carrier::Runtime
            }
        }
    }

    /// Whether something goes out to the world: only for an actual incident (see [`Live`](super::Live)).
    pub fn leaves_platform(&self) -> bool {
        self.destination().is_some()
    }

    /// Whether it is tried again by itself: what tells somebody, who may not be there to be told.
    pub fn may_be_retried(&self) -> bool {
        self.carrier() == Carrier::Runtime
    }

    /// Where it goes, in words for the timeline of an exercise; none where nothing leaves the platform.
    pub fn destination(&self) -> Option<String> {
        match self {
            Self::Email { to, .. } => Some(to.join(", ")),
            Self::Webhook { endpoint } => Some(format!("webhook {endpoint}")),
            Self::Http { endpoint, method, path, .. } => {
                Some(format!("endpoint {endpoint}, {} {path}", method.as_str()).trim_end().to_owned())
            }
            Self::Manual
            | Self::NotifyConsole { .. }
            | Self::Assign { .. }
            | Self::Ask { .. }
            | Self::Wait { .. }
            | Self::Annotate { .. }
            | Self::OpenRoom { .. } => None,
        }
    }
}

/// To whom an incident is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// One person.
    Person(PersonId),
    /// Whoever has this role in the agency that leads.
    Role(String),
    /// An agency; the one that leads stays the same.
    Agency(AgencyId),
}

impl std::fmt::Display for Assignee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(id) => write!(f, "person {id}"),
            Self::Role(role) => write!(f, "role {role}"),
            Self::Agency(id) => write!(f, "agency {id}"),
        }
    }
}

/// The verb of an HTTP request (RFC 9110, section 9.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpMethod {
    /// Ask for it.
    Get,
    /// Hand in.
    #[default]
    Post,
    /// Create or replace.
    Put,
    /// Remove.
    Delete,
}

impl HttpMethod {
    /// The verb as it stands in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}
