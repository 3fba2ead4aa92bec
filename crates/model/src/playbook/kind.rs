//! What is known of a task kind that acts outward: told once, beside whoever carries it out, and read by the checks, the
//! engine, the API and the console.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Outward, SettingValue};

/// Longest text for people, in bytes.
pub const MAX_TEXT_BYTES: usize = 4096;
/// Longest name or address, in bytes.
pub const MAX_NAME_BYTES: usize = 200;
/// Longest path of a request, in bytes.
pub const MAX_PATH_BYTES: usize = 2048;

/// Words for people, in the languages of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// English.
    pub en: &'static str,
    /// German.
    pub de: &'static str,
}

/// A task kind that acts outward. What it does is only done for an actual incident: whoever carries it out takes a
/// [`Live`](super::Live).
#[derive(Debug)]
pub struct OutwardKind {
    /// Its name in playbooks: lower case, digits and `_`.
    pub name: &'static str,
    /// What it is called.
    pub title: Words,
    /// The sign it has in the console, by the name of an icon there.
    pub icon: &'static str,
    /// Whether a failure that may pass is tried again by itself. Not for what must not happen twice.
    pub is_retried: bool,
    /// Whether somebody learns something by it, so that an escalation may use it.
    pub informs: bool,
    /// Whether it may undo a step.
    pub undoes: bool,
    /// Seconds until a step of this kind is overdue where it does not say.
    pub deadline_s: Option<u32>,
    /// What it means to an operator that nothing of this kind is configured, and that it has failed.
    pub failure: FailureWords,
    /// Its settings, in the order in which people read them.
    pub settings: &'static [Setting],
    /// Where it goes, in words for the timeline of an exercise and for a page on paper.
    pub destination: fn(&Outward) -> String,
    /// What the settings must be together; each by itself is checked by its form.
    pub check: fn(&Outward) -> Result<(), Misfit>,
}

/// What a failure means to who must act now; the technical text is for who sets it up.
#[derive(Debug, Clone, Copy)]
pub struct FailureWords {
    /// It is not set up.
    pub unset: Words,
    /// It did not work.
    pub failed: Words,
}

/// Settings that do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The setting that is to be changed.
    pub setting: &'static str,
    /// Why.
    pub why: String,
}

/// A setting of a kind.
#[derive(Debug)]
pub struct Setting {
    /// Its name in playbooks.
    pub name: &'static str,
    /// What it is called.
    pub label: Words,
    /// What people should know who fill it in.
    pub hint: Option<Words>,
    /// What may stand in it.
    pub form: Form,
}

/// What may stand in a setting, and how its placeholders are filled in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// A line for people, not empty.
    Line,
    /// A text for people of several lines, which may be empty.
    Text,
    /// The name of something in the configuration, not empty; no placeholders.
    Name,
    /// Addresses: one to so many; no placeholders.
    Addresses {
        /// How many at most.
        most: usize,
    },
    /// One of these words; the first where it is absent.
    Choice(&'static [&'static str]),
    /// What is added to an address: empty, or from a `/`; placeholders are percent-encoded.
    Path,
    /// JSON, which may be empty; placeholders stand inside its quoted texts.
    Json,
    /// A number.
    Number {
        /// Its unit (UCUM); empty where it has none.
        unit: &'static str,
        /// The least.
        least: f64,
        /// The most.
        most: f64,
        /// What it is where it is absent.
        default: f64,
    },
}

impl Form {
    /// What the setting is where it is absent; none where it has to be given.
    pub fn default(&self) -> Option<SettingValue> {
        match self {
            Self::Line | Self::Name | Self::Addresses { .. } => None,
            Self::Text | Self::Path | Self::Json => Some(SettingValue::Text(String::new())),
            Self::Choice(words) => words.first().copied().map(SettingValue::from),
            Self::Number { default, .. } => Some(SettingValue::Number(*default)),
        }
    }
}

impl OutwardKind {
    /// Its settings in their order, those absent as they are by default. What the kind does not know is left out.
    pub fn in_order(&self, given: &Outward) -> Outward {
        let value = |setting: &Setting| given.get(setting.name).cloned().or_else(|| setting.form.default());
        let settings = self.settings.iter().filter_map(|s| Some((s.name.to_owned(), value(s)?))).collect();
        Outward { kind: given.kind.clone(), settings }
    }
}

/// The kinds that are registered; cheap to copy.
#[derive(Debug, Clone, Default)]
pub struct OutwardKinds(Arc<BTreeMap<&'static str, &'static OutwardKind>>);

impl OutwardKinds {
    /// A kind by its name.
    pub fn get(&self, name: &str) -> Option<&'static OutwardKind> {
        self.0.get(name).copied()
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = &'static OutwardKind> {
        self.0.values().copied()
    }

    /// Where an action goes, in words. Of a kind that nobody registered the name is all that is known.
    pub fn destination(&self, outward: &Outward) -> String {
        self.get(&outward.kind).map_or_else(|| outward.kind.clone(), |kind| (kind.destination)(outward))
    }
}

impl FromIterator<&'static OutwardKind> for OutwardKinds {
    fn from_iter<I: IntoIterator<Item = &'static OutwardKind>>(kinds: I) -> Self {
        Self(Arc::new(kinds.into_iter().map(|kind| (kind.name, kind)).collect()))
    }
}
