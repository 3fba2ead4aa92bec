//! Who or what carries out a step.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Outward, OwnOrOutward};
use crate::{AgencyId, PersonId};

/// What a step does. The texts of all but [`Action::Manual`] may hold placeholders such as `{title}` and
/// `{answers.smell}`, filled in when the step starts.
///
/// What the platform does by itself has a variant of its own. What acts outward is of a kind that is registered by name, and
/// looks the same in playbooks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", remote = "Self")]
pub enum Action {
    /// A person ticks it off.
    Manual,
    /// The console shows a notice to everyone who follows incidents.
    NotifyConsole {
        /// The text.
        message: String,
    },
    /// The incident is given to somebody.
    Assign {
        /// To whom.
        to: Assignee,
    },
    /// A person answers a question; later conditions and texts read the answer.
    Ask {
        /// The question.
        question: String,
        /// The answers to choose from; any text where there are none.
        #[serde(default)]
        options: Vec<String>,
    },
    /// Nothing happens until the time is over or the condition holds, whichever comes first.
    Wait {
        /// Seconds.
        #[serde(default)]
        seconds: Option<u32>,
        /// A CEL expression as in `when`.
        #[serde(default)]
        until: Option<String>,
    },
    /// A note is written into the timeline.
    Annotate {
        /// The text.
        text: String,
    },
    /// A joint room of the incident is opened, and agencies are invited to it.
    OpenRoom {
        /// Its name.
        name: String,
        /// Who is invited beside the agency that leads.
        agencies: Vec<AgencyId>,
    },
    /// Something is done outside the platform.
    #[serde(skip)]
    Outward(Outward),
}

/// The kinds with a variant of their own, by name.
const OWN: &[&str] = &["manual", "notify_console", "assign", "ask", "wait", "annotate", "open_room"];

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Outward(outward) => outward.serialize(to),
            own => Self::serialize(own, to),
        }
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        /// Reads the variants alone.
        struct Own(Action);
        impl<'de> Deserialize<'de> for Own {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Action::deserialize(from).map(Self)
            }
        }
        OwnOrOutward::read(from, OWN).map(|read| match read {
            OwnOrOutward::Own(Own(action)) => action,
            OwnOrOutward::Outward(outward) => Self::Outward(outward),
        })
    }
}

impl From<Outward> for Action {
    fn from(outward: Outward) -> Self {
        Self::Outward(outward)
    }
}

/// Who sees to it that an action is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A person, in the console.
    Person,
    /// The engine, at once or by its timers.
    Engine,
    /// The runtime, which answers what came of it.
    Runtime,
}

impl Action {
    /// The names of the kinds with a variant of their own.
    pub const fn own() -> &'static [&'static str] {
        OWN
    }

    /// The name of its kind in playbooks.
    pub fn name(&self) -> &str {
        match self {
            Self::Manual => "manual",
            Self::NotifyConsole { .. } => "notify_console",
            Self::Assign { .. } => "assign",
            Self::Ask { .. } => "ask",
            Self::Wait { .. } => "wait",
            Self::Annotate { .. } => "annotate",
            Self::OpenRoom { .. } => "open_room",
            Self::Outward(outward) => &outward.kind,
        }
    }

    /// Who sees to it that it is done.
    pub fn carrier(&self) -> Carrier {
        match self {
            Self::Manual | Self::Ask { .. } => Carrier::Person,
            Self::Assign { .. } | Self::Wait { .. } | Self::Annotate { .. } | Self::OpenRoom { .. } => Carrier::Engine,
            Self::NotifyConsole { .. } | Self::Outward(_) => Carrier::Runtime,
        }
    }

    /// The action where it goes out to the world: only for an actual incident (see [`Live`](super::Live)).
    pub fn outward(&self) -> Option<&Outward> {
        match self {
            Self::Outward(outward) => Some(outward),
            _ => None,
        }
    }
}

/// To whom an incident is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// One person.
    Person(PersonId),
    /// Whoever has this role in the agency that leads.
    Role(String),
    /// An agency; the one that leads stays the same.
    Agency(AgencyId),
}

impl std::fmt::Display for Assignee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(id) => write!(f, "person {id}"),
            Self::Role(role) => write!(f, "role {role}"),
            Self::Agency(id) => write!(f, "agency {id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;

    use super::*;

    /// Read and written again it is the same, also to the last byte.
    fn check(text: &str, expected: &Action) {
        let action: Action = serde_json::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(action, *expected);
        assert_eq!(serde_json::to_string(&action).unwrap(), text);
    }

    #[test]
    fn actions_are_written_as_before_kinds_were_registered() {
        check(r#""manual""#, &Action::Manual);
        check(r#"{"ask":{"question":"Q","options":[]}}"#, &Action::Ask { question: "Q".into(), options: vec![] });
        let mail =
            Outward::new("email").with("to", vec!["a@b.example".to_owned()]).with("subject", "S").with("body", "");
        check(r#"{"email":{"to":["a@b.example"],"subject":"S","body":""}}"#, &mail.into());
        let plan = Outward::new("signal_plan").with("seconds", 30.0).with("share", 0.5);
        check(r#"{"signal_plan":{"seconds":30,"share":0.5}}"#, &plan.into());
    }

    fn check_refused(text: &str, expected: &str) {
        let error = serde_json::from_str::<Action>(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }

    #[test]
    fn what_is_no_action_is_named() {
        check_refused(r#"{"ask":{}}"#, "missing field `question`");
        check_refused(r#"{"annotate":{"text":3}}"#, "invalid type: integer `3`, expected a string");
        check_refused(
            r#"{"webhook":{"endpoint":{}}}"#,
            "invalid type: map, expected a text, a number or a list of texts",
        );
        check_refused(r#"{"webhook":{"endpoint":"a","endpoint":"b"}}"#, "the setting `endpoint` stands twice");
    }

    #[test]
    fn what_cannot_stand_in_json_is_no_setting() {
        let read = |n: f64| {
            let from: serde::de::value::F64Deserializer<serde::de::value::Error> = n.into_deserializer();
            crate::playbook::SettingValue::deserialize(from).ok()
        };
        assert_eq!((read(7.5), read(f64::NAN), read(f64::INFINITY)), (Some(7.5.into()), None, None));
    }

    #[test]
    fn every_variant_is_named_as_it_is_written() {
        for text in [
            r#""manual""#,
            r#"{"notify_console":{"message":""}}"#,
            r#"{"assign":{"to":{"role":"a"}}}"#,
            r#"{"ask":{"question":""}}"#,
            r#"{"wait":{}}"#,
            r#"{"annotate":{"text":""}}"#,
            r#"{"open_room":{"name":"","agencies":[]}}"#,
            r#"{"webhook":{"endpoint":"o"}}"#,
        ] {
            let action: Action = serde_json::from_str(text).unwrap();
            assert!(text.contains(&format!("\"{}\"", action.name())), "{text}: {}", action.name());
            assert_eq!(Action::own().contains(&action.name()), action.outward().is_none());
        }
    }
}
