//! Verifying a repository: every object is opened, and everything that one of them names must be there.

use std::collections::{BTreeMap, HashSet};

use crate::at_once::at_once;
use crate::error::BackupError;
use crate::key::KeyFile;
use crate::names::{self, LineId};
use crate::record::Backup;
use crate::repository::{Listing, Repository};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The object.
    pub name: String,
    /// What is wrong with it.
    pub what: String,
}

/// What was looked at, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Backups that can be restored.
    pub backups: usize,
    /// Chunks of files.
    pub chunks: usize,
    /// Pieces of logs.
    pub pieces: usize,
    /// Bytes of all objects.
    pub bytes: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// The pieces of a line that are whole: number, first offset, offset after the last.
type Pieces = BTreeMap<LineId, BTreeMap<u64, (u64, u64)>>;

/// Reads every byte of a repository and says what is wrong and where. That its newest objects were removed cannot be seen
/// in it: compare the time of the newest backup, which [`Repository::backups`] tells.
pub fn check(repository: &Repository, key: &KeyFile) -> Result<Checked, BackupError> {
    let listing = repository.list_all()?;
    let mut checked = Checked { bytes: listing.bytes, ..Checked::default() };
    let mut note = |name: &str, what: String| checked.findings.push(Finding { name: name.to_owned(), what });
    for (name, what) in repository.check_envelopes(key)? {
        note(name, what);
    }
    for name in &listing.strange {
        note(name, "does not belong here".to_owned());
    }
    let whole = check_chunks(repository, &listing, &mut note)?;
    let pieces = read_pieces(repository, &listing, &mut note)?;
    for (line, pieces) in &pieces {
        check_gaps(line, pieces, &mut note);
    }
    let mut backups = 0;
    for name in &listing.backups {
        match passing(repository.backup(name))? {
            Ok(backup) => {
                let wrong = check_backup(repository, &backup, &whole, &pieces)?;
                backups += usize::from(wrong.is_empty());
                for what in wrong {
                    note(&format!("backup {}", backup.name()), what);
                }
            }
            Err(error) => note(name, error.to_string()),
        }
    }
    checked.backups = backups;
    checked.chunks = whole.len();
    checked.pieces = pieces.values().map(BTreeMap::len).sum();
    Ok(checked)
}

/// What is wrong with an object is a finding; that none can be read is an error.
fn passing<T>(result: Result<T, BackupError>) -> Result<Result<T, BackupError>, BackupError> {
    match result {
        Err(error @ BackupError::Objects { .. }) => Err(error),
        other => Ok(other),
    }
}

fn check_chunks(
    repository: &Repository,
    listing: &Listing,
    note: &mut impl FnMut(&str, String),
) -> Result<HashSet<String>, BackupError> {
    let read = at_once(&listing.chunks, |name| {
        let id = name.rsplit('/').next().and_then(names::unhex);
        match id.filter(|id| names::chunk(id) == *name) {
            Some(id) => passing(repository.chunk(&id, "its own listing").map(drop)),
            None => Ok(Err(BackupError::damaged(name, "it does not belong here"))),
        }
    })?;
    let mut whole = HashSet::new();
    for (name, read) in listing.chunks.iter().zip(read) {
        match read {
            Ok(()) => drop(whole.insert(name.clone())),
            Err(error) => note(name, error.to_string()),
        }
    }
    Ok(whole)
}

fn read_pieces(
    repository: &Repository,
    listing: &Listing,
    note: &mut impl FnMut(&str, String),
) -> Result<Pieces, BackupError> {
    let read = at_once(&listing.pieces, |name| {
        passing(repository.piece_named(name).map(|piece| (piece.line, piece.number, (piece.first, piece.end()))))
    })?;
    let mut pieces = Pieces::new();
    for (name, read) in listing.pieces.iter().zip(read) {
        match read {
            Ok((line, number, offsets)) => drop(pieces.entry(line).or_default().insert(number, offsets)),
            Err(error) => note(name, error.to_string()),
        }
    }
    Ok(pieces)
}

fn check_gaps(line: &LineId, pieces: &BTreeMap<u64, (u64, u64)>, note: &mut impl FnMut(&str, String)) {
    for ((number, (_, end)), (next, (first, _))) in pieces.iter().zip(pieces.iter().skip(1)) {
        if *next != number + 1 || first != end {
            let name = format!("log {}", names::hex(line));
            note(&name, format!("entries {end} to {} are missing or damaged", first.saturating_sub(1)));
        }
    }
}

fn check_backup(
    repository: &Repository,
    backup: &Backup,
    whole: &HashSet<String>,
    pieces: &Pieces,
) -> Result<Vec<String>, BackupError> {
    let mut wrong = Vec::new();
    match passing(repository.tree(backup))? {
        Ok(tree) => {
            for file in &tree.files {
                let lost = file.chunks.iter().filter(|id| !whole.contains(&names::chunk(id))).count();
                if lost > 0 {
                    wrong.push(format!("{lost} chunks of {} are missing or damaged", file.path));
                }
            }
        }
        Err(error) => wrong.push(error.to_string()),
    }
    if backup.log_from < backup.acted_on && !reaches(backup, pieces) {
        wrong.push(format!("the log from entry {} to {} is not whole", backup.log_from, backup.acted_on));
    }
    Ok(wrong)
}

/// Whether the pieces from the record's on hold all that the files were made from.
fn reaches(backup: &Backup, pieces: &Pieces) -> bool {
    let Some(line) = pieces.get(backup.line()) else { return false };
    let mut next = backup.log_from;
    for (expected, (number, (first, end))) in (backup.piece..).zip(line.range(backup.piece..)) {
        if expected != *number || *first > next {
            break;
        }
        next = *end;
    }
    next >= backup.acted_on
}
