//! Typed identifiers. An id is 1 to 128 visible ASCII characters without spaces,
//! so that it can stand in a URL, an MQTT topic level, a file name and a log line.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Longest id accepted, in bytes.
pub const MAX_ID_BYTES: usize = 128;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("an id must not be empty")]
    Empty,
    /// The text is longer than [`MAX_ID_BYTES`].
    #[error("an id has at most {MAX_ID_BYTES} bytes, this one has {0}")]
    TooLong(usize),
    /// The text has a character outside `A-Z a-z 0-9 . _ : ~ @ -`.
    #[error("an id must not contain {0:?}; allowed are A-Z a-z 0-9 . _ : ~ @ -")]
    Character(char),
}

fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > MAX_ID_BYTES {
        return Err(IdError::TooLong(text.len()));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '~' | '@' | '-');
    match text.chars().find(|c| !allowed(*c)) {
        Some(c) => Err(IdError::Character(c)),
        None => Ok(()),
    }
}

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "CompactString", into = "CompactString")]
        pub struct $name(CompactString);

        impl $name {
            /// Checks and takes an id.
            pub fn new(text: impl AsRef<str>) -> Result<Self, IdError> {
                let text = text.as_ref();
                check(text)?;
                Ok(Self(CompactString::from(text)))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl TryFrom<CompactString> for $name {
            type Error = IdError;
            fn try_from(text: CompactString) -> Result<Self, IdError> {
                check(&text)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for CompactString {
            fn from(id: $name) -> CompactString {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )*};
}

text_id! {
    /// An agency: police, fire, traffic, environment office.
    AgencyId
    /// An alarm; made from its rule, key and start, so that a replay gives the same.
    AlarmId
    /// A thing of the city with a place: sensor, camera, signal.
    AssetId
    /// A call that was added to an incident; made from the incident and its version.
    CallId
    /// A correlation rule.
    CorrelationId
    /// An exercise.
    ExerciseId
    /// An incident; made from the alarm that opened it, or from the log offset of the command that did.
    IncidentId
    /// An observation kind such as `air.pm25`.
    KindId
    /// An account: a person or a program that acts.
    PersonId
    /// A playbook.
    PlaybookId
    /// A scenario of an exercise.
    ScenarioId
    /// A rule.
    RuleId
    /// A joint room of one incident.
    RoomId
    /// A feed or device that sends observations.
    SourceId
    /// A step inside its playbook.
    StepId
    /// A task of a playbook under way in one incident.
    TaskId
    /// A named area.
    ZoneId
}

/// Identity of an observation, computed from its content (see
/// [`Observation::content_id`](crate::Observation::content_id)): the same reading
/// delivered twice has one id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObservationId(pub u128);

impl fmt::Display for ObservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ObservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObservationId({self})")
    }
}

impl FromStr for ObservationId {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_id(text: &str, expected: &Result<&str, IdError>) {
        assert_eq!(KindId::new(text).as_ref().map(KindId::as_str), expected.as_ref().copied());
    }

    #[test]
    fn ids_are_checked() {
        check_id("air.pm25", &Ok("air.pm25"));
        check_id("", &Err(IdError::Empty));
        check_id("a b", &Err(IdError::Character(' ')));
        check_id("a/b", &Err(IdError::Character('/')));
        check_id(&"x".repeat(129), &Err(IdError::TooLong(129)));
    }

    #[test]
    fn observation_ids_print_and_parse() {
        let id = ObservationId(0x0123);
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}
