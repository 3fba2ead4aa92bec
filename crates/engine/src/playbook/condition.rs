//! Conditions of a playbook: what its expressions see of the incident and of its tasks.

use std::collections::BTreeMap;

use vigiles_model::playbook::Task;
use vigiles_model::{Incident, Priority, Reality};

use crate::expression::{Aggregate, Expression, Facts, Fault, Field, Found, Holder};
use crate::incidents::{severity_text, state_text};

/// Most conditions kept compiled: more than the waits of one incident ([`super::MAX_TASKS`]), so that its playbook never
/// drives out what it asks next.
const MAX_KEPT: usize = 512;

/// Conditions by their text, compiled when first asked. What holds does not depend on what is kept, so this is no part of
/// a snapshot.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    /// None for a text that does not compile.
    kept: BTreeMap<String, Option<Expression>>,
}

impl Conditions {
    /// Whether a condition holds. One that cannot be computed holds: a step too many is seen by a person, a step left
    /// out is not.
    pub(super) fn hold(&mut self, text: &str, situation: &Situation<'_>) -> bool {
        if !self.kept.contains_key(text) {
            if self.kept.len() >= MAX_KEPT {
                self.kept.clear();
            }
            self.kept.insert(text.to_owned(), Expression::compile_for_playbook(text).ok());
        }
        let compiled = self.kept.get(text).and_then(Option::as_ref);
        compiled.is_none_or(|expression| expression.holds(situation).unwrap_or(true))
    }
}

/// An incident as its playbook sees it.
pub(super) struct Situation<'a> {
    pub(super) incident: &'a Incident,
    /// Which of its playbooks.
    pub(super) run: u32,
    /// How many of its alarms still hold.
    pub(super) active_alarms: u64,
}

impl Situation<'_> {
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
pub(crate) fn reality_text(reality: Reality) -> &'static str {
    match reality {
        Reality::Actual => "actual",
        Reality::Exercise => "exercise",
        Reality::Test => "test",
    }
}

#[cfg(test)]
mod tests {
    use vigiles_model::Timestamp;

    use super::*;

    fn incident() -> Incident {
        let agency = "city".parse().unwrap();
        Incident::opened("inc-1".parse().unwrap(), 1, agency, Reality::Actual, Timestamp(0))
    }

    #[test]
    fn a_condition_is_compiled_once() {
        let (mut conditions, incident) = (Conditions::default(), incident());
        let situation = Situation { incident: &incident, run: 0, active_alarms: 2 };
        for (text, holds) in [("active_alarms == 2", true), ("alarms > 7", false), ("not a condition", true)] {
            for _ in 0..3 {
                assert_eq!(conditions.hold(text, &situation), holds, "{text}");
            }
        }
        assert_eq!(conditions.kept.len(), 3);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (mut conditions, incident) = (Conditions::default(), incident());
        let situation = Situation { incident: &incident, run: 0, active_alarms: 2 };
        for n in 0..2_000 {
            assert_eq!(conditions.hold(&format!("active_alarms > {n}"), &situation), n < 2);
            assert!(conditions.kept.len() <= MAX_KEPT);
        }
    }
}
