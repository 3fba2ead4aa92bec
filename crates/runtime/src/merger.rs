//! Takes over into the log what the doors appended to topics of their own: each door's entries in their order, doors among
//! themselves as they come. What stands in the log by then decides, here and at every replay.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use vigiles_bus::{Bus, BusError, Entry, Offset, Topic};
use vigiles_store::{Store, StoreError};

use crate::commands::CommandFailure;
use crate::documents;
use crate::intake::Intake;
use crate::merged::Merged;
use crate::once::{self, UnderWay};
use crate::platform::Platform;
use crate::record::{self, Asked};
use crate::seat::DoorName;
use crate::told::{Teller, Told};

/// Entries, and bytes, taken over by one append: it must fit into a message of the log's servers.
const ENTRIES: usize = 1024;
const BYTES: usize = 512 << 10;
/// How long one wait for an entry lasts.
const WAIT: Duration = Duration::from_millis(200);
/// How long it is waited for room, and after a failure.
const PAUSE: Duration = Duration::from_millis(20);
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How soon a new door is found.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Time between two trims of a door's topic.
const TRIM_EVERY: Duration = Duration::from_secs(1);

/// Finds doors and merges each on a thread, until the platform is gone or stopping.
pub(crate) fn run(platform: &Weak<Platform>, teller: &Teller) {
    let (mut known, mut threads) = (BTreeSet::new(), Vec::new());
    while let Some(platform) = platform.upgrade().filter(|platform| !platform.is_stopping()) {
        // Before that it is not known how far the doors were merged, nor which commands were carried out.
        if platform.is_ready() {
            match documents::all(platform.store(), documents::DOOR) {
                Ok(doors) => {
                    let names = doors.iter().filter_map(|door| door.id.parse::<DoorName>().ok());
                    let new: Vec<_> = names.filter(|name| known.insert(name.clone())).collect();
                    threads.extend(new.into_iter().filter_map(|door| start(&platform, door, teller.clone())));
                }
                Err(error) => tracing::warn!(%error, "doors are not looked for now"),
            }
        }
        drop(platform);
        std::thread::park_timeout(LOOK_EVERY);
    }
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("a thread that merges a door ended by a panic");
        }
    }
}

fn start(platform: &Platform, door: DoorName, teller: Teller) -> Option<JoinHandle<()>> {
    tracing::info!(%door, "merging what it takes");
    let merger = Merger {
        bus: platform.parts.bus.clone(),
        store: platform.parts.store.clone(),
        intake: platform.intake.clone(),
        under_way: platform.under_way.clone(),
        merged: platform.progress.merged.clone(),
        stop: platform.stop.clone(),
        topic: door.topic(),
        door,
        teller,
    };
    let thread = std::thread::Builder::new().name("merger".to_owned()).spawn(move || merger.run());
    thread.inspect_err(|error| tracing::error!(%error, "a door cannot be merged")).ok()
}

/// Of one door.
struct Merger {
    bus: Arc<dyn Bus>,
    store: Arc<dyn Store>,
    intake: Arc<Intake>,
    under_way: Arc<UnderWay>,
    merged: Arc<Mutex<Merged>>,
    stop: Arc<AtomicBool>,
    door: DoorName,
    topic: Topic,
    teller: Teller,
}

impl Merger {
    fn run(self) {
        let mut next = Offset(self.merged.lock().next(self.door.as_str()));
        let mut trimmed = Instant::now();
        while self.is_begun_anew(next) && !self.stop.load(Ordering::Relaxed) {
            std::thread::park_timeout(PAUSE_AFTER_FAILURE);
        }
        while !self.stop.load(Ordering::Relaxed) {
            match self.turn(next) {
                Ok(after) => next = after,
                Err(BusError::Trimmed { oldest, .. }) => {
                    // Only what is in the log is trimmed: another engine merged it just before this one took over.
                    next = oldest;
                }
                Err(error) => {
                    tracing::warn!(door = %self.door, %error, "a door is not merged for now; tried again");
                    std::thread::park_timeout(PAUSE_AFTER_FAILURE);
                }
            }
            if trimmed.elapsed() >= TRIM_EVERY {
                trimmed = Instant::now();
                if let Err(error) = self.bus.trim(&self.topic, next) {
                    tracing::warn!(door = %self.door, %error, "the topic of a door could not be trimmed");
                }
            }
        }
    }

    /// Whether the topic ends before what was merged: then it is not the one that was merged, and its entries would be taken
    /// for those that stand in the log already.
    fn is_begun_anew(&self, next: Offset) -> bool {
        let end = self.bus.bounds(&self.topic).map_or(next, |bounds| bounds.end);
        if end < next {
            let (door, end, merged) = (&self.door, end.0, next.0);
            tracing::error!(%door, end, merged, "the topic of a door was lost: nothing of it is taken; give the door another name");
        }
        end < next
    }

    /// Takes over what there is; gives the next offset.
    fn turn(&self, next: Offset) -> Result<Offset, BusError> {
        let entries = self.bus.read(&self.topic, next, ENTRIES, BYTES)?;
        let Some(last) = entries.last() else {
            self.bus.wait(&self.topic, next, WAIT)?;
            return Ok(next);
        };
        let after = last.offset.next();
        let (records, observations) = self.prepare(&entries);
        self.wait_for_room();
        self.intake.frames.merging(observations);
        let appended = self.append(records);
        if appended.is_err() {
            self.intake.frames.not_merged(observations);
        }
        appended.map(|()| after)
    }

    /// The engine's lag is bounded; behind it the doors' topics grow, up to the doors' own bound.
    fn wait_for_room(&self) {
        while self.intake.is_behind() && !self.stop.load(Ordering::Relaxed) {
            std::thread::park_timeout(PAUSE);
        }
    }

    /// Appends all together; what is perhaps appended is appended again, since its second place in the log is passed over.
    fn append(&self, records: Vec<Vec<u8>>) -> Result<(), BusError> {
        if records.is_empty() {
            return Ok(());
        }
        loop {
            let error = match self.bus.append(&self.intake.topic, records.clone()) {
                Ok(_) => return Ok(()),
                Err(BusError::TooLarge { .. }) if records.len() > 1 => {
                    return records.into_iter().try_for_each(|record| self.append(vec![record]));
                }
                Err(error) => error,
            };
            self.intake.takeover.note_log(&error);
            if self.stop.load(Ordering::Relaxed) || matches!(error, BusError::Closed) {
                return Err(error);
            }
            // Also where one is too large by itself, since the servers take less than they took from the door: it was
            // acknowledged, so it waits until they are set as before.
            tracing::warn!(door = %self.door, %error, "what a door took is not in the log yet; tried again");
            std::thread::park_timeout(PAUSE_AFTER_FAILURE);
        }
    }

    /// The records to be appended, and how many observations are in them.
    fn prepare(&self, entries: &[Entry]) -> (Vec<Vec<u8>>, usize) {
        let (mut records, mut observations) = (Vec::with_capacity(entries.len()), 0);
        for entry in entries {
            match record::placed(&entry.bytes, entry.offset.0) {
                Ok(record) if !self.is_repeated(&record) => {
                    observations += record::through(&record).map_or(0, |through| through.observations as usize);
                    records.push(record);
                }
                Ok(_) => {}
                Err(error) => {
                    self.intake.counters.undecodable.add(1);
                    tracing::error!(door = %self.door, offset = entry.offset.0, %error, "an entry of a door is passed over");
                }
            }
        }
        (records, observations)
    }

    /// Whether it is a command with a key that was carried out before, or is under way, whichever door it came through.
    /// Whoever asked is told what came of it, or asks again.
    fn is_repeated(&self, record: &[u8]) -> bool {
        if record::through(record).is_some_and(|through| through.observations > 0) {
            return false;
        }
        let asked = record::parse(record).ok().and_then(|record| record.asked);
        let Some(Asked { ticket, once: Some(once) }) = asked else { return false };
        if !self.under_way.begin(&once) {
            return true;
        }
        let Some(reply) = self.recall(&once.key) else { return false };
        self.under_way.done(&once);
        match once.outcome(&reply) {
            Ok(done) => self.teller.tell(&Told::Outcome { ticket, outcome: Ok(done), sequence: 0 }),
            Err(CommandFailure::Refused(why)) => {
                self.teller.tell(&Told::Outcome { ticket, outcome: Err(why), sequence: 0 });
            }
            Err(error) => tracing::error!(key = once.key, %error, "the outcome of a command cannot be told again"),
        }
        true
    }

    /// What is remembered under a key. Without the store nothing is known, and nothing is appended meanwhile.
    fn recall(&self, key: &str) -> Option<vigiles_store::Reply> {
        loop {
            let error: StoreError = match self.store.recall(&once::KEEPER, key) {
                Ok(found) => return found,
                Err(error) => error,
            };
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            tracing::warn!(door = %self.door, %error, "it is not known whether a command was carried out; tried again");
            std::thread::park_timeout(PAUSE_AFTER_FAILURE);
        }
    }
}
