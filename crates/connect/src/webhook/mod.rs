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
use vigiles_model::Task;

use crate::outbound::{Failure, Live};

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

    /// What is sent for a task. The id stays the same when the task is carried out again after a crash, and
    /// changes when a person asks for it again.
    pub(crate) fn call(live: &Live<'_>, task: &Task) -> Result<Call, String> {
        let incident = live.incident();
        let changed = task.changed.unwrap_or(incident.changed);
        let body = json!({
            "type": "incident.task",
            "timestamp": changed.to_string(),
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
        let body = serde_json::to_string(&body).map_err(|e| e.to_string())?;
        Ok(Call { id: format!("msg_{}_{}", task.id, changed.as_millis()), body })
    }

    /// Sends a call once.
    #[expect(
        clippy::disallowed_methods,
        reason = "the signature carries the time of sending, for the receiver to check"
    )]
    pub(crate) fn post(&self, call: &Call) -> Result<String, Failure> {
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let request = self
            .agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("webhook-id", &call.id)
            .header("webhook-timestamp", now_s.to_string())
            .header("webhook-signature", sign(&self.secret, &call.id, now_s, &call.body));
        let status = match request.send(call.body.as_str()) {
            Ok(response) => response.status().as_u16(),
            Err(e) => return Err(Failure::Passing(format!("the endpoint was not reached: {e}"))),
        };
        match status {
            200..=299 => Ok(format!("delivered, {status}")),
            408 | 429 | 500..=599 => Err(Failure::Passing(format!("the endpoint answered {status}"))),
            _ => Err(Failure::Lasting(format!("the endpoint refused the call with {status}"))),
        }
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
