//! A file system as the backends see it, and what is made of it.

use std::any::Any;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A file system.
pub trait Disk: Send + Sync {
    /// Makes a new file for reading and writing; an error where it exists.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens an existing file for reading.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens an existing file for reading and writing.
    fn open_to_write(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Names in a directory, in order.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Puts a file in the place of another.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes a directory; an error where it exists.
    fn create_directory(&self, path: &Path) -> io::Result<()>;
    /// Makes names created, renamed and removed in a directory durable.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
    /// Keeps other processes out until the result is dropped; `None` where another one is in.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>>;
}

/// An open file.
pub trait DiskFile: Send + Sync {
    /// Fills the buffer from `at`; an error where the file is shorter.
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()>;
    /// Writes all bytes at `at`.
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;
    /// Makes the contents and the length durable; the name is a matter of [`Disk::sync_directory`].
    fn sync(&self) -> io::Result<()>;
    /// Cuts or lengthens the file.
    fn set_length(&self, length: u64) -> io::Result<()>;
    /// Its length in bytes.
    fn length(&self) -> io::Result<u64>;
}

/// Makes a directory and those above it where they are missing, and their names durable. A directory whose name is not on
/// the disk takes everything in it along when the power goes, however well that was synced. Those that are there may be
/// what a process made that was killed before it could sync their names: that is done here too.
pub fn make_directory(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    let named = |path: &'_ Path| if path.as_os_str().is_empty() { Path::new(".").to_owned() } else { path.to_owned() };
    match (disk.create_directory(path), path.parent()) {
        (Err(e), _) if e.kind() == io::ErrorKind::AlreadyExists => {}
        (Err(e), Some(above)) if e.kind() == io::ErrorKind::NotFound => {
            make_directory(disk, &named(above))?;
            disk.create_directory(path)?;
        }
        (made, _) => made?,
    }
    path.ancestors().skip(1).try_for_each(|above| sync_theirs(disk, &named(above)))
}

/// Syncs a directory that may be someone else's, who may not let this account read it.
fn sync_theirs(disk: &dyn Disk, directory: &Path) -> io::Result<()> {
    match disk.sync_directory(directory) {
        Err(e) if matches!(e.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => Ok(()),
        synced => synced,
    }
}

/// Writes a file of these parts so that after a power cut either the old or the new contents are there.
pub fn replace(disk: &dyn Disk, directory: &Path, name: &str, parts: &[&[u8]]) -> io::Result<()> {
    let fresh = directory.join(format!("{name}.new"));
    match disk.remove(&fresh) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let file = disk.create(&fresh)?;
    let mut at = 0;
    for part in parts {
        file.write_at(part, at)?;
        at += part.len() as u64;
    }
    file.sync()?;
    disk.rename(&fresh, &directory.join(name))?;
    disk.sync_directory(directory)
}

/// The first `most` bytes of a file; `None` where it does not exist.
pub fn read(disk: &dyn Disk, path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match disk.open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut bytes = vec![0; usize::try_from(file.length()?.min(most)).unwrap_or(usize::MAX)];
    file.read_at(&mut bytes, 0)?;
    Ok(Some(bytes))
}

/// Whether a file is there.
pub fn exists(disk: &dyn Disk, path: &Path) -> io::Result<bool> {
    match disk.open(path) {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}
