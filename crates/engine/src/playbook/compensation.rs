//! Aborting a playbook: what was done is undone, the latest first, as in the sagas of Garcia-Molina and Salem (SIGMOD
//! 1987). What undoes a step is a task like any other: it is tried again, may fail, and waits for a person then.

use vigiles_model::incident::TimelineEvent;
use vigiles_model::playbook::{Step, TaskOrigin};
use vigiles_model::{PersonId, StepId, Task, TaskState, Timestamp};

use crate::command::CommandError;
use crate::incidents::Case;

impl Case {
    /// Aborts the playbook under way, as a person asks.
    pub(crate) fn abort_playbook(
        &mut self,
        reason: &str,
        by: Option<&PersonId>,
        at: Timestamp,
    ) -> Result<(), CommandError> {
        let refuse = |why: &str| Err(CommandError::NotAllowed { why: why.to_owned() });
        let is_undoing = |task: &Task| task.state == TaskState::Compensating;
        if !self.has_unfinished() {
            return refuse("no playbook is under way");
        }
        if self.incident.tasks.iter().any(is_undoing) {
            return refuse("the playbook is aborted already; finish or skip what undoes it");
        }
        if !self.incident.state.is_open() {
            return refuse("the incident is not open; reopen it first");
        }
        self.abort(reason, by, at);
        Ok(())
    }

    /// Leaves out what is not done, and sets the tasks that undo the rest. What was under way may have had its effect,
    /// and is undone too. Nothing happens while the playbook is being undone already.
    pub(super) fn abort(&mut self, reason: &str, by: Option<&PersonId>, at: Timestamp) {
        let run = self.run();
        if self.incident.tasks.iter().any(|t| t.run == run && t.state == TaskState::Compensating) {
            return;
        }
        let mut undo: Vec<(u32, usize)> = Vec::new();
        for (index, task) in self.incident.tasks.iter_mut().enumerate().filter(|(_, task)| task.run == run) {
            let is_begun = task.attempts > 0 && !task.state.is_over();
            let has_undo = task.step.compensate.is_some() && task.origin == TaskOrigin::Step;
            if has_undo && (is_begun || task.state == TaskState::Done) {
                undo.push((if is_begun { u32::MAX } else { task.order }, index));
                task.ended = task.ended.or(Some(at));
                task.resume_at = None;
                task.state = TaskState::Compensating;
                task.changed = Some(at);
            } else if !task.state.is_over() && task.origin == TaskOrigin::Step {
                task.state = TaskState::Skipped;
                task.changed = Some(at);
                task.ended = Some(at);
                task.resume_at = None;
                task.outcome = Some(format!("aborted: {reason}"));
            }
        }
        let title = self.incident.playbook.as_ref().map(ToString::to_string).unwrap_or_default();
        self.note(at, by, TimelineEvent::Task { title, outcome: format!("playbook aborted: {reason}") });
        undo.sort_unstable_by(|a, b| b.cmp(a));
        let mut last: Option<StepId> = None;
        for (_, index) in undo {
            last = self.add_undo(run, index, last);
        }
    }

    /// Adds the task that undoes another, after the one that undoes what was done later.
    fn add_undo(&mut self, run: u32, index: usize, after: Option<StepId>) -> Option<StepId> {
        let undone = &self.incident.tasks[index];
        let (id, step) = (undone.id.clone(), undone.step.clone());
        let action = step.compensate?;
        let name = StepId::new(format!("undo:{id}")).ok();
        let step = Step {
            id: name.clone(),
            after: Some(after.into_iter().collect()),
            ..Step::new(format!("Undo: {}", step.title), action)
        };
        self.add_task(run, step, TaskOrigin::Compensation(id));
        name
    }
}
