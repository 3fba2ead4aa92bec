//! Following what others publish on the broker: a consultation as any other, with policy and audit entry.

use std::sync::Arc;

use vigiles_store::{AuditNote, Outcome};
use vigiles_trust::{Action, Context, Purpose, Resource, authorise};

use crate::door::{Grant, Refusal};
use crate::platform::Platform;

/// Decides, and leaves the entry before the answer.
pub(crate) async fn follow(platform: Arc<Platform>, grant: Grant, filter: String) -> Result<(), Refusal> {
    let action = Action::Read(Resource::Observations);
    let asked = authorise(&grant.principal, &grant.roles, &grant.agency, None, action, None);
    let (ctx, outcome) = match &asked {
        Ok(ctx) => (ctx.clone(), Outcome::Allowed),
        Err(_) => (Context::nothing_granted(&grant.principal, &grant.agency, Purpose::Operations), Outcome::Refused),
    };
    let note = AuditNote {
        action: "follow".to_owned(),
        resource: "observations".to_owned(),
        outcome,
        detail: format!("MQTT topics {}", filter.chars().take(200).collect::<String>()),
    };
    let noted = tokio::task::spawn_blocking(move || platform.store().record(&ctx, note)).await;
    asked.map_err(|refusal| Refusal::NotAllowed(refusal.to_string()))?;
    match noted {
        Ok(Ok(())) => Ok(()),
        // Without its entry there is no consultation.
        _ => Err(Refusal::NotAllowed("the audit log cannot be written now".to_owned())),
    }
}
