//! Where the engine's snapshots lie: in a directory, or beside the log on its servers.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use vigiles_bus::{Bus, BusError, Offset, Topic};

use crate::merged::Merged;
use crate::snapshot::{self, Snapshot};
use crate::snapshot_part::{self, Joiner};

/// How many are kept: where the newest cannot be used, the one before it is.
const KEPT: usize = 2;
/// Records and bytes read at once.
const RECORDS: usize = 64;
const BYTES: usize = 16 << 20;

/// A snapshot, and how far each door was merged at its offset.
#[derive(Debug, PartialEq, Eq)]
pub struct Held {
    /// The state.
    pub snapshot: Snapshot,
    /// How far each door was merged.
    pub merged: Merged,
}

/// Why snapshots cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotsError {
    /// The directory.
    #[error("the snapshots in {}: {source}", directory.display())]
    Directory {
        /// Which one.
        directory: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The servers of the log.
    #[error("the snapshots beside the log: {0}")]
    Log(#[from] BusError),
}

/// Where the engine's snapshots lie.
pub enum Snapshots {
    /// In a directory of this machine.
    Directory(PathBuf),
    /// In a topic of the log's servers.
    Log {
        /// The log.
        bus: Arc<dyn Bus>,
        /// Where they lay before: read where the topic has none.
        before: PathBuf,
        /// Where in the topic each kept one begins, and its offset; oldest first.
        kept: Mutex<VecDeque<(Offset, Offset)>>,
    },
}

impl Snapshots {
    /// Beside the log; `before` is the directory in which they lay when the platform was alone.
    pub fn beside_log(bus: Arc<dyn Bus>, before: PathBuf) -> Self {
        Self::Log { bus, before, kept: Mutex::default() }
    }

    /// The directory in which they lie or lay.
    pub fn directory(&self) -> &Path {
        match self {
            Self::Directory(directory) | Self::Log { before: directory, .. } => directory,
        }
    }

    /// Shuts out whoever kept snapshots before. Where they lie in a directory, one process at a time uses it anyway.
    pub(crate) fn begin(&self) -> Result<(), SnapshotsError> {
        match self {
            Self::Directory(_) => Ok(()),
            Self::Log { bus, .. } => Ok(bus.append(&topic(), vec![snapshot_part::begun()]).map(drop)?),
        }
    }

    /// Keeps one durably and forgets all but the newest two. Gives the offset of the oldest kept: the log is needed from
    /// there on.
    pub(crate) fn save(&self, offset: Offset, state: &[u8], merged: &Merged) -> Result<Offset, SnapshotsError> {
        match self {
            Self::Directory(directory) => snapshot::save(directory, offset, state).map_err(|e| failed(directory, e)),
            Self::Log { bus, kept, .. } => {
                let mut first = None;
                for part in snapshot_part::cut(offset, state, merged) {
                    let appended = bus.append(&topic(), vec![part])?;
                    first.get_or_insert(appended.first_offset);
                }
                let mut kept = kept.lock();
                kept.extend(first.map(|first| (first, offset)));
                while kept.len() > KEPT {
                    kept.pop_front();
                }
                let (oldest, needed) = kept.front().copied().unwrap_or((Offset(0), offset));
                bus.trim(&topic(), oldest)?;
                Ok(needed)
            }
        }
    }

    /// The newest that is whole, if any.
    pub(crate) fn load(&self) -> Result<Option<Held>, SnapshotsError> {
        match self {
            Self::Directory(directory) => in_directory(directory),
            Self::Log { before, .. } => match self.all()?.pop() {
                Some(held) => Ok(Some(held)),
                None => in_directory(before),
            },
        }
    }

    /// Every one that is whole, oldest first.
    pub(crate) fn all(&self) -> Result<Vec<Held>, SnapshotsError> {
        match self {
            Self::Directory(directory) => {
                let all = snapshot::all(directory).map_err(|e| failed(directory, e))?;
                Ok(all.into_iter().map(|snapshot| Held { snapshot, merged: Merged::default() }).collect())
            }
            Self::Log { bus, kept, .. } => {
                let found = read(&**bus)?;
                *kept.lock() = found.iter().map(|(first, held)| (*first, held.snapshot.offset)).collect();
                Ok(found.into_iter().map(|(_, held)| held).collect())
            }
        }
    }

    /// How many there are, and their bytes; none where it cannot be told.
    pub(crate) fn measure(&self) -> Option<(u64, u64)> {
        match self {
            Self::Directory(directory) => {
                let entries = std::fs::read_dir(directory).ok()?;
                let sizes = entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()));
                Some(sizes.fold((0, 0), |(count, bytes), size| (count + 1, bytes + size)))
            }
            Self::Log { bus, kept, .. } => Some((kept.lock().len() as u64, bus.kept(&topic()).ok()?.bytes)),
        }
    }
}

fn topic() -> Topic {
    Topic::new("snapshots").expect("the name is in the alphabet of topics")
}

fn failed(directory: &Path, source: std::io::Error) -> SnapshotsError {
    SnapshotsError::Directory { directory: directory.to_owned(), source }
}

fn in_directory(directory: &Path) -> Result<Option<Held>, SnapshotsError> {
    let found = snapshot::load(directory).map_err(|e| failed(directory, e))?;
    Ok(found.map(|snapshot| Held { snapshot, merged: Merged::default() }))
}

/// The whole ones, each with the place of its first part.
fn read(bus: &dyn Bus) -> Result<Vec<(Offset, Held)>, BusError> {
    let bounds = bus.bounds(&topic())?;
    let (mut next, mut first) = (bounds.start, bounds.start);
    let (mut joiner, mut found) = (Joiner::default(), Vec::new());
    while next < bounds.end {
        let entries = match bus.read(&topic(), next, RECORDS, BYTES) {
            Ok(entries) => entries,
            // A platform that runs elsewhere keeps newer ones.
            Err(BusError::Trimmed { oldest, .. }) => {
                next = oldest;
                continue;
            }
            Err(error) => return Err(error),
        };
        let Some(last) = entries.last() else { break };
        next = last.offset.next();
        for entry in &entries {
            match snapshot_part::parse(&entry.bytes) {
                Ok(part) => {
                    if part.number == 0 {
                        first = entry.offset;
                    }
                    found.extend(joiner.take(&part).map(|held| (first, held)));
                }
                Err(what) => tracing::warn!(offset = entry.offset.0, what, "a part of a snapshot is passed over"),
            }
        }
    }
    Ok(found)
}
