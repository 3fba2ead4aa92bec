//! The manifest: which files history consists of, and up to which log offset. Replaced whole, so that a seal, a
//! merge or an expiry happens entirely or not at all.

use std::path::Path;

use vigiles_disk::Disk;

use super::codec::{Malformed, Reader};
use crate::HistoryError;

/// The version this program writes.
pub const VERSION: u32 = 1;
/// The name of the file.
pub const FILE: &str = "manifest";

const MAGIC: [u8; 8] = *b"VGLHMAN\n";
const ENTRY_BYTES: usize = 61;

/// A sealed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its number, which is its name.
    pub id: u64,
    /// Its length.
    pub bytes: u64,
    /// Observations in it.
    pub rows: u64,
    /// Blocks in it.
    pub blocks: u64,
    /// Oldest phenomenon time, microseconds.
    pub min_time: i64,
    /// Newest phenomenon time, microseconds.
    pub max_time: i64,
    /// The day (UTC, counted from 1970-01-01) of all of it; none where it has several.
    pub day: Option<i64>,
    /// CRC32C of its index.
    pub footer_crc: u32,
}

impl Entry {
    /// The name of the file in the directory of history. No other file ever has it.
    pub fn file_name(&self) -> String {
        super::file::name(self.id)
    }
}

/// The whole of history, but for what is in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Every log entry before this offset is in the files.
    pub durable_offset: u64,
    /// The number of the next file.
    pub next_id: u64,
    /// The files.
    pub files: Vec<Entry>,
}

impl Manifest {
    /// The bytes of the manifest.
    pub fn write(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.durable_offset.to_le_bytes());
        out.extend_from_slice(&self.next_id.to_le_bytes());
        out.extend_from_slice(&(self.files.len() as u64).to_le_bytes());
        for entry in &self.files {
            for number in [entry.id, entry.bytes, entry.rows, entry.blocks] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            for time in [entry.min_time, entry.max_time, entry.day.unwrap_or(0)] {
                out.extend_from_slice(&time.to_le_bytes());
            }
            out.push(u8::from(entry.day.is_some()));
            out.extend_from_slice(&entry.footer_crc.to_le_bytes());
        }
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// Reads a manifest.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let (body, crc) = bytes.split_last_chunk::<4>().ok_or(Malformed("the manifest is too short"))?;
        let mut reader = Reader(body);
        if reader.bytes(8)? != MAGIC {
            return Err(Malformed("not a manifest of history (its first eight bytes are wrong)"));
        }
        if crc32c::crc32c(body) != u32::from_le_bytes(*crc) {
            return Err(Malformed("the checksum of the manifest does not fit"));
        }
        if reader.u32()? != VERSION {
            return Err(Malformed("a format version this program does not know"));
        }
        let mut manifest = Self { durable_offset: reader.u64()?, next_id: reader.u64()?, files: Vec::new() };
        let count = reader.u64()?;
        if count.checked_mul(ENTRY_BYTES as u64) != Some(reader.0.len() as u64) {
            return Err(Malformed("the manifest has another length than its count of files says"));
        }
        for _ in 0..count {
            manifest.files.push(entry(&mut reader)?);
        }
        Ok(manifest)
    }

    /// Reads the manifest of a directory; an empty one where there is none.
    pub(crate) fn load(disk: &dyn Disk, directory: &Path) -> Result<Self, HistoryError> {
        let path = directory.join(FILE);
        let bytes = vigiles_disk::read(disk, &path, u64::MAX).map_err(|e| HistoryError::io("reading", &path, &e))?;
        bytes.map_or(Ok(Self::default()), |bytes| {
            let place = "whole file".to_owned();
            Self::parse(&bytes).map_err(|what| HistoryError::Damaged { path, place, what: what.to_string() })
        })
    }

    /// Puts the manifest in the place of the old one, durably.
    pub(crate) fn save(&self, disk: &dyn Disk, directory: &Path) -> Result<(), HistoryError> {
        let replaced = vigiles_disk::replace(disk, directory, FILE, &[&self.write()]);
        replaced.map_err(|e| HistoryError::io("writing", &directory.join(FILE), &e))
    }
}

fn entry(reader: &mut Reader<'_>) -> Result<Entry, Malformed> {
    let (id, bytes, rows, blocks) = (reader.u64()?, reader.u64()?, reader.u64()?, reader.u64()?);
    let (min_time, max_time, day) = (reader.u64()? as i64, reader.u64()? as i64, reader.u64()? as i64);
    let day = (reader.byte()? != 0).then_some(day);
    Ok(Entry { id, bytes, rows, blocks, min_time, max_time, day, footer_crc: reader.u32()? })
}
