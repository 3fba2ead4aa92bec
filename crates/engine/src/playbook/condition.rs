//! Conditions of a playbook: what its expressions see of the incident and of its tasks.

use vigiles_model::playbook::Task;
use vigiles_model::{Incident, Priority, Reality};

use crate::expression::{Aggregate, Expression, Facts, Fault, Field, Found, Holder};
use crate::incidents::{severity_text, state_text};

/// An incident as its playbook sees it.
pub(super) struct Situation<'a> {
    pub(super) incident: &'a Incident,
    /// Which of its playbooks.
    pub(super) run: u32,
    /// How many of its alarms still hold.
    pub(super) active_alarms: u64,
}

impl Situation<'_> {
    /// Whether a condition holds. One that cannot be computed holds: a step too many is seen by a person, a step left
    /// out is not.
    pub(super) fn holds(&self, condition: &str) -> bool {
        Expression::compile_for_playbook(condition).map_or(true, |e| e.holds(self).unwrap_or(true))
    }

    /// The step of a name in this run.
    pub(super) fn step(&self, name: &str) -> Option<&Task> {
        let is_named = |task: &&Task| task.step.id.as_ref().is_some_and(|id| id.as_str() == name);
        self.incident.tasks.iter().filter(|task| task.run == self.run).find(is_named)
    }
}

impl Facts for Situation<'_> {
    fn number(&self) -> Option<f64> {
        None
    }

    fn field(&self, field: Field) -> Result<Found<'_>, Fault> {
        let incident = self.incident;
        Ok(match field {
            Field::Severity => Found::Text(severity_text(incident.severity)),
            Field::Priority => Found::Number(priority_number(incident.priority)),
            Field::IncidentType => Found::Text(&incident.incident_type),
            Field::Title => Found::Text(&incident.title),
            Field::State => Found::Text(state_text(incident.state)),
            Field::Reality => Found::Text(reality_text(incident.reality)),
            Field::Agency => Found::Text(incident.agency.as_str()),
            Field::Alarms => Found::Number(incident.alarms.len() as f64),
            Field::ActiveAlarms => Found::Number(self.active_alarms as f64),
            _ => return Err(Fault),
        })
    }

    /// What was never answered reads as an empty text.
    fn attribute(&self, holder: Holder, name: &str) -> Option<&str> {
        let task = self.step(name)?;
        match holder {
            Holder::Answer => Some(task.answer.as_deref().unwrap_or_default()),
            Holder::Outcome => Some(task.state.as_str()),
            Holder::Asset | Holder::Observation => None,
        }
    }

    fn has(&self, holder: Holder, name: &str) -> bool {
        self.attribute(holder, name).is_some_and(|text| !text.is_empty())
    }

    fn window(&self, _index: usize, _aggregate: Aggregate) -> Result<f64, Fault> {
        Err(Fault)
    }

    fn is_in_zone(&self, _zone: &str) -> bool {
        false
    }
}

/// 1 for the most urgent.
pub(super) fn priority_number(priority: Priority) -> f64 {
    match priority {
        Priority::P1 => 1.0,
        Priority::P2 => 2.0,
        Priority::P3 => 3.0,
        Priority::P4 => 4.0,
    }
}

/// The word for it.
pub(super) fn reality_text(reality: Reality) -> &'static str {
    match reality {
        Reality::Actual => "actual",
        Reality::Exercise => "exercise",
        Reality::Test => "test",
    }
}
