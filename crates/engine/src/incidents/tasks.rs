//! Playbooks under way: ordered tasks, done by a person or by the system.

use vigiles_model::incident::TimelineEvent;
use vigiles_model::playbook::Action;
use vigiles_model::{Playbook, Task, TaskId, TaskState, Timestamp};

use super::Case;
use crate::command::{CommandError, TaskOutcome};
use crate::effect::Effect;
use crate::turn::Turn;

/// Longest text about what became of a task that is kept, in characters.
const MAX_OUTCOME: usize = 500;

impl Case {
    /// Puts the steps of a playbook into the incident and starts the first; returns it where the system carries it out.
    pub(super) fn start_playbook(&mut self, playbook: &Playbook, at: Timestamp) -> Option<Task> {
        let number = self.incident.number;
        let earlier = self.incident.tasks.len();
        self.incident.playbook = Some(playbook.id.clone());
        self.incident.tasks.extend(playbook.steps.iter().enumerate().map(|(i, step)| Task {
            id: TaskId::new(format!("tsk-{number}-{}", earlier + i + 1)).expect("digits make an id"),
            step: step.clone(),
            state: TaskState::Waiting,
            changed: None,
            outcome: None,
        }));
        self.start_next(at)
    }

    /// Starts the first waiting task unless one is running or has failed.
    pub(super) fn start_next(&mut self, at: Timestamp) -> Option<Task> {
        let held = |t: &Task| matches!(t.state, TaskState::Running | TaskState::Failed);
        if self.incident.tasks.iter().any(held) || !self.incident.state.is_open() {
            return None;
        }
        let task = self.incident.tasks.iter_mut().find(|t| t.state == TaskState::Waiting)?;
        task.state = TaskState::Running;
        task.changed = Some(at);
        let started = task.clone();
        self.note(at, None, TimelineEvent::Task { title: started.step.title.clone(), outcome: "started".to_owned() });
        (started.step.action != Action::Manual).then_some(started)
    }

    /// Writes down what became of a task; returns the next one where the system carries it out.
    pub(super) fn complete(
        &mut self,
        task: &TaskId,
        outcome: TaskOutcome,
        text: Option<&str>,
        by: Option<&vigiles_model::PersonId>,
        at: Timestamp,
    ) -> Result<Option<Task>, CommandError> {
        let Some(task) = self.incident.tasks.iter_mut().find(|t| t.id == *task) else {
            return Err(CommandError::NotFound { what: "task".to_owned(), id: task.to_string() });
        };
        let (state, word) = match (task.state, outcome) {
            (TaskState::Running | TaskState::Failed, TaskOutcome::Done) => (TaskState::Done, "done"),
            (TaskState::Running | TaskState::Failed, TaskOutcome::Skipped) => (TaskState::Skipped, "skipped"),
            (TaskState::Running, TaskOutcome::Failed) => (TaskState::Failed, "failed"),
            (TaskState::Failed, TaskOutcome::Retry) => (TaskState::Running, "started again"),
            (state, outcome) => {
                let why = format!(
                    "task `{}` is {state:?}: a running one can be done, failed or skipped, a failed one done, skipped or tried again; asked was {outcome:?}",
                    task.id
                );
                return Err(CommandError::NotAllowed { why: why.to_lowercase() });
            }
        };
        let text: Option<String> = text.map(|t| t.chars().take(MAX_OUTCOME).collect());
        task.state = state;
        task.changed = Some(at);
        task.outcome.clone_from(&text);
        let again = (state == TaskState::Running && task.step.action != Action::Manual).then(|| task.clone());
        let said = text.map_or_else(|| word.to_owned(), |t| format!("{word}: {t}"));
        let event = TimelineEvent::Task { title: task.step.title.clone(), outcome: said };
        self.note(at, by, event);
        Ok(again.or_else(|| self.start_next(at)))
    }

    /// Leaves out what is not done yet.
    pub(super) fn skip_unfinished(&mut self, why: &str, at: Timestamp) {
        let unfinished = |t: &&mut Task| matches!(t.state, TaskState::Waiting | TaskState::Running | TaskState::Failed);
        for task in self.incident.tasks.iter_mut().filter(unfinished) {
            task.state = TaskState::Skipped;
            task.changed = Some(at);
            task.outcome = Some(why.to_owned());
        }
    }

    /// Whether a task is still to be done.
    pub(super) fn has_unfinished(&self) -> bool {
        self.incident
            .tasks
            .iter()
            .any(|t| matches!(t.state, TaskState::Waiting | TaskState::Running | TaskState::Failed))
    }
}

impl Turn<'_> {
    /// Hands a task to the system.
    pub(super) fn hand_out(&mut self, case: u64, task: Option<Task>) {
        if let (Some(task), Some(case)) = (task, self.live.cases.get(case)) {
            self.effects.push(Effect::TaskStarted { incident: case.incident.id.clone(), task: Box::new(task) });
        }
    }
}
