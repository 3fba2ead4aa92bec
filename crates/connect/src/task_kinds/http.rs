//! A plain HTTP request to an endpoint of the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use vigiles_model::playbook::{FailureWords, Form, Live, Misfit, Outward, OutwardKind, Setting, Words};
use vigiles_runtime::carrier::{Carrier, Outcome};

use super::{Registration, blocking, named};
use crate::endpoint::Endpoint;

pub(super) const REGISTRATION: Registration =
    Registration { kind: &KIND, carrier: |outlets| Arc::new(Http { endpoints: outlets.endpoints.clone() }) };

/// The name of somewhere in the configuration: addresses and secrets stay out of playbooks.
pub(super) const ENDPOINT: Setting = Setting {
    name: "endpoint",
    label: Words { en: "Endpoint", de: "Endpunkt" },
    hint: Some(Words {
        en: "Its name in the configuration of the platform, which holds address and secret.",
        de: "Sein Name in der Konfiguration der Plattform, die Adresse und Geheimnis enthält.",
    }),
    form: Form::Name,
};

/// What it means that a link to another system failed.
pub(super) const LINK: FailureWords = FailureWords {
    unset: Words {
        en: "Not sent: this connection is not set up. Call instead.",
        de: "Nicht gesendet: Diese Verbindung ist nicht eingerichtet. Stattdessen anrufen.",
    },
    failed: Words {
        en: "Not sent: the other system did not take it. Call instead, or try again.",
        de: "Nicht gesendet: Das andere System nahm es nicht an. Stattdessen anrufen oder erneut versuchen.",
    },
};

static KIND: OutwardKind = OutwardKind {
    name: "http",
    title: Words { en: "HTTP request", de: "HTTP-Aufruf" },
    icon: "source",
    is_retried: true,
    informs: true,
    undoes: true,
    deadline_s: None,
    failure: LINK,
    settings: &[
        ENDPOINT,
        Setting {
            name: "method",
            label: Words { en: "Method", de: "Methode" },
            hint: None,
            form: Form::Choice(&["post", "get", "put", "delete"]),
        },
        Setting {
            name: "path",
            label: Words { en: "Path", de: "Pfad" },
            hint: Some(Words {
                en: "Added to the address of the endpoint",
                de: "Wird an die Adresse des Endpunkts gehängt",
            }),
            form: Form::Path,
        },
        Setting { name: "body", label: Words { en: "Body (JSON)", de: "Inhalt (JSON)" }, hint: None, form: Form::Json },
    ],
    destination,
    check,
};

fn destination(outward: &Outward) -> String {
    let (endpoint, method, path) = (outward.text("endpoint"), verb(outward), outward.text("path"));
    format!("endpoint {endpoint}, {method} {path}").trim_end().to_owned()
}

fn check(outward: &Outward) -> Result<(), Misfit> {
    if matches!(outward.text("method"), "get" | "delete") && !outward.text("body").is_empty() {
        return Err(Misfit { setting: "body", why: format!("a {} request carries no body", verb(outward)) });
    }
    Ok(())
}

/// The verb as it stands in a request (RFC 9110, section 9.3).
fn verb(outward: &Outward) -> String {
    outward.text("method").to_ascii_uppercase()
}

struct Http {
    endpoints: BTreeMap<String, Arc<Endpoint>>,
}

impl Carrier for Http {
    fn carry_out<'a>(&'a self, live: Live<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let outward = live.outward();
            let endpoint = named(&self.endpoints, outward.text("endpoint"), "endpoint", "[[endpoint]]")?;
            let request = Endpoint::request(&live, verb(outward), outward.text("path"), outward.text("body"))?;
            blocking(move || endpoint.send(&request)).await
        })
    }
}
