//! Verifying a history directory without changing it.

use std::path::Path;
use std::sync::Arc;

use vigiles_disk::{Disk, LocalDisk};
use vigiles_model::Timestamp;

use super::file::Sealed;
use super::manifest::{self, Entry, Manifest};
use super::{footer, order, upgrade};
use crate::{Finding, HistoryError};

/// Reads every byte of a history directory and says what is wrong and where.
pub fn check(directory: &Path) -> Vec<Finding> {
    check_on(&(Arc::new(LocalDisk) as Arc<dyn Disk>), directory)
}

/// [`check`] on any file system.
pub fn check_on(disk: &Arc<dyn Disk>, directory: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let version = directory.join(upgrade::FILE);
    match upgrade::read(&**disk, &version) {
        Ok(Some(text)) => findings.extend(upgrade::check(&version, &text).err().map(|e| finding(directory, &e))),
        Ok(None) => findings.push(whole(&version, "the format version is missing".to_owned())),
        Err(e) => findings.push(finding(directory, &e)),
    }
    let manifest = match Manifest::load(&**disk, directory) {
        Ok(manifest) => manifest,
        Err(error) => {
            findings.push(finding(directory, &error));
            return findings;
        }
    };
    let names = disk.list(directory).unwrap_or_default();
    if !names.iter().any(|name| name == manifest::FILE) && names.iter().any(|name| super::file::id_of(name).is_some()) {
        findings.push(whole(&directory.join(manifest::FILE), "the manifest is missing".to_owned()));
    }
    for entry in &manifest.files {
        if let Err(error) = check_file(disk, directory, *entry) {
            findings.push(finding(directory, &error));
        }
    }
    findings
}

/// Decodes every column of every block of a file and compares with the index and the manifest.
pub(crate) fn check_file(disk: &Arc<dyn Disk>, directory: &Path, entry: Entry) -> Result<(), HistoryError> {
    let file = Sealed::new(disk, directory, entry);
    let wrong = |place: String, what| Err(file.damaged(place, super::codec::Malformed(what)));
    let index = file.footer()?;
    let handle = file.open()?;
    let mut header = [0; footer::HEADER_BYTES];
    handle.read_at(&mut header, 0).map_err(|e| HistoryError::io("reading", &file.path, &e))?;
    footer::check_header(&header).map_err(|e| file.damaged("header", e))?;
    if (index.rows(), index.blocks.len() as u64, index.span())
        != (entry.rows, entry.blocks, (entry.min_time, entry.max_time))
    {
        return wrong("footer".to_owned(), "it does not say what the manifest says");
    }
    for (i, meta) in index.blocks.iter().enumerate() {
        let place = || format!("block {i} at byte {}", meta.at);
        let batch = file.block(&*handle, &index, i)?;
        let span = batch.rows.iter().map(|r| r.time);
        if (span.clone().min(), span.max()) != (Some(meta.min_time), Some(meta.max_time)) {
            return wrong(place(), "its times are not those of the index");
        }
        if entry.day.is_some_and(|day| order::day_of(meta.min_time) != day || order::day_of(meta.max_time) != day) {
            let (from, to) = (Timestamp(meta.min_time), Timestamp(meta.max_time));
            return Err(HistoryError::Damaged {
                path: file.path.clone(),
                place: place(),
                what: format!("its times ({from} to {to}) lie outside the day of the file"),
            });
        }
    }
    Ok(())
}

fn whole(file: &Path, what: String) -> Finding {
    Finding { file: file.to_owned(), place: "whole file".to_owned(), what }
}

fn finding(directory: &Path, error: &HistoryError) -> Finding {
    match error {
        HistoryError::Damaged { path, place, what } => {
            Finding { file: path.clone(), place: place.clone(), what: what.clone() }
        }
        HistoryError::Io { path, .. } | HistoryError::DiskFull { path, .. } | HistoryError::Version { path, .. } => {
            whole(path, error.to_string())
        }
        other => whole(directory, other.to_string()),
    }
}

/// Reads a whole sealed file in memory and decodes every block; gives the count of observations. For fuzzing.
pub fn parse_file(bytes: &[u8]) -> Result<u64, super::codec::Malformed> {
    let index = footer::parse(bytes)?;
    for meta in &index.blocks {
        let end = usize::try_from(meta.at + meta.bytes()).unwrap_or(usize::MAX);
        let stored =
            bytes.get(meta.at as usize..end).ok_or(super::codec::Malformed("a block lies outside the file"))?;
        super::block::Block { meta, bytes: stored }.decode(&index.kinds[meta.kind as usize])?;
    }
    Ok(index.rows())
}
