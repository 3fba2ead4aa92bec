//! Carrying out the tasks of playbooks that leave the platform: one try each, by e-mail, webhook or HTTP request.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use ureq::Body;
use ureq::http::Response;
use vigiles_model::Timestamp;
use vigiles_model::playbook::{Action, Live};
use vigiles_runtime::carrier::{Carrier, Failure, Outcome};

use crate::endpoint::Endpoint;
use crate::smtp::Smtp;
use crate::webhook::Webhook;

/// Whoever speaks the outgoing protocols.
#[derive(Debug, Default)]
pub struct Outbound {
    /// The e-mail server.
    pub smtp: Option<Arc<Smtp>>,
    /// The signed webhooks that playbooks name.
    pub webhooks: BTreeMap<String, Arc<Webhook>>,
    /// The endpoints of plain HTTP requests that playbooks name.
    pub endpoints: BTreeMap<String, Arc<Endpoint>>,
}

impl Carrier for Outbound {
    fn carry_out<'a>(&'a self, live: Live<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match &live.task().step.action {
                Action::Email { to, subject, body } => {
                    let missing = || Failure::Lasting("no e-mail server is configured ([smtp])".to_owned());
                    let smtp = self.smtp.clone().ok_or_else(missing)?;
                    let message = smtp.message(&live, to, subject, body)?;
                    blocking(move || smtp.send(&message)).await
                }
                Action::Webhook { endpoint } => {
                    let hook = named(&self.webhooks, endpoint, "webhook", "[[webhook]]")?;
                    let call = Webhook::call(&live)?;
                    blocking(move || hook.post(&call)).await
                }
                Action::Http { endpoint, method, path, body } => {
                    let endpoint = named(&self.endpoints, endpoint, "endpoint", "[[endpoint]]")?;
                    let request = Endpoint::request(&live, *method, path, body)?;
                    blocking(move || endpoint.send(&request)).await
                }
                Action::Manual
                | Action::NotifyConsole { .. }
                | Action::Assign { .. }
                | Action::Ask { .. }
                | Action::Wait { .. }
                | Action::Annotate { .. }
                | Action::OpenRoom { .. } => {
                    Err(Failure::Lasting("this task leaves the platform by no protocol".into()))
                }
            }
        })
    }
}

fn named<T>(all: &BTreeMap<String, Arc<T>>, name: &str, what: &str, section: &str) -> Result<Arc<T>, Failure> {
    let missing = || Failure::Lasting(format!("no {what} {name:?} is configured ({section})"));
    all.get(name).cloned().ok_or_else(missing)
}

/// The work waits for the network, on a thread for that.
async fn blocking(work: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
    tokio::task::spawn_blocking(work).await.map_err(|e| Failure::Passing(e.to_string()))?
}

/// When the first of the tries began: the same for all of them, so that a receiver knows them as one.
pub(crate) fn started(live: &Live<'_>) -> Timestamp {
    let task = live.task();
    task.started.or(task.changed).unwrap_or(live.incident().changed)
}

/// What the answer of an HTTP server means: whether another try may do better follows RFC 9110, section 15.
pub(crate) fn judged(answer: Result<Response<Body>, ureq::Error>) -> Outcome {
    let status = match answer {
        Ok(response) => response.status().as_u16(),
        Err(e) => return Err(Failure::Passing(format!("the endpoint was not reached: {e}"))),
    };
    match status {
        200..=299 => Ok(format!("delivered, {status}")),
        408 | 429 | 500..=599 => Err(Failure::Passing(format!("the endpoint answered {status}"))),
        _ => Err(Failure::Lasting(format!("the endpoint refused the call with {status}"))),
    }
}
