//! From what the server says to what the caller can act on.

use vigiles_postgres::PostgresError;

use crate::contract::StoreError;

impl From<PostgresError> for StoreError {
    fn from(error: PostgresError) -> Self {
        let what = error.to_string();
        match error {
            PostgresError::Unreachable { server, what } => Self::Unreachable { server, what },
            PostgresError::Full { server } => Self::Full { file: server },
            PostgresError::Locked { server, .. } => Self::Locked { file: server },
            PostgresError::Damaged { server, doing, what } => {
                Self::Damaged { file: server, place: doing.to_owned(), what }
            }
            PostgresError::TooNew { server, found, known } => Self::TooNew { file: server, found, known },
            PostgresError::Unfit { server, what } => Self::Backend { file: server, what },
            PostgresError::Refused { server, doing, what } => {
                Self::Backend { file: server, what: format!("{doing}: {what}") }
            }
            PostgresError::Address { .. } => Self::Backend { file: "store".to_owned(), what },
        }
    }
}
