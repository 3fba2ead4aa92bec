//! A signed POST to a webhook of the configuration, with the facts of the incident.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use vigiles_model::playbook::{Live, OutwardKind, Words};
use vigiles_runtime::carrier::{Carrier, Outcome};

use super::http::{ENDPOINT, LINK};
use super::{Registration, blocking, named};
use crate::webhook::Webhook;

pub(super) const REGISTRATION: Registration =
    Registration { kind: &KIND, carrier: |outlets| Arc::new(Webhooks { all: outlets.webhooks.clone() }) };

static KIND: OutwardKind = OutwardKind {
    name: "webhook",
    title: Words { en: "webhook", de: "Webhook" },
    icon: "source",
    is_retried: true,
    informs: true,
    undoes: true,
    deadline_s: None,
    failure: LINK,
    settings: &[ENDPOINT],
    destination: |outward| format!("webhook {}", outward.text("endpoint")),
    check: |_| Ok(()),
};

struct Webhooks {
    all: BTreeMap<String, Arc<Webhook>>,
}

impl Carrier for Webhooks {
    fn carry_out<'a>(&'a self, live: Live<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let outward = live.outward();
            let hook = named(&self.all, outward.text("endpoint"), "webhook", "[[webhook]]")?;
            let call = Webhook::call(&live)?;
            blocking(move || hook.post(&call)).await
        })
    }
}
