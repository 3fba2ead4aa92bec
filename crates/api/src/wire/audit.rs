//! Entries of the audit log.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time::Time;

/// One consultation or change of data, or one refusal of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Place in the log; without gaps.
    pub sequence: u64,
    /// When.
    pub at: Time,
    /// Who: the id of an account, `tok-` and the id of a token, or `system:` and a part of the platform.
    pub actor: String,
    /// Name of the account or token as it is now; none where it is gone, or a part of the platform acted.
    pub actor_name: Option<String>,
    /// For which agency.
    pub agency: Option<String>,
    /// For which purpose.
    pub purpose: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub resource: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Further words.
    pub detail: String,
    /// SHA-256 over this entry and the hash before: the chain.
    pub hash: String,
}

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was allowed; it was done, unless an entry after it says that it failed.
    Allowed,
    /// The policy does not allow it.
    Refused,
    /// It was allowed, and was not done: what it was asked of did not admit it.
    Failed,
}
