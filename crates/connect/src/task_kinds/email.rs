//! An e-mail.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vigiles_model::playbook::{FailureWords, Form, Live, OutwardKind, Setting, Words};
use vigiles_runtime::carrier::{Carrier, Failure, Outcome};

use super::{Registration, blocking};
use crate::smtp::{MAX_TO, Smtp};

pub(super) const REGISTRATION: Registration =
    Registration { kind: &KIND, carrier: |outlets| Arc::new(Email { smtp: outlets.smtp.clone() }) };

static KIND: OutwardKind = OutwardKind {
    name: "email",
    title: Words { en: "e-mail", de: "E-Mail" },
    icon: "note",
    is_retried: true,
    informs: true,
    undoes: true,
    deadline_s: None,
    failure: FailureWords {
        unset: Words {
            en: "Not sent: e-mail is not set up. Call instead.",
            de: "Nicht gesendet: E-Mail ist nicht eingerichtet. Stattdessen anrufen.",
        },
        failed: Words {
            en: "Not sent: the e-mail did not go out. Call instead, or try again.",
            de: "Nicht gesendet: Die E-Mail ging nicht hinaus. Stattdessen anrufen oder erneut versuchen.",
        },
    },
    settings: &[
        Setting {
            name: "to",
            label: Words { en: "To", de: "An" },
            hint: Some(Words { en: "Addresses, apart by commas", de: "Adressen, durch Kommas getrennt" }),
            form: Form::Addresses { most: MAX_TO },
        },
        Setting { name: "subject", label: Words { en: "Subject", de: "Betreff" }, hint: None, form: Form::Line },
        Setting { name: "body", label: Words { en: "Text", de: "Text" }, hint: None, form: Form::Text },
    ],
    destination: |outward| outward.texts("to").join(", "),
    check: |_| Ok(()),
};

struct Email {
    smtp: Option<Arc<Smtp>>,
}

impl Carrier for Email {
    fn carry_out<'a>(&'a self, live: Live<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let outward = live.outward();
            let missing = || Failure::Lasting("no e-mail server is configured ([smtp])".to_owned());
            let smtp = self.smtp.clone().ok_or_else(missing)?;
            let message = smtp.message(&live, outward.texts("to"), outward.text("subject"), outward.text("body"))?;
            blocking(move || smtp.send(&message)).await
        })
    }
}
