//! What of a data directory goes into a backup, read while the platform runs on it.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use vigiles_history::embedded::{manifest, upgrade};
use vigiles_runtime::{acted_on_in, snapshot};
use vigiles_store::sqlite;

use crate::error::BackupError;
use crate::record::{File, Tree};
use crate::repository::Repository;

/// Bytes of a chunk of files that are written once.
const CHUNK: usize = 4 << 20;
/// The same of the store, of which few pages change from one backup to the next.
const STORE_CHUNK: usize = 64 << 10;
/// Times that a listing is read again because files of it were merged away meanwhile.
const TRIES: usize = 8;

/// Where the parts of a platform lie.
#[derive(Debug, Clone)]
pub struct Source {
    /// The data directory.
    pub data: PathBuf,
    /// The engine's snapshots.
    pub snapshots: PathBuf,
    /// Observations.
    pub history: PathBuf,
    /// Documents.
    pub store: PathBuf,
    /// Other files and directories, each with its path below a restored data directory. Missing ones are left out.
    pub others: Vec<(String, PathBuf)>,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) tree: Tree,
    /// The first log entry that a restore needs.
    pub(crate) log_from: u64,
    /// Effects of entries before this are in it.
    pub(crate) acted_on: u64,
    /// Bytes that had to be written to the repository.
    pub(crate) written: u64,
}

/// Reads files into a repository.
pub(crate) struct Gatherer<'a> {
    repository: &'a Repository,
    /// Files of an earlier backup of the same data directory, by path.
    before: HashMap<String, File>,
    gathered: Gathered,
}

impl<'a> Gatherer<'a> {
    pub(crate) fn new(repository: &'a Repository, before: Tree) -> Self {
        let before = before.files.into_iter().map(|file| (file.path.clone(), file)).collect();
        Self { repository, before, gathered: Gathered::default() }
    }

    /// Reads all parts. The order matters: what was made from the log later is read later, so that nothing that a part is
    /// made from has been trimmed.
    pub(crate) fn gather(mut self, source: &Source) -> Result<Gathered, BackupError> {
        let oldest = self.snapshots(source)?;
        let durable = self.history(source)?;
        self.gathered.log_from = oldest.min(durable);
        self.store(source)?;
        for (to, from) in &source.others {
            self.tree_of(to, from)?;
        }
        Ok(self.gathered)
    }

    /// The engine's snapshots; gives the offset of the oldest, 0 where there is none.
    fn snapshots(&mut self, source: &Source) -> Result<u64, BackupError> {
        for _ in 0..TRIES {
            let names = list(&source.snapshots)?;
            let mut found = Vec::new();
            for name in names.iter().filter(|name| name.starts_with("snapshot-") && !name.contains('.')) {
                let bytes = match fs::read(source.snapshots.join(name)) {
                    Ok(bytes) => bytes,
                    Err(e) if e.kind() == ErrorKind::NotFound => continue,
                    Err(e) => return Err(BackupError::io("reading", &source.snapshots.join(name))(e)),
                };
                // A damaged one would be passed over at a start, too.
                found.extend(snapshot::parse(&bytes).ok().map(|whole| (name.clone(), whole.offset.0, bytes)));
            }
            if found.is_empty() && names.iter().any(|name| name.starts_with("snapshot-")) {
                continue;
            }
            for (name, offset, bytes) in &found {
                self.gathered.acted_on = self.gathered.acted_on.max(*offset);
                self.bytes(&path(&source.data, &source.snapshots.join(name)), &mut &bytes[..], CHUNK)?;
            }
            return Ok(found.iter().map(|(_, offset, _)| *offset).min().unwrap_or(0));
        }
        Err(BackupError::Nothing(format!("no whole snapshot could be read from {}", source.snapshots.display())))
    }

    /// The files of history; gives the offset before which every entry is in them.
    fn history(&mut self, source: &Source) -> Result<u64, BackupError> {
        let listing = source.history.join(manifest::FILE);
        for _ in 0..TRIES {
            let bytes = match fs::read(&listing) {
                Ok(bytes) => bytes,
                // Nothing has been sealed yet: its format is all there is.
                Err(e) if e.kind() == ErrorKind::NotFound => {
                    let format = source.history.join(upgrade::FILE);
                    return self.tree_of(&path(&source.data, &format), &format).map(|()| 0);
                }
                Err(e) => return Err(BackupError::io("reading", &listing)(e)),
            };
            let found = manifest::Manifest::parse(&bytes)
                .map_err(|what| BackupError::damaged(&listing.display().to_string(), what))?;
            let before = self.gathered.tree.files.len();
            let sealed = found.files.iter().try_for_each(|entry| {
                self.sealed_file(&source.data, &source.history.join(entry.file_name()), entry.bytes)
            });
            match sealed {
                Ok(()) => {
                    self.file(&source.data, &source.history.join(upgrade::FILE), CHUNK)?;
                    self.bytes(&path(&source.data, &listing), &mut &bytes[..], CHUNK)?;
                    self.gathered.acted_on = self.gathered.acted_on.max(found.durable_offset);
                    return Ok(found.durable_offset);
                }
                // Merged or expired since the listing was read.
                Err(BackupError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                    self.gathered.tree.files.truncate(before);
                }
                Err(error) => return Err(error),
            }
        }
        Err(BackupError::Nothing("the files of history change faster than they can be read".to_owned()))
    }

    /// A file that never changes: what an earlier backup has of it is it.
    fn sealed_file(&mut self, data: &Path, file: &Path, bytes: u64) -> Result<(), BackupError> {
        match self.before.get(&path(data, file)).filter(|known| known.bytes == bytes) {
            Some(known) => {
                self.gathered.tree.files.push(known.clone());
                Ok(())
            }
            None => self.file(data, file, CHUNK),
        }
    }

    /// The store, as it is at one moment.
    fn store(&mut self, source: &Source) -> Result<(), BackupError> {
        let scratch = source.data.join("backup-store.tmp");
        remove(&scratch)?;
        let copied = sqlite::copy(&source.store, &scratch);
        let gathered = match copied {
            Ok(Some(copied)) => {
                self.gathered.acted_on = self.gathered.acted_on.max(acted_on_in(&copied.marks));
                let to = path(&source.data, &source.store.join(sqlite::FILE));
                open(&scratch).and_then(|mut file| self.bytes(&to, &mut file, STORE_CHUNK))
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error.into()),
        };
        remove(&scratch)?;
        gathered
    }

    /// A file, or all files below a directory.
    fn tree_of(&mut self, to: &str, from: &Path) -> Result<(), BackupError> {
        if from.is_dir() {
            for name in list(from)? {
                self.tree_of(&format!("{to}/{name}"), &from.join(name))?;
            }
            Ok(())
        } else if from.is_file() {
            open(from).and_then(|mut file| self.bytes(to, &mut file, CHUNK))
        } else {
            Ok(())
        }
    }

    fn file(&mut self, data: &Path, file: &Path, chunk: usize) -> Result<(), BackupError> {
        open(file).and_then(|mut open| self.bytes(&path(data, file), &mut open, chunk))
    }

    fn bytes(&mut self, to: &str, from: &mut dyn io::Read, chunk: usize) -> Result<(), BackupError> {
        let mut file = File { path: to.to_owned(), bytes: 0, chunks: Vec::new() };
        let mut buffer = Vec::with_capacity(chunk);
        loop {
            buffer.clear();
            let read = from.take(chunk as u64).read_to_end(&mut buffer);
            let read = read.map_err(BackupError::io("reading", Path::new(to)))?;
            if read == 0 {
                break;
            }
            let (id, written) = self.repository.add_chunk(&buffer)?;
            file.bytes += read as u64;
            file.chunks.push(id);
            self.gathered.written += written;
        }
        self.gathered.tree.files.push(file);
        Ok(())
    }
}

/// A file's path below the data directory.
fn path(data: &Path, file: &Path) -> String {
    file.strip_prefix(data).unwrap_or(file).display().to_string()
}

fn open(file: &Path) -> Result<fs::File, BackupError> {
    fs::File::open(file).map_err(BackupError::io("opening", file))
}

fn remove(file: &Path) -> Result<(), BackupError> {
    match fs::remove_file(file) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(BackupError::io("removing", file)(e)),
        _ => Ok(()),
    }
}

/// Names in a directory, in order; none where it does not exist.
fn list(directory: &Path) -> Result<Vec<String>, BackupError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(BackupError::io("listing", directory)(e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(BackupError::io("listing", directory))?;
        names.extend(entry.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}
