//! Which agency leads an incident, and which are involved in it beside that one.

use vigiles_model::incident::{MAX_INVOLVED, TimelineEvent};
use vigiles_model::{AgencyId, IncidentId, PersonId, Timestamp};

use super::Case;
use super::lifecycle::{Answer, Asked};
use crate::command::CommandError;
use crate::config::text;
use crate::turn::Turn;

impl Turn<'_> {
    /// Gives the lead to another agency. Whether there is such an agency is for the room to say that knows them.
    pub(crate) fn hand_over(&mut self, asked: Asked<'_>, id: &IncidentId, to: &AgencyId, reason: &str) -> Answer {
        text("reason", reason)?;
        self.edit(asked, id, |case| {
            if case.incident.agency == *to {
                return Err(CommandError::NotAllowed { why: format!("agency {to} leads it already") });
            }
            case.hand_over(to.clone(), reason.to_owned(), asked.by, asked.at);
            Ok(())
        })
    }
}

impl Case {
    /// Another agency leads from here on, by a person or an escalation; the one that led stays involved.
    pub(crate) fn hand_over(&mut self, to: AgencyId, reason: String, by: Option<&PersonId>, at: Timestamp) {
        let from = std::mem::replace(&mut self.incident.agency, to.clone());
        self.involve([from.clone()]);
        self.note(at, by, TimelineEvent::LeadHandedOver { from, to, reason });
    }

    /// These agencies have a part in it from here on; of too many, those that had one longest leave.
    pub(super) fn involve(&mut self, agencies: impl IntoIterator<Item = AgencyId>) {
        let incident = &mut self.incident;
        for agency in agencies {
            if !incident.involved.contains(&agency) {
                incident.involved.push(agency);
            }
        }
        incident.involved.retain(|agency| *agency != incident.agency);
        let surplus = incident.involved.len().saturating_sub(MAX_INVOLVED);
        incident.involved.drain(..surplus);
    }
}
