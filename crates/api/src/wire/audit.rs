//! Entries of the audit log.

use serde::Serialize;
use utoipa::ToSchema;

use super::time::Time;

/// One consultation or change of data, or one refusal of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Place in the log; without gaps.
    pub sequence: u64,
    /// When.
    pub at: Time,
    /// Who.
    pub actor: String,
    /// For which agency.
    pub agency: Option<String>,
    /// For which purpose.
    pub purpose: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub resource: String,
    /// Whether it was let through.
    pub outcome: Outcome,
    /// Further words.
    pub detail: String,
    /// SHA-256 over this entry and the hash before: the chain.
    pub hash: String,
}

/// Whether something was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was.
    Allowed,
    /// It was not.
    Refused,
}
