//! Bringing a platform back: the files of a backup, and the log up to its end or to a moment.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use vigiles_bus::embedded::Import;
use vigiles_bus::{Entry, Offset, Topic};
use vigiles_model::Timestamp;

use crate::at_once::{AT_ONCE, at_once};
use crate::error::BackupError;
use crate::piece::Piece;
use crate::record::{Backup, File};
use crate::repository::Repository;

/// What a restore goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The backup whose files are restored.
    pub backup: Backup,
    /// Entries of the log after this moment are left out; all are taken where there is none.
    pub to: Option<Timestamp>,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Log entries.
    pub entries: u64,
    /// The number of the next log entry.
    pub log_end: u64,
    /// Platform time of the newest entry: nothing later is in it.
    pub newest: Option<Timestamp>,
}

/// Picks the backup to restore: the one that is named, else the newest one that is not later than `to`.
pub fn plan(repository: &Repository, named: Option<&str>, to: Option<Timestamp>) -> Result<Plan, BackupError> {
    let place = repository.place();
    let all = repository.backups()?;
    let oldest = all.first().map(|backup| backup.at);
    let backup = if let Some(name) = named {
        let mut matching = all.into_iter().filter(|backup| !name.is_empty() && backup.name().starts_with(name));
        match (matching.next(), matching.next()) {
            (Some(found), None) => found,
            (Some(_), Some(_)) => return Err(BackupError::Nothing(format!("{place}: {name:?} names several backups"))),
            (None, _) => return Err(BackupError::Nothing(format!("{place} has no backup {name:?}"))),
        }
    } else {
        let early = |backup: &Backup| to.is_none_or(|to| backup.at <= to);
        all.into_iter().rfind(early).ok_or_else(|| match oldest {
            Some(oldest) => BackupError::Nothing(format!("the oldest backup in {place} is of {oldest}")),
            None => BackupError::Nothing(format!("{place} has no backup")),
        })?
    };
    match to.filter(|to| *to < backup.at) {
        Some(to) => {
            let why = format!("backup {} is of {}, which is later than {to}", backup.name(), backup.at);
            Err(BackupError::Nothing(why))
        }
        None => Ok(Plan { backup, to }),
    }
}

/// Restores into `directory`, which must not exist. It appears under its name once all of it is there and durable.
pub fn restore(repository: &Repository, plan: &Plan, topic: &Topic, directory: &Path) -> Result<Restored, BackupError> {
    if directory.exists() {
        let why = format!("{} is there already: a restore makes a new directory", directory.display());
        return Err(BackupError::Place(why));
    }
    let part = unfinished(directory);
    if part.exists() {
        fs::remove_dir_all(&part).map_err(BackupError::io("removing", &part))?;
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&part).map_err(BackupError::io("making", &part))?;
    let tree = repository.tree(&plan.backup)?;
    for file in &tree.files {
        restore_file(repository, &plan.backup, file, &part.join(&file.path))?;
    }
    let (entries, log_end, newest) = restore_log(repository, plan, topic, &part.join("log"))?;
    fs::rename(&part, directory).map_err(BackupError::io("naming", directory))?;
    let above = directory.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync(above)?;
    let bytes = tree.files.iter().map(|file| file.bytes).sum();
    Ok(Restored { files: tree.files.len() as u64, bytes, entries, log_end, newest })
}

/// Where a restore works until it is done.
fn unfinished(directory: &Path) -> PathBuf {
    let mut name = directory.file_name().unwrap_or_default().to_owned();
    name.push(".restoring");
    directory.with_file_name(name)
}

fn restore_file(repository: &Repository, backup: &Backup, file: &File, to: &Path) -> Result<(), BackupError> {
    let folder = to.parent().unwrap_or(to);
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(BackupError::io("making", folder))?;
    let mut options = OpenOptions::new();
    let mut open = options.write(true).create_new(true).mode(0o600).open(to).map_err(BackupError::io("making", to))?;
    let needed_by = format!("{} of backup {}", file.path, backup.name());
    let mut written = 0;
    // Some of them at a time: a file may be larger than memory.
    for some in file.chunks.chunks(AT_ONCE) {
        for chunk in at_once(some, |id| repository.chunk(id, &needed_by))? {
            open.write_all(&chunk).map_err(BackupError::io("writing", to))?;
            written += chunk.len() as u64;
        }
    }
    if written != file.bytes {
        return Err(BackupError::damaged(&needed_by, format!("{written} bytes instead of {}", file.bytes)));
    }
    open.sync_all().map_err(BackupError::io("syncing", to))?;
    sync(folder)
}

/// Restores the log; gives the count of entries, the next offset, and the time of the newest.
fn restore_log(
    repository: &Repository,
    plan: &Plan,
    topic: &Topic,
    log: &Path,
) -> Result<(u64, u64, Option<Timestamp>), BackupError> {
    let Backup { log_from, acted_on, .. } = plan.backup;
    let mut import = Import::begin(log, topic, Offset(log_from))?;
    let (mut next, mut newest) = (log_from, None);
    let is_wanted = |entry: &Entry| plan.to.is_none_or(|to| entry.at <= to) || entry.offset.0 < acted_on;
    let mut number = plan.backup.piece;
    'pieces: loop {
        let numbers: Vec<u64> = (number..).take(AT_ONCE).collect();
        let pieces = at_once(&numbers, |number| repository.piece(plan.backup.line(), *number))?;
        for piece in pieces {
            let Some(piece) = piece else { break 'pieces };
            check_follows(&piece, next)?;
            for entry in piece.into_entries().filter(|entry| entry.offset.0 >= log_from) {
                if !is_wanted(&entry) {
                    break 'pieces;
                }
                import.push(&entry)?;
                (next, newest) = (entry.offset.0 + 1, Some(entry.at));
            }
        }
        number += AT_ONCE as u64;
    }
    if next < acted_on {
        let name = format!("the log after entry {next}");
        return Err(BackupError::Missing { name, needed_by: format!("backup {}", plan.backup.name()) });
    }
    let end = import.finish()?;
    sync(log)?;
    Ok((next - log_from, end.0, newest))
}

fn check_follows(piece: &Piece, next: u64) -> Result<(), BackupError> {
    if piece.first <= next && piece.end() > next {
        return Ok(());
    }
    let what = format!("it holds entries {} to {}, and {next} should follow", piece.first, piece.end() - 1);
    Err(BackupError::damaged(&format!("piece {} of the log", piece.number), what))
}

fn sync(directory: &Path) -> Result<(), BackupError> {
    fs::File::open(directory).and_then(|open| open.sync_all()).map_err(BackupError::io("syncing", directory))
}
