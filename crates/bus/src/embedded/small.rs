//! Small files that are replaced whole: marks, cursors, the format version.

use std::io;
use std::path::Path;

use super::disk::Disk;
use crate::BusError;

/// Longest small file, in bytes.
const MAX_BYTES: u64 = 4096;

/// Writes a file so that after a power cut either the old or the new contents are there.
pub(crate) fn replace(disk: &dyn Disk, directory: &Path, name: &str, bytes: &[u8]) -> Result<(), BusError> {
    let path = directory.join(name);
    let fresh = directory.join(format!("{name}.new"));
    let write = || -> io::Result<()> {
        match disk.remove(&fresh) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let file = disk.create(&fresh)?;
        file.write_at(bytes, 0)?;
        file.sync()?;
        disk.rename(&fresh, &path)?;
        disk.sync_directory(directory)
    };
    write().map_err(|e| BusError::io("writing", &path, &e))
}

/// Reads a small file; `None` where it does not exist.
pub(crate) fn read(disk: &dyn Disk, path: &Path) -> Result<Option<Vec<u8>>, BusError> {
    let read = || -> io::Result<Vec<u8>> {
        let file = disk.open(path)?;
        let length = file.length()?.min(MAX_BYTES);
        let mut bytes = vec![0; length as usize];
        file.read_at(&mut bytes, 0)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(BusError::io("reading", path, &e)),
    }
}
