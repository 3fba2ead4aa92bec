//! What a step of a playbook does.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_model as model;
use vigiles_model::playbook;

use super::words::HttpMethod;

/// Who or what carries out a step. Texts may hold placeholders: `{title}`, `{number}`, `{answers.<step>}`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// A person ticks it off.
    Manual,
    /// The console shows a notice.
    NotifyConsole {
        /// The text.
        message: String,
    },
    /// An e-mail is sent.
    Email {
        /// Addresses.
        #[schema(min_items = 1, max_items = 50)]
        to: Vec<String>,
        /// Subject line.
        subject: String,
        /// The text.
        body: String,
    },
    /// A signed HTTP POST is sent to a configured endpoint.
    Webhook {
        /// Name of the endpoint in the configuration.
        endpoint: String,
    },
    /// The incident is given to somebody.
    Assign {
        /// To whom.
        to: Assignee,
    },
    /// A person answers a question.
    Ask {
        /// The question.
        question: String,
        /// The answers to choose from; any text where there are none.
        #[serde(default)]
        #[schema(max_items = 20)]
        options: Vec<String>,
    },
    /// Nothing happens until the time is over or the condition holds, whichever comes first.
    Wait {
        /// Seconds.
        #[serde(default)]
        #[schema(minimum = 1, maximum = 2_678_400)]
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
        /// Name of the endpoint in the configuration.
        endpoint: String,
        /// The verb; `post` where absent.
        #[serde(default = "post")]
        method: HttpMethod,
        /// Added to the endpoint's address: empty, or from a `/`.
        #[serde(default)]
        path: String,
        /// JSON; nothing where empty.
        #[serde(default)]
        body: String,
    },
    /// A joint room of the incident is opened.
    OpenRoom {
        /// Its name.
        name: String,
        /// Who is invited beside the agency that leads.
        #[schema(value_type = Vec<String>, min_items = 1, max_items = 20)]
        agencies: Vec<model::AgencyId>,
    },
}

fn post() -> HttpMethod {
    HttpMethod::Post
}

/// To whom an incident is given: an object with one key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// One person.
    #[schema(value_type = String)]
    Person(model::PersonId),
    /// Whoever has this role, such as `supervisor`, in the agency that leads.
    Role(String),
    /// An agency; the one that leads stays the same.
    #[schema(value_type = String)]
    Agency(model::AgencyId),
}

impl From<playbook::Assignee> for Assignee {
    fn from(assignee: playbook::Assignee) -> Self {
        match assignee {
            playbook::Assignee::Person(id) => Self::Person(id),
            playbook::Assignee::Role(role) => Self::Role(role),
            playbook::Assignee::Agency(id) => Self::Agency(id),
        }
    }
}

impl From<Assignee> for playbook::Assignee {
    fn from(assignee: Assignee) -> Self {
        match assignee {
            Assignee::Person(id) => Self::Person(id),
            Assignee::Role(role) => Self::Role(role),
            Assignee::Agency(id) => Self::Agency(id),
        }
    }
}

impl From<playbook::Action> for Action {
    fn from(action: playbook::Action) -> Self {
        use playbook::Action as Model;
        match action {
            Model::Manual => Self::Manual,
            Model::NotifyConsole { message } => Self::NotifyConsole { message },
            Model::Email { to, subject, body } => Self::Email { to, subject, body },
            Model::Webhook { endpoint } => Self::Webhook { endpoint },
            Model::Assign { to } => Self::Assign { to: to.into() },
            Model::Ask { question, options } => Self::Ask { question, options },
            Model::Wait { seconds, until } => Self::Wait { seconds, until },
            Model::Annotate { text } => Self::Annotate { text },
            Model::Http { endpoint, method, path, body } => Self::Http { endpoint, method: method.into(), path, body },
            Model::OpenRoom { name, agencies } => Self::OpenRoom { name, agencies },
        }
    }
}

impl From<Action> for playbook::Action {
    fn from(action: Action) -> Self {
        match action {
            Action::Manual => Self::Manual,
            Action::NotifyConsole { message } => Self::NotifyConsole { message },
            Action::Email { to, subject, body } => Self::Email { to, subject, body },
            Action::Webhook { endpoint } => Self::Webhook { endpoint },
            Action::Assign { to } => Self::Assign { to: to.into() },
            Action::Ask { question, options } => Self::Ask { question, options },
            Action::Wait { seconds, until } => Self::Wait { seconds, until },
            Action::Annotate { text } => Self::Annotate { text },
            Action::Http { endpoint, method, path, body } => Self::Http { endpoint, method: method.into(), path, body },
            Action::OpenRoom { name, agencies } => Self::OpenRoom { name, agencies },
        }
    }
}
