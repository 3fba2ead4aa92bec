//! Whether an action may be saved: one function a kind.

use std::collections::BTreeSet;

use vigiles_model::AgencyId;
use vigiles_model::playbook::{Action, Assignee, HttpMethod};

use super::check::{MAX_SPAN_S, condition, no_longer, span};
use crate::command::CommandError;
use crate::config::{invalid, text};

/// Most addresses of an e-mail.
const MAX_TO: usize = 50;
const MAX_OPTIONS: usize = 20;
/// Longest answer to choose from, name of a room or of an endpoint, in bytes.
const MAX_NAME_BYTES: usize = 200;
const MAX_PATH_BYTES: usize = 2048;
const MAX_AGENCIES: usize = 20;

/// What is wrong with an action, `field` being its path. `earlier` are the steps over by then.
pub(super) fn check_action(field: &str, action: &Action, earlier: &BTreeSet<String>) -> Result<(), CommandError> {
    let part = |name: &str| format!("{field}.{name}");
    match action {
        Action::Manual => Ok(()),
        Action::NotifyConsole { message } => text(&part("notify_console.message"), message),
        Action::Email { to, subject, body } => {
            if to.is_empty() || to.len() > MAX_TO {
                let why = format!("expected 1 to {MAX_TO} addresses, found {}", to.len());
                return Err(invalid(&part("email.to"), &why));
            }
            to.iter().enumerate().try_for_each(|(i, to)| name(&part(&format!("email.to[{i}]")), to))?;
            text(&part("email.subject"), subject)?;
            no_longer(&part("email.body"), body)
        }
        Action::Webhook { endpoint } => name(&part("webhook.endpoint"), endpoint),
        Action::Assign { to } => check_assignee(&part("assign.to"), to),
        Action::Ask { question, options } => check_ask(&part("ask"), question, options),
        Action::Wait { seconds, until } => check_wait(&part("wait"), *seconds, until.as_deref(), earlier),
        Action::Annotate { text: note } => text(&part("annotate.text"), note),
        Action::Http { endpoint, method, path, body } => {
            name(&part("http.endpoint"), endpoint)?;
            if matches!(method, HttpMethod::Get | HttpMethod::Delete) && !body.is_empty() {
                let why = format!("a {} request carries no body", method.as_str());
                return Err(invalid(&part("http.body"), &why));
            }
            check_path(&part("http.path"), path)?;
            no_longer(&part("http.body"), body)
        }
        Action::OpenRoom { name: room, agencies } => {
            name(&part("open_room.name"), room)?;
            check_agencies(&part("open_room.agencies"), agencies)
        }
    }
}

/// Roles are words of `vigiles-trust`, which the engine does not know: only their form is looked at here.
fn check_assignee(field: &str, to: &Assignee) -> Result<(), CommandError> {
    match to {
        Assignee::Role(role) if role.is_empty() || !role.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => {
            Err(invalid(&format!("{field}.role"), &format!("expected the word of a role, found {role:?}")))
        }
        Assignee::Role(role) => name(&format!("{field}.role"), role),
        Assignee::Person(_) | Assignee::Agency(_) => Ok(()),
    }
}

fn check_ask(field: &str, question: &str, options: &[String]) -> Result<(), CommandError> {
    text(&format!("{field}.question"), question)?;
    if options.len() == 1 || options.len() > MAX_OPTIONS {
        let why = format!("expected none or 2 to {MAX_OPTIONS} answers, found {}", options.len());
        return Err(invalid(&format!("{field}.options"), &why));
    }
    for (i, option) in options.iter().enumerate() {
        let place = format!("{field}.options[{i}]");
        name(&place, option)?;
        if options[..i].contains(option) {
            return Err(invalid(&place, &format!("the answer {option:?} stands twice")));
        }
    }
    Ok(())
}

fn check_wait(
    field: &str,
    seconds: Option<u32>,
    until: Option<&str>,
    earlier: &BTreeSet<String>,
) -> Result<(), CommandError> {
    if seconds.is_none() && until.is_none() {
        return Err(invalid(field, "expected seconds, until or both"));
    }
    span(&format!("{field}.seconds"), seconds, MAX_SPAN_S)?;
    until.map_or(Ok(()), |until| condition(&format!("{field}.until"), until, earlier))
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

fn check_agencies(field: &str, agencies: &[AgencyId]) -> Result<(), CommandError> {
    let distinct: BTreeSet<&AgencyId> = agencies.iter().collect();
    if agencies.is_empty() || agencies.len() > MAX_AGENCIES || distinct.len() != agencies.len() {
        let why = format!("expected 1 to {MAX_AGENCIES} different agencies, found {}", agencies.len());
        return Err(invalid(field, &why));
    }
    Ok(())
}

fn name(field: &str, name: &str) -> Result<(), CommandError> {
    text(field, name)?;
    if name.len() > MAX_NAME_BYTES {
        return Err(invalid(field, &format!("expected at most {MAX_NAME_BYTES} bytes, found {}", name.len())));
    }
    Ok(())
}
