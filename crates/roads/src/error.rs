//! What can go wrong between an extract and its tiles.

use std::io;
use std::path::PathBuf;

/// Why no base map was made.
#[derive(Debug, thiserror::Error)]
pub enum RoadsError {
    /// A file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The bytes are not what the format asks for.
    #[error("{path}: damaged at byte {offset}: {what}", path = path.display())]
    Damaged {
        /// The extract.
        path: PathBuf,
        /// Start of the block that holds the fault.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// The file is sound, but uses something this reader does not know.
    #[error("{path}: not supported: {what}", path = path.display())]
    Unsupported {
        /// The extract.
        path: PathBuf,
        /// The feature or compression by name.
        what: String,
    },
    /// The extract is beyond a bound of the options.
    #[error("the extract has more than {limit} {what}; cut it smaller or raise the bound")]
    TooLarge {
        /// `nodes`, `way vertices`, `tiles`.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// Nothing in the extract can be drawn.
    #[error("{path}: nothing to draw: no roads, water, green areas, buildings or places", path = path.display())]
    Empty {
        /// The extract.
        path: PathBuf,
    },
    /// The options contradict each other.
    #[error("option {field}: {why}")]
    Option {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The archive cannot be put together.
    #[error("{path}: cannot write the archive: {what}", path = path.display())]
    Archive {
        /// The file being written.
        path: PathBuf,
        /// What the writer said.
        what: String,
    },
}
