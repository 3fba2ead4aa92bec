//! What the errors of the rooms below are to a caller.

use vigiles_engine::command::CommandError;
use vigiles_history::HistoryError;
use vigiles_store::StoreError;

use super::{Code, Problem};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict { .. } => Self::new(Code::VersionMismatch, error.to_string()),
            StoreError::NotPermitted { .. } => Self { audited: true, ..Self::new(Code::Forbidden, error.to_string()) },
            StoreError::Invalid { field, why } => Self::of(Code::Malformed, *field, why.clone()),
            StoreError::Full { .. } => Self::later(Code::Unavailable, error.to_string(), 30),
            StoreError::Unreachable { .. } => Self::later(Code::Unavailable, error.to_string(), 10),
            StoreError::Closed => Self::later(Code::Unavailable, "the platform is stopping", 5),
            StoreError::Locked { .. }
            | StoreError::Damaged { .. }
            | StoreError::TooNew { .. }
            | StoreError::Fenced { .. }
            | StoreError::Backend { .. } => Self::internal(&error),
        }
    }
}

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        match &error {
            HistoryError::NotPermitted { .. } => Self::new(Code::Forbidden, error.to_string()),
            HistoryError::Cursor(_) => Self::of(Code::Malformed, "cursor", error.to_string()),
            HistoryError::Span { .. } => Self::of(Code::Malformed, "from", error.to_string()),
            HistoryError::Closed => Self::later(Code::Unavailable, "the platform is stopping", 5),
            HistoryError::Unreachable { .. } => Self::later(Code::Unavailable, error.to_string(), 10),
            HistoryError::DiskFull { .. } => Self::later(Code::Unavailable, error.to_string(), 30),
            _ => Self::internal(&error),
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match &error {
            CommandError::NotFound { .. } => Self::new(Code::NotFound, error.to_string()),
            CommandError::VersionConflict { .. } => Self::new(Code::VersionMismatch, error.to_string()),
            CommandError::NotAllowed { .. } => Self::new(Code::Conflict, error.to_string()),
            CommandError::Invalid { field, why } => Self::of(Code::Invalid, field.clone(), why.clone()),
        }
    }
}
