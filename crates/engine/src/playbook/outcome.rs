//! How a task ends: what the system or a person says of it, an answer, a consent.

use vigiles_model::playbook::{Approval, TaskOrigin};
use vigiles_model::{Duration, PersonId, TaskId, TaskState, Timestamp};

use super::task::kind_of;
use crate::command::{CommandError, TaskOutcome};
use crate::config::invalid;
use crate::incidents::Case;

/// Longest text about what became of a task that is kept, in characters.
const MAX_OUTCOME: usize = 500;
/// Longest answer, in bytes.
const MAX_ANSWER_BYTES: usize = 4096;

impl Case {
    /// Writes down what became of a task.
    pub(crate) fn complete(
        &mut self,
        task: &TaskId,
        outcome: TaskOutcome,
        text: Option<&str>,
        by: Option<&PersonId>,
        at: Timestamp,
    ) -> Result<(), CommandError> {
        use TaskState::{AwaitingApproval, Failed, Retrying, Running};
        let index = self.task(task)?;
        let task = &self.incident.tasks[index];
        let text: Option<String> = text.map(|t| t.chars().take(MAX_OUTCOME).collect());
        let said = text.as_deref().unwrap_or_default();
        match (task.state, outcome) {
            (Running | Failed, TaskOutcome::Done) if kind_of(&task.step.action).answers().is_some() => {
                return not_allowed(format!("task `{}` asks a question: answer it, or leave it out", task.id));
            }
            (Running | Failed | Retrying, TaskOutcome::Done) => self.end(index, TaskState::Done, said, by, at),
            (AwaitingApproval | Running | Failed | Retrying, TaskOutcome::Skipped) => {
                self.end(index, TaskState::Skipped, said, by, at);
            }
            (Running, TaskOutcome::Failed) => self.fail(index, said, true, at),
            (Running, TaskOutcome::Refused) => self.fail(index, said, false, at),
            (Failed | Retrying, TaskOutcome::Retry) => self.try_again(index, text, by, at),
            (state, outcome) => {
                let why = format!(
                    "task `{}` is {}: a running one can be done, failed or skipped, a failed one done, skipped or tried \
                     again, one that waits for approval skipped; asked was {outcome:?}",
                    task.id,
                    state.as_str(),
                );
                return not_allowed(why.to_lowercase());
            }
        }
        Ok(())
    }

    /// Writes down a person's answer.
    pub(crate) fn answer(
        &mut self,
        task: &TaskId,
        answer: &str,
        by: Option<&PersonId>,
        at: Timestamp,
    ) -> Result<(), CommandError> {
        let index = self.task(task)?;
        let task = &self.incident.tasks[index];
        let kind = kind_of(&task.step.action);
        let Some(options) = kind.answers() else {
            return not_allowed(format!("task `{}` asks nothing", task.id));
        };
        if task.state != TaskState::Running {
            return not_allowed(format!("task `{}` is {}: it takes no answer", task.id, task.state.as_str()));
        }
        if answer.trim().is_empty() || answer.len() > MAX_ANSWER_BYTES {
            return Err(invalid("answer", &format!("expected 1 to {MAX_ANSWER_BYTES} bytes, found {}", answer.len())));
        }
        if !options.is_empty() && !options.iter().any(|option| option == answer) {
            return Err(invalid("answer", &format!("expected one of: {}", options.join(", "))));
        }
        drop(kind);
        self.incident.tasks[index].answer = Some(answer.to_owned());
        let said: String = answer.chars().take(MAX_OUTCOME).collect();
        self.end(index, TaskState::Done, &said, by, at);
        Ok(())
    }

    /// Writes down a person's consent. The second one is another person's: the principle of four eyes.
    pub(crate) fn approve(&mut self, task: &TaskId, by: Option<&PersonId>, at: Timestamp) -> Result<(), CommandError> {
        let index = self.task(task)?;
        let task = &mut self.incident.tasks[index];
        let Some(by) = by else { return not_allowed("only a person can approve".to_owned()) };
        if task.state != TaskState::AwaitingApproval {
            return not_allowed(format!("task `{}` is {}: it waits for no approval", task.id, task.state.as_str()));
        }
        if task.approvals.iter().any(|approval| approval.by == *by) {
            return not_allowed(format!("{by} has approved task `{}` already; another person must", task.id));
        }
        task.approvals.push(Approval { by: by.clone(), at });
        task.changed = Some(at);
        let said = format!("approved, {} of {}", task.approvals.len(), task.step.approvals);
        self.say(index, said, Some(by), at);
        Ok(())
    }

    /// A task is over. What it undoes is undone by it, unless it is left out.
    pub(super) fn end(&mut self, index: usize, state: TaskState, said: &str, by: Option<&PersonId>, at: Timestamp) {
        let run = self.incident.tasks[index].run;
        let latest = self.incident.tasks.iter().filter(|t| t.run == run).map(|t| t.order).max().unwrap_or(0);
        let task = &mut self.incident.tasks[index];
        if state == TaskState::Done {
            task.order = latest + 1;
        }
        task.state = state;
        task.changed = Some(at);
        task.ended = Some(at);
        task.resume_at = None;
        task.outcome = (!said.is_empty()).then(|| said.to_owned());
        let undone = match &task.origin {
            TaskOrigin::Compensation(undone) => Some(undone.clone()),
            TaskOrigin::Step | TaskOrigin::Escalation(_) => None,
        };
        let word = if state == TaskState::Done { "done" } else { "skipped" };
        self.say(index, worded(word, said), by, at);
        if let Some(undone) = undone.and_then(|id| self.incident.tasks.iter_mut().find(|t| t.id == id)) {
            undone.state = if state == TaskState::Done { TaskState::Compensated } else { TaskState::Done };
            undone.changed = Some(at);
        }
    }

    /// A try has failed: the next one is set where the failure may pass and tries are left.
    pub(super) fn fail(&mut self, index: usize, why: &str, may_pass: bool, at: Timestamp) {
        let task = &mut self.incident.tasks[index];
        task.changed = Some(at);
        task.outcome = (!why.is_empty()).then(|| why.to_owned());
        if may_pass && task.attempts <= u32::from(task.step.further_tries()) {
            let wait_s = task.step.wait_s(task.attempts);
            task.state = TaskState::Retrying;
            task.resume_at = Some(at + Duration::from_secs(i64::from(wait_s)));
            return self.say(index, worded(&format!("failed, tried again in {wait_s} s"), why), None, at);
        }
        task.state = TaskState::Failed;
        task.resume_at = None;
        self.say(index, worded("failed", why), None, at);
        self.escalate(index, "failed", at);
    }

    /// A person has it tried again: at once, and with all its tries.
    fn try_again(&mut self, index: usize, text: Option<String>, by: Option<&PersonId>, at: Timestamp) {
        let task = &mut self.incident.tasks[index];
        task.state = TaskState::Retrying;
        task.resume_at = Some(at);
        task.attempts = 0;
        task.started = None;
        task.changed = Some(at);
        self.say(index, worded("started again", text.as_deref().unwrap_or_default()), by, at);
        self.incident.tasks[index].outcome = text;
    }

    fn task(&self, id: &TaskId) -> Result<usize, CommandError> {
        let not_found = || CommandError::NotFound { what: "task".to_owned(), id: id.to_string() };
        self.incident.tasks.iter().position(|task| task.id == *id).ok_or_else(not_found)
    }
}

fn worded(word: &str, said: &str) -> String {
    if said.is_empty() { word.to_owned() } else { format!("{word}: {said}") }
}

fn not_allowed<T>(why: String) -> Result<T, CommandError> {
    Err(CommandError::NotAllowed { why })
}
