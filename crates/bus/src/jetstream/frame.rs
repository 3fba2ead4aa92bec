//! The bytes of one message: a frame of records that were made durable together, chained to the message before it.
//!
//! `docs/scale-out.md` describes them. Numbers are little-endian.

use bytes::Bytes;
use vigiles_model::Timestamp;

/// How a frame of this format begins.
pub const MAGIC: [u8; 8] = *b"VGLFRM1\n";
/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;
/// Bytes before the first record.
pub const HEAD_BYTES: usize = 8 + HASH_BYTES + 8 + 16 + 8 + 8 + 4;
/// Bytes of a frame beside its records.
pub const FIXED_BYTES: usize = HEAD_BYTES + HASH_BYTES;
/// Bytes that stand before the payload of each record: its length.
pub const LENGTH_BYTES: usize = 4;

/// The hash of a chain up to a message.
pub type Hash = [u8; HASH_BYTES];

/// The part of a frame that stands before its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The hash of the message before it; zeros in the first message of a stream.
    pub previous: Hash,
    /// How often the topic has changed its owner.
    pub epoch: u64,
    /// The process that wrote it: a random number.
    pub writer: [u8; 16],
    /// The offset of the first record.
    pub first: u64,
    /// The platform time of all records.
    pub at: Timestamp,
}

/// A frame that has been read and whose hash is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What stands before the records.
    pub head: Head,
    /// The records; none in the frame by which a process becomes the owner.
    pub records: Vec<Bytes>,
    /// The hash of the chain up to this frame.
    pub hash: Hash,
}

/// What is wrong with the bytes of a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Too few or too many bytes.
    #[error("{found} bytes where {needed} were expected")]
    Length {
        /// Bytes expected.
        needed: usize,
        /// Bytes there.
        found: usize,
    },
    /// Not a frame of a known format.
    #[error("it is no frame of the log (it begins with {0:02x?})")]
    Magic(Vec<u8>),
    /// Not what was written.
    #[error("its contents do not fit its hash")]
    Hash,
}

/// Bytes that a frame of these records has.
pub fn size<R: AsRef<[u8]>>(records: &[R]) -> usize {
    FIXED_BYTES + records.iter().map(|record| LENGTH_BYTES + record.as_ref().len()).sum::<usize>()
}

/// The bytes of a frame of stream `stream`, and its hash.
pub fn write(stream: &str, head: &Head, records: &[Bytes]) -> (Bytes, Hash) {
    let mut bytes = Vec::with_capacity(size(records));
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&head.previous);
    bytes.extend_from_slice(&head.epoch.to_le_bytes());
    bytes.extend_from_slice(&head.writer);
    bytes.extend_from_slice(&head.first.to_le_bytes());
    bytes.extend_from_slice(&head.at.0.to_le_bytes());
    bytes.extend_from_slice(&(records.len() as u32).to_le_bytes());
    for record in records {
        bytes.extend_from_slice(&(record.len() as u32).to_le_bytes());
        bytes.extend_from_slice(record);
    }
    seal(stream, bytes)
}

/// Puts the hash of a message of stream `stream` behind the rest of it.
pub fn seal(stream: &str, mut body: Vec<u8>) -> (Bytes, Hash) {
    let hash = hash_of(stream, &body);
    body.extend_from_slice(&hash);
    (body.into(), hash)
}

/// Reads a frame of stream `stream` and checks its hash. Records share the memory of `bytes`.
pub fn parse(stream: &str, bytes: &Bytes) -> Result<Frame, Fault> {
    let found = bytes.len();
    if !bytes.starts_with(&MAGIC) {
        return Err(Fault::Magic(bytes[..found.min(MAGIC.len())].to_vec()));
    }
    if found < FIXED_BYTES {
        return Err(Fault::Length { needed: FIXED_BYTES, found });
    }
    let body = found - HASH_BYTES;
    let hash = array(bytes, body);
    if hash != hash_of(stream, &bytes[..body]) {
        return Err(Fault::Hash);
    }
    let head = Head {
        previous: array(bytes, 8),
        epoch: u64::from_le_bytes(array(bytes, 40)),
        writer: array(bytes, 48),
        first: u64::from_le_bytes(array(bytes, 64)),
        at: Timestamp(i64::from_le_bytes(array(bytes, 72))),
    };
    let count = u32::from_le_bytes(array(bytes, 80)) as usize;
    let (mut records, mut at) = (Vec::new(), HEAD_BYTES);
    for _ in 0..count {
        let start = at + LENGTH_BYTES;
        if start > body {
            return Err(Fault::Length { needed: start + HASH_BYTES, found });
        }
        let end = start + u32::from_le_bytes(array(bytes, at)) as usize;
        if end > body {
            return Err(Fault::Length { needed: end + HASH_BYTES, found });
        }
        records.push(bytes.slice(start..end));
        at = end;
    }
    if at != body {
        return Err(Fault::Length { needed: at + HASH_BYTES, found });
    }
    Ok(Frame { head, records, hash })
}

/// The stream's name is part of the hash, so that a message of another stream is noticed.
fn hash_of(stream: &str, body: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(stream.len() as u64).to_le_bytes());
    hasher.update(stream.as_bytes());
    hasher.update(body);
    *hasher.finalize().as_bytes()
}

/// `N` bytes from `at`, which the caller has seen to be there.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut taken = [0; N];
    taken.copy_from_slice(&bytes[at..at + N]);
    taken
}
