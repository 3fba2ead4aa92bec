//! Signing in and out.

use axum::http::header::SET_COOKIE;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use vigiles_runtime::directory::{ABSOLUTE, Account, DirectoryError, LinkUse, SignedIn};
use vigiles_store::{AuditNote, Outcome};
use vigiles_trust::{Action, Context, Resource, authorise};

use crate::call::{Call, json, no_content, ok};
use crate::caller::By;
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Problem};
use crate::session_cookie;
use crate::state::Api;
use crate::wire::account::{Link, LinkUse as WireUse, Session, SessionPerson, SignIn, UseLink};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::post(
            "/api/v1/session",
            "sign_in",
            "Signs in with name and password; sets the session cookie",
            sign_in,
        )
        .anyone()
        .takes::<SignIn>()
        .answers::<Session>(200, "Signed in.")
        .also(&[401, 429]),
        Endpoint::get("/api/v1/session", "get_session", "Who is signed in", who)
            .answers::<Session>(200, "The session."),
        Endpoint::new(Method::DELETE, "/api/v1/session", "sign_out", "Ends the session of the cookie", sign_out)
            .answers_nothing("Signed out."),
        Endpoint::post("/api/v1/session/link", "use_link", "Uses a one-time link; sets the session cookie", use_link)
            .anyone()
            .takes::<UseLink>()
            .answers::<Session>(200, "Signed in.")
            .also(&[401, 409, 429]),
        Endpoint::get("/api/v1/session/link/{token}", "get_link", "What a one-time link is for", look)
            .anyone()
            .answers::<Link>(200, "What it is for; looking does not use it up.")
            .also(&[429, 503]),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("session")).collect()
}

async fn sign_in(call: Call) -> Answer {
    let SignIn { name, password } = call.json()?;
    limited(&call, &name)?;
    let now = call.platform().now();
    let _place = hashing_place(&call.api).await?;
    let (secret, signed_in) = call
        .blocking(move |api| {
            let checked = api.platform.directory().check_password(&name, &password);
            note_sign_in(api, &name, &checked)?;
            let account = checked?;
            api.signed_in(&name);
            Ok(api.platform.directory().start_session(&account, now)?)
        })
        .await?;
    welcome(&call.api, &secret, &signed_in)
}

async fn use_link(call: Call) -> Answer {
    let UseLink { token, name, password } = call.json()?;
    limited(&call, "one-time link")?;
    let now = call.platform().now();
    let _place = hashing_place(&call.api).await?;
    let (secret, signed_in) = call
        .blocking(move |api| {
            let used = api.platform.directory().use_link(&token, name, password, now);
            note_sign_in(api, "one-time link", &used)?;
            let account = used?;
            api.signed_in("one-time link");
            Ok(api.platform.directory().start_session(&account, now)?)
        })
        .await?;
    welcome(&call.api, &secret, &signed_in)
}

async fn look(call: Call) -> Answer {
    limited(&call, "one-time link, looked at")?;
    let (token, now) = (call.parameter("token").to_owned(), call.platform().now());
    let link = call
        .blocking(move |api| {
            api.platform.directory().look_at_link(&token, now).map_err(|error| match error {
                DirectoryError::Link => Problem::new(Code::NotFound, error.to_string()),
                other => other.into(),
            })
        })
        .await?;
    let use_ = match link.use_ {
        LinkUse::FirstAdministrator => WireUse::FirstAdministrator,
        LinkUse::SignIn(_) => WireUse::SignIn,
    };
    ok(&Link { use_, needs_password: link.needs_password, expires: link.expires.into() })
}

async fn who(call: Call) -> Answer {
    let caller = call.caller()?;
    let ctx = call.context()?;
    let (name, expires) = match &caller.by {
        By::Session(signed_in) => (signed_in.account.name.clone(), signed_in.expires),
        // A token says itself when it ends; this request at least is allowed now.
        By::Token(_) => (caller.id.to_string(), call.platform().now() + ABSOLUTE),
    };
    let person = SessionPerson {
        id: caller.id.to_string(),
        name,
        roles: caller.roles.iter().map(|role| (*role).into()).collect(),
        agency: caller.agency.to_string(),
        agency_name: agency_name(&call.api, &caller.agency),
    };
    ok(&Session { person, expires: expires.into(), purpose: ctx.purpose().to_string() })
}

async fn sign_out(call: Call) -> Answer {
    if let By::Session(signed_in) = &call.caller()?.by {
        let id = signed_in.session.clone();
        call.blocking(move |api| Ok(api.platform.directory().end_session(&id)?)).await?;
    }
    let mut response = no_content();
    response.headers_mut().insert(SET_COOKIE, session_cookie::set("", 0, call.api.settings.https)?);
    Ok(response)
}

fn limited(call: &Call, name: &str) -> Result<(), Problem> {
    call.api.try_sign_in(name, call.peer).map_err(|wait| DirectoryError::TooOften(wait).into())
}

/// One of the few places for hashing; whoever finds none within the queue's patience comes back later.
async fn hashing_place(api: &Api) -> Result<tokio::sync::OwnedSemaphorePermit, Problem> {
    let patience = std::time::Duration::from_secs(10);
    match tokio::time::timeout(patience, api.hashing.clone().acquire_owned()).await {
        Ok(Ok(place)) => Ok(place),
        _ => Err(Problem::later(Code::TooMany, "too many people sign in at this moment", 5)),
    }
}

/// Leaves an audit entry: in the name of the person who signed in, or the platform's where nobody did.
fn note_sign_in(api: &Api, name: &str, outcome: &Result<Account, DirectoryError>) -> Result<(), Problem> {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    let (ctx, outcome, resource, detail) = match outcome {
        Ok(account) => {
            let action = Action::Read(Resource::City);
            let ctx = authorise(&account.id, &account.roles, &account.agency, None, action, None);
            let ctx = ctx.unwrap_or_else(|_| Context::system("api"));
            (ctx, Outcome::Allowed, format!("account/{}", account.id), shown)
        }
        Err(error) => (Context::system("api"), Outcome::Refused, "account".to_owned(), format!("{shown:?}: {error}")),
    };
    Ok(api.platform.store().record(&ctx, AuditNote { action: "sign_in".to_owned(), resource, outcome, detail })?)
}

fn welcome(api: &Api, secret: &str, signed_in: &SignedIn) -> Answer {
    let account = &signed_in.account;
    let purpose = account.roles.first().map_or_else(String::new, |role| role.purposes()[0].to_string());
    let session = Session { person: person(api, account), expires: signed_in.expires.into(), purpose };
    let mut response: Response = json(StatusCode::OK, &session)?;
    let seconds = ABSOLUTE.as_millis() / 1000;
    response.headers_mut().insert(SET_COOKIE, session_cookie::set(secret, seconds, api.settings.https)?);
    Ok(response)
}

fn person(api: &Api, account: &Account) -> SessionPerson {
    SessionPerson {
        id: account.id.to_string(),
        name: account.name.clone(),
        roles: account.roles.iter().map(|role| (*role).into()).collect(),
        agency: account.agency.to_string(),
        agency_name: agency_name(api, &account.agency),
    }
}

fn agency_name(api: &Api, id: &vigiles_model::AgencyId) -> String {
    api.platform.directory().agency(id).map_or_else(|| id.to_string(), |agency| agency.name)
}
