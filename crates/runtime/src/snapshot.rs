//! Snapshots of the engine on disk, so that a restart replays only the end of the log.
//!
//! A file is `VIGSNAP1`, the offset (u64), the length (u64), the CRC32C of the state (u32), the state;
//! numbers little-endian. Two are kept; a damaged one is passed over for the older.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vigiles_bus::Offset;
use vigiles_disk::{Disk, LocalDisk};

const MAGIC: &[u8; 8] = b"VIGSNAP1";
const HEADER: usize = 28;
const KEPT: usize = 2;

/// The state of the engine before the entry at an offset.
#[derive(Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The first entry that is not in the state.
    pub offset: Offset,
    /// The state.
    pub state: Vec<u8>,
}

/// Writes a snapshot durably and removes all but the newest two. Gives the offset of the oldest kept:
/// the log is needed from there on.
pub fn save(dir: &Path, offset: Offset, state: &[u8]) -> io::Result<Offset> {
    save_on(&LocalDisk, dir, offset, state)
}

/// [`save`] on any file system.
pub fn save_on(disk: &dyn Disk, dir: &Path, offset: Offset, state: &[u8]) -> io::Result<Offset> {
    vigiles_disk::make_directory(disk, dir)?;
    let mut header = MAGIC.to_vec();
    header.extend_from_slice(&offset.0.to_le_bytes());
    header.extend_from_slice(&(state.len() as u64).to_le_bytes());
    header.extend_from_slice(&crc32c::crc32c(state).to_le_bytes());
    vigiles_disk::replace(disk, dir, &name(offset), &[&header, state])?;
    for name in disk.list(dir)?.iter().filter(|name| Path::new(name).extension().is_some_and(|e| e == "new")) {
        disk.remove(&dir.join(name))?;
    }
    let mut all = list(disk, dir)?;
    while all.len() > KEPT {
        disk.remove(&all.remove(0).1)?;
    }
    Ok(all.first().map_or(offset, |(oldest, _)| *oldest))
}

/// The newest snapshot that is whole, if any.
pub fn load(dir: &Path) -> io::Result<Option<Snapshot>> {
    load_on(&LocalDisk, dir)
}

/// [`load`] on any file system.
pub fn load_on(disk: &dyn Disk, dir: &Path) -> io::Result<Option<Snapshot>> {
    for (offset, path) in list(disk, dir)?.into_iter().rev() {
        match parse(&read(disk, &path)?) {
            Ok(snapshot) if snapshot.offset == offset => return Ok(Some(snapshot)),
            Ok(_) => tracing::warn!(path = %path.display(), "snapshot passed over: its name and its offset differ"),
            Err(what) => tracing::warn!(path = %path.display(), what, "snapshot passed over"),
        }
    }
    Ok(None)
}

fn name(offset: Offset) -> String {
    format!("snapshot-{:020}", offset.0)
}

fn read(disk: &dyn Disk, path: &Path) -> io::Result<Vec<u8>> {
    vigiles_disk::read(disk, path, u64::MAX)?.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Every snapshot that is whole, oldest first.
pub(crate) fn all(dir: &Path) -> io::Result<Vec<Snapshot>> {
    let mut whole = Vec::new();
    for (_, path) in list(&LocalDisk, dir)? {
        whole.extend(parse(&read(&LocalDisk, &path)?).ok());
    }
    Ok(whole)
}

/// Reads the bytes of a snapshot file.
pub fn parse(bytes: &[u8]) -> Result<Snapshot, &'static str> {
    let (header, state) = bytes.split_at_checked(HEADER).ok_or("shorter than its header")?;
    if &header[..8] != MAGIC {
        return Err("not a snapshot file");
    }
    let number = |from: usize| header[from..from + 8].try_into().map(u64::from_le_bytes).unwrap_or_default();
    let crc = header[24..28].try_into().map(u32::from_le_bytes).unwrap_or_default();
    if number(16) != state.len() as u64 {
        return Err("truncated or overlong");
    }
    if crc != crc32c::crc32c(state) {
        return Err("checksum differs");
    }
    Ok(Snapshot { offset: Offset(number(8)), state: state.to_vec() })
}

/// Every snapshot file that is damaged, with what is wrong.
pub fn check(dir: &Path) -> io::Result<Vec<(PathBuf, &'static str)>> {
    let mut findings = Vec::new();
    for (offset, path) in list(&LocalDisk, dir)? {
        match parse(&read(&LocalDisk, &path)?) {
            Ok(snapshot) if snapshot.offset != offset => findings.push((path, "its name and its offset differ")),
            Ok(_) => {}
            Err(what) => findings.push((path, what)),
        }
    }
    Ok(findings)
}

/// Moves every damaged snapshot file into `aside`. Gives them, with what is wrong.
pub fn repair(dir: &Path, aside: &Path) -> io::Result<Vec<(PathBuf, &'static str)>> {
    let damaged = check(dir)?;
    for (path, _) in &damaged {
        fs::create_dir_all(aside)?;
        fs::rename(path, aside.join(path.file_name().unwrap_or_default()))?;
    }
    Ok(damaged)
}

fn list(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<(Offset, PathBuf)>> {
    let names = match disk.list(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let offset = |name: &str| name.strip_prefix("snapshot-")?.parse().ok().map(Offset);
    let mut all: Vec<_> = names.iter().filter_map(|name| Some((offset(name)?, dir.join(name)))).collect();
    all.sort();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_two_and_passes_over_damage() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(load(dir.path()).unwrap(), None);
        save(dir.path(), Offset(1), b"one").unwrap();
        save(dir.path(), Offset(2), b"two").unwrap();
        assert_eq!(save(dir.path(), Offset(3), b"three").unwrap(), Offset(2));
        assert_eq!(load(dir.path()).unwrap().unwrap().state, b"three");
        let newest = dir.path().join(format!("snapshot-{:020}", 3));
        let mut bytes = fs::read(&newest).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&newest, bytes).unwrap();
        assert_eq!(check(dir.path()).unwrap(), [(newest, "checksum differs")]);
        assert_eq!(load(dir.path()).unwrap(), Some(Snapshot { offset: Offset(2), state: b"two".to_vec() }));
    }
}
