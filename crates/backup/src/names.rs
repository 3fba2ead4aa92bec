//! What objects are called. Names are keyed hashes: they tell nothing of what is inside, nor of what belongs together but for
//! the sort of object and, of pieces of a log, their line.

use crate::seal::Secret;

/// A chunk's name: the keyed hash of its contents.
pub(crate) type ChunkId = [u8; 32];
/// A line of the log: one platform's, from its first start or restore on.
pub(crate) type LineId = [u8; 16];

/// The folder of chunks.
pub(crate) const CHUNKS: &str = "chunks/";
/// The folder of backup records.
pub(crate) const BACKUPS: &str = "backups/";
/// The folder of pieces of the log.
pub(crate) const LOG: &str = "log/";
/// The envelope of the key, and the copy of it: without it all else is noise.
pub(crate) const ENVELOPES: [&str; 2] = ["repository.json", "repository.copy.json"];

/// The id of a chunk with these contents.
pub(crate) fn chunk_id(names: &Secret, plain: &[u8]) -> ChunkId {
    *blake3::keyed_hash(&names.0, plain).as_bytes()
}

/// The object of a chunk.
pub(crate) fn chunk(id: &ChunkId) -> String {
    let hex = hex(id);
    format!("{CHUNKS}{}/{hex}", &hex[..2])
}

/// The object of a backup's record.
pub(crate) fn backup(names: &Secret, id: &[u8; 16]) -> String {
    format!("{BACKUPS}{}", hash(names, b"backup", id))
}

/// The folder of a line's pieces.
pub(crate) fn line(names: &Secret, line: &LineId) -> String {
    format!("{LOG}{}/", &hash(names, b"line", line)[..32])
}

/// The object of a piece of a line.
pub(crate) fn piece(names: &Secret, of: &LineId, number: u64) -> String {
    let place = [&of[..], &number.to_le_bytes()].concat();
    format!("{}{}", line(names, of), hash(names, b"piece", &place))
}

fn hash(names: &Secret, sort: &[u8], of: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new_keyed(&names.0);
    hasher.update(&[sort.len() as u8]);
    hasher.update(sort);
    hasher.update(of);
    hasher.finalize().to_hex().to_string()
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String does not fail.
        let _ok = write!(text, "{byte:02x}");
        text
    })
}

/// Hexadecimal digits as exactly so many bytes.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.trim();
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(bytes)
}
