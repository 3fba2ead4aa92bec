//! How a playbook moves on: which tasks' turn has come, and what starting one means.

use vigiles_model::incident::TimelineEvent;
use vigiles_model::playbook::{Action, Carrier, OutwardKind, OutwardKinds, Step, TaskOrigin};
use vigiles_model::{Duration, Playbook, StepId, Task, TaskId, TaskState, Timestamp};

use super::condition::{Conditions, Situation, reality_text};
use super::graph;
use super::placeholders::Filler;
use super::task::{self, Pause};
use crate::effect::Effect;
use crate::incidents::Case;
use crate::turn::Turn;

/// What a case needs to know to move on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment<'a> {
    /// Platform time.
    pub(crate) at: Timestamp,
    /// Alarms of the incident that still hold.
    pub(crate) active_alarms: u64,
    /// The task kinds that act outward.
    pub(crate) kinds: &'a OutwardKinds,
}

impl Case {
    /// Puts the steps of a playbook into the incident; [`Case::advance`] starts them. Names and order are written out,
    /// so that a task says by itself what it comes after.
    pub(crate) fn load_playbook(&mut self, playbook: &Playbook) {
        self.incident.playbook = Some(playbook.id.clone());
        let run = self.incident.tasks.last().map_or(0, |task| task.run + 1);
        let ids: Vec<StepId> = playbook.steps.iter().enumerate().map(|(i, step)| step.id_at(i)).collect();
        let before = graph::direct(&playbook.steps).unwrap_or_default();
        for (i, step) in playbook.steps.iter().enumerate() {
            let after = before.get(i).map(|places| places.iter().map(|place| ids[*place].clone()).collect());
            let step = Step { id: Some(ids[i].clone()), after, ..step.clone() };
            self.add_task(run, step, TaskOrigin::Step);
        }
    }

    pub(super) fn add_task(&mut self, run: u32, step: Step, origin: TaskOrigin) {
        let (number, place) = (self.incident.number, self.incident.tasks.len() + 1);
        let id = TaskId::new(format!("tsk-{number}-{place}")).expect("digits make an id");
        self.incident.tasks.push(Task { run, origin, ..Task::new(id, step) });
    }

    /// The run under way, or the last one.
    pub(super) fn run(&self) -> u32 {
        self.incident.tasks.last().map_or(0, |task| task.run)
    }

    /// Moves every task whose turn has come, until none is left; returns those that the runtime carries out.
    /// A playbook rests while its incident is not open.
    pub(crate) fn advance(&mut self, moment: Moment<'_>, conditions: &mut Conditions) -> Vec<Task> {
        let (run, mut handed) = (self.run(), Vec::new());
        let mut moved = self.incident.state.is_open();
        while moved {
            moved = false;
            let mut index = 0;
            // Escalations and compensations are added while this goes on.
            while index < self.incident.tasks.len() {
                if self.incident.tasks[index].run == run && self.move_on(index, moment, conditions) {
                    moved = true;
                    let task = &self.incident.tasks[index];
                    if task.state == TaskState::Running && task.step.action.carrier() == Carrier::Runtime {
                        handed.push(task.clone());
                    }
                }
                index += 1;
            }
        }
        handed
    }

    /// Whether anything happened to the task.
    fn move_on(&mut self, index: usize, moment: Moment<'_>, conditions: &mut Conditions) -> bool {
        let task = &self.incident.tasks[index];
        let is_due = task.resume_at.is_some_and(|due| due <= moment.at);
        match task.state {
            TaskState::Waiting if self.has_turn(index) => self.take_turn(index, moment, conditions),
            TaskState::AwaitingApproval if task.approvals.len() >= usize::from(task.step.approvals) => {
                self.start(index, moment);
            }
            TaskState::Retrying if is_due => self.start(index, moment),
            TaskState::Running => {
                let kind = task::kind_of(&task.step.action);
                let Some(Pause { until, .. }) = kind.pause() else { return false };
                let holds = until.is_some_and(|until| conditions.hold(until, &self.situation(index, moment)));
                let said = match (holds, is_due) {
                    (true, _) => "its condition holds",
                    (false, true) => "the time is over",
                    (false, false) => return false,
                };
                drop(kind);
                self.end(index, TaskState::Done, said, None, moment.at);
            }
            _ => return false,
        }
        true
    }

    fn situation(&self, index: usize, moment: Moment<'_>) -> Situation<'_> {
        let run = self.incident.tasks[index].run;
        Situation { incident: &self.incident, run, active_alarms: moment.active_alarms }
    }

    /// Whether everything it comes after is over. A task from before steps had names follows the one before it.
    fn has_turn(&self, index: usize) -> bool {
        let tasks = &self.incident.tasks;
        let run = tasks[index].run;
        match &tasks[index].step.after {
            Some(after) => {
                let is_over = |id: &StepId| tasks.iter().all(|t| t.run != run || !t.is_step(id) || t.state.is_over());
                after.iter().all(is_over)
            }
            None => tasks[..index].iter().rev().find(|t| t.run == run).is_none_or(|t| t.state.is_over()),
        }
    }

    /// Its turn has come: it is left out, waits for people to agree, or starts.
    fn take_turn(&mut self, index: usize, moment: Moment<'_>, conditions: &mut Conditions) {
        let task = &self.incident.tasks[index];
        let situation = self.situation(index, moment);
        let is_wanted = task.step.when.as_deref().is_none_or(|when| conditions.hold(when, &situation));
        if !is_wanted {
            return self.end(index, TaskState::Skipped, "its condition does not hold", None, moment.at);
        }
        let task = &mut self.incident.tasks[index];
        let deadline_s = task.step.deadline_s.or_else(|| outward_kind(task, moment)?.deadline_s);
        task.deadline = deadline_s.map(|s| moment.at + Duration::from_secs(i64::from(s)));
        if task.step.approvals == 0 {
            return self.start(index, moment);
        }
        task.state = TaskState::AwaitingApproval;
        task.changed = Some(moment.at);
        let needed = task.step.approvals;
        self.say(index, format!("waits for {needed} to approve"), None, moment.at);
    }

    /// Begins a try.
    fn start(&mut self, index: usize, moment: Moment<'_>) {
        let at = moment.at;
        let first = self.incident.tasks[index].attempts == 0;
        if first {
            let filler = Filler { situation: self.situation(index, moment), kinds: moment.kinds };
            let filled = task::kind_of(&self.incident.tasks[index].step.action).filled(&filler);
            if let Some(action) = filled {
                self.incident.tasks[index].step.action = action;
            }
        }
        let task = &mut self.incident.tasks[index];
        let action = task.step.action.clone();
        let kind = task::kind_of(&action);
        let pause = kind.pause();
        task.attempts += 1;
        task.state = TaskState::Running;
        task.changed = Some(at);
        task.started = task.started.or(Some(at));
        let pause_s = pause.as_ref().and_then(|pause| pause.seconds);
        task.resume_at = pause_s.map(|s| at + Duration::from_secs(i64::from(s)));
        let attempt = task.attempts;
        if !first {
            self.say(index, format!("started again, try {attempt}"), None, at);
        } else if action.carrier() != Carrier::Engine || pause.is_some() {
            self.say(index, "started".to_owned(), None, at);
        }
        if let Action::Outward(outward) = &action {
            let Some(known) = moment.kinds.get(&outward.kind) else {
                return self.fail(index, &format!("this platform has no task kind `{}`", outward.kind), false, at);
            };
            if !known.is_retried {
                self.incident.tasks[index].step.retries = Some(0);
            }
            if let reality @ ("exercise" | "test") = reality_text(self.incident.reality) {
                let said = format!("{reality}: not sent, would have gone to {}", (known.destination)(outward));
                return self.end(index, TaskState::Done, &said, None, at);
            }
        }
        match kind.carry_out(self, at) {
            Some(Ok(said)) => self.end(index, TaskState::Done, &said, None, at),
            Some(Err(why)) => self.fail(index, &why, false, at),
            None => {}
        }
    }

    /// A line of the timeline about a task.
    pub(super) fn say(&mut self, index: usize, outcome: String, by: Option<&vigiles_model::PersonId>, at: Timestamp) {
        let title = self.incident.tasks[index].step.title.clone();
        self.note(at, by, TimelineEvent::Task { title, outcome });
    }

    /// Whether a task is still to be done.
    pub(crate) fn has_unfinished(&self) -> bool {
        self.incident.tasks.iter().any(|task| !task.state.is_over())
    }

    /// Leaves out what is not done yet.
    pub(crate) fn skip_unfinished(&mut self, why: &str, at: Timestamp) {
        for task in self.incident.tasks.iter_mut().filter(|task| !task.state.is_over()) {
            task.state = TaskState::Skipped;
            task.changed = Some(at);
            task.ended = Some(at);
            task.resume_at = None;
            task.outcome = Some(why.to_owned());
        }
        // What would have undone it was left out just now.
        for task in self.incident.tasks.iter_mut().filter(|task| task.state == TaskState::Compensating) {
            task.state = TaskState::Done;
        }
    }
}

/// The kind of a task that acts outward, where it is registered.
fn outward_kind(task: &Task, moment: Moment<'_>) -> Option<&'static OutwardKind> {
    moment.kinds.get(&task.step.action.outward()?.kind)
}

impl<'a> Turn<'a> {
    /// Moves the playbook of an incident on after a change; returns what is to be handed out.
    pub(crate) fn advance(&mut self, number: u64, at: Timestamp) -> Vec<Task> {
        let Some(moment) = self.moment(number, at) else { return Vec::new() };
        let conditions = &mut self.live.conditions;
        self.live.cases.change(number, |case| case.advance(moment, conditions)).unwrap_or_default()
    }

    /// None where no playbook is under way.
    pub(super) fn moment(&self, number: u64, at: Timestamp) -> Option<Moment<'a>> {
        let case = self.live.cases.get(number).filter(|case| case.has_unfinished())?;
        let numbers = case.incident.alarms.iter().filter_map(|id| self.live.alarm_numbers.get(id));
        let records = numbers.filter_map(|number| self.live.alarms.get(number));
        let active_alarms = records.filter(|r| r.alarm.cleared.is_none()).count() as u64;
        Some(Moment { at, active_alarms, kinds: &self.config.task_kinds })
    }

    /// Hands tasks to the system, unless they were aborted in the same step.
    pub(crate) fn hand_out(&mut self, case: u64, mut tasks: Vec<Task>) {
        let Some(incident) = self.live.cases.get(case).map(|case| &case.incident) else { return };
        tasks.retain(|task| incident.tasks.iter().any(|now| now.id == task.id && now.state == TaskState::Running));
        let id = incident.id.clone();
        let started = |task| Effect::TaskStarted { incident: id.clone(), task: Box::new(task) };
        self.effects.extend(tasks.into_iter().map(started));
    }
}

#[cfg(test)]
mod tests {
    use vigiles_model::playbook::{FailureWords, Outward, Words};
    use vigiles_model::{Incident, Reality};

    use super::*;
    use crate::command::TaskOutcome;

    const WORDS: Words = Words { en: "webhook", de: "Webhook" };
    static WEBHOOK: OutwardKind = OutwardKind {
        name: "webhook",
        title: WORDS,
        icon: "source",
        is_retried: true,
        informs: true,
        undoes: true,
        deadline_s: None,
        failure: FailureWords { unset: WORDS, failed: WORDS },
        settings: &[],
        destination: |_| String::new(),
        check: |_| Ok(()),
    };

    /// Tasks as they were stored before steps had names and an order of their own.
    #[test]
    fn tasks_of_the_first_version_follow_each_other() {
        let agency = "city".parse().unwrap();
        let mut incident = Incident::opened("inc-1".parse().unwrap(), 1, agency, Reality::Actual, Timestamp(0));
        let hook: Action = Outward::new("webhook").into();
        let kinds = OutwardKinds::from_iter([&WEBHOOK]);
        for (i, action) in [Action::Manual, hook, Action::Manual].into_iter().enumerate() {
            incident.tasks.push(Task::new(TaskId::new(format!("tsk-1-{}", i + 1)).unwrap(), Step::new("Do", action)));
        }
        incident.tasks[0].state = TaskState::Running;
        let mut case = Case::new(incident);
        let (moment, mut conditions) =
            (Moment { at: Timestamp(5), active_alarms: 0, kinds: &kinds }, Conditions::default());
        assert!(case.advance(moment, &mut conditions).is_empty());
        case.complete(&"tsk-1-1".parse().unwrap(), TaskOutcome::Done, None, None, moment.at).unwrap();
        assert_eq!(case.advance(moment, &mut conditions).len(), 1, "the second is handed to the runtime");
        let states: Vec<_> = case.incident.tasks.iter().map(|task| task.state.as_str()).collect();
        assert_eq!(states, ["done", "running", "waiting"]);
        case.complete(&"tsk-1-2".parse().unwrap(), TaskOutcome::Failed, None, None, moment.at).unwrap();
        assert_eq!(case.next_due(), Some(5_000_005), "it is tried again like any other");
    }
}
