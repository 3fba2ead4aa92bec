//! Plain HTTP requests of playbooks to configured endpoints: signs, lights, systems of other agencies.

use std::fmt;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderValue, Request, Uri};
use vigiles_model::playbook::Live;
use vigiles_runtime::carrier::{Failure, Outcome};

use crate::outbound::{judged, started};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An endpoint that playbooks may send requests to.
pub struct Endpoint {
    base: String,
    authorization: Option<HeaderValue>,
    agent: Agent,
}

impl fmt::Debug for Endpoint {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Why an endpoint cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not an address to call.
    #[error("{0:?} is not an http or https address without a query")]
    Url(String),
    /// The secret cannot stand in a header.
    #[error("the value of Authorization must be one line of visible ASCII")]
    Authorization,
}

/// One request, the same at every try.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    method: String,
    path: String,
    key: String,
    body: String,
}

impl Endpoint {
    /// An endpoint: paths of playbooks are added to `url`; `authorization` is the whole value of that header.
    pub fn new(url: &str, authorization: Option<&str>) -> Result<Self, EndpointError> {
        let uri: Option<Uri> = url.parse().ok();
        let fits = |uri: &Uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() && uri.query().is_none()
        };
        if !uri.as_ref().is_some_and(fits) || url.contains('#') {
            return Err(EndpointError::Url(url.to_owned()));
        }
        let secret = |value: &str| {
            let mut value = HeaderValue::from_str(value.trim()).map_err(|_| EndpointError::Authorization)?;
            value.set_sensitive(true);
            Ok(value)
        };
        let authorization = authorization.map(secret).transpose()?;
        // A redirect would carry the secret to another place.
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).max_redirects(0).build();
        Ok(Self { base: url.trim_end_matches('/').to_owned(), authorization, agent: config.new_agent() })
    }

    /// What is sent for a task. Its key stays the same when it is tried again by itself, also after a crash.
    pub(crate) fn request(live: &Live<'_>, method: String, path: &str, body: &str) -> Result<Draft, Failure> {
        if !body.is_empty()
            && let Err(e) = serde_json::from_str::<serde::de::IgnoredAny>(body)
        {
            return Err(Failure::Lasting(format!("the body is no JSON: {e}")));
        }
        let key = format!("{}-{}", live.task().id, started(live).as_millis());
        Ok(Draft { method, path: path.to_owned(), key, body: body.to_owned() })
    }

    /// Sends a request once.
    pub(crate) fn send(&self, draft: &Draft) -> Outcome {
        let mut request = Request::builder()
            .method(draft.method.as_str())
            .uri(format!("{}{}", self.base, draft.path))
            .header("idempotency-key", &draft.key);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let broken = |e: ureq::http::Error| Failure::Lasting(format!("no request can be made of it: {e}"));
        if draft.body.is_empty() {
            return judged(self.agent.run(request.body(()).map_err(broken)?));
        }
        let request = request.header("content-type", "application/json").body(draft.body.clone());
        judged(self.agent.run(request.map_err(broken)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, authorization: Option<&str>, expected: Option<&EndpointError>) {
        let made = Endpoint::new(url, authorization);
        assert_eq!(made.as_ref().err(), expected, "{url}");
        assert!(!format!("{made:?}").contains("s3cret"));
    }

    #[test]
    fn endpoints_are_checked() {
        check("https://signs.city.example/v1/", Some("Bearer s3cret\n"), None);
        check("https://signs.city.example", Some("Bearer\ns3cret"), Some(&EndpointError::Authorization));
        for url in ["file:///etc/passwd", "signs.city.example", "https://a.example/?q=1", "https://a.example/#x"] {
            check(url, None, Some(&EndpointError::Url(url.to_owned())));
        }
    }
}
