//! What a command is about.

use vigiles_model::IncidentId;

use super::CommandBody;

impl CommandBody {
    /// Whether it writes or deletes a document of the city's setting.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        matches!(
            self,
            Self::PutKind(_)
                | Self::PutAsset(_)
                | Self::PutZone(_)
                | Self::PutRule(_)
                | Self::PutPlaybook(_)
                | Self::PutCorrelation(_)
                | Self::Delete { .. }
        )
    }

    /// The incident whose version it is made for; none where it is about the setting, an exercise or an incident that is
    /// still to be opened.
    #[must_use]
    pub fn incident(&self) -> Option<&IncidentId> {
        match self {
            Self::ChangeState { incident, .. }
            | Self::SetPriority { incident, .. }
            | Self::AddNote { incident, .. }
            | Self::Merge { into: incident, .. }
            | Self::Split { incident, .. }
            | Self::StartPlaybook { incident, .. }
            | Self::CompleteTask { incident, .. }
            | Self::Assess { incident, .. }
            | Self::Detach { incident, .. }
            | Self::Link { incident, .. }
            | Self::Unlink { incident, .. }
            | Self::AnswerTask { incident, .. }
            | Self::ApproveTask { incident, .. }
            | Self::AbortPlaybook { incident, .. }
            | Self::PostMessage { incident, .. }
            | Self::AddCall { incident, .. }
            | Self::DetachCall { incident, .. }
            | Self::HandOver { incident, .. } => Some(incident),
            Self::OpenIncident { .. }
            | Self::TakeCall { .. }
            | Self::StartExercise { .. }
            | Self::EndExercise { .. } => None,
            setting => {
                debug_assert!(setting.is_configuration(), "a command on an incident names it above");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use vigiles_model::{ExerciseId, IncidentId, Priority};

    use super::*;
    use crate::command::ConfigKind;

    fn check(body: &CommandBody, is_configuration: bool, incident: Option<&str>) {
        assert_eq!(body.is_configuration(), is_configuration, "{body:?}");
        assert_eq!(body.incident().map(AsRef::as_ref), incident, "{body:?}");
    }

    #[test]
    fn a_command_is_about_the_setting_an_incident_or_an_exercise() {
        let id = |text: &str| IncidentId::new(text).unwrap();
        check(&CommandBody::Delete { what: ConfigKind::Rule, id: "i-1".into(), reason: None }, true, None);
        check(&CommandBody::SetPriority { incident: id("i-1"), priority: Priority::P1 }, false, Some("i-1"));
        check(&CommandBody::Merge { into: id("i-1"), from: id("i-2") }, false, Some("i-1"));
        let exercise = ExerciseId::new("e-1").unwrap();
        check(&CommandBody::EndExercise { id: exercise, reason: "over".into() }, false, None);
    }
}
