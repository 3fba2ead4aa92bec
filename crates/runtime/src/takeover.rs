//! Being shut out: another process has taken the log or the store over, and this one has to end.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;
use vigiles_bus::BusError;
use vigiles_store::StoreError;

use crate::platform::Platform;

/// Told by whoever first meets a fence; then the platform's threads end.
#[derive(Debug, Clone)]
pub(crate) struct Takeover {
    why: Arc<watch::Sender<Option<String>>>,
    stop: Arc<AtomicBool>,
}

impl Takeover {
    /// One that stops the threads which look at `stop`.
    pub(crate) fn new(stop: Arc<AtomicBool>) -> Self {
        Self { why: Arc::new(watch::Sender::new(None)), stop }
    }

    /// Looks at what an append came to.
    pub(crate) fn note_log(&self, error: &BusError) {
        if matches!(error, BusError::Fenced { .. }) {
            self.tell(error);
        }
    }

    /// Looks at what a write came to; whether it was shut out.
    pub(crate) fn note_store(&self, error: &StoreError) -> bool {
        let is_fenced = matches!(error, StoreError::Fenced { .. });
        if is_fenced {
            self.tell(error);
        }
        is_fenced
    }

    pub(crate) fn has_happened(&self) -> bool {
        self.why.borrow().is_some()
    }

    fn tell(&self, error: &dyn Display) {
        let is_first = self.why.send_if_modified(|why| {
            let is_first = why.is_none();
            why.get_or_insert_with(|| error.to_string());
            is_first
        });
        if is_first {
            tracing::error!(%error, "another process has taken over: this one stops");
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Platform {
    /// Waits until another process has taken over, and gives what was met. From then on nothing is stored here any more:
    /// the process is to end.
    pub async fn taken_over(&self) -> String {
        let mut told = self.takeover.why.subscribe();
        let why = told.wait_for(Option::is_some).await.map(|why| why.clone());
        // The sender lives as long as the platform.
        why.ok().flatten().unwrap_or_default()
    }
}
