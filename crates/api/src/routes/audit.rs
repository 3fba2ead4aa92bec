//! The audit log.

use serde::Deserialize;
use utoipa::IntoParams;
use vigiles_runtime::directory::Directory;
use vigiles_store::{AuditQuery as StoreQuery, Outcome};
use vigiles_trust::{Action, Resource};

use crate::call::{Call, limit, moment, ok};
use crate::endpoint::{Answer, Endpoint};
use crate::wire::audit::{AuditEntry, Outcome as WireOutcome};
use crate::wire::list::List;

/// Which entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    /// At or after.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before.
    #[param(format = DateTime)]
    to: Option<String>,
    /// Of this actor.
    actor: Option<String>,
    /// Of this action.
    action: Option<String>,
    /// Of resources that begin with this.
    resource: Option<String>,
    /// With this outcome.
    #[param(inline)]
    outcome: Option<WireOutcome>,
    /// Items wanted, 1 to 1000; 100 where absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/audit", "list_audit", "Lists entries of the audit log, newest first", list)
            .tag("audit")
            .may(Action::Read(Resource::Audit))
            .query::<AuditQuery>()
            .answers_list::<AuditEntry>("A page of entries."),
    ]
}

async fn list(call: Call) -> Answer {
    let query: AuditQuery = call.query()?;
    let query = StoreQuery {
        from: moment("from", query.from.as_deref())?,
        to: moment("to", query.to.as_deref())?,
        actor: query.actor,
        action: query.action,
        resource: query.resource,
        outcome: query.outcome.map(Outcome::from),
        limit: limit(query.limit)?,
        cursor: query.cursor,
    };
    let ctx = call.context()?;
    let page = call.blocking(move |api| Ok(api.platform.store().audit(&ctx, &query)?)).await?;
    let directory = call.platform().directory();
    let items = page.entries.into_iter().map(|entry| AuditEntry::new(entry, directory)).collect();
    ok(&List { items, next: page.next })
}

impl AuditEntry {
    fn new(entry: vigiles_store::AuditEntry, directory: &Directory) -> Self {
        Self {
            sequence: entry.sequence,
            at: entry.at.into(),
            actor_name: directory.name_of(&entry.actor),
            actor: entry.actor,
            agency: entry.agency,
            purpose: entry.purpose,
            action: entry.action,
            resource: entry.resource,
            outcome: entry.outcome.into(),
            detail: entry.detail,
            hash: entry.hash,
        }
    }
}

impl From<Outcome> for WireOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Allowed => Self::Allowed,
            Outcome::Refused => Self::Refused,
            Outcome::Failed => Self::Failed,
        }
    }
}

impl From<WireOutcome> for Outcome {
    fn from(outcome: WireOutcome) -> Self {
        match outcome {
            WireOutcome::Allowed => Self::Allowed,
            WireOutcome::Refused => Self::Refused,
            WireOutcome::Failed => Self::Failed,
        }
    }
}
