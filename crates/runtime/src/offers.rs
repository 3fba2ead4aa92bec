//! Which open incidents a call may belong to: asked of the engine where it stands, outside the log, since asking changes
//! nothing. A door asks through its topic, and is told as of commands.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::oneshot;
use vigiles_engine::{Engine, Offer, Told};
use vigiles_model::Timestamp;

use crate::aside::{self, Aside};
use crate::platform::Platform;

/// Questions that wait for the engine; beyond, askers are told to ask again.
const QUESTIONS: usize = 64;
/// How long the engine may be busy until its asker is told to ask again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OffersError {
    /// The engine has too much to do.
    #[error("the platform is overloaded; ask again in a second")]
    Overloaded,
    /// The engine stands in another process, and does not answer.
    #[error("the engine does not answer; ask again in a moment: another one may be about to take over")]
    Away,
    /// The platform is stopping.
    #[error("the platform is stopping")]
    Closed,
}

/// A question, and where its answer goes.
pub(crate) struct Question {
    pub(crate) told: Told,
    pub(crate) answer: Box<dyn FnOnce(Vec<Offer>) + Send>,
}

/// The pump's end.
pub(crate) struct Questions(Receiver<Question>);

pub(crate) fn channel() -> (SyncSender<Question>, Questions) {
    let (sender, receiver) = sync_channel(QUESTIONS);
    (sender, Questions(receiver))
}

impl Questions {
    /// Answers those that wait.
    pub(crate) fn answer(&self, engine: &Engine, now: Timestamp) {
        for question in self.0.try_iter().take(QUESTIONS) {
            (question.answer)(engine.offers(&question.told, now));
        }
    }
}

/// What comes back to a door: none where the engine has too much to do.
type Answer = Option<Vec<Offer>>;

/// Questions of a door that wait for what the engine tells.
#[derive(Debug, Default)]
pub(crate) struct Asked(Mutex<FxHashMap<u128, oneshot::Sender<Answer>>>);

/// One of them, for as long as its asker waits.
struct Waiting<'a>(&'a Asked, u128);

impl Asked {
    fn begin(&self, ticket: u128, answer: oneshot::Sender<Answer>) -> Option<Waiting<'_>> {
        let mut waiting = self.0.lock();
        if waiting.len() >= QUESTIONS {
            return None;
        }
        waiting.insert(ticket, answer);
        Some(Waiting(self, ticket))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.0.lock().remove(&self.1);
    }
}

impl Platform {
    /// The open incidents that a call may belong to, the likeliest first.
    pub async fn offers(&self, told: Told) -> Result<Vec<Offer>, OffersError> {
        let Some(questions) = &self.questions else { return self.offers_elsewhere(told).await };
        let (answer, answered) = oneshot::channel();
        // Who went away needs no answer.
        let answer = Box::new(move |offers| drop::<Result<(), _>>(answer.send(offers)));
        questions.try_send(Question { told, answer }).map_err(|error| match error {
            TrySendError::Full(_) => OffersError::Overloaded,
            TrySendError::Disconnected(_) => OffersError::Closed,
        })?;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(offers)) => Ok(offers),
            Ok(Err(_)) => Err(OffersError::Closed),
            Err(_) => Err(OffersError::Overloaded),
        }
    }

    async fn offers_elsewhere(&self, told: Told) -> Result<Vec<Offer>, OffersError> {
        let ticket = self.ticket();
        let (answer, answered) = oneshot::channel();
        let _waiting = self.asked.begin(ticket, answer).ok_or(OffersError::Overloaded)?;
        self.say_aside(&Aside::Near { ticket, told });
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(Some(offers))) => Ok(offers),
            Ok(Ok(None)) => Err(OffersError::Overloaded),
            Ok(Err(_)) | Err(_) => Err(OffersError::Away),
        }
    }

    /// At a door: gives an asker what the engine told, unless he went away.
    pub(crate) fn take_offers(&self, ticket: u128, offers: Answer) {
        if let Some(asker) = self.asked.0.lock().remove(&ticket) {
            let _gone = asker.send(offers);
        }
    }

    /// At a door: says something to the engine's process. Whoever waits for what comes of it finds that nothing did where it
    /// cannot be said.
    pub(crate) fn say_aside(&self, aside: &Aside) {
        let takeover = self.takeover.clone();
        let done = Box::new(move |result| {
            if let Err(error) = result {
                takeover.note_log(&error);
                tracing::warn!(%error, "the engine was not asked or told");
            }
        });
        if let Err(error) = self.parts.bus.append_async(&self.intake.topic, vec![aside::write(aside)], done) {
            tracing::warn!(%error, "the engine was not asked or told");
        }
    }
}
