//! The ordered steps for an incident type, and one step being carried out.

use serde::{Deserialize, Serialize};

use crate::{PlaybookId, TaskId, Timestamp};

/// A playbook: ordered steps. A step starts when the one before it is done or skipped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Playbook {
    /// Identity.
    pub id: PlaybookId,
    /// Name for people.
    pub name: String,
    /// Steps in order.
    pub steps: Vec<Step>,
    /// Counts up with every change.
    #[serde(default)]
    pub version: u64,
}

/// One step of a playbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What is to be done, as a short order.
    pub title: String,
    /// How to do it, for the person.
    #[serde(default)]
    pub instruction: String,
    /// Who or what carries it out.
    pub action: Action,
}

/// Who or what carries out a step.
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
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Its turn has not come.
    Waiting,
    /// Handed to the system or waiting for a person.
    Running,
    /// Done.
    Done,
    /// The system could not do it; a person may retry or skip.
    Failed,
    /// Left out by a person, with a reason.
    Skipped,
}

/// One step under way in one incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Identity: incident and index.
    pub id: TaskId,
    /// The step as it was when the playbook started.
    pub step: Step,
    /// Where it stands.
    pub state: TaskState,
    /// When it last changed.
    pub changed: Option<Timestamp>,
    /// What came of it: "delivered, 200", or why it failed.
    pub outcome: Option<String>,
}
