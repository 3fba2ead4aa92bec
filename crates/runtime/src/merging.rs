//! Finds the doors, has each merged on a thread of its own, and forgets those that are gone for good.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use vigiles_model::Timestamp;

use crate::doors::{self, Known, SILENCE};
use crate::merger::Merger;
use crate::platform::Platform;
use crate::seat::DoorName;
use crate::start;
use crate::told::Teller;

/// How soon a new door is found.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A door that is merged.
struct OneDoor {
    thread: JoinHandle<()>,
    /// The sign of life that was found last, and since when: by this process's clock, so that no two clocks are compared.
    version: u64,
    since: Timestamp,
    /// Tells the thread that it may end.
    is_silent: Arc<AtomicBool>,
}

/// Runs until the platform is gone or stopping.
pub(crate) fn run(platform: &Weak<Platform>, teller: &Teller) {
    let mut merged = BTreeMap::new();
    while let Some(platform) = platform.upgrade().filter(|platform| !platform.is_stopping()) {
        // Before that it is not known how far the doors were merged, nor which commands were carried out.
        if platform.is_ready() {
            match doors::all(platform.store()) {
                Ok(known) => known.iter().for_each(|door| look_at(&platform, door, teller, &mut merged)),
                Err(error) => tracing::warn!(%error, "doors are not looked for now"),
            }
        }
        drop(platform);
        std::thread::park_timeout(LOOK_EVERY);
    }
    merged.into_values().for_each(OneDoor::join);
}

fn look_at(platform: &Platform, door: &Known, teller: &Teller, merged: &mut BTreeMap<DoorName, OneDoor>) {
    let now = platform.now();
    let Some(one) = merged.get_mut(&door.name) else {
        merged.extend(begin(platform, door, teller).map(|one| (door.name.clone(), one)));
        return;
    };
    if one.version != door.version {
        (one.version, one.since) = (door.version, now);
    }
    let is_silent = now.since(one.since) >= SILENCE;
    one.is_silent.store(is_silent, Ordering::Relaxed);
    if !one.thread.is_finished() {
        return;
    }
    // Ended: begun anew at the next look, unless it is forgotten.
    merged.remove(&door.name).into_iter().for_each(OneDoor::join);
    if is_silent {
        tracing::info!(door = %door.name, "a door was not heard of for long, and all that it took is in the log: forgotten");
        if let Err(error) = doors::forget(platform.store(), door) {
            tracing::warn!(door = %door.name, %error, "a door cannot be forgotten");
        }
    }
}

impl OneDoor {
    fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("a thread that merges a door ended by a panic");
        }
    }
}

fn begin(platform: &Platform, door: &Known, teller: &Teller) -> Option<OneDoor> {
    tracing::info!(door = %door.name, "merging what it takes");
    let is_silent = Arc::<AtomicBool>::default();
    let merger = Merger {
        bus: platform.parts.bus.clone(),
        store: platform.parts.store.clone(),
        intake: platform.intake.clone(),
        under_way: platform.under_way.clone(),
        merged: platform.progress.merged.clone(),
        questions: platform.questions.clone(),
        receipts: platform.receipts.clone(),
        stop: platform.stop.clone(),
        is_silent: is_silent.clone(),
        topic: door.name.topic(),
        door: door.name.clone(),
        teller: teller.clone(),
    };
    match start::spawn("merger", move || merger.run()) {
        Ok(thread) => Some(OneDoor { thread, version: door.version, since: platform.now(), is_silent }),
        Err(error) => {
            tracing::error!(%error, "a door cannot be merged");
            None
        }
    }
}
