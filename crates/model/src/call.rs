//! What a person told the control room about an incident: by telephone, by radio, at the counter.

use serde::{Deserialize, Serialize};

use crate::{CallId, Geometry, PersonId, Timestamp};

/// Most calls that an incident takes.
pub const MAX_CALLS: usize = 200;

/// What the caller is to what happened. Never who they are: names and numbers have no place here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerRole {
    /// It was not asked.
    #[default]
    Unknown,
    /// It happened to them.
    Affected,
    /// They saw, heard or smelt it.
    Witness,
    /// They speak for somebody who can not.
    OnBehalf,
    /// Staff of the city or of an agency.
    Staff,
}

/// A call that a person added to an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Identity; it stays when the call is taken out.
    pub id: CallId,
    /// When it was written down, in platform time.
    pub at: Timestamp,
    /// Who wrote it down.
    pub by: Option<PersonId>,
    /// What was told.
    pub text: String,
    /// What the caller is to it.
    pub role: CallerRole,
    /// Where, as the caller said.
    pub place: Option<Geometry>,
    /// Why it belongs here: the score of the rules, or that a person said so.
    pub why: String,
}
