//! The task kind of the tests: the runtime knows none by name.

use vigiles_model::playbook::{FailureWords, Form, OutwardKind, OutwardKinds, Setting, Words};

const WORDS: Words = Words { en: "webhook", de: "Webhook" };

static WEBHOOK: OutwardKind = OutwardKind {
    name: "webhook",
    title: WORDS,
    icon: "source",
    is_retried: true,
    informs: true,
    undoes: true,
    deadline_s: None,
    failure: FailureWords { unset: WORDS, failed: WORDS },
    settings: &[Setting { name: "endpoint", label: WORDS, hint: None, form: Form::Name }],
    destination: |outward| format!("webhook {}", outward.text("endpoint")),
    check: |_| Ok(()),
};

pub(crate) fn kinds() -> OutwardKinds {
    [&WEBHOOK].into_iter().collect()
}
