//! One step under way in one incident.

use serde::{Deserialize, Serialize};

use super::Step;
use crate::{PersonId, StepId, TaskId, Timestamp};

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
    /// Left out: by a person with a reason, by its condition, or because the playbook was aborted.
    Skipped,
    /// Its turn has come, but people must agree first.
    AwaitingApproval,
    /// A try has failed and the next one is due at [`Task::resume_at`].
    Retrying,
    /// It was done, and is being undone.
    Compensating,
    /// It was done, and is undone.
    Compensated,
}

impl TaskState {
    /// Whether what comes after it may start.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Skipped | Self::Compensating | Self::Compensated)
    }

    /// The word for it in conditions and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Retrying => "retrying",
            Self::Compensating => "compensating",
            Self::Compensated => "compensated",
        }
    }
}

/// Where a task comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskOrigin {
    /// A step of the playbook.
    #[default]
    Step,
    /// The escalation of another task.
    Escalation(TaskId),
    /// The undoing of another task.
    Compensation(TaskId),
}

/// A person's consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// One step under way in one incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Identity: incident and index.
    pub id: TaskId,
    /// The step as it was when the playbook started; its texts are filled in when it starts.
    pub step: Step,
    /// Where it stands.
    pub state: TaskState,
    /// When it last changed.
    pub changed: Option<Timestamp>,
    /// What came of it: "delivered, 200", or why it failed.
    pub outcome: Option<String>,
    /// Which playbook of the incident it belongs to, counted from 0.
    #[serde(default)]
    pub run: u32,
    /// Where it comes from.
    #[serde(default)]
    pub origin: TaskOrigin,
    /// When its first try began; anew when a person has it tried again.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// When it was over.
    #[serde(default)]
    pub ended: Option<Timestamp>,
    /// The how-manieth task of its run to be done, from 1; 0 while it is not. Compensation goes the other way.
    #[serde(default)]
    pub order: u32,
    /// Who agreed.
    #[serde(default)]
    pub approvals: Vec<Approval>,
    /// Tries begun.
    #[serde(default)]
    pub attempts: u32,
    /// When the engine takes it up by itself: the next try, or the end of a wait.
    #[serde(default)]
    pub resume_at: Option<Timestamp>,
    /// When it becomes overdue.
    #[serde(default)]
    pub deadline: Option<Timestamp>,
    /// Whether the deadline passed before it was over.
    #[serde(default)]
    pub overdue: bool,
    /// Whether it was escalated.
    #[serde(default)]
    pub escalated: bool,
    /// What a person answered.
    #[serde(default)]
    pub answer: Option<String>,
}

impl Task {
    /// A task whose turn has not come.
    pub fn new(id: TaskId, step: Step) -> Self {
        Self {
            id,
            step,
            state: TaskState::Waiting,
            changed: None,
            outcome: None,
            run: 0,
            origin: TaskOrigin::Step,
            started: None,
            ended: None,
            order: 0,
            approvals: Vec::new(),
            attempts: 0,
            resume_at: None,
            deadline: None,
            overdue: false,
            escalated: false,
            answer: None,
        }
    }

    /// Whether it is the step of this name.
    pub fn is_step(&self, id: &StepId) -> bool {
        self.step.id.as_ref() == Some(id)
    }
}
