//! Following what other processes write to the store: accounts, tokens, sources, and at a door the catalogue too.

use std::sync::Weak;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use vigiles_model::{Alarm, Reality};
use vigiles_store::{Change, Changes, Document, Store, StoreError};
use vigiles_trust::Context;

use crate::catalogue::Catalogue;
use crate::documents;
use crate::platform::Platform;
use crate::seat::DoorName;

/// In whose name the feed is read.
const FOLLOWER: Context = Context::system("follower");
/// Changes read at once.
const BATCH: usize = 256;
/// How long one wait for a change lasts.
const WAIT: Duration = Duration::from_millis(200);
/// How long an answer waits for what it tells of.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far the feed was taken.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    position: Mutex<u64>,
    moved: Condvar,
}

impl Followed {
    /// Waits until it was taken so far, for a moment at most: where the store is slow to tell, so be it.
    pub(crate) fn wait(&self, sequence: u64) {
        let mut position = self.position.lock();
        let is_late = self.moved.wait_while_for(&mut position, |position| *position < sequence, PATIENCE).timed_out();
        if is_late {
            tracing::warn!(sequence, "an answer goes out before what came of it is known here");
        }
    }

    fn set(&self, sequence: u64) {
        *self.position.lock() = sequence;
        self.moved.notify_all();
    }
}

/// Where the feed stands: asked for before anything is read that is to be kept in step.
pub(crate) fn position(store: &dyn Store) -> Result<u64, StoreError> {
    store.wait_change(&FOLLOWER, 0, Duration::ZERO)
}

/// Runs until the platform is gone or stopping.
pub(crate) fn run(platform: &Weak<Platform>, mut position: u64) {
    while let Some(platform) = platform.upgrade().filter(|platform| !platform.is_stopping()) {
        match platform.follow_store(position) {
            Ok(next) => {
                position = next;
                platform.followed.set(next);
            }
            Err(error) => {
                tracing::warn!(%error, "what other processes changed is not known for now; tried again");
                std::thread::park_timeout(Duration::from_secs(1));
            }
        }
    }
}

impl Platform {
    /// Takes what changed after a position; gives the next one.
    fn follow_store(&self, position: u64) -> Result<u64, StoreError> {
        let store = self.store();
        store.wait_change(&FOLLOWER, position, WAIT)?;
        match store.changes(&FOLLOWER, position, BATCH)? {
            Changes::Events { changes, next } => {
                for change in &changes {
                    self.directory.take_change(change.document.kind, &change.document.id)?;
                }
                if self.parts.seat.door().is_some() {
                    self.intake.catalogue.take_changes(&changes)?;
                    self.note_alarms(&changes)?;
                    self.heed_being_forgotten(&changes);
                }
                Ok(next)
            }
            Changes::Resync { latest, .. } => {
                self.directory.take_all()?;
                if self.parts.seat.door().is_some() {
                    self.intake.catalogue.replace(Catalogue::load(store)?);
                    self.give_sign();
                }
                Ok(latest)
            }
        }
    }

    /// A door that was silent for long (its machine slept) is forgotten: it makes itself known again.
    fn heed_being_forgotten(&self, changes: &[Change]) {
        let own = self.parts.seat.door().map(DoorName::as_str);
        let is_own = |document: &Document| document.kind == documents::DOOR && Some(document.id.as_str()) == own;
        if changes.iter().any(|change| change.deleted && is_own(&change.document)) {
            self.give_sign();
        }
    }

    /// Counts alarms that were raised, for the last hour's figure.
    fn note_alarms(&self, changes: &[Change]) -> Result<(), StoreError> {
        for change in changes.iter().filter(|c| c.document.kind == documents::ALARM && c.document.version == 1) {
            let alarm: Alarm = documents::read(&change.document)?;
            if alarm.reality == Reality::Actual {
                self.intake.counters.alarms.add(1);
                self.intake.counters.last_hour.note(alarm.raised);
            }
        }
        Ok(())
    }
}
