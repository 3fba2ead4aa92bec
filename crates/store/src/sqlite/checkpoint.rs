//! Carries what is committed from SQLite's write-ahead log into its file, on a thread of its own: done by the writer, every
//! hundredth commit or so would wait for two fsyncs more.
//!
//! Where this thread cannot keep up, the log reaches [`super::schema::JOURNAL_LIMIT_PAGES`] and the writer carries over the rest.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;

use super::error::Place;
use super::schema;
use crate::contract::StoreError;

/// Time between two rounds, as long as there are commits.
const EVERY: Duration = Duration::from_secs(1);

/// Tells the thread that there is something to do, or that it is over.
#[derive(Default)]
struct Signal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    dirty: bool,
    over: bool,
}

/// The handle of the thread; dropping it ends it.
pub(super) struct Checkpointer {
    signal: Arc<Signal>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(super) fn start(file: &Path) -> Result<Self, StoreError> {
        let place = Place::new(file);
        let db = schema::open_checkpointer(file)?;
        let signal = Arc::<Signal>::default();
        let (heard, failed) = (signal.clone(), place.clone());
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || run(&db, &place, &heard))
            .map_err(|e| StoreError::Backend { file: failed.file(), what: format!("checkpoint thread: {e}") })?;
        Ok(Self { signal, thread: Some(thread) })
    }

    /// Something was committed.
    pub(super) fn committed(&self) {
        let mut state = self.signal.state.lock();
        if !state.dirty {
            state.dirty = true;
            self.signal.changed.notify_all();
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.signal.state.lock().over = true;
        self.signal.changed.notify_all();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the store's checkpoint thread panicked");
        }
    }
}

fn run(db: &Connection, place: &Place, signal: &Signal) {
    loop {
        let mut state = signal.state.lock();
        signal.changed.wait_while(&mut state, |state| !state.dirty && !state.over);
        signal.changed.wait_while_for(&mut state, |state| !state.over, EVERY);
        if state.over {
            return;
        }
        state.dirty = false;
        drop(state);
        // Passive: it waits for nobody, and nobody waits for it. What readers still need is left for the next round.
        if let Err(error) = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            let error = place.failed("checkpoint", &error);
            tracing::warn!(%error, "committed changes stay in the write-ahead log for now");
        }
    }
}
