//! What a door sees of the log: that what it took was merged, and live values for its consoles.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vigiles_bus::{Bus, BusError, Entry, Offset};
use vigiles_engine::Input;
use vigiles_model::{Observation, Origin};

use crate::intake::Intake;
use crate::live::{Gatherer, Live};
use crate::merged::Merged;
use crate::platform::topic;
use crate::pump::Progress;
use crate::record::{self, Through};
use crate::seat::DoorName;

/// Log entries and bytes read at once.
const ENTRIES: usize = 1024;
const BYTES: usize = 4 << 20;
/// How long one wait for an entry lasts.
const WAIT: Duration = Duration::from_millis(100);

/// Reads the log behind the engine's back; steps nothing.
pub(crate) struct Watch {
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) live: Live,
    pub(crate) progress: Arc<Progress>,
    pub(crate) door: DoorName,
    /// Where this process began to append to its topic: what stood there before is not counted.
    pub(crate) own_from: u64,
    /// What went by, so that an entry that stands in the log again is passed over, as the engine does.
    pub(crate) seen: Merged,
    pub(crate) position: Offset,
    pub(crate) stop: Arc<AtomicBool>,
}

impl Watch {
    /// Runs until told to stop. A log that cannot be read is waited out: deliveries do not depend on it.
    pub(crate) fn run(mut self) {
        let mut gatherer = Gatherer::default();
        while !self.stop.load(Ordering::Relaxed) {
            match self.turn(&mut gatherer) {
                Ok(()) => {}
                Err(BusError::Trimmed { oldest, .. }) => self.position = oldest,
                Err(error) => {
                    tracing::warn!(%error, "the log cannot be watched; tried again");
                    std::thread::park_timeout(Duration::from_secs(1));
                }
            }
            if let Some(batch) = gatherer.due(self.intake.now()) {
                self.live.send(batch);
            }
        }
    }

    fn turn(&mut self, gatherer: &mut Gatherer) -> Result<(), BusError> {
        let entries = self.bus.read(&topic(), self.position, ENTRIES, BYTES)?;
        if entries.is_empty() {
            return self.bus.wait(&topic(), self.position, WAIT).map(drop);
        }
        for entry in &entries {
            self.take(entry, gatherer);
            self.position = entry.offset.next();
            self.progress.time.store(entry.at.0.unsigned_abs(), Ordering::Relaxed);
        }
        self.progress.position.store(self.position.0, Ordering::Release);
        Ok(())
    }

    fn take(&mut self, entry: &Entry, gatherer: &mut Gatherer) {
        let through = record::through(&entry.bytes);
        if through.as_ref().is_some_and(|through| !self.seen.take(through)) {
            return;
        }
        let own = through.filter(|through| self.is_own(through));
        let handed = own.and_then(|through| {
            self.note_own(&through, entry.offset);
            let frame = self.intake.frames.take(Offset(through.offset));
            self.intake.frames.processed(through.observations as usize, Offset(through.offset + 1));
            frame
        });
        if (self.live.is_observed() || self.live.is_followed())
            && let Some(mut observations) = handed.map(Arc::unwrap_or_clone).or_else(|| observations(entry))
        {
            // What an exercise makes up is nothing that the city saw.
            observations.retain(|o| o.origin != Origin::Exercise);
            let frame = Arc::new(observations);
            self.live.pass(&frame);
            if self.live.is_observed() {
                gatherer.take(&frame);
            }
        }
    }

    fn note_own(&self, through: &Through, at: Offset) {
        // Asides and repeated commands are not in the log; but a part of it may also have been trimmed before it was read here.
        let next = self.progress.own.borrow().next;
        if through.offset > next {
            self.intake.frames.skipped(next..through.offset);
        }
        self.progress.own.send_modify(|own| {
            own.next = through.offset + 1;
            if through.observations > 0 {
                own.observed = at.next().0;
            }
        });
    }

    fn is_own(&self, through: &Through) -> bool {
        through.door == self.door.as_str() && through.offset >= self.own_from
    }
}

fn observations(entry: &Entry) -> Option<Vec<Observation>> {
    match record::parse(&entry.bytes).ok()?.input {
        Input::Observations(observations) => Some(observations),
        _ => None,
    }
}
