//! The thread that seals: turns full batches into files.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::file::Writer;
use super::order;
use super::shared::{Frozen, Shared};
use crate::HistoryError;

/// How long a failed seal or merge rests before it is tried again.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Seals until closed and nothing waits.
pub(crate) fn run(shared: &Shared) {
    loop {
        let Some(frozen) = next(shared) else { return };
        match seal(shared, &frozen) {
            Ok(()) => shared.control.lock().failure = None,
            Err(error) => {
                tracing::error!(%error, "could not seal observations; they stay in memory and in the log");
                shared.counters.failures.fetch_add(1, Ordering::Relaxed);
                let mut control = shared.control.lock();
                control.failure = Some(error);
                shared.changed.notify_all();
                if control.closed {
                    return;
                }
                shared.changed.wait_for(&mut control, RETRY_AFTER);
            }
        }
        shared.tell();
    }
}

/// The oldest batch that waits; freezes the active one when its time has come. `None` once closed and empty.
fn next(shared: &Shared) -> Option<std::sync::Arc<Frozen>> {
    loop {
        let mut control = shared.control.lock();
        if let Some(frozen) = shared.rest.read().sealing.front() {
            return Some(std::sync::Arc::clone(frozen));
        }
        if control.closed {
            return None;
        }
        let timed_out = shared.changed.wait_for(&mut control, shared.options.seal_after).timed_out();
        drop(control);
        if timed_out {
            // Whoever holds `writing` may wait for this thread: then there is something to seal soon anyway.
            let Some(_writing) = shared.writing.try_lock() else { continue };
            if shared.rest.read().sealing.is_empty()
                && let Err(error) = shared.freeze()
            {
                tracing::warn!(%error, "could not hand over observations for sealing");
            }
        }
    }
}

fn seal(shared: &Shared, frozen: &Frozen) -> Result<(), HistoryError> {
    if frozen.batch.rows.is_empty() {
        return shared.commit(&[], &[], Some(frozen.next_offset));
    }
    let mut writer = Writer::create(&shared.disk, &shared.directory, shared.new_id())?;
    if let Err(error) = order::write_all(&frozen.batch, &mut writer) {
        writer.abandon();
        return Err(error);
    }
    let entry = writer.finish()?;
    shared.commit(&[], &[entry], Some(frozen.next_offset))
}
