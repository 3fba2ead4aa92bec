//! A disk in memory that can lose what was not synced, run full and fail.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use vigiles_bus::embedded::disk::{Disk, DiskFile};

#[derive(Default, Clone)]
struct Contents {
    now: Vec<u8>,
    /// What a power cut leaves for certain.
    synced: Vec<u8>,
    /// Writes since the last sync: place and bytes.
    unsynced: Vec<(usize, Vec<u8>)>,
}

#[derive(Default)]
struct State {
    files: Vec<Contents>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    directories: BTreeSet<PathBuf>,
    /// Bytes that may still be written before the disk is full.
    space: Option<usize>,
    failing_syncs: usize,
}

/// The disk. Clones are the same disk.
#[derive(Default, Clone)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

struct SimFile(Arc<Mutex<State>>, usize);

impl SimDisk {
    /// From now on only so many bytes fit; `None`: as many as wanted.
    pub(crate) fn set_space(&self, bytes: Option<usize>) {
        self.0.lock().unwrap().space = bytes;
    }

    /// The next syncs fail.
    pub(crate) fn fail_syncs(&self, count: usize) {
        self.0.lock().unwrap().failing_syncs = count;
    }

    /// The disk after a power cut: of what was not synced, `keep` decides for each write how many of its bytes
    /// reached the disk (the others are zero if a later write made the file longer).
    pub(crate) fn after_power_cut(&self, mut keep: impl FnMut(usize) -> usize) -> Self {
        let state = self.0.lock().unwrap();
        let mut after = State { directories: state.directories.clone(), ..State::default() };
        for (path, index) in &state.durable_names {
            let file = &state.files[*index];
            let mut bytes = file.synced.clone();
            for (at, written) in &file.unsynced {
                let kept = keep(written.len()).min(written.len());
                if kept > 0 {
                    let end = at + kept;
                    bytes.resize(bytes.len().max(end), 0);
                    bytes[*at..end].copy_from_slice(&written[..kept]);
                }
            }
            after.names.insert(path.clone(), after.files.len());
            after.files.push(Contents { now: bytes.clone(), synced: bytes, unsynced: Vec::new() });
        }
        after.durable_names.clone_from(&after.names);
        Self(Arc::new(Mutex::new(after)))
    }
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk for SimDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.0.lock().unwrap();
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let index = state.files.len();
        state.files.push(Contents::default());
        state.names.insert(path.to_owned(), index);
        Ok(Arc::new(SimFile(Arc::clone(&self.0), index)))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let index = *self.0.lock().unwrap().names.get(path).ok_or_else(not_found)?;
        Ok(Arc::new(SimFile(Arc::clone(&self.0), index)))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let state = self.0.lock().unwrap();
        let all = state.names.keys().chain(&state.directories);
        let inside = all.filter(|path| path.parent() == Some(directory));
        let mut names: Vec<_> = inside.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.lock().unwrap().names.remove(path).map(|_| ()).ok_or_else(not_found)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let index = state.names.remove(from).ok_or_else(not_found)?;
        state.names.insert(to.to_owned(), index);
        Ok(())
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.0.lock().unwrap().directories.insert(path.to_owned());
        Ok(())
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let inside = |name: &PathBuf| name.parent() == Some(path);
        state.durable_names.retain(|name, _| !inside(name));
        let fresh: Vec<_> = state.names.iter().filter(|(n, _)| inside(n)).map(|(n, i)| (n.clone(), *i)).collect();
        state.durable_names.extend(fresh);
        Ok(())
    }

    fn lock(&self, _path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        Ok(Some(Box::new(())))
    }
}

impl DiskFile for SimFile {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        let state = self.0.lock().unwrap();
        let from = state.files[self.1].now.get(at as usize..at as usize + buffer.len());
        buffer.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let (at, fits) = (at as usize, state.space.unwrap_or(usize::MAX).min(bytes.len()));
        state.space = state.space.map(|space| space - fits);
        let file = &mut state.files[self.1];
        let length = file.now.len().max(at + fits);
        file.now.resize(length, 0);
        file.now[at..at + fits].copy_from_slice(&bytes[..fits]);
        file.unsynced.push((at, bytes[..fits].to_vec()));
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        if state.failing_syncs > 0 {
            state.failing_syncs -= 1;
            return Err(io::Error::other("the disk failed on purpose"));
        }
        let file = &mut state.files[self.1];
        file.synced.clone_from(&file.now);
        file.unsynced.clear();
        Ok(())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.lock().unwrap().files[self.1].now.resize(length as usize, 0);
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().files[self.1].now.len() as u64)
    }
}
