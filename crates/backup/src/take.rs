//! Taking a backup of a platform that runs.

use vigiles_bus::Clock;
use vigiles_store::{AuditNote, Outcome, Store};
use vigiles_trust::{Context, random};

use crate::error::BackupError;
use crate::record::{Backup, Tree};
use crate::repository::Repository;
use crate::shipped::Shipping;
use crate::source::{Gatherer, Source};

/// Who acts in the audit log.
const BACKUP: Context = Context::system("backup");

/// A backup that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its record.
    pub backup: Backup,
    /// Bytes that had to be written; the rest was there from earlier ones.
    pub written: u64,
}

/// Takes a backup: the files of the data directory as they are now, and the log up to what they were made from. Leaves an
/// entry in the audit log before anything is read.
pub fn take(shipping: &Shipping, source: &Source, store: &dyn Store, clock: &dyn Clock) -> Result<Taken, BackupError> {
    let repository = &shipping.repository;
    repository.check_not_pruning()?;
    store.record(&BACKUP, audit_note(repository))?;
    let line = *shipping.line.lock().id();
    let before = repository.backups()?.into_iter().rfind(|backup| backup.line == line);
    let before = before.map_or(Ok(Tree::default()), |backup| repository.tree(&backup))?;
    let gathered = Gatherer::new(repository, before).gather(source)?;
    // What the files were made from must be in the repository too, or the restored log would end before them.
    shipping.wait_for(gathered.acted_on)?;
    let (piece, newest) = {
        let mut line = shipping.line.lock();
        (line.find_piece(gathered.log_from)?, line.newest())
    };
    let (tree, written) = repository.add_tree(&gathered.tree)?;
    let backup = Backup {
        id: random::bytes().map_err(|e| BackupError::Random(e.to_string()))?,
        line,
        // The log's time never goes back; the clock may.
        at: clock.now().max(newest),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        log_from: gathered.log_from,
        acted_on: gathered.acted_on,
        piece,
        files: gathered.tree.files.len() as u64,
        bytes: gathered.tree.files.iter().map(|file| file.bytes).sum(),
        tree,
    };
    repository.check_not_pruning()?;
    repository.add_backup(&backup)?;
    // Once more: a chunk that was there might have been on a list of those to be removed.
    repository.check_not_pruning()?;
    Ok(Taken { backup, written: gathered.written + written })
}

fn audit_note(repository: &Repository) -> AuditNote {
    AuditNote {
        action: "read".to_owned(),
        resource: "backup".to_owned(),
        outcome: Outcome::Allowed,
        detail: format!("all data, sealed, to {}", repository.place()),
    }
}
