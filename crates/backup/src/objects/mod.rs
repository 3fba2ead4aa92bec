//! Where a repository lies: named objects that are written once.

mod directory;
mod place;
mod s3;

use std::fmt;

pub use directory::DirectoryObjects;
pub use place::{AccessSecret, Place};
pub use s3::{S3Objects, Settings};

/// Why the other side did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was being done.
    pub doing: &'static str,
    /// The object, or the beginning of names.
    pub name: String,
    /// The other side's words.
    pub why: String,
}

impl Failure {
    fn new(doing: &'static str, name: &str, why: impl fmt::Display) -> Self {
        Self { doing, name: name.to_owned(), why: why.to_string() }
    }
}

/// Named objects. Names are of `a-z 0-9 . - /`.
pub trait Objects: Send + Sync {
    /// Stores an object durably. False, and nothing changes, where there is one of this name.
    fn add(&self, name: &str, bytes: &[u8]) -> Result<bool, Failure>;

    /// The bytes of an object, if there is one.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Failure>;

    /// Whether there is an object of this name.
    fn has(&self, name: &str) -> Result<bool, Failure>;

    /// The names that begin so, and the bytes of each, in no order.
    fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>, Failure>;

    /// Removes an object; it need not be there.
    fn remove(&self, name: &str) -> Result<(), Failure>;

    /// What people call the place.
    fn place(&self) -> String;
}
