//! What can go wrong in the directory.

use vigiles_model::Duration;
use vigiles_store::StoreError;
use vigiles_trust::password::PasswordError;
use vigiles_trust::random::RandomError;

/// Why the directory did not do what it was asked. The texts are safe to send back, but for the store's.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The store could not.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password breaks the rule, or cannot be hashed now.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// No such thing.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// The sort of thing.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// Somebody has it already.
    #[error("{what} {name:?} exists already")]
    Taken {
        /// The sort of thing.
        what: &'static str,
        /// The name or id.
        name: String,
    },
    /// A field has a wrong value.
    #[error("{field}: {why}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Somebody changed it meanwhile.
    #[error("made for version {expected}, but it is at version {found}")]
    Version {
        /// The version the change was made for.
        expected: u64,
        /// The version there is.
        found: u64,
    },
    /// Name or password is wrong, or the account may not sign in. Which one is not told.
    #[error("the name or the password is wrong, or the account is disabled")]
    Credentials,
    /// The link is unknown, used or over.
    #[error("the link was used already or is over; ask for a new one")]
    Link,
    /// A creator who would give more than they have.
    #[error("to make a token of role {role} its maker must have that role, or be an administrator")]
    Role {
        /// The role asked for.
        role: vigiles_trust::Role,
    },
    /// It would leave nobody who could mend it.
    #[error("this would leave the platform without an administrator")]
    LastAdministrator,
    /// Too many of them.
    #[error("at most {most} {what}")]
    TooMany {
        /// The sort of thing.
        what: &'static str,
        /// The bound.
        most: usize,
    },
    /// Tried too often.
    #[error("tried too often; wait {} s", .0.as_millis() / 1000 + 1)]
    TooOften(Duration),
}
