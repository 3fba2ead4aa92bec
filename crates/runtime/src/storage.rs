//! What is stored and how much room is left, measured now and then for the system page.

use std::collections::VecDeque;

use parking_lot::Mutex;
use vigiles_model::{Duration, Timestamp};
use vigiles_store::{Query, Store, StoreError};
use vigiles_trust::Context;

use crate::documents::ALARM;
use crate::platform::Platform;

/// What was found at the last measurement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measured {
    /// Bytes of the document store.
    pub store_bytes: u64,
    /// Documents in it, of all kinds.
    pub documents: u64,
    /// Bytes of the engine's snapshots.
    pub snapshot_bytes: u64,
    /// How many there are.
    pub snapshots: u64,
    /// Bytes free on the volume of the data, for this process.
    pub free_bytes: u64,
    /// Bytes of the volume.
    pub volume_bytes: u64,
}

impl Platform {
    /// Measures; what cannot be measured keeps its last figure.
    pub(crate) fn measure(&self) {
        let mut found = *self.measured.lock();
        match self.store().statistics(&Context::system("status")) {
            Ok(statistics) => {
                found.store_bytes = statistics.bytes;
                found.documents = statistics.documents.iter().map(|(_, count)| count).sum();
            }
            Err(error) => tracing::warn!(%error, "the store could not be measured"),
        }
        let directory = self.parts.snapshots.directory();
        if let Some((count, bytes)) = self.parts.snapshots.measure() {
            (found.snapshots, found.snapshot_bytes) = (count, bytes);
        }
        // The snapshots' own directory is made with the first one; the one above is there from the start.
        let volume = rustix::fs::statvfs(directory).or_else(|e| directory.parent().map_or(Err(e), rustix::fs::statvfs));
        if let Ok(volume) = volume {
            found.free_bytes = volume.f_bavail.saturating_mul(volume.f_frsize);
            found.volume_bytes = volume.f_blocks.saturating_mul(volume.f_frsize);
        }
        *self.measured.lock() = found;
    }
}

/// Minutes that are looked back over.
const MINUTES: i64 = 60;
const MINUTE: i64 = 60_000_000;
/// Largest number of pages read from the store at the start.
const PAGES: usize = 10;

/// Alarms raised in each of the last minutes.
#[derive(Debug, Default)]
pub struct LastHour(Mutex<VecDeque<(i64, u64)>>);

impl LastHour {
    /// With what the store knows of the hour before the start.
    pub(crate) fn load(store: &dyn Store, now: Timestamp) -> Result<Self, StoreError> {
        let hour = Self::default();
        let from = now - Duration::from_secs(MINUTES * 60);
        let mut query = Query { from: Some(from), limit: Query::MAX_LIMIT, ..Query::new(ALARM) };
        let mut raised = Vec::new();
        for _ in 0..PAGES {
            let page = store.list(&Context::system("runtime"), &query)?;
            raised.extend(page.documents.iter().map(|document| document.time));
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
        }
        raised.sort_unstable();
        for at in raised {
            hour.note(at);
        }
        Ok(hour)
    }

    /// An alarm was raised at a moment.
    pub(crate) fn note(&self, at: Timestamp) {
        let minute = at.0.div_euclid(MINUTE);
        let mut minutes = self.0.lock();
        // Alarms come in the order of time; one that does not counts with the newest.
        match minutes.back_mut() {
            Some((newest, count)) if *newest >= minute => *count += 1,
            _ => minutes.push_back((minute, 1)),
        }
        while minutes.len() as i64 > MINUTES {
            minutes.pop_front();
        }
    }

    /// Alarms of the hour before now, to the minute.
    pub fn count(&self, now: Timestamp) -> u64 {
        let oldest = now.0.div_euclid(MINUTE) - MINUTES;
        self.0.lock().iter().filter(|(minute, _)| *minute > oldest).map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_counts_for_an_hour() {
        let hour = LastHour::default();
        for second in [10, 20, 70, 3500] {
            hour.note(Timestamp::from_secs(second));
        }
        let check = |second, expected| assert_eq!(hour.count(Timestamp::from_secs(second)), expected, "at {second} s");
        check(3500, 4);
        check(3599, 4);
        check(3600, 2);
        check(3660, 1);
        check(7200, 0);
    }
}
