//! A request to a configured endpoint; the runtime sends it.

use vigiles_model::playbook::{Action, HttpMethod};

use super::{Settings, TaskKind};
use crate::command::CommandError;
use crate::config::invalid;
use crate::playbook::check::{name, no_longer};
use crate::playbook::placeholders::Filler;

const MAX_PATH_BYTES: usize = 2048;

pub(super) struct Http<'a> {
    pub(super) endpoint: &'a str,
    pub(super) method: HttpMethod,
    pub(super) path: &'a str,
    pub(super) body: &'a str,
}

impl TaskKind for Http<'_> {
    fn name(&self) -> &'static str {
        "http"
    }

    fn check(&self, settings: &Settings<'_>) -> Result<(), CommandError> {
        name(&settings.part("endpoint"), self.endpoint)?;
        if matches!(self.method, HttpMethod::Get | HttpMethod::Delete) && !self.body.is_empty() {
            let why = format!("a {} request carries no body", self.method.as_str());
            return Err(invalid(&settings.part("body"), &why));
        }
        check_path(&settings.part("path"), self.path)?;
        no_longer(&settings.part("body"), self.body)
    }

    fn filled(&self, filler: &Filler<'_>) -> Option<Action> {
        Some(Action::Http {
            endpoint: self.endpoint.to_owned(),
            method: self.method,
            path: filler.path(self.path),
            body: filler.json(self.body),
        })
    }

    fn informs(&self) -> bool {
        true
    }
}

/// The path follows the endpoint's address: it must not be able to name another host.
fn check_path(field: &str, path: &str) -> Result<(), CommandError> {
    let is_plain = path.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    if path.len() > MAX_PATH_BYTES || !is_plain || !(path.is_empty() || path.starts_with('/')) {
        let why = format!("expected nothing, or `/` and visible ASCII without `#`, up to {MAX_PATH_BYTES} bytes");
        return Err(invalid(field, &why));
    }
    Ok(())
}
