//! A task kind as a capability brings it: all there is to know of it, and whoever carries it out, in one file.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use vigiles_connect::task_kinds::Registration;
use vigiles_model::playbook::{FailureWords, Form, Live, OutwardKind, Setting, Words};
use vigiles_runtime::carrier::{Carrier, Outcome};

pub(super) const REGISTRATION: Registration = Registration { kind: &KIND, carrier: |_| Arc::new(Siren) };

static KIND: OutwardKind = OutwardKind {
    name: "sound_siren",
    title: Words { en: "siren", de: "Sirene" },
    icon: "sound",
    is_retried: false,
    informs: true,
    undoes: false,
    deadline_s: Some(60),
    failure: FailureWords {
        unset: Words { en: "There is no siren.", de: "Es gibt keine Sirene." },
        failed: Words { en: "The siren is silent.", de: "Die Sirene schweigt." },
    },
    settings: &[
        Setting { name: "mast", label: Words { en: "Mast", de: "Mast" }, hint: None, form: Form::Name },
        Setting {
            name: "lasting",
            label: Words { en: "For", de: "Dauer" },
            hint: Some(Words {
                en: "People need half a minute to notice.",
                de: "Eine halbe Minute braucht der Mensch.",
            }),
            form: Form::Number { unit: "s", least: 10.0, most: 180.0, default: 60.0 },
        },
        Setting { name: "words", label: Words { en: "Words", de: "Worte" }, hint: None, form: Form::Text },
    ],
    destination: |outward| format!("the siren of mast {}", outward.text("mast")),
    check: |_| Ok(()),
};

/// What the sirens of this process did.
pub(super) static SOUNDED: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Siren;

impl Carrier for Siren {
    fn carry_out<'a>(&'a self, live: Live<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let outward = live.outward();
            let lasting_s = outward.number("lasting").unwrap_or_default();
            SOUNDED.lock().push(format!("{} {lasting_s} {}", outward.text("mast"), outward.text("words")));
            Ok(format!("sounded for {lasting_s} s"))
        })
    }
}
