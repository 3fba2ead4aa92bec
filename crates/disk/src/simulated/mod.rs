//! A disk in memory that loses power, stops, fails and runs full.
//!
//! What is legal for a disk to leave after the power went is what POSIX allows, not what one file system does: of what was
//! not synced any part may be there, in any order, torn at any byte or sector, with zeros or foreign bytes where a longer
//! length arrived before its contents; and a name that its directory was not synced for may be there or not, whatever
//! became of the file.

mod chance;
mod file;
mod names;
mod seeds;
pub mod traced;

use std::any::Any;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use chance::Chance;
use file::Contents;
use names::{Names, Node};
pub use seeds::{seeds, seeds_at_once};

use crate::{Disk, DiskFile};

#[derive(Default)]
struct State {
    files: Vec<Contents>,
    names: Names,
    /// Bytes that may still be written before the disk is full.
    space: Option<usize>,
    failing_syncs: usize,
    /// Changes of the disk that are still done; then it answers nothing any more.
    changes_left: Option<u64>,
    changes: u64,
    deaf: Option<Deaf>,
}

/// Syncs that answer and do nothing, as if a backend had left them out: shows that a test would see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deaf {
    /// Those of files.
    Files,
    /// Those of directories.
    Directories,
}

/// The disk. Clones are the same disk.
#[derive(Default, Clone)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

struct SimulatedFile(SimulatedDisk, usize);

impl SimulatedDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on only so many bytes fit; `None`: as many as wanted.
    pub fn set_space(&self, bytes: Option<usize>) {
        self.state().space = bytes;
    }

    /// The next syncs fail, and what they should have made durable never is, as on a machine whose disk failed.
    pub fn fail_syncs(&self, count: usize) {
        self.state().failing_syncs = count;
    }

    /// From now on these syncs answer and do nothing.
    pub fn ignore_syncs(&self, of: Deaf) {
        self.state().deaf = Some(of);
    }

    /// After so many more changes (writes, syncs, names, lengths) the disk does nothing more and answers with errors: the
    /// moment at which the power goes or the process is killed.
    pub fn stop_after(&self, changes: u64) {
        self.state().changes_left = Some(changes);
    }

    /// Whether it does nothing more.
    pub fn has_stopped(&self) -> bool {
        self.state().alive().is_err()
    }

    /// Changes there were so far.
    pub fn changes(&self) -> u64 {
        self.state().changes
    }

    /// The disk as a process finds it that is started after another one was killed: nothing written is lost, and nothing
    /// more is durable than was.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        let state = self.state();
        let (files, names) = (state.files.clone(), state.names.clone());
        Self(Arc::new(Mutex::new(State { files, names, ..State::default() })))
    }

    /// The disk after a power cut: `chance` decides what reached it of what was not synced.
    #[must_use]
    pub fn after_power_cut(&self, chance: &mut Chance) -> Self {
        let state = self.state();
        let names = state.names.after_power_cut(chance);
        let files = state.files.iter().map(|file| file.after_power_cut(chance)).collect();
        Self(Arc::new(Mutex::new(State { files, names, ..State::default() })))
    }

    /// Every directory there is, the ones above first.
    pub fn directories(&self) -> Vec<PathBuf> {
        let state = self.state();
        let directories = state.names.now.iter().filter(|(_, node)| **node == Node::Directory);
        directories.map(|(path, _)| path.clone()).collect()
    }

    /// Every file there is, with its contents.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let state = self.state();
        let files = state.names.now.iter().filter_map(|(path, node)| match node {
            Node::File(index) => Some((path.clone(), state.files[*index].now.clone())),
            Node::Directory => None,
        });
        files.collect()
    }

    fn file(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let state = self.state();
        state.alive()?;
        match state.names.now.get(path) {
            Some(Node::File(index)) => Ok(Arc::new(SimulatedFile(self.clone(), *index))),
            Some(Node::Directory) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Does one change; an error once the disk has stopped.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state();
        state.alive()?;
        state.changes_left = state.changes_left.map(|left| left - 1);
        state.changes += 1;
        change(&mut state)
    }
}

impl State {
    fn alive(&self) -> io::Result<()> {
        if self.changes_left == Some(0) { Err(io::Error::other("the disk has stopped")) } else { Ok(()) }
    }
}

impl Disk for SimulatedDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.change(|state| {
            let index = state.files.len();
            state.names.link(path, Node::File(index))?;
            state.files.push(Contents::default());
            Ok(Arc::new(SimulatedFile(self.clone(), index)) as Arc<dyn DiskFile>)
        })
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.file(path)
    }

    fn open_to_write(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.file(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        state.alive()?;
        state.names.list(directory)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|state| state.names.unlink(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|state| state.names.rename(from, to))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.change(|state| state.names.link(path, Node::Directory))
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.change(|state| {
            if state.deaf != Some(Deaf::Directories) {
                state.names.sync(path);
            }
            Ok(())
        })
    }

    fn lock(&self, _path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        Ok(Some(Box::new(())))
    }
}

impl DiskFile for SimulatedFile {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        let state = self.0.state();
        state.alive()?;
        let from = state.files[self.1].now.get(at as usize..at as usize + buffer.len());
        buffer.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.0.change(|state| {
            let fits = state.space.unwrap_or(usize::MAX).min(bytes.len());
            state.space = state.space.map(|space| space - fits);
            state.files[self.1].write(&bytes[..fits], at as usize);
            if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.0.change(|state| {
            if state.failing_syncs > 0 {
                state.failing_syncs -= 1;
                state.files[self.1].forget();
                return Err(io::Error::other("the disk failed on purpose"));
            }
            if state.deaf != Some(Deaf::Files) {
                state.files[self.1].sync();
            }
            Ok(())
        })
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.change(|state| {
            state.files[self.1].set_length(length as usize);
            Ok(())
        })
    }

    fn length(&self) -> io::Result<u64> {
        let state = self.0.state();
        state.alive()?;
        Ok(state.files[self.1].now.len() as u64)
    }
}
