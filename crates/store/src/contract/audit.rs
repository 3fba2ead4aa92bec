//! The audit log: what it is told, and what it answers.

use vigiles_model::Timestamp;

/// What became of a deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was allowed; it was done, unless an entry after it says that it failed.
    Allowed,
    /// It was refused: the policy does not allow it.
    Refused,
    /// It was allowed, and was not done: what it was asked of did not admit it.
    Failed,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Allowed, Self::Refused, Self::Failed];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What the audit log is told; who, when and why come from the context and the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditNote {
    /// What was done: `sign_in`, `read`, `put`.
    pub action: String,
    /// To what: `incident/inc-1`.
    pub resource: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Further text; never a secret.
    pub detail: String,
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Counts up from 1 without gap.
    pub sequence: u64,
    /// When, in platform time.
    pub at: Timestamp,
    /// Who: an account id, or `system:` and a name.
    pub actor: String,
    /// The agency of who acted.
    pub agency: Option<String>,
    /// The purpose claimed.
    pub purpose: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub resource: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Further text.
    pub detail: String,
    /// SHA-256 over the hash before and this entry, in hexadecimal.
    pub hash: String,
}

/// Which audit entries; everything but `limit` narrows. Newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Of this actor.
    pub actor: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// Of resources that begin with this.
    pub resource: Option<String>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// At most so many, 1 to [`Query::MAX_LIMIT`].
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// One page of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// The cursor of the next page; none when this is the last.
    pub next: Option<String>,
}
