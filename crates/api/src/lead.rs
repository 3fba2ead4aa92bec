//! Who may do what with an incident of which agency, and what the others can do instead.

use vigiles_model::{Incident, Reality};

use crate::call::Call;
use crate::problem::Problem;

impl Call {
    /// Whether the caller may lead an incident. One of an exercise is led by whoever handles incidents: nothing of it goes out, and
    /// crews train for one another; who did what stands in the audit log as ever.
    pub(crate) fn check_leads(&self, incident: &Incident) -> Result<(), Problem> {
        self.leads(incident).map_err(|problem| {
            let Incident { agency, number, .. } = incident;
            problem.mended_by(format!("Ask agency {agency} to do it, or to hand over the lead of incident {number}."))
        })
    }

    /// Whether the caller may add to an incident: as the agency that leads, or as one that is involved.
    pub(crate) fn check_involved(&self, incident: &Incident) -> Result<(), Problem> {
        let ctx = self.context()?;
        if ctx.agency().is_some_and(|own| incident.involved.contains(own)) {
            return Ok(());
        }
        self.check_leads(incident)
    }

    /// Whether the caller may merge `from` into `into`. Who leads an incident may give it away, so may give it to another one;
    /// nobody takes another agency's.
    pub(crate) fn check_merges(&self, into: &Incident, from: &Incident) -> Result<(), Problem> {
        self.leads(from).map_err(|problem| {
            let (theirs, from, to) = (&from.agency, from.number, into.number);
            let ask =
                format!("Ask agency {theirs} to merge incident {from} into incident {to}, or to hand over its lead");
            problem.mended_by(match self.leads(into) {
                Ok(()) => format!(
                    "{ask}; or merge incident {to} into incident {from}, which agency {theirs} goes on leading."
                ),
                Err(_) => format!("{ask}."),
            })
        })
    }

    fn leads(&self, incident: &Incident) -> Result<(), Problem> {
        self.check_owner((incident.reality != Reality::Exercise).then_some(&incident.agency))
    }
}
