//! Objects as files below one directory, on this machine or mounted from another.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Failure, Objects};

/// What a file is called until it is whole.
const UNFINISHED: &str = ".unfinished-";

/// A directory of objects.
#[derive(Debug)]
pub struct DirectoryObjects {
    root: PathBuf,
    written: AtomicU64,
}

impl DirectoryObjects {
    /// Objects below `root`, which is made with the first of them.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), written: AtomicU64::new(0) }
    }

    fn add_file(&self, name: &str, bytes: &[u8]) -> io::Result<bool> {
        let path = self.root.join(name);
        if path.exists() {
            return Ok(false);
        }
        let folder = path.parent().unwrap_or(&self.root);
        make_durably(folder)?;
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let part = folder.join(format!("{UNFINISHED}{}-{number}", std::process::id()));
        let linked = write(&part, bytes).and_then(|()| match fs::hard_link(&part, &path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(e) => Err(e),
        });
        // A link, so that what is there is never written over; the first name has done its work.
        let removed = fs::remove_file(&part);
        let added = linked?;
        removed?;
        File::open(folder)?.sync_all()?;
        Ok(added)
    }

    fn walk(&self, prefix: &str) -> io::Result<Vec<(String, u64)>> {
        let (mut found, mut waiting) = (Vec::new(), vec![self.root.clone()]);
        while let Some(folder) = waiting.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(e) if e.kind() == ErrorKind::NotFound => continue,
                Err(e) => return Err(e),
            };
            for entry in entries {
                let path = entry?.path();
                let Some(name) = path.strip_prefix(&self.root).ok().and_then(Path::to_str) else { continue };
                if path.is_dir() {
                    // Only folders that can hold such a name.
                    let folder = format!("{name}/");
                    if prefix.starts_with(&folder) || folder.starts_with(prefix) {
                        waiting.push(path.clone());
                    }
                } else if name.starts_with(prefix) && !name.contains(UNFINISHED) {
                    match path.metadata() {
                        Ok(metadata) => found.push((name.to_owned(), metadata.len())),
                        Err(e) if e.kind() == ErrorKind::NotFound => {}
                        Err(e) => return Err(e),
                    }
                }
            }
        }
        Ok(found)
    }
}

/// Makes a folder and those above it, for their owner only, so that a power cut leaves none of them out.
fn make_durably(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        make_durably(above)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(e),
        _ => {}
    }
    File::open(above.unwrap_or(Path::new(".")))?.sync_all()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

impl Objects for DirectoryObjects {
    fn add(&self, name: &str, bytes: &[u8]) -> Result<bool, Failure> {
        self.add_file(name, bytes).map_err(|e| Failure::new("writing", name, e))
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        match fs::read(self.root.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Failure::new("reading", name, e)),
        }
    }

    fn has(&self, name: &str) -> Result<bool, Failure> {
        match fs::metadata(self.root.join(name)) {
            Ok(found) => Ok(found.is_file()),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(Failure::new("looking for", name, e)),
        }
    }

    fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>, Failure> {
        self.walk(prefix).map_err(|e| Failure::new("listing", prefix, e))
    }

    fn remove(&self, name: &str) -> Result<(), Failure> {
        match fs::remove_file(self.root.join(name)) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(Failure::new("removing", name, e)),
            _ => Ok(()),
        }
    }

    fn place(&self) -> String {
        self.root.display().to_string()
    }
}
