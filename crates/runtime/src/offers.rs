//! Which open incidents a call may belong to: asked of the engine where it stands, outside the log, since asking changes
//! nothing.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use tokio::sync::oneshot;
use vigiles_engine::{Engine, Offer, Told};
use vigiles_model::Timestamp;

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
    /// The engine stands in another process, which alone knows what is near.
    #[error("this process has no engine: only the one with the role `engine` offers what a call may belong to")]
    Elsewhere,
    /// The platform is stopping.
    #[error("the platform is stopping")]
    Closed,
}

/// A question, and where its answer goes.
pub(crate) struct Question {
    told: Told,
    answer: oneshot::Sender<Vec<Offer>>,
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
            // Who went away needs no answer.
            let _gone = question.answer.send(engine.offers(&question.told, now));
        }
    }
}

impl Platform {
    /// The open incidents that a call may belong to, the likeliest first.
    pub async fn offers(&self, told: Told) -> Result<Vec<Offer>, OffersError> {
        let (answer, answered) = oneshot::channel();
        self.questions.as_ref().ok_or(OffersError::Elsewhere)?.try_send(Question { told, answer }).map_err(
            |error| match error {
                TrySendError::Full(_) => OffersError::Overloaded,
                TrySendError::Disconnected(_) => OffersError::Closed,
            },
        )?;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(offers)) => Ok(offers),
            Ok(Err(_)) => Err(OffersError::Closed),
            Err(_) => Err(OffersError::Overloaded),
        }
    }
}
