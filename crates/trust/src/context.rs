//! The proof that a call was authorised. Every call of a store or of history takes one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vigiles_model::{AgencyId, PersonId};

use crate::policy::{self, Action, Role};

/// Who acts, for which purpose, and what was authorised.
///
/// Invariant: a context that permits anything is only made by [`policy::authorise`] or, for the platform's own
/// work, by [`Context::system`]; there is no way to reach data without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    actor: Actor,
    roles: Vec<Role>,
    agency: Option<AgencyId>,
    purpose: Purpose,
    action: Option<Action>,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person or the holder of a token.
    Person(PersonId),
    /// A part of the platform, by name: `engine`, `retention`, `city-config`.
    System(&'static str),
}

/// Why the data is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Running the control room.
    Operations,
    /// Looking into one case.
    Investigation,
    /// Planning and statistics.
    Planning,
    /// Checking that the rules were kept.
    Oversight,
    /// Running the platform itself.
    Administration,
}

/// A word that is no purpose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a purpose; the purposes are operations, investigation, planning, oversight, administration")]
pub struct UnknownPurpose(String);

impl Context {
    /// The platform's own work, under a name that audit shows. It may do everything, so it is never
    /// made from what a request says.
    pub const fn system(name: &'static str) -> Self {
        Self {
            actor: Actor::System(name),
            roles: Vec::new(),
            agency: None,
            purpose: Purpose::Administration,
            action: None,
        }
    }

    /// Someone who is known and whom nothing was granted: it permits nothing, and names in the audit log who was refused.
    pub fn nothing_granted(person: &PersonId, agency: &AgencyId, purpose: Purpose) -> Self {
        Self {
            actor: Actor::Person(person.clone()),
            roles: Vec::new(),
            agency: Some(agency.clone()),
            purpose,
            action: None,
        }
    }

    pub(crate) fn granted(
        person: &PersonId,
        roles: &[Role],
        agency: &AgencyId,
        purpose: Purpose,
        action: Action,
    ) -> Self {
        Self {
            actor: Actor::Person(person.clone()),
            roles: roles.to_vec(),
            agency: Some(agency.clone()),
            purpose,
            action: Some(action),
        }
    }

    /// Who acts.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The person who acts; none for the platform itself.
    pub const fn person(&self) -> Option<&PersonId> {
        match &self.actor {
            Actor::Person(person) => Some(person),
            Actor::System(_) => None,
        }
    }

    /// Whether the platform itself acts.
    pub const fn is_system(&self) -> bool {
        matches!(self.actor, Actor::System(_))
    }

    /// The roles the person holds; empty for the platform itself.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The agency of the person; none for the platform itself.
    pub const fn agency(&self) -> Option<&AgencyId> {
        self.agency.as_ref()
    }

    /// Why the data is used.
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// What was authorised when the context was made; none for the platform itself.
    pub const fn action(&self) -> Option<Action> {
        self.action
    }

    /// Whether the holder may do `action` to something of `owner`, under the same roles and purpose.
    /// Stores ask this for every document, so that a context made for one thing cannot be used for
    /// another that its holder may not touch.
    pub fn permits(&self, action: Action, owner: Option<&AgencyId>) -> bool {
        match (&self.actor, &self.agency) {
            (Actor::System(_), _) => true,
            (Actor::Person(_), Some(agency)) => {
                policy::decide(&self.roles, agency, self.purpose, action, owner).is_ok()
            }
            (Actor::Person(_), None) => false,
        }
    }

    /// Whether rows of `owner` belong in the answer to what was authorised: the row filter of lists
    /// and feeds, the same decision as for a single read.
    pub fn may_see(&self, owner: Option<&AgencyId>) -> bool {
        self.action.map_or(self.is_system(), |action| self.permits(action, owner))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => write!(f, "{person}"),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Operations, Self::Investigation, Self::Planning, Self::Oversight, Self::Administration];

    /// The word used in the header `X-Purpose` and in audit.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Investigation => "investigation",
            Self::Planning => "planning",
            Self::Oversight => "oversight",
            Self::Administration => "administration",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Purpose {
    type Err = UnknownPurpose;
    fn from_str(text: &str) -> Result<Self, UnknownPurpose> {
        Self::ALL.into_iter().find(|p| p.as_str() == text).ok_or_else(|| UnknownPurpose(text.to_owned()))
    }
}
