//! Deadlines, further tries and waits: made from the tasks, fired in the order of their time with those of the rules.

use vigiles_model::{Task, Timestamp};

use crate::incidents::Case;
use crate::turn::Turn;

impl Case {
    /// Platform time in microseconds at which its playbook has something to do by itself. Not before its latest change:
    /// what came due while the incident rested is due when it is taken up again.
    pub(crate) fn next_due(&self) -> Option<i64> {
        if !self.incident.state.is_open() {
            return None;
        }
        let timers = |task: &Task| [task.resume_at, deadline(task)].into_iter().flatten().min();
        let first = self.incident.tasks.iter().filter_map(timers).min()?;
        Some(first.max(self.incident.changed).0)
    }

    /// Marks what is overdue, and escalates it.
    fn check_deadlines(&mut self, at: Timestamp) {
        for index in 0..self.incident.tasks.len() {
            let task = &mut self.incident.tasks[index];
            if deadline(task).is_some_and(|deadline| deadline <= at) {
                task.overdue = true;
                self.say(index, "overdue".to_owned(), None, at);
                self.escalate(index, "overdue", at);
            }
        }
    }
}

/// When a task becomes overdue, if it can.
fn deadline(task: &Task) -> Option<Timestamp> {
    task.deadline.filter(|_| !task.overdue && !task.state.is_over())
}

impl Turn<'_> {
    /// Lets time pass for the incident whose playbook is due first, if one is by `now`.
    pub(crate) fn fire_tasks(&mut self, now: i64) {
        let Some((due, number)) = self.live.cases.next_due().filter(|(due, _)| *due <= now) else { return };
        let (at, moment) = (Timestamp(due), self.moment(number, Timestamp(due)));
        let conditions = &mut self.live.conditions;
        let started = self.live.cases.change(number, |case| {
            // What ends at its deadline is in time.
            let mut started = moment.map(|moment| case.advance(moment, conditions)).unwrap_or_default();
            case.check_deadlines(at);
            started.extend(moment.map(|moment| case.advance(moment, conditions)).unwrap_or_default());
            case.touch(at);
            started
        });
        self.show_case(number);
        self.hand_out(number, started.unwrap_or_default());
    }
}
