//! What happens when a task is overdue or has failed.

use vigiles_model::Timestamp;
use vigiles_model::incident::TimelineEvent;
use vigiles_model::playbook::{Step, TaskOrigin};

use crate::incidents::Case;

impl Case {
    /// Escalates a task, once: somebody is told by a task of its own, the priority rises, another agency leads, or the
    /// playbook is aborted.
    pub(super) fn escalate(&mut self, index: usize, why: &str, at: Timestamp) {
        let task = &mut self.incident.tasks[index];
        let Some(escalation) = task.step.escalate.clone().filter(|_| !task.escalated) else { return };
        task.escalated = true;
        let (run, id, title) = (task.run, task.id.clone(), task.step.title.clone());
        let step_id = task.step.id.clone();
        self.say(index, format!("escalated, as it is {why}"), None, at);
        if let Some(priority) = escalation.priority.filter(|priority| *priority < self.incident.priority) {
            let from = std::mem::replace(&mut self.incident.priority, priority);
            self.note(at, None, TimelineEvent::Priority { from, to: priority });
        }
        if let Some(agency) = escalation.hand_to.filter(|agency| *agency != self.incident.agency) {
            self.hand_over(agency, format!("\"{title}\" is {why}"), None, at);
        }
        if let Some(action) = escalation.notify {
            let id_of_step = step_id.and_then(|step| vigiles_model::StepId::new(format!("escalation:{step}")).ok());
            let step =
                Step { id: id_of_step, after: Some(Vec::new()), ..Step::new(format!("Escalation: {title}"), action) };
            self.add_task(run, step, TaskOrigin::Escalation(id));
        }
        if escalation.abort {
            self.abort(&format!("\"{title}\" is {why}"), None, at);
        }
    }
}
