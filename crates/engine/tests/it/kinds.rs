//! Task kinds of the tests: the engine knows none by name. Some have the names and settings that the fixtures use.

use vigiles_engine::{Engine, SnapshotError};
use vigiles_model::playbook::{FailureWords, Form, Misfit, Outward, OutwardKind, OutwardKinds, Setting, Words};

const WORDS: Words = Words { en: "kind", de: "Art" };

const fn setting(name: &'static str, form: Form) -> Setting {
    Setting { name, label: WORDS, hint: None, form }
}

const fn kind(name: &'static str, settings: &'static [Setting]) -> OutwardKind {
    OutwardKind {
        name,
        title: WORDS,
        icon: "source",
        is_retried: true,
        informs: true,
        undoes: true,
        deadline_s: None,
        failure: FailureWords { unset: WORDS, failed: WORDS },
        settings,
        destination: |outward| format!("{} {}", outward.kind, outward.text("endpoint")),
        check: |_| Ok(()),
    }
}

static WEBHOOK: OutwardKind = kind("webhook", &[setting("endpoint", Form::Name)]);
static EMAIL: OutwardKind = kind(
    "email",
    &[setting("to", Form::Addresses { most: 2 }), setting("subject", Form::Line), setting("body", Form::Text)],
);
static HTTP: OutwardKind = OutwardKind {
    check: body_fits,
    ..kind(
        "http",
        &[
            setting("endpoint", Form::Name),
            setting("method", Form::Choice(&["post", "get", "put"])),
            setting("path", Form::Path),
            setting("body", Form::Json),
        ],
    )
};
/// What must not happen twice, tells nobody and undoes nothing.
static SIGNAL: OutwardKind = OutwardKind {
    is_retried: false,
    informs: false,
    undoes: false,
    deadline_s: Some(20),
    ..kind(
        "signal",
        &[
            setting("endpoint", Form::Name),
            setting("hold", Form::Number { unit: "s", least: 5.0, most: 90.0, default: 30.0 }),
        ],
    )
};

fn body_fits(outward: &Outward) -> Result<(), Misfit> {
    if outward.text("method") == "get" && !outward.text("body").is_empty() {
        return Err(Misfit { setting: "body", why: "a get carries none".into() });
    }
    Ok(())
}

pub(crate) fn kinds() -> OutwardKinds {
    [&WEBHOOK, &EMAIL, &HTTP, &SIGNAL].into_iter().collect()
}

pub(crate) fn engine() -> Engine {
    Engine::new().knowing(kinds())
}

pub(crate) fn restore(snapshot: &[u8]) -> Result<Engine, SnapshotError> {
    Engine::restore(snapshot).map(|engine| engine.knowing(kinds()))
}
