//! Why a store could not do what was asked.

/// Why a store could not do what was asked. Nothing of a failed batch is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The document is not what the writer believed.
    #[error("{kind}/{id} is {}, expected {}", version_text(*.found), version_text(*.expected))]
    Conflict {
        /// What it is.
        kind: &'static str,
        /// Which one.
        id: String,
        /// The version the writer believed; none for absent.
        expected: Option<u64>,
        /// The version there is; none for absent.
        found: Option<u64>,
    },
    /// The context does not permit it.
    #[error("{actor} may not {action} ({resource})")]
    NotPermitted {
        /// Who asked.
        actor: String,
        /// What was asked.
        action: String,
        /// Of what.
        resource: String,
    },
    /// A value that cannot be stored or asked for.
    #[error("{field}: {why}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The disk is full. What was acknowledged before is safe; writes go on when there is room.
    #[error("the disk of {file} is full: make room, nothing acknowledged is lost")]
    Full {
        /// The file that could not grow.
        file: String,
    },
    /// Another process holds the data directory.
    #[error("{file} is in use by another process")]
    Locked {
        /// The file.
        file: String,
    },
    /// Stored data is damaged.
    #[error("{file}: {place}: {what}; run `vigiles check`")]
    Damaged {
        /// The file.
        file: String,
        /// Where in it.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// The data was written by a newer program.
    #[error("{file} has schema {found}, this program knows up to {known}: use the newer program")]
    TooNew {
        /// The file.
        file: String,
        /// Its schema.
        found: u32,
        /// The newest known here.
        known: u32,
    },
    /// The store is closed or its writer has stopped.
    #[error("the store is closed")]
    Closed,
    /// Any other failure of the backend.
    #[error("{file}: {what}")]
    Backend {
        /// The file or address.
        file: String,
        /// What the backend said.
        what: String,
    },
}

fn version_text(version: Option<u64>) -> String {
    version.map_or_else(|| "absent".to_owned(), |v| format!("at version {v}"))
}
