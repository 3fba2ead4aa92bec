//! Signed HTTP calls after Standard Webhooks: HMAC-SHA256 over id, time and body.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use ureq::Agent;
use vigiles_formats::geojson::PlaceRef;
use vigiles_model::playbook::Live;
use vigiles_runtime::carrier::{Failure, Outcome};

use crate::outbound::{judged, started};

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Fewest bytes of a secret, as the standard asks.
const MIN_SECRET_BYTES: usize = 24;

/// An endpoint that playbooks may call.
pub struct Webhook {
    url: String,
    secret: Vec<u8>,
    agent: Agent,
}

impl fmt::Debug for Webhook {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Why an endpoint cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// Not an address to call.
    #[error("{0:?} is not an http or https address")]
    Url(String),
    /// The secret is not what the standard asks for.
    #[error("a webhook's secret is whsec_ and base64 of at least {MIN_SECRET_BYTES} bytes")]
    Secret,
}

/// One call: the same id and body at every try.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    id: String,
    body: String,
}

impl Webhook {
    /// An endpoint; `secret` is written `whsec_<base64>`.
    pub fn new(url: &str, secret: &str) -> Result<Self, WebhookError> {
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(WebhookError::Url(url.to_owned()));
        }
        let text = secret.trim().strip_prefix("whsec_").ok_or(WebhookError::Secret)?;
        let secret = STANDARD.decode(text).ok().filter(|s| s.len() >= MIN_SECRET_BYTES).ok_or(WebhookError::Secret)?;
        // A redirect would carry the signature to another place.
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).max_redirects(0).build();
        Ok(Self { url: url.to_owned(), secret, agent: config.new_agent() })
    }

    /// What is sent for a task. The id stays the same when it is tried again by itself, also after a crash, and changes
    /// when a person asks for it again.
    pub(crate) fn call(live: &Live<'_>) -> Result<Call, Failure> {
        let task = live.task();
        let incident = live.incident();
        let started = started(live);
        let body = json!({
            "type": "incident.task",
            "timestamp": started.to_string(),
            "data": {
                "incident": {
                    "id": incident.id, "number": incident.number, "incident_type": incident.incident_type,
                    "title": incident.title, "state": incident.state, "priority": incident.priority,
                    "severity": incident.severity, "reality": incident.reality, "agency": incident.agency,
                    "opened": incident.opened.to_string(), "place": incident.place.as_ref().map(PlaceRef),
                },
                "task": { "id": task.id, "title": task.step.title, "instruction": task.step.instruction },
            },
        });
        let body = serde_json::to_string(&body).map_err(|e| Failure::Lasting(e.to_string()))?;
        Ok(Call { id: format!("msg_{}_{}", task.id, started.as_millis()), body })
    }

    /// Sends a call once.
    #[expect(
        clippy::disallowed_methods,
        reason = "the signature carries the time of sending, for the receiver to check"
    )]
    pub(crate) fn post(&self, call: &Call) -> Outcome {
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let request = self
            .agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("webhook-id", &call.id)
            .header("webhook-timestamp", now_s.to_string())
            .header("webhook-signature", sign(&self.secret, &call.id, now_s, &call.body));
        judged(request.send(call.body.as_str()))
    }
}

/// The value of `webhook-signature`.
fn sign(secret: &[u8], id: &str, timestamp_s: u64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(format!("{id}.{timestamp_s}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_of_the_standards_example() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn endpoints_are_checked() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert!(Webhook::new("https://hooks.city.example/x", secret).is_ok());
        assert_eq!(
            Webhook::new("file:///etc/passwd", secret).unwrap_err(),
            WebhookError::Url("file:///etc/passwd".into())
        );
        assert_eq!(Webhook::new("https://a.example", "whsec_c2hvcnQ=").unwrap_err(), WebhookError::Secret);
        assert!(!format!("{:?}", Webhook::new("https://a.example", secret).unwrap()).contains("secret"));
    }
}
