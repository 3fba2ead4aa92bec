//! Playbooks: their steps and what surrounds each. What a step does is in `action`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_model as model;
use vigiles_model::playbook;

use super::action::Action;
use super::words::Priority;

/// The steps for an incident type.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// Identity.
    #[schema(value_type = String)]
    pub id: model::PlaybookId,
    /// Name for people.
    pub name: String,
    /// When to use it, and what it reaches.
    #[serde(default)]
    pub description: String,
    /// The public guidance it follows.
    #[serde(default)]
    pub source: String,
    /// Steps, in the order people read them.
    #[schema(min_items = 1, max_items = 50)]
    pub steps: Vec<Step>,
    /// Counts up with every change; ignored on the way in.
    #[serde(default)]
    pub version: u64,
}

/// One step.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name inside the playbook; `step-<n>` by its place where absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub id: Option<model::StepId>,
    /// What is to be done, as a short order.
    pub title: String,
    /// How to do it.
    #[serde(default)]
    pub instruction: String,
    /// Who or what carries it out.
    pub action: Action,
    /// The steps that must be over before it starts: none of them for an empty list, the step before it where absent.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    pub after: Option<Vec<model::StepId>>,
    /// A CEL expression over the incident and earlier answers; where it does not hold the step is left out.
    #[serde(default)]
    pub when: Option<String>,
    /// How many different persons must agree before it starts.
    #[serde(default)]
    #[schema(maximum = 2)]
    pub approvals: u8,
    /// Seconds from its turn until it is overdue.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 2_678_400)]
    pub deadline_s: Option<u32>,
    /// Further tries after a failure that may pass; 3 where absent and its kind is tried again by itself
    /// (`notify_console`, and those that say `is_retried` in `GET /api/v1/task-kinds`).
    #[serde(default)]
    #[schema(maximum = 10)]
    pub retries: Option<u8>,
    /// Seconds before the second try, doubled for each further one; 5 where absent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3600)]
    pub backoff_s: Option<u32>,
    /// What happens once when it is overdue or has failed.
    #[serde(default)]
    pub escalate: Option<Escalation>,
    /// What undoes it when the playbook is aborted after it was done.
    #[serde(default)]
    pub compensate: Option<Action>,
}

/// What happens when a step is overdue or has failed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// Who is told: an action that tells somebody.
    #[serde(default)]
    pub notify: Option<Action>,
    /// The priority the incident rises to.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// The agency that leads from then on.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub hand_to: Option<model::AgencyId>,
    /// Whether the playbook is aborted and what was done is undone.
    #[serde(default)]
    pub abort: bool,
}

/// A playbook to start from, for one incident type.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlaybookTemplate {
    /// The incident type it is made for.
    pub incident_type: String,
    /// The playbook; put it under an id of your own.
    pub playbook: Playbook,
}

/// The templates.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlaybookTemplates {
    /// By incident type.
    pub items: Vec<PlaybookTemplate>,
}

impl From<playbook::Escalation> for Escalation {
    fn from(escalation: playbook::Escalation) -> Self {
        let playbook::Escalation { notify, priority, hand_to, abort } = escalation;
        Self { notify: notify.map(Action::from), priority: priority.map(Priority::from), hand_to, abort }
    }
}

impl From<Escalation> for playbook::Escalation {
    fn from(escalation: Escalation) -> Self {
        let Escalation { notify, priority, hand_to, abort } = escalation;
        Self { notify: notify.map(Into::into), priority: priority.map(Into::into), hand_to, abort }
    }
}

impl From<playbook::Step> for Step {
    fn from(step: playbook::Step) -> Self {
        Self {
            id: step.id,
            title: step.title,
            instruction: step.instruction,
            action: step.action.into(),
            after: step.after,
            when: step.when,
            approvals: step.approvals,
            deadline_s: step.deadline_s,
            retries: step.retries,
            backoff_s: step.backoff_s,
            escalate: step.escalate.map(Escalation::from),
            compensate: step.compensate.map(Action::from),
        }
    }
}

impl From<Step> for playbook::Step {
    fn from(step: Step) -> Self {
        Self {
            id: step.id,
            title: step.title,
            instruction: step.instruction,
            action: step.action.into(),
            after: step.after,
            when: step.when,
            approvals: step.approvals,
            deadline_s: step.deadline_s,
            retries: step.retries,
            backoff_s: step.backoff_s,
            escalate: step.escalate.map(Into::into),
            compensate: step.compensate.map(Into::into),
        }
    }
}

impl Playbook {
    /// The wire form at a version.
    pub fn new(playbook: &model::Playbook, version: u64) -> Self {
        Self {
            id: playbook.id.clone(),
            name: playbook.name.clone(),
            description: playbook.description.clone(),
            source: playbook.source.clone(),
            steps: playbook.steps.iter().cloned().map(Step::from).collect(),
            version,
        }
    }
}

impl From<Playbook> for model::Playbook {
    fn from(playbook: Playbook) -> Self {
        Self {
            id: playbook.id,
            name: playbook.name,
            steps: playbook.steps.into_iter().map(playbook::Step::from).collect(),
            version: playbook.version,
            description: playbook.description,
            source: playbook.source,
        }
    }
}
