//! Frames on their way to the engine.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use vigiles_bus::{Appended, BusError, Offset};
use vigiles_model::Observation;

/// Observations handed to the engine in memory instead of being decoded from the log.
const MAX_HANDED: usize = 200_000;

/// Frames on their way to the engine: those handed over in memory spare it the decoding, all are counted,
/// so that the lag is known.
#[derive(Debug, Default)]
pub struct Frames(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    appended: AtomicU64,
    processed: AtomicU64,
    /// The offset after the last of this process's own that is durable.
    end: AtomicU64,
    handed: Mutex<Handed>,
}

#[derive(Debug, Default)]
struct Handed {
    frames: FxHashMap<u64, Arc<Vec<Observation>>>,
    observations: usize,
}

impl Handed {
    fn forget_before(&mut self, next: Offset) {
        self.frames.retain(|offset, _| *offset >= next.0);
        self.observations = self.frames.values().map(|frame| frame.len()).sum();
    }
}

/// A frame that is being appended.
pub(crate) struct HandedFrame {
    shared: Arc<Shared>,
    frame: Arc<Vec<Observation>>,
}

impl Frames {
    pub(crate) fn hand(&self, frame: Arc<Vec<Observation>>) -> HandedFrame {
        self.0.appended.fetch_add(frame.len() as u64, Ordering::Relaxed);
        HandedFrame { shared: self.0.clone(), frame }
    }

    /// So many observations of a door are on their way into the log.
    pub(crate) fn merging(&self, observations: usize) {
        self.0.appended.fetch_add(observations as u64, Ordering::Relaxed);
    }

    /// They did not come there.
    pub(crate) fn not_merged(&self, observations: usize) {
        self.0.appended.fetch_sub(observations as u64, Ordering::Relaxed);
    }

    /// The frame at an offset, where it is still in memory; forgets it.
    pub fn take(&self, offset: Offset) -> Option<Arc<Vec<Observation>>> {
        let mut handed = self.0.handed.lock();
        let frame = handed.frames.remove(&offset.0)?;
        handed.observations -= frame.len();
        Some(frame)
    }

    /// The engine has taken so many observations; frames before `next` are forgotten.
    pub fn processed(&self, observations: usize, next: Offset) {
        self.0.processed.fetch_add(observations as u64, Ordering::Relaxed);
        let mut handed = self.0.handed.lock();
        if handed.observations > MAX_HANDED / 2 {
            handed.forget_before(next);
        }
    }

    /// What this process appended at these offsets stands in a part of the log that went by unread.
    pub(crate) fn skipped(&self, offsets: Range<u64>) {
        let mut handed = self.0.handed.lock();
        let skipped = handed.frames.iter().filter(|(offset, _)| offsets.contains(offset));
        let observations: usize = skipped.map(|(_, frame)| frame.len()).sum();
        handed.forget_before(Offset(offsets.end));
        self.0.processed.fetch_add(observations as u64, Ordering::Relaxed);
    }

    /// Where what this process appended ends, in its topic.
    pub(crate) fn end(&self) -> Offset {
        Offset(self.0.end.load(Ordering::Acquire))
    }

    /// Observations appended by this process that the engine has not taken yet.
    pub fn lag(&self) -> u64 {
        self.0.appended.load(Ordering::Relaxed).saturating_sub(self.0.processed.load(Ordering::Relaxed))
    }
}

impl HandedFrame {
    /// Looks at what came of it.
    pub(crate) fn settle(self, result: &Result<Appended, BusError>) {
        match result {
            Ok(appended) => {
                self.shared.end.fetch_max(appended.first_offset.next().0, Ordering::AcqRel);
                let mut handed = self.shared.handed.lock();
                if handed.observations + self.frame.len() <= MAX_HANDED {
                    handed.observations += self.frame.len();
                    handed.frames.insert(appended.first_offset.0, self.frame);
                }
            }
            // What was not appended will never be processed.
            Err(_) => drop(self.shared.appended.fetch_sub(self.frame.len() as u64, Ordering::Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use vigiles_model::{KindId, ObservationId, Origin, Quality, SourceId, Timestamp, Value};

    use super::*;

    fn frame(observations: usize) -> Arc<Vec<Observation>> {
        let one = Observation {
            id: ObservationId(0),
            kind: KindId::new("air.pm25").unwrap(),
            source: SourceId::new("sensor-1").unwrap(),
            asset: None,
            time: Timestamp(0),
            arrived: Timestamp(0),
            place: None,
            value: Value::Number(1.0),
            quality: Quality::Good,
            origin: Origin::Live,
            attributes: Vec::new(),
        };
        Arc::new(vec![one; observations])
    }

    fn append(frames: &Frames, offset: u64, observations: usize) {
        let appended = Appended { first_offset: Offset(offset), at: Timestamp(0) };
        frames.hand(frame(observations)).settle(&Ok(appended));
    }

    /// Whatever went by read or unread counts once, and what is still to come goes on counting.
    #[test]
    fn what_went_by_unread_is_no_lag() {
        let frames = Frames::default();
        for (offset, observations) in [(0, 3), (1, 5), (4, 7), (5, 11)] {
            append(&frames, offset, observations);
        }
        assert_eq!((frames.lag(), frames.end()), (26, Offset(6)));
        assert_eq!(frames.take(Offset(0)).unwrap().len(), 3);
        frames.processed(3, Offset(1));
        frames.skipped(1..5);
        assert_eq!(frames.lag(), 11);
        // One that was read before its append was answered is still held, and counted all the same.
        frames.processed(11, Offset(6));
        append(&frames, 8, 2);
        frames.skipped(6..8);
        assert_eq!(frames.lag(), 2);
    }

    #[test]
    fn what_was_not_appended_is_no_lag() {
        let frames = Frames::default();
        frames.hand(frame(3)).settle(&Err(BusError::Closed));
        assert_eq!((frames.lag(), frames.end()), (0, Offset(0)));
    }
}
