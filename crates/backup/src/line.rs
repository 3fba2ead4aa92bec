//! A line: one platform's log in the repository, from its first start or restore on, as numbered pieces. A restored platform
//! writes under offsets that were given before, so it begins a line of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::sync::Arc;

use vigiles_bus::{Bus, Entry, Offset, Topic};
use vigiles_model::Timestamp;
use vigiles_trust::random;

use crate::error::BackupError;
use crate::names::{self, LineId};
use crate::piece::Piece;
use crate::repository::Repository;

/// Entries and bytes of a piece at most (one entry may be larger).
const ENTRIES: usize = 8192;
const BYTES: usize = 8 << 20;
/// The name of the file in the data directory that says which line it writes.
pub(crate) const FILE: &str = "backup-line";

/// The writing end of a line.
pub struct Line {
    repository: Arc<Repository>,
    topic: Topic,
    id: LineId,
    /// The number of the next piece.
    next_piece: u64,
    /// Every entry before this is in the repository.
    shipped: u64,
    /// The time of the newest of them.
    newest: Timestamp,
    /// The first offset of pieces, by number, from where the newest backup needs them.
    firsts: BTreeMap<u64, u64>,
}

impl Line {
    /// Finds the line that a data directory writes, or begins one: where it wrote none, and where the log is not the one
    /// that was shipped (it was restored, or went on without being shipped).
    pub fn open(repository: Arc<Repository>, bus: &dyn Bus, topic: Topic, data: &Path) -> Result<Self, BackupError> {
        let file = data.join(FILE);
        if let Some(id) = read_id(&file)? {
            match Self::follow(&repository, bus, &topic, id)? {
                Ok(found) => return Ok(found),
                Err(why) => tracing::warn!(why, "a new line of the log is begun in the repository of backups"),
            }
        }
        let id: LineId = random::bytes().map_err(|e| BackupError::Random(e.to_string()))?;
        write_id(&file, &id)?;
        let shipped = bus.bounds(&topic)?.start.0;
        Ok(Self {
            repository,
            topic,
            id,
            next_piece: 0,
            shipped,
            newest: Timestamp::default(),
            firsts: BTreeMap::new(),
        })
    }

    /// Goes on where the line ends; the reason where the log is another one.
    fn follow(
        repository: &Arc<Repository>,
        bus: &dyn Bus,
        topic: &Topic,
        id: LineId,
    ) -> Result<Result<Self, &'static str>, BackupError> {
        let newest = repository.backups()?.into_iter().rfind(|backup| backup.line == id);
        let from = newest.map_or(0, |backup| backup.piece);
        let next_piece = from + repository.pieces_from(&id, from)?;
        let bounds = bus.bounds(topic)?;
        let last = match next_piece.checked_sub(1) {
            Some(number) if number >= from => repository.piece(&id, number)?,
            _ => None,
        };
        let shipped = last.as_ref().map_or(bounds.start.0, Piece::end);
        if shipped < bounds.start.0 {
            return Ok(Err("entries of the log were trimmed that had not been shipped"));
        }
        if shipped > bounds.end.0 {
            return Ok(Err("the log ends before what was shipped of it"));
        }
        let newest = last.as_ref().and_then(|piece| piece.entries.last()).map_or(0, |(at, _)| *at);
        let firsts = last.iter().map(|piece| (piece.number, piece.first)).collect();
        if let Some(piece) = last
            && shipped > bounds.start.0
        {
            let here = bus.read(topic, Offset(shipped - 1), 1, BYTES)?;
            if here.first().map(as_shipped) != piece.entries.last().cloned() {
                return Ok(Err("the log is not the one that was shipped"));
            }
        }
        let repository = repository.clone();
        Ok(Ok(Self { repository, topic: topic.clone(), id, next_piece, shipped, newest: Timestamp(newest), firsts }))
    }

    /// Its id.
    pub fn id(&self) -> &[u8; 16] {
        &self.id
    }

    /// Every entry before this is in the repository.
    pub fn shipped(&self) -> u64 {
        self.shipped
    }

    /// The time of the newest entry in the repository.
    pub(crate) fn newest(&self) -> Timestamp {
        self.newest
    }

    /// Ships the next entries, one piece at most; gives how many.
    pub(crate) fn ship(&mut self, bus: &dyn Bus) -> Result<usize, BackupError> {
        let entries = bus.read(&self.topic, Offset(self.shipped), ENTRIES, BYTES)?;
        if entries.is_empty() {
            return Ok(0);
        }
        let piece = Piece::of(self.id, self.next_piece, self.shipped, &entries);
        let count = if self.repository.add_piece(&piece)? { entries.len() } else { self.shipped_before(&entries)? };
        self.firsts.insert(self.next_piece, self.shipped);
        self.next_piece += 1;
        self.shipped += count as u64;
        self.newest = entries[count - 1].at;
        Ok(count)
    }

    /// A piece of this number is there: an earlier try was stored though its answer was lost. It must hold what this one would.
    fn shipped_before(&self, entries: &[Entry]) -> Result<usize, BackupError> {
        let forked = BackupError::Forked { offset: self.shipped };
        let Some(found) = self.repository.piece(&self.id, self.next_piece)? else { return Err(forked) };
        let same = found.first == self.shipped
            && found.entries.len() <= entries.len()
            && found.entries.iter().zip(entries).all(|(there, here)| *there == as_shipped(here));
        if same { Ok(found.entries.len()) } else { Err(forked) }
    }

    /// The number of the piece that holds an entry, or will. Pieces before it are not asked for again.
    pub(crate) fn find_piece(&mut self, offset: u64) -> Result<u64, BackupError> {
        if offset >= self.shipped {
            return Ok(self.next_piece);
        }
        let (mut low, mut high) = (0, self.next_piece);
        // Known ones narrow it; the rest is asked of the repository.
        if let Some((number, _)) = self.firsts.iter().rfind(|(_, first)| **first <= offset) {
            low = *number;
        }
        if let Some((number, _)) = self.firsts.iter().find(|(_, first)| **first > offset) {
            high = *number;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            // Pieces before the oldest backup may have been pruned.
            match self.repository.piece(&self.id, middle)? {
                Some(piece) if piece.first > offset => high = middle,
                _ => low = middle,
            }
        }
        self.firsts = self.firsts.split_off(&low);
        match self.repository.piece(&self.id, low)? {
            Some(piece) if piece.first <= offset => Ok(low),
            _ => Err(BackupError::Nothing(format!("entry {offset} of the log was never shipped to the repository"))),
        }
    }
}

fn as_shipped(entry: &Entry) -> (i64, Vec<u8>) {
    (entry.at.0, entry.bytes.to_vec())
}

fn read_id(file: &Path) -> Result<Option<LineId>, BackupError> {
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let id = names::unhex(&text);
            id.map(Some).ok_or_else(|| BackupError::damaged(&file.display().to_string(), "it holds no id of a line"))
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(BackupError::io("reading", file)(e)),
    }
}

fn write_id(file: &Path, id: &LineId) -> Result<(), BackupError> {
    let fresh = file.with_extension("new");
    let write = || {
        let mut open = File::create(&fresh)?;
        writeln!(open, "{}", names::hex(id))?;
        open.sync_all()?;
        std::fs::rename(&fresh, file)?;
        File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(BackupError::io("writing", file))
}
