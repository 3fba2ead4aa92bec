//! How a process takes part: alone, as the engine of several processes, or as a door before it.

use std::fmt;
use std::str::FromStr;

use vigiles_bus::Topic;

/// Longest name of a door, in bytes.
const MAX_NAME_BYTES: usize = 32;

/// How a process takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seat {
    /// Alone on its data: nobody else writes to the log or the store.
    Alone,
    /// It owns the log, takes over what doors took, and steps the engine; others write to the store too.
    Engine,
    /// It takes deliveries and commands into a topic of its own, and serves reads; the engine runs elsewhere.
    Door {
        /// Its name.
        name: DoorName,
        /// Whether consoles open at it.
        has_consoles: bool,
    },
}

impl Seat {
    /// The door, where it is one.
    pub fn door(&self) -> Option<&DoorName> {
        match self {
            Self::Door { name, .. } => Some(name),
            Self::Alone | Self::Engine => None,
        }
    }
}

/// The name of a door: 1 to 32 of `a-z 0-9 -`, starting with a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DoorName(String);

/// A text that is no name of a door.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of a process: 1 to {MAX_NAME_BYTES} of a-z 0-9 -, starting with a letter")]
pub struct DoorNameError(String);

impl FromStr for DoorName {
    type Err = DoorNameError;

    fn from_str(text: &str) -> Result<Self, DoorNameError> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
        if starts && text.len() <= MAX_NAME_BYTES && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(DoorNameError(text.chars().take(2 * MAX_NAME_BYTES).collect()))
        }
    }
}

impl fmt::Display for DoorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl DoorName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The topic that this door alone appends to.
    pub(crate) fn topic(&self) -> Topic {
        Topic::new(&format!("door-{self}")).expect("names of doors are in the alphabet of topics, and shorter")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_topics() {
        let check = |name: &str, expected: Option<&str>| {
            let topic = name.parse::<DoorName>().ok().map(|name| name.topic());
            assert_eq!(topic.as_ref().map(Topic::as_str), expected, "{name}");
        };
        check("ingest-1", Some("door-ingest-1"));
        check(&"a".repeat(32), Some(&format!("door-{}", "a".repeat(32))));
        for wrong in ["", "1a", "A", "a_b", "a b", "-", &"a".repeat(33), "ä"] {
            check(wrong, None);
        }
    }
}
