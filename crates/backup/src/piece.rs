//! Pieces of the log, as they are shipped: entries that follow one another.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use vigiles_bus::{Entry, Offset};
use vigiles_model::Timestamp;

use crate::record;

/// A piece of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Whose log.
    pub line: [u8; 16],
    /// Its place in the line: 0, then 1, without gaps.
    pub number: u64,
    /// The offset of its first entry.
    pub first: u64,
    /// Time and bytes of its entries.
    pub entries: Vec<(i64, Vec<u8>)>,
}

impl Piece {
    /// A piece of entries that follow one another.
    pub(crate) fn of(line: [u8; 16], number: u64, first: u64, entries: &[Entry]) -> Self {
        let entries = entries.iter().map(|entry| (entry.at.0, entry.bytes.to_vec())).collect();
        Self { line, number, first, entries }
    }

    /// Reads the bytes of a piece.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let piece: Self = record::parse(bytes)?;
        piece.first.checked_add(piece.entries.len() as u64).ok_or("its offsets run over")?;
        if piece.entries.is_empty() {
            return Err("it has no entries".to_owned());
        }
        Ok(piece)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        record::to_bytes(self)
    }

    /// The offset after its last entry.
    pub fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Its entries with their offsets.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = Entry> {
        (self.first..).zip(self.entries).map(|(offset, (at, bytes))| Entry {
            offset: Offset(offset),
            at: Timestamp(at),
            bytes: Bytes::from(bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_piece_reads_back(first in 0..u64::MAX / 2, number: u64, entries in prop::collection::vec((any::<i64>(), any::<Vec<u8>>()), 1..5)) {
            let piece = Piece { line: [1; 16], number, first, entries };
            prop_assert_eq!(Piece::parse(&piece.to_bytes()).unwrap(), piece);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _refused = Piece::parse(&bytes);
        }
    }
}
