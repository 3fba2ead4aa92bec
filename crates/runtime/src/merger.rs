//! Takes over into the log what one door appended to its topic, in that order; doors among themselves come as they are found.
//! What stands in the log by then decides, here and at every replay.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use vigiles_bus::{Bus, BusError, Entry, Offset, Topic};
use vigiles_store::{Store, StoreError};

use crate::aside::{self, Aside};
use crate::commands::CommandFailure;
use crate::intake::Intake;
use crate::merged::Merged;
use crate::notices::Receipts;
use crate::offers::Question;
use crate::once::{self, UnderWay};
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
/// Time between two trims of a door's topic.
const TRIM_EVERY: Duration = Duration::from_secs(1);

/// Of one door.
pub(crate) struct Merger {
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) under_way: Arc<UnderWay>,
    pub(crate) merged: Arc<Mutex<Merged>>,
    pub(crate) questions: Option<SyncSender<Question>>,
    pub(crate) receipts: Arc<Receipts>,
    pub(crate) stop: Arc<AtomicBool>,
    /// Set where the door was not heard of for long.
    pub(crate) is_silent: Arc<AtomicBool>,
    pub(crate) door: DoorName,
    pub(crate) topic: Topic,
    pub(crate) teller: Teller,
}

impl Merger {
    /// Runs until the platform stops, or the door is silent and all that it took is in the log.
    pub(crate) fn run(self) {
        let mut next = Offset(self.merged.lock().next(self.door.as_str()));
        let mut trimmed = Instant::now();
        while self.is_begun_anew(next) && !self.stop.load(Ordering::Relaxed) {
            std::thread::park_timeout(PAUSE_AFTER_FAILURE);
        }
        while !self.stop.load(Ordering::Relaxed) {
            match self.turn(next) {
                Ok(after) if after == next && self.is_silent.load(Ordering::Relaxed) => return,
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
            if let Some(aside) = aside::parse(&entry.bytes) {
                match aside {
                    Ok(aside) => self.hear(aside),
                    Err(error) => tracing::warn!(door = %self.door, %error, "what a door says is not understood"),
                }
                continue;
            }
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

    /// What a door says beside its entries is answered, and goes no further.
    fn hear(&self, aside: Aside) {
        match aside {
            Aside::Shown { ticket, consoles } => self.receipts.take(ticket, (self.door.clone(), consoles)),
            Aside::Near { ticket, told } => {
                let teller = self.teller.clone();
                let tell = move |offers| teller.tell(&Told::Offers { ticket, offers });
                let answer = Box::new({
                    let tell = tell.clone();
                    move |offers| tell(Some(offers))
                });
                let asked = self.questions.as_ref().map(|questions| questions.try_send(Question { told, answer }));
                if !matches!(asked, Some(Ok(()))) {
                    tell(None);
                }
            }
        }
    }

    /// Whether it is a command with a key that was carried out before, or is under way, whichever door it came through.
    /// Whoever asked is told what came of it, or asks again.
    fn is_repeated(&self, record: &[u8]) -> bool {
        if record::through(record).is_some_and(|through| through.observations > 0) {
            return false;
        }
        let asked = record::parse(record).ok().and_then(|record| record.asked);
        let Some(Asked { ticket, once: Some(once), .. }) = asked else { return false };
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
