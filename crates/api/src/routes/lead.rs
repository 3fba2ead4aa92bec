//! Which agency leads: the lead is handed over, and an incident is merged into that of another agency.

use vigiles_engine::CommandBody;

use super::incident_commands::{command, other, run};
use crate::call::Call;
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Problem};
use crate::wire::orders::{HandOver, Merge};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        command(Endpoint::post(
            "/api/v1/incidents/{id}/lead",
            "hand_over_lead",
            "Gives the lead to another agency; the one that led stays involved",
            lead,
        ))
        .takes::<HandOver>(),
        command(Endpoint::post(
            "/api/v1/incidents/{id}/merge",
            "merge_incident",
            "Merges another incident, which the caller's agency leads, into it",
            merge,
        ))
        .takes::<Merge>(),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("incidents")).collect()
}

/// Nobody could handle an incident that was handed to an agency that does not exist.
async fn lead(call: Call) -> Answer {
    let HandOver { to, reason } = call.json()?;
    let incident = call.incident(call.parameter("id")).await?;
    // Who asks again, since the answer was lost, led it before: the first answer, or that it is so already, is for the engine.
    if incident.agency == to {
        call.check_involved(&incident)?;
    } else {
        call.check_leads(&incident)?;
    }
    if call.platform().directory().agency(&to).is_none() {
        return Err(Problem::of(Code::Invalid, "to", format!("there is no agency {to}")));
    }
    run(&call, CommandBody::HandOver { incident: incident.id, to, reason }).await
}

async fn merge(call: Call) -> Answer {
    let Merge { from } = call.json()?;
    let into = call.incident(call.parameter("id")).await?;
    call.check_merges(&into, &other(&call, "from", &from).await?)?;
    run(&call, CommandBody::Merge { into: into.id, from }).await
}
