//! The format version of a log directory, and the numbered steps from older ones.

use std::path::Path;

use vigiles_disk::Disk;

use super::small;
use crate::BusError;

const FILE: &str = "format";

/// One step: turns a directory of version `from` into version `from + 1`. Steps must be repeatable: the version
/// is written after the step, so a step cut short by a power failure runs again.
pub struct Upgrade {
    /// The version it starts from.
    pub from: u32,
    /// What it does.
    pub run: fn(&dyn Disk, &Path) -> Result<(), BusError>,
}

/// Every step there is. Version 1 is the first.
pub(crate) const UPGRADES: &[Upgrade] = &[];

/// Brings a directory to the newest version by `upgrades`; a new directory gets that version at once.
pub fn bring_up_to_date(disk: &dyn Disk, directory: &Path, upgrades: &[Upgrade]) -> Result<(), BusError> {
    let newest = upgrades.iter().map(|u| u.from + 1).max().unwrap_or(1);
    let path = directory.join(FILE);
    let Some(bytes) = small::read(disk, &path)? else {
        return write(disk, directory, newest);
    };
    let mut version = parse(&path, &bytes)?;
    if version > newest {
        return Err(BusError::Version { path, found: version, known: newest });
    }
    while version < newest {
        let step = upgrades.iter().find(|u| u.from == version);
        let step = step.ok_or_else(|| BusError::Version { path: path.clone(), found: version, known: newest })?;
        (step.run)(disk, directory)?;
        version += 1;
        write(disk, directory, version)?;
    }
    Ok(())
}

fn write(disk: &dyn Disk, directory: &Path, version: u32) -> Result<(), BusError> {
    small::replace(disk, directory, FILE, format!("vigiles-log {version}\n").as_bytes())
}

/// Checks that this program reads the version, or can bring it up to date.
pub(crate) fn check(path: &Path, bytes: &[u8]) -> Result<(), BusError> {
    let (found, known) = (parse(path, bytes)?, UPGRADES.len() as u32 + 1);
    if found > known {
        return Err(BusError::Version { path: path.to_owned(), found, known });
    }
    Ok(())
}

fn parse(path: &Path, bytes: &[u8]) -> Result<u32, BusError> {
    std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.strip_prefix("vigiles-log ")?.strip_suffix('\n')?.parse().ok())
        .filter(|version| *version > 0)
        .ok_or_else(|| BusError::Damaged { path: path.to_owned(), at: 0, what: "not a format version".to_owned() })
}
