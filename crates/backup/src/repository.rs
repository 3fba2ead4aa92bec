//! A repository: sealed objects of three sorts (chunks, records, pieces of logs) and the envelope of their key.

use std::sync::Arc;

use crate::at_once::at_once;
use crate::error::BackupError;
use crate::key::{self, Envelope, KeyFile, Keys};
use crate::names::{self, BACKUPS, CHUNKS, ChunkId, ENVELOPES, LOG, LineId};
use crate::objects::{Failure, Objects};
use crate::piece::Piece;
use crate::record::{Backup, Tree};
use crate::seal;

/// Bytes of a chunk of the list of files.
const TREE_CHUNK: usize = 1 << 20;
/// Stands while somebody prunes.
const PRUNING: &str = "pruning";

/// An open repository.
pub struct Repository {
    objects: Arc<dyn Objects>,
    id: [u8; 16],
    keys: Keys,
}

impl Repository {
    /// Opens a repository that exists.
    pub fn open(objects: Arc<dyn Objects>, file: &KeyFile) -> Result<Self, BackupError> {
        let place = objects.place();
        Self::find(objects, file)?
            .ok_or_else(|| BackupError::Nothing(format!("{place} holds no repository of backups")))
    }

    /// Opens a repository, or makes it where there is none.
    pub fn open_or_make(objects: Arc<dyn Objects>, file: &KeyFile) -> Result<Self, BackupError> {
        if let Some(found) = Self::find(objects.clone(), file)? {
            return Ok(found);
        }
        if let Some((name, _)) = objects.list("").map_err(|e| unreachable(&*objects, e))?.first() {
            let why = format!("{} holds {name}, but no repository: name an empty place", objects.place());
            return Err(BackupError::Place(why));
        }
        let (envelope, _, _) = key::wrap(file)?;
        let bytes = envelope.to_bytes().map_err(BackupError::Key)?;
        tracing::info!(place = objects.place(), "making a repository of backups");
        for name in ENVELOPES {
            objects.add(name, &bytes).map_err(|e| unreachable(&*objects, e))?;
        }
        Self::open(objects, file)
    }

    fn find(objects: Arc<dyn Objects>, file: &KeyFile) -> Result<Option<Self>, BackupError> {
        let mut why = None;
        for name in ENVELOPES {
            let Some(bytes) = objects.get(name).map_err(|e| unreachable(&*objects, e))? else { continue };
            match open_envelope(&bytes, file) {
                Ok((id, keys)) => {
                    if let Some((name, why)) = why {
                        tracing::warn!(name, why, "an envelope of the repository's key is damaged; its copy was used");
                    }
                    return Ok(Some(Self { objects, id, keys }));
                }
                Err(fault) => why = why.or(Some((name, fault))),
            }
        }
        match why {
            Some((name, why)) => Err(BackupError::Key(format!("{}: {name}: {why}", objects.place()))),
            None => Ok(None),
        }
    }

    /// Where it lies, for people.
    pub fn place(&self) -> String {
        self.objects.place()
    }

    /// What is wrong with the envelopes of the key.
    pub(crate) fn check_envelopes(&self, file: &KeyFile) -> Result<Vec<(&'static str, String)>, BackupError> {
        let mut wrong = Vec::new();
        for name in ENVELOPES {
            match self.objects.get(name).map_err(|e| self.failed(e))? {
                None => wrong.push((name, "it is missing".to_owned())),
                Some(bytes) => wrong.extend(open_envelope(&bytes, file).err().map(|why| (name, why))),
            }
        }
        Ok(wrong)
    }

    /// Stores a chunk unless it is there already; gives its id and the bytes that were written.
    pub(crate) fn add_chunk(&self, plain: &[u8]) -> Result<(ChunkId, u64), BackupError> {
        let id = names::chunk_id(&self.keys.names, plain);
        let name = names::chunk(&id);
        if self.objects.has(&name).map_err(|e| self.failed(e))? {
            return Ok((id, 0));
        }
        let written = self.add(&name, plain)?;
        Ok((id, written.unwrap_or(0)))
    }

    /// The contents of a chunk.
    pub(crate) fn chunk(&self, id: &ChunkId, needed_by: &str) -> Result<Vec<u8>, BackupError> {
        let name = names::chunk(id);
        let plain = self.need(&name, needed_by)?;
        if names::chunk_id(&self.keys.names, &plain) != *id {
            return Err(BackupError::damaged(&name, "its contents are not those that it is named for"));
        }
        Ok(plain)
    }

    /// Stores the list of files; gives its chunks.
    pub(crate) fn add_tree(&self, tree: &Tree) -> Result<(Vec<ChunkId>, u64), BackupError> {
        let (mut ids, mut written) = (Vec::new(), 0);
        for part in tree.to_bytes().chunks(TREE_CHUNK) {
            let (id, bytes) = self.add_chunk(part)?;
            ids.push(id);
            written += bytes;
        }
        Ok((ids, written))
    }

    /// The list of files of a backup.
    pub fn tree(&self, backup: &Backup) -> Result<Tree, BackupError> {
        let needed_by = format!("backup {}", backup.name());
        let mut bytes = Vec::new();
        for id in &backup.tree {
            bytes.extend(self.chunk(id, &needed_by)?);
        }
        Tree::parse(&bytes).map_err(|what| BackupError::damaged(&needed_by, what))
    }

    /// Stores the record of a backup: from now on there is one.
    pub(crate) fn add_backup(&self, backup: &Backup) -> Result<(), BackupError> {
        self.add(&names::backup(&self.keys.names, &backup.id), &backup.to_bytes()).map(drop)
    }

    /// Every backup, oldest first.
    pub fn backups(&self) -> Result<Vec<Backup>, BackupError> {
        let mut all = at_once(&self.list(BACKUPS)?, |(name, _)| self.backup(name))?;
        all.sort_by_key(|backup| (backup.at, backup.id));
        Ok(all)
    }

    /// The record of this name.
    pub(crate) fn backup(&self, name: &str) -> Result<Backup, BackupError> {
        Backup::parse(&self.need(name, "its own listing")?).map_err(|what| BackupError::damaged(name, what))
    }

    /// Stores a piece of a log. False where there is one of this number.
    pub(crate) fn add_piece(&self, piece: &Piece) -> Result<bool, BackupError> {
        let name = names::piece(&self.keys.names, &piece.line, piece.number);
        Ok(self.add(&name, &piece.to_bytes())?.is_some())
    }

    /// The piece of a line with this number, if there is one.
    pub(crate) fn piece(&self, line: &LineId, number: u64) -> Result<Option<Piece>, BackupError> {
        let name = names::piece(&self.keys.names, line, number);
        self.get(&name)?.map(|plain| self.read_piece(&name, &plain)).transpose()
    }

    /// The piece that an object holds.
    pub(crate) fn piece_named(&self, name: &str) -> Result<Piece, BackupError> {
        self.read_piece(name, &self.need(name, "its own listing")?)
    }

    fn read_piece(&self, name: &str, plain: &[u8]) -> Result<Piece, BackupError> {
        let piece = Piece::parse(plain).map_err(|what| BackupError::damaged(name, what))?;
        if names::piece(&self.keys.names, &piece.line, piece.number) != name {
            return Err(BackupError::damaged(name, "it is another piece than it is named for"));
        }
        Ok(piece)
    }

    /// How many pieces of a line follow one another from `from` on.
    pub(crate) fn pieces_from(&self, line: &LineId, from: u64) -> Result<u64, BackupError> {
        let names = self.list(&names::line(&self.keys.names, line))?;
        let known: std::collections::HashSet<String> = names.into_iter().map(|(name, _)| name).collect();
        let there = |number: &u64| known.contains(&names::piece(&self.keys.names, line, *number));
        Ok((from..=u64::MAX).take_while(there).count() as u64)
    }

    /// The objects of a sort.
    pub(crate) fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>, BackupError> {
        self.objects.list(prefix).map_err(|e| self.failed(e))
    }

    /// Every sealed object, and every one that does not belong here.
    pub(crate) fn list_all(&self) -> Result<Listing, BackupError> {
        let mut listing = Listing::default();
        for (name, bytes) in self.list("")? {
            listing.bytes += bytes;
            if name.starts_with(CHUNKS) {
                listing.chunks.push(name);
            } else if name.starts_with(BACKUPS) {
                listing.backups.push(name);
            } else if name.starts_with(LOG) {
                listing.pieces.push(name);
            } else if !ENVELOPES.contains(&name.as_str()) && name != PRUNING {
                listing.strange.push(name);
            }
        }
        Ok(listing)
    }

    /// The object of a backup's record.
    pub(crate) fn backup_name(&self, backup: &Backup) -> String {
        names::backup(&self.keys.names, &backup.id)
    }

    /// Removes the pieces of a line with smaller numbers; gives how many.
    pub(crate) fn remove_pieces_before(&self, line: &LineId, first: u64) -> Result<usize, BackupError> {
        let mut removed = 0;
        for (name, _) in self.list(&names::line(&self.keys.names, line))? {
            if first == u64::MAX || self.piece_named(&name)?.number < first {
                self.remove(&name)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), BackupError> {
        self.objects.remove(name).map_err(|e| self.failed(e))
    }

    /// Refuses while somebody prunes: a chunk that is there now might not be in a moment.
    pub(crate) fn check_not_pruning(&self) -> Result<(), BackupError> {
        if self.objects.has(PRUNING).map_err(|e| self.failed(e))? {
            let why = "it is being pruned; if no such command runs any more, run `vigiles backup prune` again";
            return Err(BackupError::Place(format!("{}: {why}", self.place())));
        }
        Ok(())
    }

    pub(crate) fn begin_pruning(&self) -> Result<(), BackupError> {
        self.objects.add(PRUNING, b"").map(drop).map_err(|e| self.failed(e))
    }

    pub(crate) fn end_pruning(&self) -> Result<(), BackupError> {
        self.remove(PRUNING)
    }

    /// Seals and stores an object; gives the bytes written, or none where there is one of this name.
    fn add(&self, name: &str, plain: &[u8]) -> Result<Option<u64>, BackupError> {
        let sealed = seal::seal(&self.keys.objects, &self.id, name, plain)?;
        let added = self.objects.add(name, &sealed).map_err(|e| self.failed(e))?;
        Ok(added.then_some(sealed.len() as u64))
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BackupError> {
        let sealed = self.objects.get(name).map_err(|e| self.failed(e))?;
        sealed.map(|sealed| seal::open(&self.keys.objects, &self.id, name, &sealed)).transpose()
    }

    fn need(&self, name: &str, needed_by: &str) -> Result<Vec<u8>, BackupError> {
        let missing = || BackupError::Missing { name: name.to_owned(), needed_by: needed_by.to_owned() };
        self.get(name)?.ok_or_else(missing)
    }

    fn failed(&self, failure: Failure) -> BackupError {
        unreachable(&*self.objects, failure)
    }
}

/// The objects of a repository by their sort.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) chunks: Vec<String>,
    pub(crate) backups: Vec<String>,
    pub(crate) pieces: Vec<String>,
    pub(crate) strange: Vec<String>,
    pub(crate) bytes: u64,
}

fn unreachable(objects: &dyn Objects, failure: Failure) -> BackupError {
    let Failure { doing, name, why } = failure;
    BackupError::Objects { place: objects.place(), doing, name, why }
}

fn open_envelope(bytes: &[u8], file: &KeyFile) -> Result<([u8; 16], Keys), String> {
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    // It is plain text: what reads alike but is not what was written has been changed, too.
    if envelope.to_bytes()? != bytes {
        return Err("it is not written as this program writes it".to_owned());
    }
    key::unwrap(&envelope, file)
}
