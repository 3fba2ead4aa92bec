//! The format version of a history directory, and the numbered steps from older ones.

use std::path::Path;

use vigiles_disk::Disk;

use crate::HistoryError;

/// The name of the file that says the version.
pub const FILE: &str = "format";

/// Longest text of it.
const MAX_BYTES: u64 = 4096;

/// One step: turns a directory of version `from` into version `from + 1`. Steps must be repeatable: the version
/// is written after the step, so a step cut short by a power failure runs again.
pub struct Upgrade {
    /// The version it starts from.
    pub from: u32,
    /// What it does.
    pub run: fn(&dyn Disk, &Path) -> Result<(), HistoryError>,
}

/// Every step there is. Version 1 is the first.
pub(crate) const UPGRADES: &[Upgrade] = &[];

/// Brings a directory to the newest version by `upgrades`; a new directory gets that version at once.
pub fn bring_up_to_date(disk: &dyn Disk, directory: &Path, upgrades: &[Upgrade]) -> Result<(), HistoryError> {
    let newest = upgrades.iter().map(|u| u.from + 1).max().unwrap_or(1);
    let path = directory.join(FILE);
    let Some(text) = read(disk, &path)? else {
        return write(disk, directory, newest);
    };
    let mut version = parse(&path, &text)?;
    if version > newest {
        return Err(HistoryError::Version { path, found: version, known: newest });
    }
    while version < newest {
        let step = upgrades.iter().find(|u| u.from == version);
        let step = step.ok_or_else(|| HistoryError::Version { path: path.clone(), found: version, known: newest })?;
        (step.run)(disk, directory)?;
        version += 1;
        write(disk, directory, version)?;
    }
    Ok(())
}

fn write(disk: &dyn Disk, directory: &Path, version: u32) -> Result<(), HistoryError> {
    let replaced = vigiles_disk::replace(disk, directory, FILE, &[format!("vigiles-history {version}\n").as_bytes()]);
    replaced.map_err(|e| HistoryError::io("writing", &directory.join(FILE), &e))
}

/// The text of the file; `None` where there is none.
pub(crate) fn read(disk: &dyn Disk, path: &Path) -> Result<Option<String>, HistoryError> {
    let bytes = vigiles_disk::read(disk, path, MAX_BYTES).map_err(|e| HistoryError::io("reading", path, &e))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Checks that this program reads the version, or can bring it up to date.
pub(crate) fn check(path: &Path, text: &str) -> Result<(), HistoryError> {
    let (found, known) = (parse(path, text)?, UPGRADES.len() as u32 + 1);
    if found > known {
        return Err(HistoryError::Version { path: path.to_owned(), found, known });
    }
    Ok(())
}

fn parse(path: &Path, text: &str) -> Result<u32, HistoryError> {
    let version = text.strip_prefix("vigiles-history ").and_then(|t| t.strip_suffix('\n')?.parse().ok());
    version.filter(|version| *version > 0).ok_or_else(|| HistoryError::Damaged {
        path: path.to_owned(),
        place: "whole file".to_owned(),
        what: "not a format version".to_owned(),
    })
}
