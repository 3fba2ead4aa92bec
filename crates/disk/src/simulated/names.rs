//! The names of a disk: what is seen now, what is durable, and the changes of each directory between.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::Chance;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    /// The file of this number.
    File(usize),
    /// A directory.
    Directory,
}

#[derive(Clone)]
enum Change {
    Link(PathBuf, Node),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf, Node),
}

impl Change {
    fn directory(&self) -> Option<&Path> {
        match self {
            Self::Link(path, _) | Self::Unlink(path) | Self::Rename(_, path, _) => path.parent(),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Link(path, node) => drop(names.insert(path.clone(), *node)),
            Self::Unlink(path) => drop(names.remove(path)),
            Self::Rename(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
        }
    }
}

/// All names. The root is there and durable; every other directory must be made.
#[derive(Default, Clone)]
pub(super) struct Names {
    /// What is seen.
    pub(super) now: BTreeMap<PathBuf, Node>,
    /// What a power cut leaves for certain.
    durable: BTreeMap<PathBuf, Node>,
    /// Changes whose directory was not synced since, in order.
    unsynced: Vec<Change>,
}

impl Names {
    fn is_directory(&self, path: &Path) -> bool {
        path == Path::new("/") || self.now.get(path) == Some(&Node::Directory)
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.now);
        self.unsynced.push(change);
    }

    pub(super) fn link(&mut self, path: &Path, node: Node) -> io::Result<()> {
        if self.now.contains_key(path) || path == Path::new("/") {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if !path.parent().is_some_and(|above| self.is_directory(above)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.change(Change::Link(path.to_owned(), node));
        Ok(())
    }

    pub(super) fn unlink(&mut self, path: &Path) -> io::Result<()> {
        if !self.now.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.change(Change::Unlink(path.to_owned()));
        Ok(())
    }

    /// Within one directory: the backends move nothing elsewhere.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let node = *self.now.get(from).ok_or(io::ErrorKind::NotFound)?;
        if from.parent() != to.parent() {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        self.change(Change::Rename(from.to_owned(), to.to_owned(), node));
        Ok(())
    }

    pub(super) fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        if !self.is_directory(directory) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = self.now.keys().filter(|path| path.parent() == Some(directory));
        Ok(inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect())
    }

    pub(super) fn sync(&mut self, directory: &Path) {
        let durable = &mut self.durable;
        self.unsynced.retain(|change| {
            let inside = change.directory() == Some(directory);
            if inside {
                change.apply(durable);
            }
            !inside
        });
    }

    pub(super) fn after_power_cut(&self, chance: &mut Chance) -> Self {
        let mut names = self.durable.clone();
        let fate = chance.below(4);
        let first = chance.below(self.unsynced.len() + 1);
        for (number, change) in self.unsynced.iter().enumerate() {
            let arrived = match fate {
                0 => false,
                // As a file system with a journal does it: up to a moment.
                1 | 2 => number < first,
                _ => chance.once_in(2),
            };
            if arrived {
                change.apply(&mut names);
            }
        }
        let there = names.clone();
        let reached = |path: &Path| {
            let mut above = path.ancestors().skip(1).filter(|above| *above != Path::new("/"));
            above.all(|directory| there.get(directory) == Some(&Node::Directory))
        };
        names.retain(|path, _| reached(path));
        Self { now: names.clone(), durable: names, unsynced: Vec::new() }
    }
}
