//! One segment file: reading its records, scanning it, and mending its tail.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use vigiles_disk::{Disk, DiskFile};
use vigiles_model::Timestamp;

use super::format::{self, FRAME_BYTES, Fault, Frame, HEADER_BYTES, Order, SegmentHeader};
use crate::{BusError, Entry, Offset};

/// Bytes read at once.
const CHUNK_BYTES: usize = 256 << 10;
/// Bytes between two entries of the index.
const INDEX_EVERY_BYTES: u64 = 64 << 10;

/// A segment file whose first `length` bytes are durable.
pub(crate) struct Segment {
    pub(crate) base: u64,
    pub(crate) path: PathBuf,
    length: AtomicU64,
    /// Offset and byte of some records, rising; empty until first needed.
    index: Mutex<Vec<(u64, u64)>>,
}

/// The name of the segment that starts at `base`.
pub(crate) fn name(base: u64) -> String {
    format!("{base:020}.log")
}

/// The base of a segment, from its file name.
pub(crate) fn base_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    (digits.len() == 20).then(|| digits.parse().ok()).flatten()
}

pub(crate) fn damaged(path: &Path, at: u64, fault: &Fault) -> BusError {
    BusError::Damaged { path: path.to_owned(), at, what: fault.to_string() }
}

impl Segment {
    pub(crate) fn new(base: u64, path: PathBuf, length: u64) -> Self {
        Self { base, path, length: AtomicU64::new(length), index: Mutex::new(Vec::new()) }
    }

    pub(crate) fn length(&self) -> u64 {
        self.length.load(Ordering::Acquire)
    }

    /// Says that more bytes are durable.
    pub(crate) fn grow(&self, length: u64) {
        self.length.store(length, Ordering::Release);
    }

    /// Records from `from` on, which must be durable and in this segment.
    pub(crate) fn read(
        &self,
        disk: &dyn Disk,
        from: u64,
        max_records: usize,
        max_bytes: usize,
    ) -> Result<Vec<Entry>, BusError> {
        let file = disk.open(&self.path).map_err(|e| BusError::io("opening", &self.path, &e))?;
        let start = self.find(&*file, from);
        let mut frames = Frames::new(&*file, &self.path, start, self.length());
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while entries.len() < max_records && (entries.is_empty() || bytes < max_bytes) {
            let place = frames.position();
            let Some((frame, payload)) = frames.next()? else {
                break;
            };
            if frame.offset < from {
                continue;
            }
            let expected = from + entries.len() as u64;
            if frame.offset != expected {
                let fault = Fault::Offset { expected, found: frame.offset };
                return Err(damaged(&self.path, place, &fault));
            }
            bytes += payload.len();
            let payload = Bytes::copy_from_slice(payload);
            entries.push(Entry { offset: Offset(frame.offset), at: frame.at, bytes: payload });
        }
        Ok(entries)
    }

    /// A byte at or before the record with this offset, where a record starts.
    fn find(&self, file: &dyn DiskFile, offset: u64) -> u64 {
        let mut index = self.index.lock();
        if index.is_empty() {
            index.push((self.base, HEADER_BYTES as u64));
        }
        let (_, mut last) = *index.last().unwrap_or(&(self.base, HEADER_BYTES as u64));
        if index.last().is_some_and(|(known, _)| *known < offset) && self.length() > last + INDEX_EVERY_BYTES {
            let mut frames = Frames::new(file, &self.path, last, self.length());
            // A damaged record ends the index; whoever reads up to it gets the error.
            while let Ok(Some((frame, _))) = frames.next() {
                let at = frames.place();
                if at >= last + INDEX_EVERY_BYTES {
                    index.push((frame.offset, at));
                    last = at;
                }
            }
        }
        let place = index.partition_point(|(known, _)| *known <= offset);
        index[place.saturating_sub(1)].1
    }
}

/// Walks the records of a file.
pub(crate) struct Frames<'a> {
    file: &'a dyn DiskFile,
    path: &'a Path,
    /// Where the next record starts.
    position: u64,
    /// Where the record given last starts.
    last: u64,
    end: u64,
    buffer: Vec<u8>,
    buffer_at: u64,
}

impl<'a> Frames<'a> {
    pub(crate) fn new(file: &'a dyn DiskFile, path: &'a Path, start: u64, end: u64) -> Self {
        Self { file, path, position: start, last: start, end, buffer: Vec::new(), buffer_at: start }
    }

    /// Where the record given last starts.
    pub(crate) fn place(&self) -> u64 {
        self.last
    }

    /// Where the next record starts.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The next record; `None` at the end; [`BusError::Damaged`] with its place where it is not whole.
    pub(crate) fn next(&mut self) -> Result<Option<(Frame, &[u8])>, BusError> {
        if self.position >= self.end {
            return Ok(None);
        }
        self.hold(FRAME_BYTES)?;
        let length = format::announced_length(self.held()).map_err(|f| damaged(self.path, self.position, &f))?;
        self.hold(FRAME_BYTES + length)?;
        let start = (self.position - self.buffer_at) as usize;
        let (frame, payload) =
            format::parse_frame(&self.buffer[start..]).map_err(|f| damaged(self.path, self.position, &f))?;
        self.last = self.position;
        self.position += (FRAME_BYTES + length) as u64;
        Ok(Some((frame, payload)))
    }

    fn held(&self) -> &[u8] {
        &self.buffer[(self.position - self.buffer_at) as usize..]
    }

    /// Makes sure that the buffer holds `needed` bytes from the position on, as far as the file has them.
    fn hold(&mut self, needed: usize) -> Result<(), BusError> {
        let left = self.end - self.position;
        if self.held().len() >= needed || self.held().len() as u64 == left {
            return Ok(());
        }
        let size = (needed.max(CHUNK_BYTES) as u64).min(left) as usize;
        self.buffer.resize(size, 0);
        self.buffer_at = self.position;
        let read = self.file.read_at(&mut self.buffer, self.position);
        read.map_err(|e| BusError::io("reading", self.path, &e))
    }
}

/// What a scan of a whole segment found.
pub(crate) struct Scan {
    /// Byte at which the write begins that the last whole record was in; 0 where there is no record.
    pub(crate) last_write: u64,
    /// Byte after the last whole record.
    pub(crate) end: u64,
    /// Offset after the last whole record.
    pub(crate) next: u64,
    pub(crate) last_at: Timestamp,
    /// Why the scan ended before the end of the file.
    pub(crate) fault: Option<BusError>,
}

/// Reads the header of a segment and checks that it belongs where it is.
pub(crate) fn read_header(file: &dyn DiskFile, path: &Path, tag: u32, base: u64) -> Result<SegmentHeader, BusError> {
    let length = file.length().map_err(|e| BusError::io("reading", path, &e))?;
    let mut bytes = vec![0; HEADER_BYTES.min(length as usize)];
    file.read_at(&mut bytes, 0).map_err(|e| BusError::io("reading", path, &e))?;
    let header = format::parse_header(&bytes).map_err(|f| damaged(path, 0, &f))?;
    if header.topic != tag {
        return Err(damaged(path, 12, &Fault::Topic));
    }
    if header.base != base {
        return Err(damaged(path, 16, &Fault::Offset { expected: base, found: header.base }));
    }
    Ok(header)
}

/// Reads a whole segment up to `limit` bytes and checks every record.
pub(crate) fn scan(file: &dyn DiskFile, path: &Path, tag: u32, base: u64, limit: u64) -> Result<Scan, BusError> {
    let header = read_header(file, path, tag, base)?;
    let length = file.length().map_err(|e| BusError::io("reading", path, &e))?;
    let mut order = Order::after(&header);
    let mut frames = Frames::new(file, path, HEADER_BYTES as u64, length.min(limit));
    let mut fault = None;
    let (mut last_write, mut end) = (0, HEADER_BYTES as u64);
    loop {
        match frames.next() {
            Ok(None) => break,
            Ok(Some((frame, _))) => {
                if let Err(wrong) = order.take(&frame) {
                    fault = Some(damaged(path, frames.place(), &wrong));
                    break;
                }
                if frame.group == frame.offset {
                    last_write = frames.place();
                }
                end = frames.position();
            }
            Err(error @ BusError::Damaged { .. }) => {
                fault = Some(error);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Scan { last_write, end, next: order.next, last_at: order.last_at, fault })
}

/// Looks behind a bad record for a whole one that proves that the bad one had been durable: one whose write
/// began after it. Then this is damage; without such proof it is the torn tail of a write nobody was told of.
pub(crate) fn proof_of_damage(file: &dyn DiskFile, path: &Path, scan: &Scan) -> Result<Option<u64>, BusError> {
    let io = |e: std::io::Error| BusError::io("reading", path, &e);
    let length = file.length().map_err(io)?;
    let mut bytes = vec![0; (length - scan.end) as usize];
    file.read_at(&mut bytes, scan.end).map_err(io)?;
    for start in 1..bytes.len().saturating_sub(FRAME_BYTES) {
        let rest = &bytes[start..];
        let offset = u64::from_le_bytes(rest[8..16].try_into().unwrap_or_default());
        let group = u64::from_le_bytes(rest[16..24].try_into().unwrap_or_default());
        let plausible = group > scan.next && offset >= group && offset - scan.next < length;
        if plausible && format::parse_frame(rest).is_ok() {
            return Ok(Some(scan.end + start as u64));
        }
    }
    Ok(None)
}
