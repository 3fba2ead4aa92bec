//! Playbooks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_model as model;
use vigiles_model::playbook;

/// The ordered steps for an incident type.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// Identity.
    #[schema(value_type = String)]
    pub id: model::PlaybookId,
    /// Name for people.
    pub name: String,
    /// Steps in order.
    pub steps: Vec<Step>,
    /// Counts up with every change; ignored on the way in.
    #[serde(default)]
    pub version: u64,
}

/// One step.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is to be done, as a short order.
    pub title: String,
    /// How to do it.
    #[serde(default)]
    pub instruction: String,
    /// Who or what carries it out.
    pub action: Action,
}

/// Who or what carries out a step.
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
}

impl From<playbook::Action> for Action {
    fn from(action: playbook::Action) -> Self {
        match action {
            playbook::Action::Manual => Self::Manual,
            playbook::Action::NotifyConsole { message } => Self::NotifyConsole { message },
            playbook::Action::Email { to, subject, body } => Self::Email { to, subject, body },
            playbook::Action::Webhook { endpoint } => Self::Webhook { endpoint },
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
        }
    }
}

impl Playbook {
    /// The wire form at a version.
    pub fn new(playbook: &model::Playbook, version: u64) -> Self {
        let step = |step: &playbook::Step| Step {
            title: step.title.clone(),
            instruction: step.instruction.clone(),
            action: step.action.clone().into(),
        };
        Self {
            id: playbook.id.clone(),
            name: playbook.name.clone(),
            steps: playbook.steps.iter().map(step).collect(),
            version,
        }
    }
}

impl From<Playbook> for model::Playbook {
    fn from(playbook: Playbook) -> Self {
        let step = |step: Step| playbook::Step {
            title: step.title,
            instruction: step.instruction,
            action: step.action.into(),
        };
        Self {
            id: playbook.id,
            name: playbook.name,
            steps: playbook.steps.into_iter().map(step).collect(),
            version: playbook.version,
        }
    }
}
