//! How far an import has come, on the disk beside its input.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use vigiles_disk::Disk;

use super::{ImportError, Totals};
use crate::recording::Place;

const VERSION: u32 = 1;
/// Longest state that is read.
const MAX_BYTES: u64 = 64 * 1024;
/// Bytes at the beginning of a file that it is known by.
const HEAD_BYTES: u64 = 64 * 1024;

/// Written after each delivery that was acknowledged, and after what was rejected of it is on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    pub(super) version: u32,
    pub(super) input: Input,
    /// Where the next row begins.
    pub(super) next: Place,
    /// The row before that: its bytes, and their hash.
    pub(super) last_bytes: usize,
    pub(super) last_hash: String,
    pub(super) totals: Totals,
    /// Length of the files of what was rejected.
    pub(super) rejected_bytes: u64,
    pub(super) reasons_bytes: u64,
    /// The end of the file was reached.
    pub(super) is_done: bool,
}

/// What must be the same for an import to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Bytes of the file as it lies on the disk.
    pub(super) bytes: u64,
    /// Hash of its beginning.
    pub(super) head_hash: String,
    /// Hash of the mapping; none where there is none.
    pub(super) mapping_hash: Option<String>,
    /// The door.
    pub(super) url: String,
}

impl Input {
    pub(super) fn of(file: &Path, mapping: Option<String>, url: &str) -> std::io::Result<Self> {
        let mut head = Vec::new();
        let mut opened = File::open(file)?;
        opened.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        let mapping_hash = mapping.map(|text| hash(text.as_bytes()));
        Ok(Self { bytes: opened.metadata()?.len(), head_hash: hash(&head), mapping_hash, url: url.to_owned() })
    }

    /// What is another than it was, in words; none where all is the same.
    pub(super) fn differs(&self, now: &Self) -> Option<String> {
        if self.bytes != now.bytes {
            return Some(format!("the file has {} bytes, and had {}", now.bytes, self.bytes));
        }
        if self.head_hash != now.head_hash {
            return Some("the file begins otherwise than it did".to_owned());
        }
        if self.mapping_hash != now.mapping_hash {
            return Some("the mapping is another".to_owned());
        }
        (self.url != now.url).then(|| format!("it went to {}", self.url))
    }
}

impl State {
    pub(super) fn new(input: Input, next: Place) -> Self {
        Self {
            version: VERSION,
            input,
            next,
            last_bytes: 0,
            last_hash: hash(b""),
            totals: Totals::default(),
            rejected_bytes: 0,
            reasons_bytes: 0,
            is_done: false,
        }
    }

    /// The state in a file; `None` where there is no file.
    pub(super) fn read(disk: &dyn Disk, path: &Path) -> Result<Option<Self>, ImportError> {
        let at = |source| ImportError::Disk { file: path.to_owned(), source };
        let Some(bytes) = vigiles_disk::read(disk, path, MAX_BYTES).map_err(at)? else { return Ok(None) };
        let state: Self = serde_json::from_slice(&bytes).map_err(|e| ImportError::state(path, e))?;
        if state.version != VERSION {
            return Err(ImportError::state(
                path,
                format_args!("version {}, this program reads {VERSION}", state.version),
            ));
        }
        Ok(Some(state))
    }

    /// Puts it in the place of the one before: after a power cut one of the two is there.
    pub(super) fn write(&self, disk: &dyn Disk, path: &Path) -> Result<(), ImportError> {
        let at = |source| ImportError::Disk { file: path.to_owned(), source };
        let text = serde_json::to_vec_pretty(self).map_err(|e| at(e.into()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        vigiles_disk::replace(disk, &directory(path), &name, &[&text, b"\n"]).map_err(at)
    }
}

/// The directory of a file.
pub(super) fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

pub(super) fn hash(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigiles_disk::simulated::SimulatedDisk;

    use super::*;

    fn any_state() -> impl Strategy<Value = State> {
        let input = (any::<u64>(), "[a-z]{0,9}", proptest::option::of("[a-z]{0,9}"), "\\PC{0,40}")
            .prop_map(|(bytes, head_hash, mapping_hash, url)| Input { bytes, head_hash, mapping_hash, url });
        let totals = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>()).prop_map(
            |(rows, rejected_rows, accepted, duplicates)| Totals { rows, rejected_rows, accepted, duplicates },
        );
        let place = (any::<u64>(), any::<u64>()).prop_map(|(offset, line)| Place { offset, line });
        (input, place, any::<usize>(), totals, any::<(u64, u64)>(), any::<bool>()).prop_map(
            |(input, next, last_bytes, totals, (rejected_bytes, reasons_bytes), is_done)| State {
                last_bytes,
                totals,
                rejected_bytes,
                reasons_bytes,
                is_done,
                ..State::new(input, next)
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(states in proptest::collection::vec(any_state(), 1..4)) {
            let disk = SimulatedDisk::default();
            disk.create_directory(Path::new("/in")).unwrap();
            let path = Path::new("/in/day.csv.import.json");
            prop_assert!(State::read(&disk, path).unwrap().is_none());
            for state in &states {
                state.write(&disk, path).unwrap();
                let found = State::read(&disk, path).unwrap();
                prop_assert_eq!(found.as_ref(), Some(state));
                prop_assert!(state.input.differs(&state.input).is_none());
            }
        }

        #[test]
        fn another_input_is_noticed(state in any_state(), other in any_state()) {
            prop_assert_eq!(state.input.differs(&other.input).is_some(), state.input != other.input);
        }

        #[test]
        fn any_file_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let disk = SimulatedDisk::default();
            disk.create_directory(Path::new("/in")).unwrap();
            vigiles_disk::replace(&disk, Path::new("/in"), "state", &[&bytes]).unwrap();
            prop_assert!(State::read(&disk, Path::new("/in/state")).is_err());
        }
    }
}
