//! What alarms may share, as numbers that are compared and indexed.

use serde::{Deserialize, Serialize};

use super::Shared;

/// A thing that an alarm has to do with: what sort, and which one. Both are hashes, so that the state of the engine
/// keeps no text for them: 2^64 values against the 20,000 alarms in memory make a chance match of no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Fact {
    pub(crate) tag: u32,
    pub(crate) value: u64,
}

/// The number of a sort of thing.
pub(crate) fn tag(what: &Shared) -> u32 {
    let hash = match what {
        Shared::Asset => blake3::hash(b"asset"),
        Shared::Zone => blake3::hash(b"zone"),
        Shared::IncidentType => blake3::hash(b"incident_type"),
        Shared::Track => blake3::hash(b"attribute/track"),
        Shared::Attribute(name) => blake3::hash(format!("attribute/{name}").as_bytes()),
    };
    let bytes = hash.as_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// The number of a value.
pub(crate) fn value_of(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    let mut half = [0; 8];
    half.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_le_bytes(half)
}

impl Shared {
    /// The name of the attribute; none for an asset, a zone or a type.
    pub(crate) fn attribute(&self) -> Option<&str> {
        match self {
            Self::Asset | Self::Zone | Self::IncidentType => None,
            Self::Track => Some("track"),
            Self::Attribute(name) => Some(name),
        }
    }

    /// The word for it in a reason.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Asset => "asset",
            Self::Zone => "zone",
            Self::IncidentType => "type",
            Self::Track => "track",
            Self::Attribute(name) => name,
        }
    }
}
