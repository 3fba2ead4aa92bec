//! Which engine lives: the one that works moves a mark in the store twice a second, and one that stands by takes over when the
//! mark stands still.
//!
//! No two clocks are compared: whoever stands by measures by its own how long the mark stood still. It may be wrong about
//! that (a server that was slow, a process that slept): then the fence shuts the other one out all the same, and nothing is
//! done twice.

use std::sync::Arc;
use std::sync::Weak;
use std::time::{Duration, Instant};

use vigiles_store::{Store, StoreError, Write};
use vigiles_trust::Context;

use crate::applier::FENCE;
use crate::platform::Platform;

/// In whose name the mark is moved and looked at.
const LEASE: Context = Context::system("lease");
/// The mark; 0 where an engine ended in order.
const HEARTBEAT: &str = "engine-heartbeat";
/// Time between two moves.
const BEAT: Duration = Duration::from_millis(500);
/// An engine whose mark stood still for so long is taken to be dead.
const EXPIRY: Duration = Duration::from_secs(3);
/// Time between two looks of one that stands by.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The engine's hold on its lease.
#[derive(Clone)]
pub(crate) struct Lease {
    store: Arc<dyn Store>,
    epoch: u64,
}

impl Lease {
    /// Begins right after the fence was taken, so that nobody else who stands by does the same meanwhile.
    pub(crate) fn begin(store: Arc<dyn Store>, epoch: u64) -> Result<Self, StoreError> {
        let lease = Self { store, epoch };
        lease.beat()?;
        Ok(lease)
    }

    fn beat(&self) -> Result<(), StoreError> {
        let before = self.store.mark(&LEASE, HEARTBEAT)?.unwrap_or(0);
        self.set(before + 1)
    }

    /// Lets whoever stands by begin at once.
    pub(crate) fn release(&self) {
        if let Err(error) = self.set(0) {
            tracing::warn!(%error, "the lease was not given back; it expires by itself");
        }
    }

    fn set(&self, value: u64) -> Result<(), StoreError> {
        let batch = vec![Write::Fence { name: FENCE, epoch: self.epoch }, Write::SetMark { name: HEARTBEAT, value }];
        self.store.apply_derived(&LEASE, batch).map(drop)
    }
}

/// Moves the mark until the platform is gone or stopping, or its engine has stopped.
pub(crate) fn keep(platform: &Weak<Platform>, lease: &Lease) {
    while let Some(platform) = platform.upgrade().filter(|platform| !platform.is_stopping()) {
        if platform.progress.failed.lock().is_some() {
            return;
        }
        if let Err(error) = lease.beat()
            && !platform.takeover.note_store(&error)
        {
            tracing::warn!(%error, "the lease of the engine was not renewed");
        }
        drop(platform);
        std::thread::park_timeout(BEAT);
    }
}

/// Waits while another engine lives; `stands_by` is called once, before the first wait.
pub fn stand_by(store: &dyn Store, stands_by: impl FnOnce()) -> Result<(), StoreError> {
    let mut stands_by = Some(stands_by);
    let (mut seen, mut since) = (None, Instant::now());
    loop {
        let found = match store.mark(&LEASE, HEARTBEAT) {
            Ok(found) => found.filter(|value| *value > 0),
            Err(error @ StoreError::Unreachable { .. }) => {
                tracing::warn!(%error, "it is not known whether the engine lives");
                since = Instant::now();
                seen
            }
            Err(error) => return Err(error),
        };
        if found.is_none() {
            return Ok(());
        }
        if found != seen {
            (seen, since) = (found, Instant::now());
        }
        // Of several that stand by one is first, mostly.
        let patience = EXPIRY + Duration::from_millis(u64::from(std::process::id()) % 300);
        if since.elapsed() >= patience {
            tracing::warn!(seconds = since.elapsed().as_secs_f64(), "the engine has not been heard of: taking over");
            return Ok(());
        }
        if let Some(tell) = stands_by.take() {
            tell();
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
}
