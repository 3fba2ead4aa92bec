//! The format version of a history directory, and the numbered steps from older ones.

use std::fs;
use std::io;
use std::path::Path;

use super::manifest::replace;
use crate::HistoryError;

/// The name of the file that says the version.
pub const FILE: &str = "format";

/// One step: turns a directory of version `from` into version `from + 1`. Steps must be repeatable: the version
/// is written after the step, so a step cut short by a power failure runs again.
pub struct Upgrade {
    /// The version it starts from.
    pub from: u32,
    /// What it does.
    pub run: fn(&Path) -> Result<(), HistoryError>,
}

/// Every step there is. Version 1 is the first.
pub(crate) const UPGRADES: &[Upgrade] = &[];

/// Brings a directory to the newest version by `upgrades`; a new directory gets that version at once.
pub fn bring_up_to_date(directory: &Path, upgrades: &[Upgrade]) -> Result<(), HistoryError> {
    let newest = upgrades.iter().map(|u| u.from + 1).max().unwrap_or(1);
    let path = directory.join(FILE);
    let mut version = match fs::read_to_string(&path) {
        Ok(text) => parse(&path, &text)?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return write(directory, newest),
        Err(e) => return Err(HistoryError::io("reading", &path, &e)),
    };
    if version > newest {
        return Err(HistoryError::Version { path, found: version, known: newest });
    }
    while version < newest {
        let step = upgrades.iter().find(|u| u.from == version);
        let step = step.ok_or_else(|| HistoryError::Version { path: path.clone(), found: version, known: newest })?;
        (step.run)(directory)?;
        version += 1;
        write(directory, version)?;
    }
    Ok(())
}

fn write(directory: &Path, version: u32) -> Result<(), HistoryError> {
    replace(directory, FILE, format!("vigiles-history {version}\n").as_bytes())
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
