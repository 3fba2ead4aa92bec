//! From what the client and the server say to what a caller can act on.

use std::error::Error as _;

use postgres::error::{DbError, SqlState};

/// Why a server could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostgresError {
    /// The text is no address of a server. It is not repeated, since it may hold a password.
    #[error(
        "the address of the PostgreSQL server {why}; it is written postgres://user@host:5432/database?sslmode=verify-full"
    )]
    Address {
        /// What is wrong with it.
        why: String,
    },
    /// The server could not be reached, or went away, for longer than was waited. Whether what was on its way was done is
    /// not known.
    #[error("{server} cannot be reached: {what}")]
    Unreachable {
        /// Its address, without secrets.
        server: String,
        /// What the last try met.
        what: String,
    },
    /// The server lacks something, or is set to lose what it acknowledged.
    #[error("{server}: {what}")]
    Unfit {
        /// Its address, without secrets.
        server: String,
        /// What is wrong, and what to set.
        what: String,
    },
    /// The data was written by a newer program.
    #[error("{server} has schema {found}, this program knows up to {known}: use the newer program")]
    TooNew {
        /// Its address, without secrets, and the schema's name.
        server: String,
        /// The schema found.
        found: u32,
        /// The newest known here.
        known: u32,
    },
    /// The server's disk is full.
    #[error("the disk of {server} is full: make room, nothing acknowledged is lost")]
    Full {
        /// Its address, without secrets.
        server: String,
    },
    /// Another session holds what is needed for too long.
    #[error("{server}: {doing} waited too long for another session")]
    Locked {
        /// Its address, without secrets.
        server: String,
        /// What was being done.
        doing: &'static str,
    },
    /// Stored data is damaged.
    #[error("{server}: {doing}: {what}")]
    Damaged {
        /// Its address, without secrets.
        server: String,
        /// What was being done.
        doing: &'static str,
        /// The server's words.
        what: String,
    },
    /// Any other refusal.
    #[error("{server}: {doing}: {what}")]
    Refused {
        /// Its address, without secrets.
        server: String,
        /// What was being done.
        doing: &'static str,
        /// The server's words and the code of the error.
        what: String,
    },
}

impl PostgresError {
    /// Names the server and what was being done when the client or the server failed.
    pub fn of(server: &str, doing: &'static str, error: &postgres::Error) -> Self {
        let server = server.to_owned();
        let what = words(error);
        if is_passing(error) {
            return Self::Unreachable { server, what: format!("{doing}: {what}") };
        }
        match error.code() {
            Some(code) if *code == SqlState::DISK_FULL => Self::Full { server },
            Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => Self::Locked { server, doing },
            Some(code) if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) => {
                Self::Damaged { server, doing, what }
            }
            _ => Self::Refused { server, doing, what },
        }
    }
}

/// Whether the same again on a new connection may succeed: the connection was lost, the server starts, stops or was
/// replaced, or the transaction lost against another.
pub(crate) fn is_passing(error: &postgres::Error) -> bool {
    const PASSING: [&SqlState; 9] = [
        &SqlState::ADMIN_SHUTDOWN,
        &SqlState::CRASH_SHUTDOWN,
        &SqlState::CANNOT_CONNECT_NOW,
        &SqlState::TOO_MANY_CONNECTIONS,
        &SqlState::READ_ONLY_SQL_TRANSACTION,
        &SqlState::T_R_SERIALIZATION_FAILURE,
        &SqlState::T_R_DEADLOCK_DETECTED,
        &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        &SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN,
    ];
    match error.code() {
        Some(code) => PASSING.contains(&code) || code.code().starts_with("08"),
        None => error.is_closed() || error.source().is_some_and(<dyn std::error::Error>::is::<std::io::Error>),
    }
}

/// The primary message alone: the detail of an error may quote a stored row, and with it a secret.
fn words(error: &postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => said_words(said),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

fn said_words(said: &DbError) -> String {
    format!("{} ({})", said.message(), said.code().code())
}
