//! Where rows go that were not taken: as they stood in the file, and beside them why.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vigiles_disk::{Disk, DiskFile};

use super::state::{State, directory};
use super::{ImportError, Paths};

/// Two files that only grow. What is behind the lengths that the state speaks of is cut off when an import goes on: it is of
/// a delivery that the state does not know, which comes again.
pub(super) struct Rejects<'a> {
    disk: &'a dyn Disk,
    rows: Tail,
    reasons: Tail,
}

struct Tail {
    path: PathBuf,
    file: Option<Arc<dyn DiskFile>>,
    length: u64,
    /// Stands at the beginning of a new file.
    header: Vec<u8>,
    ends_line: bool,
}

impl<'a> Rejects<'a> {
    pub(super) fn open(disk: &'a dyn Disk, paths: &Paths, header: &[u8], state: &State) -> Result<Self, ImportError> {
        Ok(Self {
            disk,
            rows: Tail::open(disk, &paths.rejected, state.rejected_bytes, header)?,
            reasons: Tail::open(disk, &paths.reasons, state.reasons_bytes, b"")?,
        })
    }

    /// Adds a row, or a piece of one; whole rows end with a line feed.
    pub(super) fn row(&mut self, raw: &[u8]) -> Result<(), ImportError> {
        self.rows.append(self.disk, raw)
    }

    /// Ends the last row, which needs no line feed in its file.
    pub(super) fn end_row(&mut self) -> Result<(), ImportError> {
        if self.rows.ends_line { Ok(()) } else { self.rows.append(self.disk, b"\n") }
    }

    /// Adds a line that says where and why.
    pub(super) fn reason(&mut self, line: &str) -> Result<(), ImportError> {
        // Of foreign text in it only one line, and nothing that a terminal would obey.
        let clean: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.reasons.append(self.disk, format!("{clean}\n").as_bytes())
    }

    /// Makes everything durable; the lengths to be put down in the state.
    pub(super) fn sync(&self) -> Result<(u64, u64), ImportError> {
        Ok((self.rows.sync()?, self.reasons.sync()?))
    }
}

impl Tail {
    fn open(disk: &dyn Disk, path: &Path, length: u64, header: &[u8]) -> Result<Self, ImportError> {
        let at = |source| ImportError::Disk { file: path.to_owned(), source };
        let file = match disk.open_to_write(path) {
            Ok(file) => {
                let found = file.length().map_err(at)?;
                if found < length {
                    let why = format!("has {found} bytes, the state speaks of {length}: it was changed");
                    return Err(ImportError::Rejected { file: path.to_owned(), why });
                }
                file.set_length(length).map_err(at)?;
                // A name that a killed process made may not be on the disk.
                disk.sync_directory(&directory(path)).map_err(at)?;
                Some(file)
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && length == 0 => None,
            Err(e) => return Err(at(e)),
        };
        Ok(Self { path: path.to_owned(), file, length, header: header.to_vec(), ends_line: true })
    }

    fn append(&mut self, disk: &dyn Disk, bytes: &[u8]) -> Result<(), ImportError> {
        let at = |source| ImportError::Disk { file: self.path.clone(), source };
        let file = if let Some(file) = &self.file {
            file.clone()
        } else {
            let file = disk.create(&self.path).map_err(at)?;
            disk.sync_directory(&directory(&self.path)).map_err(at)?;
            self.file.insert(file).clone()
        };
        if self.length == 0 && !self.header.is_empty() {
            file.write_at(&self.header, 0).map_err(at)?;
            self.length = self.header.len() as u64;
        }
        file.write_at(bytes, self.length).map_err(at)?;
        self.length += bytes.len() as u64;
        self.ends_line = bytes.ends_with(b"\n") || bytes.ends_with(b"\r");
        Ok(())
    }

    fn sync(&self) -> Result<u64, ImportError> {
        if let Some(file) = &self.file {
            file.sync().map_err(|source| ImportError::Disk { file: self.path.clone(), source })?;
        }
        Ok(self.length)
    }
}
