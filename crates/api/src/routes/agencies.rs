//! Agencies.

use axum::http::StatusCode;
use vigiles_runtime::directory;
use vigiles_trust::{Action, Resource};

use super::accounts::page;
use crate::call::{Call, json, ok};
use crate::endpoint::{Answer, Endpoint};
use crate::wire::account::Agency;
use crate::wire::list::{List, PageQuery};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::get("/api/v1/agencies", "list_agencies", "Lists agencies by id", list)
            .may(Action::Read(Resource::Agencies))
            .query::<PageQuery>()
            .answers_list::<Agency>("A page of agencies."),
        Endpoint::post("/api/v1/agencies", "make_agency", "Adds an agency", make)
            .may(Action::Write(Resource::Agencies))
            .takes::<Agency>()
            .answers::<Agency>(201, "The agency.")
            .also(&[409]),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("accounts")).collect()
}

async fn list(call: Call) -> Answer {
    let page = page(call.platform().directory().agencies(), &call.query()?, |agency| agency.id.to_string())?;
    let items = page.items.into_iter().map(|agency| Agency { id: agency.id, name: agency.name }).collect();
    ok(&List { items, next: page.next })
}

async fn make(call: Call) -> Answer {
    let Agency { id, name } = call.json()?;
    let ctx = call.context()?;
    let made = call
        .blocking(move |api| Ok(api.platform.directory().add_agency(&ctx, directory::Agency { id, name })?))
        .await?;
    json(StatusCode::CREATED, &Agency { id: made.id, name: made.name })
}
