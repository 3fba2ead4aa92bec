//! What the engine's process tells the doors: the outcomes of commands that came through them, answers to their questions, and
//! notices.
//!
//! Told once and kept for a while: whoever was not there asks the store, or again with the same key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigiles_bus::{Bus, BusError, Offset, Topic};
use vigiles_engine::{CommandDone, CommandError, Offer};

use crate::aside::Aside;
use crate::live::Notice;
use crate::platform::Platform;

/// Entries between two trims of the topic; as many are kept at least.
const KEPT: u64 = 4096;
/// Entries and bytes read at once.
const ENTRIES: usize = 1024;
const BYTES: usize = 1 << 20;
/// How long one wait for an entry lasts.
const WAIT: Duration = Duration::from_millis(100);

/// One entry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told {
    /// Of nothing: whoever writes it owns the topic from then on.
    Begun,
    /// The outcome of a command, whose effects are in the store.
    Outcome {
        /// Of the command.
        ticket: u128,
        /// What came of it.
        outcome: Result<CommandDone, CommandError>,
        /// The sequence of the store's change feed with its effects; 0 where they are older.
        sequence: u64,
    },
    /// A notice to everyone at a console.
    Notice {
        /// For what the doors say of it.
        ticket: u128,
        /// The notice.
        notice: Notice,
    },
    /// Which open incidents a call may belong to.
    Offers {
        /// Of the asker.
        ticket: u128,
        /// The likeliest first; none where the engine has too much to do.
        offers: Option<Vec<Offer>>,
    },
}

pub(crate) fn topic() -> Topic {
    Topic::new("told").expect("the name is in the alphabet of topics")
}

/// The engine's end.
#[derive(Clone)]
pub(crate) struct Teller {
    bus: Arc<dyn Bus>,
    count: Arc<AtomicU64>,
}

impl Teller {
    /// Takes the topic over: a process that told before it tells nothing any more.
    pub(crate) fn begin(bus: Arc<dyn Bus>) -> Result<Self, BusError> {
        bus.append(&topic(), vec![bytes(&Told::Begun)])?;
        Ok(Self { bus, count: Arc::default() })
    }

    /// Tells without waiting; what cannot be told is logged, and those who wait for it ask again.
    pub(crate) fn tell(&self, told: &Told) {
        let done = Box::new(|result: Result<_, BusError>| {
            if let Err(error) = result {
                tracing::warn!(%error, "the doors were not told");
            }
        });
        if let Err(error) = self.bus.append_async(&topic(), vec![bytes(told)], done) {
            tracing::warn!(%error, "the doors were not told");
        }
        if self.count.fetch_add(1, Ordering::Relaxed) % KEPT == KEPT - 1 {
            self.trim();
        }
    }

    /// Tells, and waits until it is durable.
    pub(crate) fn hand(&self, told: &Told) -> Result<(), BusError> {
        self.bus.append(&topic(), vec![bytes(told)]).map(drop)
    }

    fn trim(&self) {
        let trimmed = self
            .bus
            .bounds(&topic())
            .and_then(|bounds| self.bus.trim(&topic(), Offset(bounds.end.0.saturating_sub(KEPT))));
        if let Err(error) = trimmed {
            tracing::warn!(%error, "what the doors were told could not be trimmed");
        }
    }
}

fn bytes(told: &Told) -> Vec<u8> {
    serde_json::to_vec(told).expect("what is told has only text keys and finite numbers")
}

/// A door's end: hears until the platform stops, from `next` on.
pub(crate) fn hear(platform: &std::sync::Weak<Platform>, mut next: Offset) {
    let topic = topic();
    while let Some(platform) = platform.upgrade().filter(|platform| !platform.is_stopping()) {
        match heard(&platform, &topic, next) {
            Ok(after) => next = after,
            // What was trimmed meanwhile was told to nobody who still waits.
            Err(BusError::Trimmed { oldest, .. }) => next = oldest,
            Err(error) => {
                tracing::warn!(%error, "what the engine tells cannot be heard; tried again");
                std::thread::park_timeout(Duration::from_secs(1));
            }
        }
    }
}

fn heard(platform: &Platform, topic: &Topic, next: Offset) -> Result<Offset, BusError> {
    let entries = platform.parts.bus.read(topic, next, ENTRIES, BYTES)?;
    if entries.is_empty() {
        platform.parts.bus.wait(topic, next, WAIT)?;
    }
    for entry in &entries {
        match serde_json::from_slice(&entry.bytes) {
            Ok(Told::Begun) => {}
            Ok(Told::Outcome { ticket, outcome, sequence }) => {
                if let Some(caller) = platform.waiting.lock().remove(&ticket) {
                    // Whoever gets the answer finds here too what came of it.
                    platform.followed.wait(sequence);
                    let _caller_gone = caller.send(outcome);
                }
            }
            Ok(Told::Notice { ticket, notice }) => {
                let consoles = platform.live.tell(notice);
                platform.say_aside(&Aside::Shown { ticket, consoles });
            }
            Ok(Told::Offers { ticket, offers }) => platform.take_offers(ticket, offers),
            Err(error) => tracing::error!(offset = entry.offset.0, %error, "what the engine told cannot be read"),
        }
    }
    Ok(entries.last().map_or(next, |entry| entry.offset.next()))
}
