//! Bearer tokens.

use axum::http::{Method, StatusCode};
use vigiles_runtime::directory;
use vigiles_trust::{Action, Resource};

use super::accounts::page;
use crate::call::{Call, json, no_content, ok};
use crate::endpoint::{Answer, Endpoint};
use crate::wire::account::{NewToken, Token, TokenMade};
use crate::wire::list::{List, PageQuery};
use crate::wire::time::Time;

const WRITE: Action = Action::Write(Resource::Tokens);

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::get("/api/v1/tokens", "list_tokens", "Lists tokens, newest first", list)
            .may(Action::Read(Resource::Tokens))
            .query::<PageQuery>()
            .answers_list::<Token>("A page of tokens, without their secrets."),
        Endpoint::post("/api/v1/tokens", "make_token", "Makes a token; its secret is shown this once", make)
            .may(WRITE)
            .takes::<NewToken>()
            .answers::<TokenMade>(201, "The token with its secret.")
            .also(&[409]),
        Endpoint::new(Method::DELETE, "/api/v1/tokens/{id}", "revoke_token", "Revokes a token", revoke)
            .may(WRITE)
            .answers_nothing("It is refused from now on."),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("tokens")).collect()
}

async fn list(call: Call) -> Answer {
    let tokens = call.platform().directory().tokens(&call.context()?);
    let page = page(tokens, &call.query()?, |token| token.id.clone())?;
    call.audit_read("tokens", String::new()).await?;
    ok(&List { items: page.items.iter().map(Token::from).collect(), next: page.next })
}

async fn make(call: Call) -> Answer {
    let NewToken { name, role, source, expires } = call.json()?;
    let (ctx, now) = (call.context()?, call.platform().now());
    let new = directory::NewToken { name, role: role.into(), agency: None, source, expires: expires.map(|t| t.0) };
    let (token, secret) = call.blocking(move |api| Ok(api.platform.directory().add_token(&ctx, new, now)?)).await?;
    json(StatusCode::CREATED, &TokenMade { token: Token::from(&token), secret })
}

async fn revoke(call: Call) -> Answer {
    let (ctx, id) = (call.context()?, call.parameter("id").to_owned());
    call.blocking(move |api| Ok(api.platform.directory().revoke_token(&ctx, &id)?)).await?;
    Ok(no_content())
}

impl From<&directory::Token> for Token {
    fn from(token: &directory::Token) -> Self {
        Self {
            id: token.id.clone(),
            name: token.name.clone(),
            role: token.role.into(),
            agency: token.agency.to_string(),
            source: token.source.as_ref().map(ToString::to_string),
            created: token.created.into(),
            expires: token.expires.map(Time::from),
        }
    }
}
