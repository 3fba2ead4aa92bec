//! What a request may read and write: asked of the policy for each set, noted in audit before anything is read.

use std::collections::BTreeSet;

use vigiles_formats::sensorthings::EntitySet;
use vigiles_model::AgencyId;
use vigiles_store::{AuditNote, Outcome};
use vigiles_trust::{Action, Context, Resource, authorise};

use crate::call::Call;
use crate::gate;
use crate::problem::{Code, Problem};

/// What the policy calls the entities of a set.
pub(super) const fn resource(set: EntitySet) -> Resource {
    match set {
        EntitySet::ObservedProperties => Resource::Kinds,
        EntitySet::Observations => Resource::Observations,
        EntitySet::Things
        | EntitySet::Locations
        | EntitySet::HistoricalLocations
        | EntitySet::Datastreams
        | EntitySet::Sensors
        | EntitySet::FeaturesOfInterest => Resource::Assets,
    }
}

/// The proofs that a request may read what it reads.
#[derive(Clone)]
pub(super) struct Rights(Vec<Context>);

impl Rights {
    /// Asks for every set, and leaves one entry a resource.
    pub(super) async fn to_read(call: &Call, sets: &BTreeSet<EntitySet>, what: &str) -> Result<Self, Problem> {
        let resources: BTreeSet<Resource> = sets.iter().map(|set| resource(*set)).collect();
        let mut granted = Vec::new();
        for resource in resources {
            granted.push(call.authorise(Action::Read(resource))?);
        }
        let notes: Vec<_> = granted.iter().map(|ctx| (ctx.clone(), note(ctx, what))).collect();
        call.blocking(move |api| {
            Ok(notes.into_iter().try_for_each(|(ctx, note)| api.platform.store().record(&ctx, note))?)
        })
        .await?;
        Ok(Self(granted))
    }

    /// The proof for a resource.
    pub(super) fn context(&self, resource: Resource) -> Result<&Context, Problem> {
        let found = self.0.iter().find(|ctx| ctx.action() == Some(Action::Read(resource)));
        found.ok_or_else(|| Problem::internal(&format!("{resource} is read without having been asked for")))
    }

    /// Whether a document of an agency may be shown.
    pub(super) fn may_see(&self, resource: Resource, owner: Option<&AgencyId>) -> bool {
        self.context(resource).is_ok_and(|ctx| ctx.may_see(owner))
    }
}

fn note(ctx: &Context, what: &str) -> AuditNote {
    let resource = ctx.action().map_or("", |action| action.resource().as_str());
    AuditNote {
        action: "read".to_owned(),
        resource: resource.to_owned(),
        outcome: Outcome::Allowed,
        detail: format!("sensorthings {}", what.chars().take(500).collect::<String>()),
    }
}

impl Call {
    /// Asks the policy for something that the endpoint does not name by itself. A refusal is noted by the gate.
    pub(super) fn authorise(&self, action: Action) -> Result<Context, Problem> {
        let caller = self.caller()?;
        let purpose = gate::purpose(&self.headers)?;
        authorise(&caller.id, &caller.roles, &caller.agency, purpose, action, None)
            .map_err(|refusal| Problem::new(Code::Forbidden, refusal.to_string()))
    }
}
