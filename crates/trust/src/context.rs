//! The proof that a call was authorised. Every call of a store or of history takes one.

use vigiles_model::{AgencyId, PersonId};

use crate::policy::Action;

/// Who acts, for which purpose, and what was authorised.
///
/// Invariant: a context can only be made by [`crate::policy::authorise`] or, for the platform's own
/// work, by [`Context::system`]; there is no way to reach data without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    actor: Actor,
    agency: Option<AgencyId>,
    purpose: Purpose,
    action: Action,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person or a token.
    Person(PersonId),
    /// A part of the platform, by name: `engine`, `retention`, `city-config`.
    System(&'static str),
}

/// Why the data is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Running the control room.
    #[default]
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
