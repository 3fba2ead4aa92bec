//! How alarms and incidents hang together: cause and effect, and what people linked.

use serde::{Deserialize, Serialize};

use crate::{AlarmId, CorrelationId, IncidentId, PersonId};

/// Most links of cause and effect kept in one incident.
pub const MAX_LINKS: usize = 200;
/// Most other incidents that one incident is related to.
pub const MAX_RELATED: usize = 50;
/// Longest reason of a relation, in bytes.
pub const MAX_REASON_BYTES: usize = 1000;

/// One step of a chain inside an incident: an alarm that brought about another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CauseLink {
    /// What came first.
    pub cause: AlarmId,
    /// What followed from it.
    pub effect: AlarmId,
    /// The correlation rule that says so.
    pub rule: CorrelationId,
    /// How sure, from 0 to 1.
    pub score: f64,
    /// The evidence in words with its figures.
    pub why: String,
}

/// What another incident is to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The other one brought this one about.
    Cause,
    /// The other one follows from this one.
    Effect,
    /// Both tell of one event.
    SameEvent,
    /// They have to do with each other.
    Linked,
}

impl Relation {
    /// What this incident is to the other one.
    #[must_use]
    pub fn inverse(self) -> Self {
        match self {
            Self::Cause => Self::Effect,
            Self::Effect => Self::Cause,
            Self::SameEvent => Self::SameEvent,
            Self::Linked => Self::Linked,
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cause => "cause",
            Self::Effect => "effect",
            Self::SameEvent => "same_event",
            Self::Linked => "linked",
        }
    }
}

/// Another incident that this one has to do with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RelatedIncident {
    /// The other one.
    pub incident: IncidentId,
    /// What it is to this one.
    pub relation: Relation,
    /// The evidence, or the reason a person gave.
    pub why: String,
    /// Who linked them; none for a correlation rule.
    pub by: Option<PersonId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_of_the_inverse_is_the_relation() {
        for relation in [Relation::Cause, Relation::Effect, Relation::SameEvent, Relation::Linked] {
            assert_eq!(relation.inverse().inverse(), relation);
        }
        assert_eq!(Relation::Cause.inverse(), Relation::Effect);
    }
}
