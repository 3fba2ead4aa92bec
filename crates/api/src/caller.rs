//! Who calls: found from the bearer token or the session cookie of a request.

use std::net::IpAddr;

use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use vigiles_model::{AgencyId, PersonId, SourceId};
use vigiles_runtime::directory::SignedIn;
use vigiles_runtime::door::{Grant, Knock, Refusal};
use vigiles_trust::{Context, Role};

use crate::problem::{Code, Problem};
use crate::session_cookie;
use crate::state::Api;

/// Who calls.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) id: PersonId,
    pub(crate) roles: Vec<Role>,
    pub(crate) agency: AgencyId,
    pub(crate) by: By,
}

/// How the caller was recognised.
#[derive(Clone)]
pub(crate) enum By {
    /// By a session.
    Session(Box<SignedIn>),
    /// By a token, with the source it speaks for.
    Token(Option<SourceId>),
}

impl Caller {
    /// What the doors know of a token.
    pub(crate) fn grant(&self) -> Grant {
        let source = match &self.by {
            By::Session(_) => None,
            By::Token(source) => source.clone(),
        };
        Grant { principal: self.id.clone(), agency: self.agency.clone(), roles: self.roles.clone(), source }
    }
}

/// Finds who calls. A token that is wrong is an error; a cookie that is over is nobody.
pub(crate) fn find(api: &Api, headers: &HeaderMap, peer: Option<IpAddr>) -> Result<Option<Caller>, Problem> {
    let now = api.platform.now();
    if let Some(value) = headers.get(AUTHORIZATION) {
        let text = value.to_str().unwrap_or_default();
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::of(Code::Unauthenticated, "Authorization", "send Bearer and a token"));
        }
        let from = Knock { door: "http", from: peer };
        let grant = api.platform.authenticate(token.trim(), &from).map_err(|refusal| refused(&refusal))?;
        let caller =
            Caller { id: grant.principal, roles: grant.roles, agency: grant.agency, by: By::Token(grant.source) };
        return Ok(Some(caller));
    }
    let signed_in = session_cookie::read(headers).and_then(|secret| api.platform.directory().session(secret, now));
    Ok(signed_in.map(|signed_in| Caller {
        id: signed_in.account.id.clone(),
        roles: signed_in.account.roles.clone(),
        agency: signed_in.account.agency.clone(),
        by: By::Session(Box::new(signed_in)),
    }))
}

/// Whether a caller who was let in still would be: not signed out, disabled, revoked or given other roles.
pub(crate) fn is_still(api: &Api, headers: &HeaderMap, ctx: &Context) -> bool {
    let now = find(api, headers, None).ok().flatten();
    now.is_some_and(|caller| Some(&caller.id) == ctx.person() && caller.roles == ctx.roles())
}

fn refused(refusal: &Refusal) -> Problem {
    Problem::of(Code::Unauthenticated, "Authorization", refusal.to_string())
}

/// Refuses a changing request that a browser sends from a page of another site. A program without a browser
/// sends neither header, and a bearer token is sent by no browser on its own.
pub(crate) fn check_site(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() || headers.contains_key(AUTHORIZATION) {
        return Ok(());
    }
    let header = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let refuse = |why: String| Err(Problem::new(Code::CrossSite, why));
    match header("sec-fetch-site") {
        Some("same-origin" | "none") => return Ok(()),
        Some(other) => return refuse(format!("Sec-Fetch-Site says {other}")),
        None => {}
    }
    match (header(ORIGIN.as_str()), header(HOST.as_str())) {
        (Some(origin), Some(host)) if origin.split_once("://").is_some_and(|(_, rest)| rest == host) => Ok(()),
        (Some(origin), _) => refuse(format!("Origin says {origin}")),
        // A cookie with neither header is a browser from before 2019 or a script: not worth the risk.
        (None, _) if session_cookie::read(headers).is_some() => {
            refuse("a cookie came without Origin or Sec-Fetch-Site".to_owned())
        }
        (None, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn check(method: &Method, headers: &[(&'static str, &'static str)], allowed: bool) {
        let map = headers.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect();
        assert_eq!(check_site(method, &map).is_ok(), allowed, "{headers:?}");
    }

    #[test]
    fn only_our_own_pages_may_change() {
        let cookie = ("cookie", "vigiles_session=x");
        check(&Method::GET, &[cookie, ("sec-fetch-site", "cross-site")], true);
        check(&Method::POST, &[cookie, ("sec-fetch-site", "same-origin")], true);
        check(&Method::POST, &[cookie, ("sec-fetch-site", "same-site")], false);
        check(&Method::POST, &[cookie, ("sec-fetch-site", "cross-site"), ("origin", "http://a"), ("host", "a")], false);
        check(&Method::POST, &[cookie, ("origin", "http://a:1"), ("host", "a:1")], true);
        check(&Method::POST, &[cookie, ("origin", "http://evil"), ("host", "a:1")], false);
        check(&Method::POST, &[cookie, ("origin", "null"), ("host", "a:1")], false);
        check(&Method::POST, &[cookie], false);
        check(&Method::POST, &[], true);
        check(&Method::POST, &[("origin", "http://evil"), ("host", "a")], false);
        check(&Method::POST, &[("authorization", "Bearer x"), ("origin", "http://evil")], true);
    }
}
