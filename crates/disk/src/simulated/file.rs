//! The contents of a file: what is seen now, what is durable, and the changes between.

use super::Chance;

/// Bytes that a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

#[derive(Clone)]
enum Change {
    Write {
        at: usize,
        bytes: Vec<u8>,
    },
    Length(usize),
    /// At least this length, without contents.
    Reach(usize),
}

/// One file.
#[derive(Default, Clone)]
pub(super) struct Contents {
    /// What a reader sees.
    pub(super) now: Vec<u8>,
    /// What a power cut leaves for certain.
    synced: Vec<u8>,
    /// Changes since the last sync, in order.
    unsynced: Vec<Change>,
}

impl Contents {
    pub(super) fn write(&mut self, bytes: &[u8], at: usize) {
        put(&mut self.now, bytes, at);
        self.unsynced.push(Change::Write { at, bytes: bytes.to_vec() });
    }

    pub(super) fn set_length(&mut self, length: usize) {
        self.now.resize(length, 0);
        self.unsynced.push(Change::Length(length));
    }

    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            apply(&mut self.synced, &change);
        }
    }

    /// A sync failed: the machine takes the bytes that it could not write for written. Lengths are in the journal of the
    /// file system, which tries again.
    pub(super) fn forget(&mut self) {
        for change in &mut self.unsynced {
            if let Change::Write { at, bytes } = change {
                *change = Change::Reach(*at + bytes.len());
            }
        }
    }

    pub(super) fn after_power_cut(&self, chance: &mut Chance) -> Self {
        let mut bytes = self.synced.clone();
        let fate = chance.below(4);
        for change in &self.unsynced {
            match fate {
                0 => {}
                1 => apply(&mut bytes, change),
                _ => tear(&mut bytes, change, chance),
            }
        }
        Self { now: bytes.clone(), synced: bytes, unsynced: Vec::new() }
    }
}

fn put(bytes: &mut Vec<u8>, written: &[u8], at: usize) {
    let end = at + written.len();
    bytes.resize(bytes.len().max(end), 0);
    bytes[at..end].copy_from_slice(written);
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { at, bytes: written } => put(bytes, written, *at),
        Change::Length(length) => bytes.resize(*length, 0),
        Change::Reach(length) => bytes.resize(bytes.len().max(*length), 0),
    }
}

/// Applies a part of a change, all of it, or none.
fn tear(bytes: &mut Vec<u8>, change: &Change, chance: &mut Chance) {
    let Change::Write { at, bytes: written } = change else {
        if chance.once_in(2) {
            apply(bytes, change);
        }
        return;
    };
    match chance.below(5) {
        0 => {}
        1 => put(bytes, written, *at),
        2 => put(bytes, &written[..chance.below(written.len() + 1)], *at),
        // The length arrived, the contents did not.
        3 => bytes.resize(bytes.len().max(at + written.len()), 0),
        _ => tear_sectors(bytes, written, *at, chance),
    }
}

/// Some sectors arrived; others hold what was there before or, where nothing was, zeros or what another file once held.
fn tear_sectors(bytes: &mut Vec<u8>, written: &[u8], at: usize, chance: &mut Chance) {
    let old_end = bytes.len();
    bytes.resize(old_end.max(at + written.len()), 0);
    let (mut from, end) = (at, at + written.len());
    while from < end {
        let to = ((from / SECTOR_BYTES + 1) * SECTOR_BYTES).min(end);
        match chance.below(3) {
            0 => {}
            1 => bytes[from..to].copy_from_slice(&written[from - at..to - at]),
            _ => bytes[from.max(old_end).min(to)..to].fill_with(|| chance.any() as u8),
        }
        from = to;
    }
}
