//! What a request makes and changes: gathered whole, so that a fault anywhere in it is found before anything is done.

use serde::Serialize;
use serde_json::{Map, Value};
use vigiles_engine::{Command, CommandBody};
use vigiles_formats::observation::Draft;
use vigiles_model::{AgencyId, Asset, ObservationKind};
use vigiles_store::{Expect, Kind, Write};
use vigiles_trust::{Action, Context, Resource};

use super::documents;
use crate::call::Call;
use crate::problem::{Code, Problem};

/// Gathered changes, in the order in which they are done: kinds, assets, documents, Observations.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) kinds: Vec<(ObservationKind, u64)>,
    pub(super) assets: Vec<(Asset, u64)>,
    pub(super) documents: Vec<(Kind, Write)>,
    pub(super) observations: Vec<Draft>,
    /// Sources of ids drawn so far, so that two of one request differ.
    drawn: Vec<String>,
}

impl Plan {
    /// Adds a document; `version` is the one that was read, 0 where there was none.
    pub(super) fn document<T: Serialize>(
        &mut self,
        kind: Kind,
        id: &str,
        agency: Option<AgencyId>,
        body: &T,
        version: u64,
    ) -> Result<(), Problem> {
        self.documents.push((kind, documents::put(kind, id, agency, body, documents::expect(version))?));
        Ok(())
    }

    /// The id that a client asks for, or a new one out of the name and chance.
    pub(super) fn id(&mut self, body: &Map<String, Value>, name: &str) -> Result<String, Problem> {
        let id = match body.get("@iot.id").or_else(|| body.get("id")) {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            Some(_) => return Err(Problem::of(Code::Invalid, "@iot.id", "an id is a text")),
            None => {
                let mut bytes = [0_u8; 4];
                getrandom::fill(&mut bytes).map_err(|e| Problem::internal(&e))?;
                let chance = u32::from_le_bytes(bytes);
                format!("{}-{chance:08x}", vigiles_formats::sensorthings::ids::slug(name))
            }
        };
        vigiles_model::AssetId::new(&id).map_err(|e| Problem::of(Code::Invalid, "@iot.id", e.to_string()))?;
        if self.drawn.contains(&id) {
            return Err(Problem::of(Code::Conflict, "@iot.id", format!("{id:?} stands twice in the request")));
        }
        self.drawn.push(id.clone());
        Ok(id)
    }

    /// Asks the policy for all of it, then does it.
    pub(super) async fn carry_out(self, call: &Call) -> Result<(), Problem> {
        let needed = [
            (Resource::Kinds, !self.kinds.is_empty()),
            (Resource::Assets, !self.assets.is_empty()),
            (Resource::Observations, !self.observations.is_empty()),
        ];
        for (resource, is_needed) in needed {
            if is_needed {
                call.authorise(Action::Write(resource))?;
            }
        }
        for (kind, _) in &self.documents {
            call.authorise(Action::Write(kind.resource()))?;
        }
        let previewed = super::deliver::check(call, &self.kinds, &self.observations)?;
        for (kind, version) in self.kinds {
            command(call, Resource::Kinds, version, CommandBody::PutKind(Box::new(kind))).await?;
        }
        for (asset, version) in self.assets {
            command(call, Resource::Assets, version, CommandBody::PutAsset(Box::new(asset))).await?;
        }
        store(call, self.documents).await?;
        if previewed > 0 {
            super::deliver::submit(call, self.observations).await?;
        }
        Ok(())
    }
}

/// Gives a command in the name of the caller, for the version that was read.
pub(super) async fn command(call: &Call, resource: Resource, version: u64, body: CommandBody) -> Result<(), Problem> {
    let ctx = call.authorise(Action::Write(resource))?;
    let agency = ctx.agency().cloned().ok_or_else(|| Problem::internal(&"a caller without an agency"))?;
    let command = Command { by: ctx.person().cloned(), agency, expected_version: Some(version), body };
    call.platform().command(&ctx, command).await.map(drop).map_err(Problem::from)
}

/// Stores documents in one transaction, in the name of the caller.
pub(super) async fn store(call: &Call, documents: Vec<(Kind, Write)>) -> Result<(), Problem> {
    let mut batch = Vec::new();
    let mut ctx: Option<Context> = None;
    for (kind, write) in documents {
        let asked = call.authorise(Action::Write(kind.resource()))?;
        // Two resources in one batch: each was asked for, and the store asks for each again.
        ctx.get_or_insert(asked);
        batch.push(write);
    }
    let Some(ctx) = ctx else { return Ok(()) };
    call.blocking(move |api| Ok(api.platform.store().apply(&ctx, batch).map(drop)?)).await
}

/// Deletes a document, if it has the version that was read.
pub(super) async fn remove(call: &Call, kind: Kind, id: &str, version: u64) -> Result<(), Problem> {
    if version == 0 {
        return Ok(());
    }
    store(call, vec![(kind, Write::Delete { kind, id: id.to_owned(), expect: Expect::Version(version) })]).await
}

/// Whether the caller may change something of an agency.
pub(super) fn check_owner(call: &Call, resource: Resource, owner: Option<&AgencyId>) -> Result<(), Problem> {
    let action = Action::Write(resource);
    if call.authorise(action)?.permits(action, owner) {
        return Ok(());
    }
    let owner = owner.map_or("nobody", AgencyId::as_str);
    Err(Problem::new(Code::Forbidden, format!("it belongs to agency {owner}; only its members may change it")))
}

/// The agency that new things belong to: the caller's.
pub(super) fn own_agency(call: &Call) -> Result<AgencyId, Problem> {
    Ok(call.caller()?.agency.clone())
}
