//! The newest entries of a topic in memory, so that a reader who keeps up asks neither a disk nor a server.

use std::collections::VecDeque;

use crate::Entry;

/// Entries that follow one another without a gap, of bounded size.
pub(crate) struct Tail {
    entries: VecDeque<Entry>,
    bytes: usize,
    most_bytes: usize,
}

impl Tail {
    /// An empty tail that keeps about `most_bytes` of payload.
    pub(crate) fn new(most_bytes: usize) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, most_bytes }
    }

    /// Takes the entry that follows the newest one, and forgets the oldest where there are too many.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.bytes += entry.bytes.len();
        self.entries.push_back(entry);
        while self.bytes > self.most_bytes {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes.len();
        }
    }

    /// Forgets what stands before `start`.
    pub(crate) fn trim(&mut self, start: u64) {
        while let Some(oldest) = self.entries.pop_front_if(|entry| entry.offset.0 < start) {
            self.bytes -= oldest.bytes.len();
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    /// Whether the entries from `from` to the newest are here.
    pub(crate) fn holds(&self, from: u64) -> bool {
        self.entries.front().is_some_and(|oldest| oldest.offset.0 <= from)
    }

    /// Entries from `from` on, which the tail [`Tail::holds`]: at most `max_records` and about `max_bytes`, at least one.
    pub(crate) fn read(&self, from: u64, max_records: usize, max_bytes: usize) -> Vec<Entry> {
        let first = self.entries.front().map_or(from, |entry| entry.offset.0);
        let (mut entries, mut bytes) = (Vec::new(), 0);
        for entry in self.entries.iter().skip((from - first) as usize) {
            if entries.len() >= max_records || (!entries.is_empty() && bytes >= max_bytes) {
                break;
            }
            bytes += entry.bytes.len();
            entries.push(entry.clone());
        }
        entries
    }
}
