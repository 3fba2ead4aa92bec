//! Deeds that are done once: a command with an idempotency key carries it in the log, and its outcome is stored under
//! the key together with its effects. So no crash lies between the deed and the memory of it.

use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use vigiles_engine::{Command, CommandDone, CommandError};
use vigiles_model::Timestamp;
use vigiles_store::{Reply, StoreError, Write};
use vigiles_trust::Context;

use crate::commands::{Beside, CommandFailure};
use crate::platform::Platform;

/// Who stores and recalls outcomes.
pub(crate) const KEEPER: Context = Context::system("engine");
/// What an outcome has in the place of the status of a reply.
const OUTCOME: u16 = 0;

/// The key of a command that is to be carried out once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Once {
    /// Whose key, and the key.
    pub key: String,
    /// A hash of the request, so that the key cannot be used for another.
    pub fingerprint: String,
    /// When it is forgotten.
    pub expires: Timestamp,
}

/// Keys of commands that are on their way through the log.
#[derive(Debug, Default)]
pub(crate) struct UnderWay(Mutex<FxHashSet<String>>);

impl UnderWay {
    /// Takes a key; whether nobody had it.
    pub(crate) fn begin(&self, once: &Once) -> bool {
        self.0.lock().insert(once.key.clone())
    }

    pub(crate) fn done(&self, once: &Once) {
        self.0.lock().remove(&once.key);
    }
}

impl Once {
    /// The write that remembers an outcome.
    pub(crate) fn remember(&self, done: &CommandDone) -> Result<Write, serde_json::Error> {
        Ok(Write::Remember(Reply {
            key: self.key.clone(),
            fingerprint: self.fingerprint.clone(),
            status: OUTCOME,
            body: serde_json::to_string(done)?,
            expires: self.expires,
        }))
    }

    pub(crate) fn outcome(&self, reply: &Reply) -> Result<CommandDone, CommandFailure> {
        if reply.fingerprint != self.fingerprint {
            let why = "this key was used for another request; use a new key for a new request".to_owned();
            return Err(CommandError::Invalid { field: "Idempotency-Key".to_owned(), why }.into());
        }
        serde_json::from_str(&reply.body).map_err(|e| CommandFailure::Storage(format!("the stored outcome: {e}")))
    }
}

impl Platform {
    /// [`Platform::command`], but carried out once for a key: again with the same key it answers what it answered
    /// first. While it is not known yet what an earlier process did, or while the first is under way, the caller is
    /// told to come again.
    pub async fn command_once(
        self: &Arc<Self>,
        ctx: &Context,
        command: Command,
        once: Once,
    ) -> Result<CommandDone, CommandFailure> {
        if !self.is_ready() {
            return Err(CommandFailure::Overloaded);
        }
        if !self.under_way.begin(&once) {
            return Err(CommandFailure::Late);
        }
        let outcome = match self.recall(&once).await {
            Ok(None) => self.audited(ctx, command, Beside { once: Some(once.clone()), untried: None }).await,
            Ok(Some(reply)) => once.outcome(&reply),
            Err(error) => Err(error),
        };
        // What is late is in the log: its key stays taken until the applier lets go of it. What came through a door is looked
        // for where it is merged.
        if self.parts.seat.door().is_some() || !matches!(outcome, Err(CommandFailure::Late)) {
            self.under_way.done(&once);
        }
        outcome
    }

    async fn recall(self: &Arc<Self>, once: &Once) -> Result<Option<Reply>, CommandFailure> {
        let (platform, key) = (self.clone(), once.key.clone());
        let read = move || platform.store().recall(&KEEPER, &key);
        let found = tokio::task::spawn_blocking(read).await.map_err(|_| CommandFailure::Closed)?;
        found.map_err(|e: StoreError| CommandFailure::Storage(e.to_string()))
    }
}
