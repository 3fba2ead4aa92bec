//! The index at the end of a sealed file: kinds, and for each block its span, place, columns and names.

use vigiles_model::{BoundingBox, KindId};

use super::block::{MAX_ROWS, Meta, SECTIONS, Section};
use super::bloom::{self, Bloom};
use super::codec::{MAX_SECTION_BYTES, Malformed, Reader, put_signed, put_text, put_varint};

/// The version this program writes.
pub const VERSION: u32 = 1;
/// Bytes before the first block.
pub const HEADER_BYTES: usize = 16;
/// Bytes after the footer.
pub const TRAILER_BYTES: usize = 28;

const FILE_MAGIC: [u8; 8] = *b"VGLHIST\n";
const END_MAGIC: [u8; 8] = *b"VGLHEND\n";
/// Most bytes of a footer: bounds what a damaged trailer can make a reader allocate.
const MAX_FOOTER_BYTES: u64 = 256 << 20;

/// The index of a sealed file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Footer {
    pub(crate) kinds: Vec<KindId>,
    pub(crate) blocks: Vec<Meta>,
}

/// Where the footer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trailer {
    pub(crate) at: u64,
    pub(crate) bytes: u64,
    pub(crate) crc: u32,
}

impl Footer {
    /// Rows of all blocks.
    pub fn rows(&self) -> u64 {
        self.blocks.iter().map(|b| u64::from(b.rows)).sum()
    }

    /// Oldest and newest phenomenon time, in microseconds.
    pub(crate) fn span(&self) -> (i64, i64) {
        let min = self.blocks.iter().map(|b| b.min_time).min().unwrap_or(0);
        (min, self.blocks.iter().map(|b| b.max_time).max().unwrap_or(0))
    }

    /// Memory taken, about, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.blocks.iter().map(|b| size_of::<Meta>() + b.names.0.len()).sum()
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, self.kinds.len() as u64);
        for kind in &self.kinds {
            put_text(&mut out, kind.as_str());
        }
        put_varint(&mut out, self.blocks.len() as u64);
        for block in &self.blocks {
            put_meta(&mut out, block);
        }
        out
    }

    /// Reads a footer whose blocks end at byte `end` of the file.
    pub(crate) fn parse(bytes: &[u8], end: u64) -> Result<Self, Malformed> {
        let mut reader = Reader(bytes);
        let mut footer = Self::default();
        for _ in 0..reader.varint()? {
            footer.kinds.push(KindId::new(reader.text()?).map_err(|_| Malformed("a kind is not an id"))?);
        }
        let mut at = HEADER_BYTES as u64;
        for _ in 0..reader.varint()? {
            let meta = meta(&mut reader, at)?;
            at += meta.bytes();
            if at > end || meta.kind as usize >= footer.kinds.len() {
                return Err(Malformed("a block lies outside the file or has no kind"));
            }
            footer.blocks.push(meta);
        }
        if at == end && reader.is_empty() { Ok(footer) } else { Err(Malformed("the blocks do not fill the file")) }
    }
}

fn put_meta(out: &mut Vec<u8>, block: &Meta) {
    put_varint(out, u64::from(block.kind));
    put_varint(out, u64::from(block.rows));
    put_signed(out, block.min_time);
    put_signed(out, block.max_time);
    out.push(u8::from(block.bounds.is_some()));
    if let Some(b) = block.bounds {
        for edge in [b.west, b.south, b.east, b.north] {
            out.extend_from_slice(&edge.to_le_bytes());
        }
    }
    for section in &block.sections {
        put_varint(out, u64::from(section.stored_bytes) << 1 | u64::from(section.compressed));
        put_varint(out, u64::from(section.raw_bytes));
        out.extend_from_slice(&section.crc.to_le_bytes());
    }
    put_varint(out, block.names.0.len() as u64);
    out.extend_from_slice(&block.names.0);
}

fn meta(reader: &mut Reader<'_>, at: u64) -> Result<Meta, Malformed> {
    let (kind, rows) = (reader.varint()? as u32, reader.varint()?);
    if rows == 0 || rows > MAX_ROWS as u64 {
        return Err(Malformed("a block has an impossible count of rows"));
    }
    let (min_time, max_time) = (reader.signed()?, reader.signed()?);
    let bounds = match reader.byte()? {
        0 => None,
        _ => Some(BoundingBox { west: reader.f64()?, south: reader.f64()?, east: reader.f64()?, north: reader.f64()? }),
    };
    let mut sections = [Section::default(); SECTIONS];
    for section in &mut sections {
        let (stored, raw_bytes) = (reader.varint()?, reader.varint()?);
        if stored >> 1 > MAX_SECTION_BYTES as u64 || raw_bytes > MAX_SECTION_BYTES as u64 {
            return Err(Malformed("a column has an impossible size"));
        }
        let compressed = stored & 1 == 1;
        let (stored_bytes, raw_bytes) = ((stored >> 1) as u32, raw_bytes as u32);
        *section = Section { stored_bytes, raw_bytes, compressed, crc: reader.u32()? };
    }
    let names = reader.varint()? as usize;
    if names > bloom::MAX_BYTES {
        return Err(Malformed("a filter of names is too large"));
    }
    let names = Bloom(reader.bytes(names)?.to_vec());
    Ok(Meta { kind, rows: rows as u32, min_time, max_time, bounds, at, sections, names })
}

/// The first bytes of a file.
pub(crate) fn header() -> Vec<u8> {
    let mut out = FILE_MAGIC.to_vec();
    out.extend_from_slice(&VERSION.to_le_bytes());
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// Checks the first bytes of a file.
pub(crate) fn check_header(bytes: &[u8]) -> Result<(), Malformed> {
    let mut reader = Reader(bytes);
    if reader.bytes(8)? != FILE_MAGIC {
        return Err(Malformed("not a file of history (its first eight bytes are wrong)"));
    }
    let version = reader.u32()?;
    if reader.u32()? != crc32c::crc32c(&bytes[..12]) {
        return Err(Malformed("the checksum of the header does not fit"));
    }
    if version == VERSION { Ok(()) } else { Err(Malformed("a format version this program does not know")) }
}

impl Trailer {
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = self.at.to_le_bytes().to_vec();
        out.extend_from_slice(&(self.bytes as u32).to_le_bytes());
        out.extend_from_slice(&self.crc.to_le_bytes());
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out.extend_from_slice(&END_MAGIC);
        out
    }

    /// Reads the last bytes of a file of `length` bytes.
    pub(crate) fn parse(bytes: &[u8], length: u64) -> Result<Self, Malformed> {
        let mut reader = Reader(bytes);
        let (at, footer_bytes, crc) = (reader.u64()?, u64::from(reader.u32()?), reader.u32()?);
        let own = reader.u32()?;
        if reader.bytes(8)? != END_MAGIC {
            return Err(Malformed("the end of the file is missing"));
        }
        if own != crc32c::crc32c(&bytes[..16]) {
            return Err(Malformed("the checksum of the trailer does not fit"));
        }
        let whole = at.checked_add(footer_bytes).and_then(|end| end.checked_add(TRAILER_BYTES as u64));
        if whole != Some(length) || at < HEADER_BYTES as u64 || footer_bytes > MAX_FOOTER_BYTES {
            return Err(Malformed("the footer lies outside the file"));
        }
        Ok(Self { at, bytes: footer_bytes, crc })
    }
}

/// Reads header, trailer and footer of a whole file in memory, for checks and fuzzing.
pub fn parse(bytes: &[u8]) -> Result<Footer, Malformed> {
    check_header(bytes)?;
    let start = bytes.len().checked_sub(TRAILER_BYTES).ok_or(Malformed("the file is too short"))?;
    let trailer = Trailer::parse(&bytes[start..], bytes.len() as u64)?;
    let footer = bytes.get(trailer.at as usize..start).ok_or(Malformed("the footer lies outside the file"))?;
    if crc32c::crc32c(footer) != trailer.crc {
        return Err(Malformed("the checksum of the footer does not fit"));
    }
    Footer::parse(footer, trailer.at)
}
