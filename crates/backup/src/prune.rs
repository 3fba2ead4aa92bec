//! Forgetting old backups: the law gives personal data an end, in backups too.

use std::collections::{HashMap, HashSet};

use vigiles_model::Timestamp;

use crate::error::BackupError;
use crate::names::{self, LineId};
use crate::record::Backup;
use crate::repository::Repository;

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Backups.
    pub backups: usize,
    /// Pieces of logs.
    pub pieces: usize,
    /// Chunks of files.
    pub chunks: usize,
}

/// Removes what no restore to `from` or later needs. Of each line the last backup before `from` stays, and the newest of all
/// in any case. Backups that are under way meanwhile are refused; they are taken again.
pub fn prune(repository: &Repository, from: Timestamp) -> Result<Pruned, BackupError> {
    repository.begin_pruning()?;
    let mut pruned = Pruned::default();
    let (_, gone) = parted(repository.backups()?, from);
    for backup in &gone {
        repository.remove(&repository.backup_name(backup))?;
        pruned.backups += 1;
    }
    // Again: those that were recorded meanwhile keep theirs.
    let (kept, _) = parted(repository.backups()?, from);
    pruned.pieces = prune_pieces(repository, &kept, &gone)?;
    pruned.chunks = prune_chunks(repository, &kept)?;
    repository.end_pruning()?;
    Ok(pruned)
}

/// Those that stay, and those that go.
fn parted(all: Vec<Backup>, from: Timestamp) -> (Vec<Backup>, Vec<Backup>) {
    // They are in order: the last one before `from` is what a restore to `from` begins with.
    let last_before: HashMap<LineId, [u8; 16]> =
        all.iter().filter(|backup| backup.at <= from).map(|backup| (backup.line, backup.id)).collect();
    // A line that ended before `from` is needed as long as no other reaches back to it.
    let newest_before = all.iter().rfind(|backup| backup.at <= from).map(|backup| backup.line);
    let newest = all.last().map(|backup| backup.id);
    let continues: HashSet<LineId> = all.iter().filter(|backup| backup.at > from).map(|backup| backup.line).collect();
    all.into_iter().partition(|backup| {
        let is_start = last_before.get(&backup.line) == Some(&backup.id)
            && (continues.contains(&backup.line) || newest_before == Some(backup.line));
        backup.at > from || is_start || newest == Some(backup.id)
    })
}

fn prune_pieces(repository: &Repository, kept: &[Backup], gone: &[Backup]) -> Result<usize, BackupError> {
    let mut from: HashMap<LineId, u64> = HashMap::new();
    for backup in kept {
        let first = from.entry(backup.line).or_insert(backup.piece);
        *first = backup.piece.min(*first);
    }
    let mut removed = 0;
    // Also what an earlier run that was cut short left of lines that are gone; a line without any backup has just begun.
    for line in kept.iter().chain(gone).map(|backup| backup.line).collect::<HashSet<_>>() {
        let first = from.get(&line).copied().unwrap_or(u64::MAX);
        removed += repository.remove_pieces_before(&line, first)?;
    }
    Ok(removed)
}

fn prune_chunks(repository: &Repository, kept: &[Backup]) -> Result<usize, BackupError> {
    let mut needed = HashSet::new();
    for backup in kept {
        needed.extend(backup.tree.iter().map(names::chunk));
        for file in repository.tree(backup)?.files {
            needed.extend(file.chunks.iter().map(names::chunk));
        }
    }
    let mut removed = 0;
    for name in repository.list_all()?.chunks.into_iter().filter(|name| !needed.contains(name)) {
        repository.remove(&name)?;
        removed += 1;
    }
    Ok(removed)
}
