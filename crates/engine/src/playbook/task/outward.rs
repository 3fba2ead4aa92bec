//! What acts outward; the runtime carries it out. What there is to know of a kind was registered with it.

use vigiles_model::playbook::{
    Action, Form, MAX_PATH_BYTES, Outward, OutwardKind, OutwardKinds, Setting, SettingValue,
};

use super::{Settings, TaskKind};
use crate::command::CommandError;
use crate::config::{invalid, text};
use crate::playbook::check::{name, no_longer};
use crate::playbook::placeholders::Filler;

pub(super) struct OfOutward<'a> {
    pub(super) outward: &'a Outward,
}

impl TaskKind for OfOutward<'_> {
    fn name(&self) -> &str {
        &self.outward.kind
    }

    fn check(&self, settings: &Settings<'_>) -> Result<(), CommandError> {
        let Some(kind) = settings.around.kinds.get(&self.outward.kind) else {
            let known = Action::own().iter().copied().chain(settings.around.kinds.iter().map(|kind| kind.name));
            let known: Vec<&str> = known.collect();
            return Err(invalid(&settings.path, &format!("expected one of: {}", known.join(", "))));
        };
        if let Some((unknown, _)) = self.outward.settings.iter().find(|(name, _)| !is_known(kind, name)) {
            let known: Vec<&str> = kind.settings.iter().map(|setting| setting.name).collect();
            return Err(invalid(&settings.part(unknown), &format!("expected one of: {}", known.join(", "))));
        }
        let filled = kind.in_order(self.outward);
        for setting in kind.settings {
            let (part, value) = (settings.part(setting.name), filled.get(setting.name));
            check_setting(&part, &setting.form, value)?;
            if let (true, Some(SettingValue::Text(text))) = (is_filled(setting.form), value) {
                settings.around.placeholders(&part, text)?;
            }
        }
        (kind.check)(&filled).map_err(|misfit| invalid(&settings.part(misfit.setting), &misfit.why))
    }

    fn filled(&self, filler: &Filler<'_>) -> Option<Action> {
        let kind = filler.kinds.get(&self.outward.kind)?;
        let mut outward = self.outward.clone();
        for (name, value) in &mut outward.settings {
            if let (SettingValue::Text(text), Some(form)) = (value, form_of(kind, name)) {
                match form {
                    Form::Line | Form::Text => *text = filler.text(text),
                    Form::Path => *text = filler.path(text),
                    Form::Json => *text = filler.json(text),
                    Form::Name | Form::Addresses { .. } | Form::Choice(_) | Form::Number { .. } => {}
                }
            }
        }
        Some(outward.into())
    }

    fn informs(&self, kinds: &OutwardKinds) -> bool {
        kinds.get(&self.outward.kind).is_some_and(|kind| kind.informs)
    }

    fn undoes(&self, kinds: &OutwardKinds) -> bool {
        // One that nobody registered is refused by its own check, in better words.
        kinds.get(&self.outward.kind).is_none_or(|kind| kind.undoes)
    }
}

/// Whether placeholders are filled in.
fn is_filled(form: Form) -> bool {
    matches!(form, Form::Line | Form::Text | Form::Path | Form::Json)
}

fn is_known(kind: &OutwardKind, name: &str) -> bool {
    form_of(kind, name).is_some()
}

fn form_of(kind: &OutwardKind, name: &str) -> Option<Form> {
    kind.settings.iter().find(|setting: &&Setting| setting.name == name).map(|setting| setting.form)
}

fn check_setting(field: &str, form: &Form, value: Option<&SettingValue>) -> Result<(), CommandError> {
    let other = |expected: &str| {
        let found = value.map_or("nothing", SettingValue::sort);
        Err(invalid(field, &format!("expected {expected}, found {found}")))
    };
    match (form, value) {
        (Form::Line, Some(SettingValue::Text(line))) => text(field, line),
        (Form::Name, Some(SettingValue::Text(word))) => name(field, word),
        (Form::Text | Form::Json, Some(SettingValue::Text(text))) => no_longer(field, text),
        (Form::Path, Some(SettingValue::Text(path))) => check_path(field, path),
        (Form::Choice(words), Some(SettingValue::Text(word))) => check_choice(field, words, word),
        (Form::Addresses { most }, Some(SettingValue::Texts(addresses))) => check_addresses(field, *most, addresses),
        (Form::Number { unit, least, most, .. }, Some(SettingValue::Number(n))) => {
            // A number that is none lies in no range.
            if (*least..=*most).contains(n) {
                return Ok(());
            }
            let why = format!("expected {least} to {most} {unit}");
            Err(invalid(field, &format!("{}, found {n}", why.trim_end())))
        }
        (Form::Line | Form::Name | Form::Text | Form::Json | Form::Path | Form::Choice(_), _) => other("a text"),
        (Form::Addresses { .. }, _) => other("a list of addresses"),
        (Form::Number { .. }, _) => other("a number"),
    }
}

fn check_choice(field: &str, words: &[&str], word: &str) -> Result<(), CommandError> {
    if words.contains(&word) {
        return Ok(());
    }
    Err(invalid(field, &format!("expected one of: {}; found {word:?}", words.join(", "))))
}

fn check_addresses(field: &str, most: usize, addresses: &[String]) -> Result<(), CommandError> {
    if addresses.is_empty() || addresses.len() > most {
        return Err(invalid(field, &format!("expected 1 to {most} addresses, found {}", addresses.len())));
    }
    addresses.iter().enumerate().try_for_each(|(i, address)| name(&format!("{field}[{i}]"), address))
}

/// A path follows an address of the configuration: it must not be able to name another host.
fn check_path(field: &str, path: &str) -> Result<(), CommandError> {
    let is_plain = path.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    if path.len() > MAX_PATH_BYTES || !is_plain || !(path.is_empty() || path.starts_with('/')) {
        let why = format!("expected nothing, or `/` and visible ASCII without `#`, up to {MAX_PATH_BYTES} bytes");
        return Err(invalid(field, &why));
    }
    Ok(())
}
