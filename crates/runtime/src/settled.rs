//! Waiting until what was acknowledged can be read.

use std::sync::Arc;
use std::time::Duration;

use vigiles_bus::{BusError, Offset};
use vigiles_history::HistoryError;

use crate::platform::Platform;

/// Time between two looks how far another process has stored history.
const LOOK: Duration = Duration::from_millis(50);

/// Why it is not known whether it can be read. It is durable all the same.
#[derive(Debug, thiserror::Error)]
pub enum SettledError {
    /// The log.
    #[error("the log: {0}")]
    Log(#[from] BusError),
    /// History.
    #[error("history: {0}")]
    History(#[from] HistoryError),
}

impl Platform {
    /// Waits until history has what was acknowledged before the call; gives false where `patience` was over before: who is
    /// late finds it a moment later, since it is in the log.
    pub async fn settled(self: &Arc<Self>, patience: Duration) -> Result<bool, SettledError> {
        match tokio::time::timeout(patience, self.settle()).await {
            Ok(settled) => settled.map(|()| true),
            Err(_) => Ok(false),
        }
    }

    async fn settle(self: &Arc<Self>) -> Result<(), SettledError> {
        let end = self.intake.frames.end();
        if self.parts.seat.door().is_some() { self.settle_elsewhere(end).await } else { self.settle_here(end).await }
    }

    async fn settle_here(&self, end: Offset) -> Result<(), SettledError> {
        let mut moved = self.progress.moved.subscribe();
        moved.wait_for(|position| *position >= end.0).await.map_err(|_| BusError::Closed)?;
        Ok(())
    }

    /// At a door: the engine's process takes it into the log, and then into history.
    async fn settle_elsewhere(self: &Arc<Self>, end: Offset) -> Result<(), SettledError> {
        let mut own = self.progress.own.subscribe();
        let observed = own.wait_for(|own| own.next >= end.0).await.map_err(|_| BusError::Closed)?.observed;
        loop {
            let platform = self.clone();
            if blocking(move || platform.history().readable_offset()).await?? >= observed {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, SettledError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(|_| BusError::Closed)?)
}
