//! The task kinds that act outward, a file each: what there is to know of a kind, and how one try of it goes out. A kind of
//! another room is the same, in a folder of its own there. It is registered by a line in [`REGISTERED`].

mod email;
mod http;
mod webhook;

use std::collections::BTreeMap;
use std::sync::Arc;

use vigiles_model::playbook::{OutwardKind, OutwardKinds};
use vigiles_runtime::carrier::{Carrier, Carriers, Failure, Outcome};

use crate::endpoint::Endpoint;
use crate::smtp::Smtp;
use crate::webhook::Webhook;

/// A task kind: what there is to know of it, and whoever carries it out over what the configuration names.
#[derive(Debug, Clone, Copy)]
pub struct Registration {
    /// What there is to know of it.
    pub kind: &'static OutwardKind,
    /// Makes whoever carries it out.
    pub carrier: fn(&Outlets) -> Arc<dyn Carrier>,
}

/// Every task kind that acts outward; a new one is a line here.
pub const REGISTERED: &[Registration] = &[email::REGISTRATION, http::REGISTRATION, webhook::REGISTRATION];

/// What the configuration names for things to go out by.
#[derive(Debug, Clone, Default)]
pub struct Outlets {
    /// The e-mail server.
    pub smtp: Option<Arc<Smtp>>,
    /// The signed webhooks that playbooks name.
    pub webhooks: BTreeMap<String, Arc<Webhook>>,
    /// The endpoints of plain HTTP requests that playbooks name.
    pub endpoints: BTreeMap<String, Arc<Endpoint>>,
}

/// What there is to know of the kinds, for the checks, the engine and the console.
pub fn kinds(registered: &[Registration]) -> OutwardKinds {
    registered.iter().map(|registration| registration.kind).collect()
}

/// Whoever carries them out.
pub fn carriers(registered: &[Registration], outlets: &Outlets) -> Carriers {
    registered.iter().map(|one| (one.kind.name, (one.carrier)(outlets))).collect()
}

/// What the configuration has under a name.
fn named<T>(all: &BTreeMap<String, Arc<T>>, name: &str, what: &str, section: &str) -> Result<Arc<T>, Failure> {
    let missing = || Failure::Lasting(format!("no {what} {name:?} is configured ({section})"));
    all.get(name).cloned().ok_or_else(missing)
}

/// The work waits for the network, on a thread for that.
async fn blocking(work: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
    tokio::task::spawn_blocking(work).await.map_err(|e| Failure::Passing(e.to_string()))?
}
