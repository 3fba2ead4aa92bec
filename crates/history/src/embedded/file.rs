//! Sealed files: written once, synced, then only read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use vigiles_disk::{Disk, DiskFile};
use vigiles_model::KindId;

use super::batch::{Batch, Row};
use super::block::{self, Block, Meta};
use super::codec::Malformed;
use super::footer::{self, Footer, HEADER_BYTES, TRAILER_BYTES, Trailer};
use super::manifest::Entry;
use crate::HistoryError;

/// Bytes gathered before they go to the file.
const BUFFER_BYTES: usize = 1 << 20;

/// The name of the file with this number.
pub(crate) fn name(id: u64) -> String {
    format!("{id:016x}.obs")
}

/// The number of a file, from its name.
pub(crate) fn id_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".obs")?;
    (digits.len() == 16).then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

/// A sealed file as the manifest knows it. Readers hold it by `Arc`: a file that was merged away or expired is
/// removed from the disk once the last reader lets go.
pub(crate) struct Sealed {
    disk: Arc<dyn Disk>,
    pub(crate) path: PathBuf,
    pub(crate) entry: Entry,
    dead: AtomicBool,
}

impl Sealed {
    pub(crate) fn new(disk: &Arc<dyn Disk>, directory: &Path, entry: Entry) -> Self {
        Self { disk: Arc::clone(disk), path: directory.join(name(entry.id)), entry, dead: AtomicBool::new(false) }
    }

    /// Says that the manifest no longer has this file.
    pub(crate) fn bury(&self) {
        self.dead.store(true, Ordering::Release);
    }

    pub(crate) fn damaged(&self, place: impl Into<String>, what: Malformed) -> HistoryError {
        HistoryError::Damaged { path: self.path.clone(), place: place.into(), what: what.to_string() }
    }

    pub(crate) fn open(&self) -> Result<Arc<dyn DiskFile>, HistoryError> {
        self.disk.open(&self.path).map_err(|e| HistoryError::io("opening", &self.path, &e))
    }

    /// Reads the index of the file.
    pub(crate) fn footer(&self) -> Result<Footer, HistoryError> {
        let file = self.open()?;
        let io = |e: io::Error| HistoryError::io("reading", &self.path, &e);
        let length = file.length().map_err(io)?;
        let fault = |place: &str, what| self.damaged(place, what);
        if length != self.entry.bytes || length < (HEADER_BYTES + TRAILER_BYTES) as u64 {
            return Err(fault("whole file", Malformed("it has another length than when it was sealed")));
        }
        let mut trailer = [0; TRAILER_BYTES];
        file.read_at(&mut trailer, length - TRAILER_BYTES as u64).map_err(io)?;
        let trailer = Trailer::parse(&trailer, length).map_err(|e| fault("trailer", e))?;
        let mut bytes = vec![0; trailer.bytes as usize];
        file.read_at(&mut bytes, trailer.at).map_err(io)?;
        if crc32c::crc32c(&bytes) != trailer.crc || trailer.crc != self.entry.footer_crc {
            return Err(fault("footer", Malformed("its checksum does not fit")));
        }
        Footer::parse(&bytes, trailer.at).map_err(|e| fault("footer", e))
    }

    /// Reads the stored bytes of a block.
    pub(crate) fn block_bytes(&self, file: &dyn DiskFile, meta: &Meta) -> Result<Vec<u8>, HistoryError> {
        let mut bytes = vec![0; meta.bytes() as usize];
        file.read_at(&mut bytes, meta.at).map_err(|e| HistoryError::io("reading", &self.path, &e))?;
        Ok(bytes)
    }

    /// Reads and decodes a block.
    pub(crate) fn block(&self, file: &dyn DiskFile, footer: &Footer, index: usize) -> Result<Batch, HistoryError> {
        let mut batch = Batch::default();
        self.block_into(file, footer, index, &mut batch)?;
        Ok(batch)
    }

    /// Adds the rows of a block to those of a batch.
    pub(crate) fn block_into(
        &self,
        file: &dyn DiskFile,
        footer: &Footer,
        index: usize,
        batch: &mut Batch,
    ) -> Result<(), HistoryError> {
        let meta = &footer.blocks[index];
        let bytes = self.block_bytes(file, meta)?;
        let decoded = Block { meta, bytes: &bytes }.decode_into(&footer.kinds[meta.kind as usize], batch);
        decoded.map_err(|e| self.damaged(format!("block {index} at byte {}", meta.at), e))
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        if self.dead.load(Ordering::Acquire)
            && let Err(error) = self.disk.remove(&self.path)
        {
            tracing::warn!(file = %self.path.display(), %error, "could not remove a file no longer used");
        }
    }
}

/// A file being written.
pub(crate) struct Writer {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    id: u64,
    file: Arc<dyn DiskFile>,
    buffer: Vec<u8>,
    /// Bytes already in the file.
    written: u64,
    footer: Footer,
    kinds: FxHashMap<KindId, u32>,
    day: Option<i64>,
    mixed: bool,
}

impl Writer {
    pub(crate) fn create(disk: &Arc<dyn Disk>, directory: &Path, id: u64) -> Result<Self, HistoryError> {
        let path = directory.join(name(id));
        let file = disk.create(&path).map_err(|e| HistoryError::io("creating", &path, &e))?;
        let (footer, kinds) = (Footer::default(), FxHashMap::default());
        Ok(Self {
            disk: Arc::clone(disk),
            path,
            id,
            file,
            buffer: footer::header(),
            written: 0,
            footer,
            kinds,
            day: None,
            mixed: false,
        })
    }

    fn kind(&mut self, kind: &KindId) -> u32 {
        if let Some(known) = self.kinds.get(kind) {
            return *known;
        }
        let fresh = self.footer.kinds.len() as u32;
        self.footer.kinds.push(kind.clone());
        self.kinds.insert(kind.clone(), fresh);
        fresh
    }

    /// Writes rows of one kind and day, ordered by series and time, as one block.
    pub(crate) fn block(&mut self, batch: &Batch, rows: &[Row]) -> Result<(), HistoryError> {
        let Some(first) = rows.first() else { return Ok(()) };
        let kind = self.kind(&batch.series[first.series as usize].kind);
        let meta = block::write(batch, rows, kind, self.written, &mut self.buffer);
        self.keep(meta)
    }

    /// Copies a block of another file as it is.
    pub(crate) fn copy(&mut self, bytes: &[u8], meta: &Meta, kind: &KindId) -> Result<(), HistoryError> {
        let at = self.written + self.buffer.len() as u64;
        self.buffer.extend_from_slice(bytes);
        let kind = self.kind(kind);
        self.keep(Meta { kind, at, ..meta.clone() })
    }

    fn keep(&mut self, meta: Meta) -> Result<(), HistoryError> {
        let day = super::order::day_of(meta.min_time);
        self.mixed |= self.day.is_some_and(|known| known != day) || super::order::day_of(meta.max_time) != day;
        self.day = Some(day);
        self.footer.blocks.push(meta);
        if self.buffer.len() >= BUFFER_BYTES { self.pour() } else { Ok(()) }
    }

    fn pour(&mut self) -> Result<(), HistoryError> {
        self.file.write_at(&self.buffer, self.written).map_err(|e| HistoryError::io("writing", &self.path, &e))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the index and makes all durable but the name: that is for who writes the manifest.
    pub(crate) fn finish(mut self) -> Result<Entry, HistoryError> {
        let at = self.written + self.buffer.len() as u64;
        let footer = self.footer.write();
        let footer_crc = crc32c::crc32c(&footer);
        self.buffer.extend_from_slice(&footer);
        self.buffer.extend(Trailer { at, bytes: footer.len() as u64, crc: footer_crc }.write());
        self.pour()?;
        self.file.sync().map_err(|e| HistoryError::io("syncing", &self.path, &e))?;
        let (min_time, max_time) = self.footer.span();
        let day = self.day.filter(|_| !self.mixed);
        let (rows, blocks) = (self.footer.rows(), self.footer.blocks.len() as u64);
        Ok(Entry { id: self.id, bytes: self.written, rows, blocks, min_time, max_time, day, footer_crc })
    }

    /// Removes what was written.
    pub(crate) fn abandon(self) {
        if let Err(error) = self.disk.remove(&self.path) {
            tracing::debug!(file = %self.path.display(), %error, "could not remove a half-written file");
        }
    }
}

/// Indexes of files, kept in memory up to a bound; the least lately used goes first.
#[derive(Debug)]
pub(crate) struct FooterCache {
    most_bytes: usize,
    state: Mutex<CacheState>,
}

#[derive(Debug, Default)]
struct CacheState {
    footers: FxHashMap<u64, (Arc<Footer>, u64)>,
    bytes: usize,
    tick: u64,
}

impl FooterCache {
    pub(crate) fn new(most_bytes: usize) -> Self {
        Self { most_bytes, state: Mutex::default() }
    }

    /// The index of a file.
    pub(crate) fn get(&self, file: &Sealed) -> Result<Arc<Footer>, HistoryError> {
        {
            let mut state = self.state.lock();
            state.tick += 1;
            let tick = state.tick;
            if let Some((footer, used)) = state.footers.get_mut(&file.entry.id) {
                *used = tick;
                return Ok(Arc::clone(footer));
            }
        }
        let footer = Arc::new(file.footer()?);
        self.put(file.entry.id, &footer);
        Ok(footer)
    }

    fn put(&self, id: u64, footer: &Arc<Footer>) {
        let mut state = self.state.lock();
        let tick = state.tick;
        if state.footers.insert(id, (Arc::clone(footer), tick)).is_none() {
            state.bytes += footer.memory_bytes();
        }
        while state.bytes > self.most_bytes && state.footers.len() > 1 {
            let oldest = state.footers.iter().min_by_key(|(_, (_, used))| *used).map(|(id, _)| *id);
            if let Some((gone, _)) = oldest.and_then(|id| state.footers.remove(&id)) {
                state.bytes -= gone.memory_bytes();
            }
        }
    }

    /// Forgets a file.
    pub(crate) fn forget(&self, id: u64) {
        let mut state = self.state.lock();
        if let Some((gone, _)) = state.footers.remove(&id) {
            state.bytes -= gone.memory_bytes();
        }
    }
}
