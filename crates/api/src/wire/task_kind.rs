//! What there is to know of a task kind that acts outward.

use serde::Serialize;
use utoipa::ToSchema;
use vigiles_model::playbook::{self, Form, MAX_NAME_BYTES, MAX_PATH_BYTES, MAX_TEXT_BYTES, OutwardKind};

use super::action::SettingValue;

/// The task kinds that act outward.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TaskKinds {
    /// By name.
    pub items: Vec<TaskKind>,
}

/// A task kind that acts outward. In an exercise nothing of it is done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TaskKind {
    /// Its name: the key of such an action in a playbook.
    pub name: &'static str,
    /// What it is called.
    pub title: TaskKindWords,
    /// The sign it has in the console, by the name of an icon there.
    pub icon: &'static str,
    /// Whether a failure that may pass is tried again by itself.
    pub is_retried: bool,
    /// Whether somebody learns something by it, so that an escalation may use it.
    pub informs: bool,
    /// Whether it may undo a step.
    pub undoes: bool,
    /// Seconds until a step of this kind is overdue where it does not say; null for never.
    pub deadline_s: Option<u32>,
    /// What it means to an operator that nothing of this kind is configured.
    pub unset: TaskKindWords,
    /// What it means to an operator that it has failed.
    pub failed: TaskKindWords,
    /// Its settings, in the order in which people read them.
    pub settings: Vec<TaskSetting>,
}

/// TaskKindWords for people, in the languages of the console.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct TaskKindWords {
    /// English.
    pub en: &'static str,
    /// German.
    pub de: &'static str,
}

/// A setting of a task kind.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TaskSetting {
    /// Its name in playbooks.
    pub name: &'static str,
    /// What it is called.
    pub label: TaskKindWords,
    /// What people should know who fill it in.
    pub hint: Option<TaskKindWords>,
    /// What may stand in it.
    pub form: TaskSettingForm,
    /// What it is where it is absent; null where it has to be given.
    pub default: Option<SettingValue>,
    /// The words to choose from, where it is a choice.
    pub choices: Vec<&'static str>,
    /// Its unit (UCUM), where it is a number that has one.
    pub unit: Option<&'static str>,
    /// The least, where it is a number.
    pub least: Option<f64>,
    /// The most, where it is a number; how many, where it is a list.
    pub most: Option<f64>,
    /// The longest text, in bytes; of each where it is a list.
    pub most_bytes: Option<usize>,
    /// Whether placeholders in it are filled in.
    pub has_placeholders: bool,
}

/// What may stand in a setting.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskSettingForm {
    /// A line for people, not empty.
    Line,
    /// A text for people of several lines.
    Text,
    /// The name of something in the configuration, not empty.
    Name,
    /// A list of addresses, not empty.
    Addresses,
    /// One of some words.
    Choice,
    /// What is added to an address: empty, or from a `/`.
    Path,
    /// A text that is empty or JSON.
    Json,
    /// A number.
    Number,
}

impl From<playbook::Words> for TaskKindWords {
    fn from(words: playbook::Words) -> Self {
        Self { en: words.en, de: words.de }
    }
}

impl From<&OutwardKind> for TaskKind {
    fn from(kind: &OutwardKind) -> Self {
        Self {
            name: kind.name,
            title: kind.title.into(),
            icon: kind.icon,
            is_retried: kind.is_retried,
            informs: kind.informs,
            undoes: kind.undoes,
            deadline_s: kind.deadline_s,
            unset: kind.failure.unset.into(),
            failed: kind.failure.failed.into(),
            settings: kind.settings.iter().map(TaskSetting::from).collect(),
        }
    }
}

impl From<&playbook::Setting> for TaskSetting {
    fn from(setting: &playbook::Setting) -> Self {
        let form = &setting.form;
        let (word, most_bytes, has_placeholders) = match form {
            Form::Line => (TaskSettingForm::Line, Some(MAX_TEXT_BYTES), true),
            Form::Text => (TaskSettingForm::Text, Some(MAX_TEXT_BYTES), true),
            Form::Name => (TaskSettingForm::Name, Some(MAX_NAME_BYTES), false),
            Form::Addresses { .. } => (TaskSettingForm::Addresses, Some(MAX_NAME_BYTES), false),
            Form::Choice(_) => (TaskSettingForm::Choice, None, false),
            Form::Path => (TaskSettingForm::Path, Some(MAX_PATH_BYTES), true),
            Form::Json => (TaskSettingForm::Json, Some(MAX_TEXT_BYTES), true),
            Form::Number { .. } => (TaskSettingForm::Number, None, false),
        };
        let (unit, least, most) = match *form {
            Form::Number { unit, least, most, .. } => (Some(unit).filter(|u| !u.is_empty()), Some(least), Some(most)),
            Form::Addresses { most } => (None, None, Some(most as f64)),
            _ => (None, None, None),
        };
        let choices = if let Form::Choice(words) = form { words.to_vec() } else { Vec::new() };
        Self {
            name: setting.name,
            label: setting.label.into(),
            hint: setting.hint.map(TaskKindWords::from),
            form: word,
            default: form.default().map(SettingValue::from),
            choices,
            unit,
            least,
            most,
            most_bytes,
            has_placeholders,
        }
    }
}
