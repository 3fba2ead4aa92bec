//! Carrying out the automatic tasks of playbooks by e-mail and webhook.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use vigiles_model::playbook::Action;
use vigiles_model::{Incident, Reality, Task};
use vigiles_runtime::carrier::{Carrier, Outcome};

use crate::smtp::Smtp;
use crate::webhook::Webhook;

/// The proof that an incident is no exercise. Nothing leaves the platform without one.
#[derive(Debug)]
pub struct Live<'a> {
    incident: &'a Incident,
}

impl<'a> Live<'a> {
    /// Only an actual incident gives one.
    pub fn of(incident: &'a Incident) -> Option<Self> {
        (incident.reality == Reality::Actual).then_some(Self { incident })
    }

    /// The incident.
    pub fn incident(&self) -> &'a Incident {
        self.incident
    }
}

/// How often, and after which waits, a delivery that did not arrive is tried again.
#[derive(Debug, Clone)]
pub struct Retries {
    /// The wait before each further try; their number is the number of tries.
    pub waits: Vec<Duration>,
}

impl Default for Retries {
    /// After 1, 5 and 25 seconds.
    fn default() -> Self {
        Self { waits: [1, 5, 25].map(Duration::from_secs).to_vec() }
    }
}

/// Why a try failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Another try may do better.
    Passing(String),
    /// It will not.
    Lasting(String),
}

/// Whoever speaks the outgoing protocols.
#[derive(Debug, Default)]
pub struct Outbound {
    /// The e-mail server.
    pub smtp: Option<Arc<Smtp>>,
    /// The endpoints that playbooks name.
    pub webhooks: BTreeMap<String, Arc<Webhook>>,
    /// When deliveries are tried again.
    pub retries: Retries,
}

impl Carrier for Outbound {
    fn carry_out<'a>(&'a self, incident: &'a Incident, task: &'a Task) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(live) = Live::of(incident) else {
                return Ok("not sent: this is an exercise or a test".to_owned());
            };
            match &task.step.action {
                Action::Manual | Action::NotifyConsole { .. } => {
                    Err("this task is not for e-mail or webhook".to_owned())
                }
                Action::Email { to, subject, body } => {
                    let smtp = self.smtp.as_ref().ok_or("no e-mail server is configured ([smtp])")?;
                    let message = smtp.message(&live, task, to, subject, body)?;
                    self.attempt(|| {
                        let (smtp, message) = (smtp.clone(), message.clone());
                        move || smtp.send(&message)
                    })
                    .await
                }
                Action::Webhook { endpoint } => {
                    let hook = self
                        .webhooks
                        .get(endpoint)
                        .ok_or_else(|| format!("no webhook {endpoint:?} is configured ([[webhook]])"))?;
                    let call = Webhook::call(&live, task)?;
                    self.attempt(|| {
                        let (hook, call) = (hook.clone(), call.clone());
                        move || hook.post(&call)
                    })
                    .await
                }
            }
        })
    }
}

impl Outbound {
    /// Tries until it succeeds, fails for good, or the tries are used up. The work blocks, and runs on a
    /// thread for that.
    async fn attempt<F, W>(&self, work: F) -> Outcome
    where
        F: Fn() -> W,
        W: FnOnce() -> Result<String, Failure> + Send + 'static,
    {
        let mut waits = self.retries.waits.iter();
        loop {
            let done = tokio::task::spawn_blocking(work()).await.map_err(|e| e.to_string())?;
            match (done, waits.next()) {
                (Ok(text), _) => return Ok(text),
                (Err(Failure::Passing(_)), Some(wait)) => tokio::time::sleep(*wait).await,
                (Err(Failure::Passing(why)), None) => {
                    return Err(format!("{why} (after {} tries)", self.retries.waits.len() + 1));
                }
                (Err(Failure::Lasting(why)), _) => return Err(why),
            }
        }
    }
}
