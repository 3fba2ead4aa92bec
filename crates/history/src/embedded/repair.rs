//! Setting damaged files of history aside, so that the rest can be read.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use vigiles_disk::{Disk, LocalDisk};
use vigiles_model::Timestamp;

use super::manifest::Manifest;
use super::{check, file, lock};
use crate::{Finding, HistoryError};

/// Moves every damaged file below `aside` and takes it out of the manifest. Says what was lost. A damaged manifest is
/// an error: without it nobody knows which files count.
pub fn repair(directory: &Path, aside: &Path) -> Result<Vec<Finding>, HistoryError> {
    let disk: Arc<dyn Disk> = Arc::new(LocalDisk);
    let _lock = lock(&*disk, directory)?;
    let mut manifest = Manifest::load(&*disk, directory)?;
    let damaged: Vec<_> =
        manifest.files.iter().filter(|entry| check::check_file(&disk, directory, **entry).is_err()).copied().collect();
    if damaged.is_empty() {
        return Ok(Vec::new());
    }
    fs::create_dir_all(aside).map_err(|e| HistoryError::io("creating", aside, &e))?;
    let mut lost = Vec::new();
    for entry in &damaged {
        let path = directory.join(file::name(entry.id));
        let copy = aside.join(file::name(entry.id));
        // A file that is missing cannot be set aside; it is taken out of the manifest all the same.
        if path.exists() {
            fs::copy(&path, &copy)
                .and_then(|_| fs::File::open(&copy)?.sync_all())
                .map_err(|e| HistoryError::io("copying aside", &path, &e))?;
        }
        let (from, to) = (Timestamp(entry.min_time), Timestamp(entry.max_time));
        let what = format!("{} observations of {from} to {to} are lost", entry.rows);
        lost.push(Finding { file: path, place: "whole file".to_owned(), what });
    }
    // First the manifest, then the files: what it names must be there.
    manifest.files.retain(|entry| !damaged.contains(entry));
    manifest.save(&*disk, directory)?;
    for finding in &lost {
        if finding.file.exists() {
            fs::remove_file(&finding.file).map_err(|e| HistoryError::io("removing", &finding.file, &e))?;
        }
    }
    Ok(lost)
}
