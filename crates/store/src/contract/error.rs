//! Why a store could not do what was asked.

/// Why a store could not do what was asked. Nothing of a failed batch is stored, [`StoreError::Unreachable`] apart.
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
    /// Someone else has taken the fence since: who asked must stop, another does its work.
    #[error("the fence {name} is held at epoch {newest}, this writer has {epoch}: another has taken over")]
    Fenced {
        /// The name of the fence.
        name: String,
        /// The epoch the writer holds.
        epoch: u64,
        /// The newest epoch taken; 0 where none was.
        newest: u64,
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
    /// The server of the backend could not be reached in time. A read has done nothing; **whether writes were stored is not
    /// known**: look before they are made again.
    #[error("{server} cannot be reached: {what}; writes on their way may have been stored or not")]
    Unreachable {
        /// Its address, without secrets.
        server: String,
        /// What the last try met.
        what: String,
    },
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
