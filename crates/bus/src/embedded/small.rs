//! Small files that are replaced whole: marks, cursors, the format version.

use std::path::Path;

use vigiles_disk::Disk;

use crate::BusError;

/// Longest small file, in bytes.
const MAX_BYTES: u64 = 4096;

/// Writes a file so that after a power cut either the old or the new contents are there.
pub(crate) fn replace(disk: &dyn Disk, directory: &Path, name: &str, bytes: &[u8]) -> Result<(), BusError> {
    vigiles_disk::replace(disk, directory, name, &[bytes])
        .map_err(|e| BusError::io("writing", &directory.join(name), &e))
}

/// Reads a small file; `None` where it does not exist.
pub(crate) fn read(disk: &dyn Disk, path: &Path) -> Result<Option<Vec<u8>>, BusError> {
    vigiles_disk::read(disk, path, MAX_BYTES).map_err(|e| BusError::io("reading", path, &e))
}
