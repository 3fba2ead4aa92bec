//! The steps for an incident type, and one step being carried out.
//!
//! A playbook is a graph of steps: a step may start when every step it comes after is over. Steps whose turn comes
//! together run side by side. What a step does is its [`Action`]; a step under way in an incident is a [`Task`].

mod action;
mod kind;
mod live;
mod outward;
mod task;

use serde::{Deserialize, Serialize};

pub use action::{Action, Assignee, Carrier};
pub use kind::{
    FailureWords, Form, MAX_NAME_BYTES, MAX_PATH_BYTES, MAX_TEXT_BYTES, Misfit, OutwardKind, OutwardKinds, Setting,
    Words,
};
pub use live::Live;
pub use outward::{Outward, OwnOrOutward, SettingValue};
pub use task::{Approval, Task, TaskOrigin, TaskState};

use crate::{AgencyId, PlaybookId, Priority, StepId};

/// The wait before the second try of a step that names none, in seconds.
pub const DEFAULT_BACKOFF_S: u32 = 5;
/// Further tries of a step that the platform carries out towards others (a notice, e-mail, webhook, endpoint) and that
/// does not say how many.
pub const DEFAULT_RETRIES: u8 = 3;
/// Longest wait between two tries, in seconds.
pub const MAX_BACKOFF_S: u32 = 3600;

/// A playbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Playbook {
    /// Identity.
    pub id: PlaybookId,
    /// Name for people.
    pub name: String,
    /// Steps, in the order people read them.
    pub steps: Vec<Step>,
    /// Counts up with every change.
    #[serde(default)]
    pub version: u64,
    /// When to use it, and what it reaches.
    #[serde(default)]
    pub description: String,
    /// The public guidance it follows: title, section, year.
    #[serde(default)]
    pub source: String,
}

impl Playbook {
    /// Writes out the settings of what acts outward: in the order of their kinds, those absent as they are by default.
    pub fn put_in_order(&mut self, kinds: &OutwardKinds) {
        let actions = self.steps.iter_mut().flat_map(|step| {
            let notify = step.escalate.as_mut().and_then(|escalation| escalation.notify.as_mut());
            [Some(&mut step.action), step.compensate.as_mut(), notify]
        });
        for action in actions.flatten() {
            if let Action::Outward(outward) = action
                && let Some(kind) = kinds.get(&outward.kind)
            {
                *outward = kind.in_order(outward);
            }
        }
    }
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
    /// Its name inside the playbook; `step-<n>` by its place, from 1, where absent.
    #[serde(default)]
    pub id: Option<StepId>,
    /// The steps that must be over before it starts: none of them for an empty list, the step before it where absent.
    #[serde(default)]
    pub after: Option<Vec<StepId>>,
    /// A CEL expression over the incident and earlier answers; where it does not hold the step is left out.
    #[serde(default)]
    pub when: Option<String>,
    /// How many different persons must agree before it starts: 0, 1 or 2.
    #[serde(default)]
    pub approvals: u8,
    /// Seconds from its turn until it is overdue.
    #[serde(default)]
    pub deadline_s: Option<u32>,
    /// Further tries after a failure that may pass; [`DEFAULT_RETRIES`] where absent and the platform tells
    /// somebody by it.
    #[serde(default)]
    pub retries: Option<u8>,
    /// Seconds before the second try, doubled for each further one up to [`MAX_BACKOFF_S`]; [`DEFAULT_BACKOFF_S`] where
    /// absent.
    #[serde(default)]
    pub backoff_s: Option<u32>,
    /// What happens once when it is overdue or has failed.
    #[serde(default)]
    pub escalate: Option<Escalation>,
    /// What undoes it when the playbook is aborted after it was done.
    #[serde(default)]
    pub compensate: Option<Action>,
}

impl Step {
    /// A step with nothing but a title and an action: it comes after the step before it.
    pub fn new(title: impl Into<String>, action: Action) -> Self {
        Self {
            title: title.into(),
            instruction: String::new(),
            action,
            id: None,
            after: None,
            when: None,
            approvals: 0,
            deadline_s: None,
            retries: None,
            backoff_s: None,
            escalate: None,
            compensate: None,
        }
    }

    /// Its name, `index` being its place in the playbook from 0.
    pub fn id_at(&self, index: usize) -> StepId {
        let by_place = || StepId::new(format!("step-{}", index + 1)).expect("letters and digits make an id");
        self.id.clone().unwrap_or_else(by_place)
    }

    /// Further tries after a failure that may pass. A kind that is not tried again by itself is written out as such when its
    /// step starts.
    pub fn further_tries(&self) -> u8 {
        self.retries.unwrap_or(if self.action.carrier() == Carrier::Runtime { DEFAULT_RETRIES } else { 0 })
    }

    /// Seconds to wait after the failure of try `attempt`, counted from 1.
    pub fn wait_s(&self, attempt: u32) -> u32 {
        let first = self.backoff_s.unwrap_or(DEFAULT_BACKOFF_S);
        let doubled = 1u32.checked_shl(attempt.saturating_sub(1)).and_then(|factor| first.checked_mul(factor));
        doubled.unwrap_or(MAX_BACKOFF_S).min(MAX_BACKOFF_S)
    }
}

/// What happens when a step is overdue or has failed: once for a task, whichever comes first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Escalation {
    /// Who is told: an action that tells somebody.
    #[serde(default)]
    pub notify: Option<Action>,
    /// The priority the incident rises to.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// The agency that leads from then on.
    #[serde(default)]
    pub hand_to: Option<AgencyId>,
    /// Whether the playbook is aborted and what was done is undone.
    #[serde(default)]
    pub abort: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_wait(backoff_s: Option<u32>, attempt: u32, expected: u32) {
        let step = Step { backoff_s, ..Step::new("Tell", Outward::new("webhook").with("endpoint", "office").into()) };
        assert_eq!(step.wait_s(attempt), expected, "{backoff_s:?} {attempt}");
    }

    #[test]
    fn waits_double_up_to_an_hour() {
        check_wait(None, 1, 5);
        check_wait(None, 3, 20);
        check_wait(Some(30), 2, 60);
        check_wait(Some(30), 9, 3600);
        check_wait(Some(3600), 40, 3600);
    }

    #[test]
    fn a_document_of_the_first_version_reads() {
        let text = r#"{"id": "air", "name": "Air", "steps": [{"title": "Tell", "action": {"webhook": {"endpoint": "o"}}},
                       {"title": "Drive", "instruction": "there", "action": "manual"}]}"#;
        let playbook: Playbook = serde_json::from_str(text).unwrap();
        assert_eq!(playbook.steps[0], Step::new("Tell", Outward::new("webhook").with("endpoint", "o").into()));
        assert_eq!((playbook.steps[0].further_tries(), playbook.steps[1].further_tries()), (3, 0));
        assert_eq!(playbook.steps[1].id_at(1).as_str(), "step-2");
        let task = r#"{"id": "tsk-1-1", "step": {"title": "Drive", "action": "manual"}, "state": "running",
                       "changed": null, "outcome": null}"#;
        let task: Task = serde_json::from_str(task).unwrap();
        assert_eq!((task.run, task.origin, task.started), (0, TaskOrigin::Step, None));
    }
}
