//! One step of a playbook under way in an incident.

use serde::Serialize;
use utoipa::ToSchema;
use vigiles_model::playbook::{self, TaskOrigin};

use super::NameOf;
use super::time::Time;
use super::words::TaskState;

/// One step of a playbook under way.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Task {
    /// Identity.
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// How to do it.
    pub instruction: String,
    /// What kind it is: the key of its action in a playbook, such as `manual`, `ask` or `email`.
    pub action: String,
    /// Where it stands.
    pub state: TaskState,
    /// When it last changed.
    pub changed: Option<Time>,
    /// What came of it.
    pub outcome: Option<String>,
    /// Its name inside its run; null for a task from before steps had names.
    pub step: Option<String>,
    /// Which playbook of the incident it belongs to, counted from 0.
    pub run: u32,
    /// Names of the steps of the same run that must be over before it starts; the task before it where null.
    pub after: Option<Vec<String>>,
    /// The condition under which it is done.
    pub when: Option<String>,
    /// The task that it escalates.
    pub escalates: Option<String>,
    /// The task that it undoes.
    pub compensates: Option<String>,
    /// How many different persons must agree before it starts.
    pub approvals_needed: u8,
    /// Who agreed.
    pub approvals: Vec<Approval>,
    /// When its first try began.
    pub started: Option<Time>,
    /// When it was over.
    pub ended: Option<Time>,
    /// Tries begun.
    pub attempts: u32,
    /// Most tries.
    pub tries: u32,
    /// When the platform takes it up by itself: the next try, or the end of a wait.
    pub resume_at: Option<Time>,
    /// When it becomes overdue.
    pub deadline: Option<Time>,
    /// Whether the deadline passed before it was over.
    pub overdue: bool,
    /// Whether it was escalated.
    pub escalated: bool,
    /// The question it asks.
    pub question: Option<String>,
    /// The answers to choose from; any text where there are none.
    pub options: Vec<String>,
    /// What a person answered.
    pub answer: Option<String>,
}

/// A person's consent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// What they are called now; null where the account is gone.
    pub by_name: Option<String>,
    /// When.
    pub at: Time,
}

impl Approval {
    fn new(approval: &playbook::Approval, name_of: NameOf<'_>) -> Self {
        Self { by: approval.by.to_string(), by_name: name_of(approval.by.as_str()), at: approval.at.into() }
    }
}

impl Task {
    /// The task with the names of those who agreed to it.
    pub fn new(task: &playbook::Task, name_of: NameOf<'_>) -> Self {
        let step = &task.step;
        let (question, options) = match &step.action {
            playbook::Action::Ask { question, options } => (Some(question.clone()), options.clone()),
            _ => (None, Vec::new()),
        };
        let (escalates, compensates) = match &task.origin {
            TaskOrigin::Step => (None, None),
            TaskOrigin::Escalation(of) => (Some(of.to_string()), None),
            TaskOrigin::Compensation(of) => (None, Some(of.to_string())),
        };
        Self {
            id: task.id.to_string(),
            title: step.title.clone(),
            instruction: step.instruction.clone(),
            action: step.action.name().to_owned(),
            state: task.state.into(),
            changed: task.changed.map(Time::from),
            outcome: task.outcome.clone(),
            step: step.id.as_ref().map(ToString::to_string),
            run: task.run,
            after: step.after.as_ref().map(|after| after.iter().map(ToString::to_string).collect()),
            when: step.when.clone(),
            escalates,
            compensates,
            approvals_needed: step.approvals,
            approvals: task.approvals.iter().map(|approval| Approval::new(approval, name_of)).collect(),
            started: task.started.map(Time::from),
            ended: task.ended.map(Time::from),
            attempts: task.attempts,
            tries: u32::from(step.further_tries()) + 1,
            resume_at: task.resume_at.map(Time::from),
            deadline: task.deadline.map(Time::from),
            overdue: task.overdue,
            escalated: task.escalated,
            question,
            options,
            answer: task.answer.clone(),
        }
    }
}
