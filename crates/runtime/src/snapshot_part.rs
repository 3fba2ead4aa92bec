//! Snapshots of the engine in a topic of the log's servers, where whoever takes over reaches them.
//!
//! A snapshot is cut into parts that fit into a message. A record is `VIGPART1`, the offset (u64), the part's number and how
//! many there are (u32), a CRC32C (u32), the bytes; numbers little-endian. The checksum is that of how many bytes follow
//! (u64), of the three numbers before it, and of the bytes: one of the bytes alone does not see zeros that are cut off where
//! it is zero. The bytes of all parts together are the length (u32) of a JSON text, the text (how far each door was merged),
//! the state.

use vigiles_bus::Offset;

use crate::merged::Merged;
use crate::snapshot::Snapshot;
use crate::snapshots::Held;

const MAGIC: &[u8; 8] = b"VIGPART1";
const HEADER: usize = 28;
/// Bytes of a part: a message of the servers takes 1 MB unless they are set otherwise.
const BYTES: usize = 512 << 10;

/// One record.
#[derive(Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Of the snapshot: the first entry that is not in the state.
    pub offset: Offset,
    /// Which one, from 0.
    pub number: u32,
    /// How many the snapshot has; 0 in a record that only takes the topic over.
    pub count: u32,
    /// Its bytes.
    pub bytes: &'a [u8],
}

fn checksum(numbers: &[u8], bytes: &[u8]) -> u32 {
    let length = crc32c::crc32c(&(bytes.len() as u64).to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(length, numbers), bytes)
}

/// The record of a part.
fn write(part: &Part<'_>) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEADER + part.bytes.len());
    record.extend_from_slice(MAGIC);
    record.extend_from_slice(&part.offset.0.to_le_bytes());
    record.extend_from_slice(&part.number.to_le_bytes());
    record.extend_from_slice(&part.count.to_le_bytes());
    let checksum = checksum(&record[MAGIC.len()..], part.bytes);
    record.extend_from_slice(&checksum.to_le_bytes());
    record.extend_from_slice(part.bytes);
    record
}

/// The record that takes the topic over.
pub(crate) fn begun() -> Vec<u8> {
    write(&Part { offset: Offset(0), number: 0, count: 0, bytes: &[] })
}

/// The records of a snapshot.
pub(crate) fn cut(offset: Offset, state: &[u8], merged: &Merged) -> Vec<Vec<u8>> {
    let doors = serde_json::to_vec(merged).expect("names and numbers have a JSON form");
    let length = u32::try_from(doors.len()).expect("there are few doors, with short names");
    let all = [&length.to_le_bytes()[..], &doors, state].concat();
    let parts = all.chunks(BYTES);
    let count = u32::try_from(parts.len()).expect("a state has less than 2 PiB");
    parts.zip(0..).map(|(bytes, number)| write(&Part { offset, number, count, bytes })).collect()
}

/// Reads the bytes of a record.
pub fn parse(record: &[u8]) -> Result<Part<'_>, &'static str> {
    let (header, bytes) = record.split_at_checked(HEADER).ok_or("shorter than its header")?;
    let small = |at: usize| header[at..at + 4].try_into().map(u32::from_le_bytes).unwrap_or_default();
    let offset = header[8..16].try_into().map(u64::from_le_bytes).unwrap_or_default();
    if &header[..8] != MAGIC {
        return Err("not a part of a snapshot");
    }
    if small(24) != checksum(&header[MAGIC.len()..24], bytes) {
        return Err("checksum differs");
    }
    Ok(Part { offset: Offset(offset), number: small(16), count: small(20), bytes })
}

/// Puts parts together as they come; what has gaps is left out.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    offset: Offset,
    next: u32,
    bytes: Vec<u8>,
}

impl Joiner {
    /// Takes the next part; gives the snapshot that it completes.
    pub(crate) fn take(&mut self, part: &Part<'_>) -> Option<Held> {
        if part.number == 0 {
            *self = Self { offset: part.offset, ..Self::default() };
        }
        if (part.offset, part.number) != (self.offset, self.next) {
            // Its beginning is missing: no later part of it fits either.
            self.next = u32::MAX;
            return None;
        }
        self.bytes.extend_from_slice(part.bytes);
        self.next += 1;
        (self.next == part.count).then(|| held(part.offset, &self.bytes)).flatten()
    }
}

fn held(offset: Offset, bytes: &[u8]) -> Option<Held> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (doors, state) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let merged = serde_json::from_slice(doors).ok()?;
    Some(Held { snapshot: Snapshot { offset, state: state.to_vec() }, merged })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn join(records: &[Vec<u8>]) -> Vec<(Offset, Vec<u8>)> {
        let mut joiner = Joiner::default();
        let parts = records.iter().map(|record| parse(record).unwrap());
        parts.filter_map(|part| joiner.take(&part)).map(|h| (h.snapshot.offset, h.snapshot.state)).collect()
    }

    proptest! {
        /// Of snapshots of which some miss parts, as after a crash or a trim, the whole ones are found.
        #[test]
        fn whole_ones_are_found(sizes in prop::collection::vec((0..3 * BYTES, any::<bool>()), 1..4), lost in 0..4usize) {
            let (mut records, mut expected) = (vec![begun()], Vec::new());
            for (number, (size, is_whole)) in sizes.into_iter().enumerate() {
                let state = vec![number as u8; size];
                let mut parts = cut(Offset(number as u64), &state, &Merged::default());
                if is_whole {
                    expected.push((Offset(number as u64), state));
                } else {
                    parts.remove(lost.min(parts.len() - 1));
                }
                records.extend(parts);
            }
            prop_assert_eq!(join(&records), expected);
        }
    }

    #[test]
    fn damage_is_named() {
        let record = cut(Offset(7), b"state", &Merged::default()).remove(0);
        assert_eq!(parse(&record).unwrap().offset, Offset(7));
        assert_eq!(parse(&record[..record.len() - 1]), Err("checksum differs"));
        assert_eq!(parse(&[&record[..16], &[1][..], &record[17..]].concat()), Err("checksum differs"));
        assert_eq!(parse(&record[..20]), Err("shorter than its header"));
        assert_eq!(parse(&[b"X", &record[1..]].concat()), Err("not a part of a snapshot"));
    }
}
