//! The bytes of the log, version 1. Everything is little-endian. See `docs/log-format.md`.
//!
//! Invariant: parsing never panics and never allocates more than the bytes it is given.

use vigiles_model::Timestamp;

/// The version this program writes.
pub const VERSION: u32 = 1;
/// Bytes before the first record of a segment.
pub const HEADER_BYTES: usize = 40;
/// Bytes before the payload of a record.
pub const FRAME_BYTES: usize = 32;
/// Largest payload of one record.
pub const MAX_RECORD_BYTES: usize = 16 << 20;

const SEGMENT_MAGIC: [u8; 8] = *b"VGLSLOG\n";
const MARKS_MAGIC: [u8; 8] = *b"VGLMARK\n";
const CURSOR_MAGIC: [u8; 8] = *b"VGLCURS\n";

/// Why bytes are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Fewer bytes than needed.
    #[error("{needed} bytes needed, {found} found")]
    Short {
        /// Bytes needed.
        needed: usize,
        /// Bytes there.
        found: usize,
    },
    /// Not this kind of file.
    #[error("not a file of the log (its first eight bytes are wrong)")]
    Magic,
    /// A version not known.
    #[error("format version {0} is not known")]
    Version(u32),
    /// A length that cannot be.
    #[error("a record cannot have {0} bytes")]
    Length(u32),
    /// The checksum does not fit the bytes.
    #[error("the checksum does not fit the bytes")]
    Checksum,
    /// The file belongs to another topic.
    #[error("the file belongs to another topic")]
    Topic,
    /// An offset out of order.
    #[error("offset {found} where {expected} should be")]
    Offset {
        /// The offset expected.
        expected: u64,
        /// The offset found.
        found: u64,
    },
    /// A time earlier than that of the record before.
    #[error("the time of the record is earlier than that of the record before")]
    Time,
}

/// The start of a segment file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHeader {
    /// CRC32C of the topic's name.
    pub topic: u32,
    /// Offset of the first record.
    pub base: u64,
    /// Platform time of the last record before this segment.
    pub last_at: Timestamp,
}

/// The start of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Its offset.
    pub offset: u64,
    /// The offset of the first record of the same write: everything before it was durable when this was written.
    pub group: u64,
    /// Platform time.
    pub at: Timestamp,
    /// Bytes of payload.
    pub length: usize,
}

/// What a topic remembers beside its segments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// Records before this offset may be missing: they were trimmed.
    pub trimmed_to: u64,
    /// The end of the topic at the last orderly stop; it never ends earlier.
    pub closed_at: u64,
}

/// What stands for a topic's name in its files.
pub fn topic_tag(name: &str) -> u32 {
    crc32c::crc32c(name.as_bytes())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

fn sealed(magic: [u8; 8], parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = magic.to_vec();
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    for part in parts {
        bytes.extend_from_slice(part);
    }
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

fn unsealed(magic: [u8; 8], bytes: &[u8], length: usize) -> Result<&[u8], Fault> {
    let whole = bytes.get(..length).ok_or(Fault::Short { needed: length, found: bytes.len() })?;
    if whole[..8] != magic {
        return Err(Fault::Magic);
    }
    if crc32c::crc32c(&whole[..length - 4]) != u32_at(whole, length - 4) {
        return Err(Fault::Checksum);
    }
    match u32_at(whole, 8) {
        VERSION => Ok(&whole[12..length - 4]),
        other => Err(Fault::Version(other)),
    }
}

/// The bytes of a segment header.
pub fn write_header(header: &SegmentHeader) -> Vec<u8> {
    let SegmentHeader { topic, base, last_at } = header;
    sealed(SEGMENT_MAGIC, &[&topic.to_le_bytes(), &base.to_le_bytes(), &last_at.0.to_le_bytes(), &[0; 4]])
}

/// Reads the header at the start of a segment.
pub fn parse_header(bytes: &[u8]) -> Result<SegmentHeader, Fault> {
    let body = unsealed(SEGMENT_MAGIC, bytes, HEADER_BYTES)?;
    Ok(SegmentHeader { topic: u32_at(body, 0), base: u64_at(body, 4), last_at: Timestamp(u64_at(body, 12) as i64) })
}

/// Appends one record to `out`.
pub fn write_frame(out: &mut Vec<u8>, offset: u64, group: u64, at: Timestamp, payload: &[u8]) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&offset.to_le_bytes());
    out.extend_from_slice(&group.to_le_bytes());
    out.extend_from_slice(&at.0.to_le_bytes());
    out.extend_from_slice(payload);
    let crc = crc32c::crc32c(&out[start + 4..]);
    out[start..start + 4].copy_from_slice(&crc.to_le_bytes());
}

/// The length of the payload that a record announces, unchecked but for its bound.
pub fn announced_length(bytes: &[u8]) -> Result<usize, Fault> {
    if bytes.len() < FRAME_BYTES {
        return Err(Fault::Short { needed: FRAME_BYTES, found: bytes.len() });
    }
    let length = u32_at(bytes, 4);
    if length as usize > MAX_RECORD_BYTES {
        return Err(Fault::Length(length));
    }
    Ok(length as usize)
}

/// Reads the record at the start of `bytes`; more bytes may follow.
pub fn parse_frame(bytes: &[u8]) -> Result<(Frame, &[u8]), Fault> {
    let length = announced_length(bytes)?;
    let needed = FRAME_BYTES + length;
    let whole = bytes.get(..needed).ok_or(Fault::Short { needed, found: bytes.len() })?;
    if crc32c::crc32c(&whole[4..]) != u32_at(whole, 0) {
        return Err(Fault::Checksum);
    }
    let at = Timestamp(u64_at(whole, 24) as i64);
    let frame = Frame { offset: u64_at(whole, 8), group: u64_at(whole, 16), at, length };
    Ok((frame, &whole[FRAME_BYTES..]))
}

/// A parsed segment: its header and its records.
pub type Segment<'a> = (SegmentHeader, Vec<(Frame, &'a [u8])>);

/// Reads a whole segment, for checks and fuzzing. The error carries the byte where it goes wrong.
pub fn parse_segment(bytes: &[u8]) -> Result<Segment<'_>, (u64, Fault)> {
    let header = parse_header(bytes).map_err(|fault| (0, fault))?;
    let mut at = HEADER_BYTES;
    let mut frames: Vec<(Frame, &[u8])> = Vec::new();
    let mut order = Order::after(&header);
    while at < bytes.len() {
        let (frame, payload) = parse_frame(&bytes[at..]).map_err(|fault| (at as u64, fault))?;
        order.take(&frame).map_err(|fault| (at as u64, fault))?;
        frames.push((frame, payload));
        at += FRAME_BYTES + frame.length;
    }
    Ok((header, frames))
}

/// Checks that records follow one another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    /// The offset that must come next.
    pub(crate) next: u64,
    /// The earliest time it may have.
    pub(crate) last_at: Timestamp,
}

impl Order {
    pub(crate) fn after(header: &SegmentHeader) -> Self {
        Self { next: header.base, last_at: header.last_at }
    }

    pub(crate) fn take(&mut self, frame: &Frame) -> Result<(), Fault> {
        if frame.offset != self.next || frame.group > frame.offset {
            return Err(Fault::Offset { expected: self.next, found: frame.offset });
        }
        if frame.at < self.last_at {
            return Err(Fault::Time);
        }
        self.next = self.next.saturating_add(1);
        self.last_at = frame.at;
        Ok(())
    }
}

/// The bytes of a marks file.
pub fn write_marks(topic: u32, marks: &Marks) -> Vec<u8> {
    let parts = [&topic.to_le_bytes()[..], &marks.trimmed_to.to_le_bytes(), &marks.closed_at.to_le_bytes()];
    sealed(MARKS_MAGIC, &parts)
}

/// Reads a marks file.
pub fn parse_marks(topic: u32, bytes: &[u8]) -> Result<Marks, Fault> {
    let body = exact(MARKS_MAGIC, bytes, 36)?;
    if u32_at(body, 0) != topic {
        return Err(Fault::Topic);
    }
    Ok(Marks { trimmed_to: u64_at(body, 4), closed_at: u64_at(body, 12) })
}

/// The bytes of a cursor file.
pub fn write_cursor(topic: u32, offset: u64) -> Vec<u8> {
    sealed(CURSOR_MAGIC, &[&topic.to_le_bytes(), &offset.to_le_bytes()])
}

/// Reads a cursor file.
pub fn parse_cursor(topic: u32, bytes: &[u8]) -> Result<u64, Fault> {
    let body = exact(CURSOR_MAGIC, bytes, 28)?;
    if u32_at(body, 0) != topic {
        return Err(Fault::Topic);
    }
    Ok(u64_at(body, 4))
}

fn exact(magic: [u8; 8], bytes: &[u8], length: usize) -> Result<&[u8], Fault> {
    if bytes.len() > length {
        return Err(Fault::Short { needed: length, found: bytes.len() });
    }
    unsealed(magic, bytes, length)
}
