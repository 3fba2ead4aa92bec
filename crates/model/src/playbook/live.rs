//! The proof that something may leave the platform.

use super::{Outward, Task};
use crate::{Incident, Reality};

/// A task of an actual incident that goes outward. Whoever sends something out of the platform takes one, so that an exercise cannot: it
/// is a matter of types, not of a check that could be forgotten.
///
/// Only an actual incident gives one, for a task of its own:
///
/// ```
/// # use vigiles_model::playbook::{Live, Outward, Step, Task};
/// # use vigiles_model::*;
/// # fn incident(reality: Reality) -> Incident {
/// #     let task = Task::new("tsk-1-1".parse().unwrap(), Step::new("Tell", Outward::new("webhook").into()));
/// #     Incident { tasks: vec![task], ..Incident::opened("inc-1".parse().unwrap(), 1, "city".parse().unwrap(), reality, Timestamp(0)) }
/// # }
/// let (drill, fire) = (incident(Reality::Exercise), incident(Reality::Actual));
/// assert!(Live::of(&drill, &drill.tasks[0]).is_none());
/// assert!(Live::of(&fire, &fire.tasks[0]).is_some());
/// ```
///
/// Nobody makes one by hand, since its fields are private:
///
/// ```compile_fail,E0451
/// fn forge<'a>(incident: &'a vigiles_model::Incident, task: &'a vigiles_model::Task) -> vigiles_model::playbook::Live<'a> {
///     vigiles_model::playbook::Live { incident, outward: task.step.action.outward().unwrap(), task }
/// }
/// ```
///
/// Nor is one copied and kept for later: it borrows the incident it was made of.
///
/// ```compile_fail,E0515
/// fn keep(incident: vigiles_model::Incident) -> Option<vigiles_model::playbook::Live<'static>> {
///     vigiles_model::playbook::Live::of(&incident, &incident.tasks[0])
/// }
/// ```
#[derive(Debug)]
pub struct Live<'a> {
    incident: &'a Incident,
    task: &'a Task,
    outward: &'a Outward,
}

impl<'a> Live<'a> {
    /// None for an exercise or a test, for a task of another incident, and for one that does not go outward.
    pub fn of(incident: &'a Incident, task: &'a Task) -> Option<Self> {
        let is_own = incident.tasks.iter().any(|own| own.id == task.id);
        let outward = task.step.action.outward()?;
        (incident.reality == Reality::Actual && is_own).then_some(Self { incident, task, outward })
    }

    /// The incident.
    pub fn incident(&self) -> &'a Incident {
        self.incident
    }

    /// The task.
    pub fn task(&self) -> &'a Task {
        self.task
    }

    /// What it does, with its settings.
    pub fn outward(&self) -> &'a Outward {
        self.outward
    }
}
