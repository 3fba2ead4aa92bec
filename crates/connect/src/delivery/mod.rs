//! Observations delivered to a platform through its own doors, as any client would. The calls block.

pub(crate) mod http;

use std::time::{Duration, Instant};

use tokio::sync::watch;
use vigiles_formats::observation::Rejection;

/// Why a door does not take a delivery.
#[derive(Debug, thiserror::Error)]
#[error("{door}: {why}")]
pub struct DoorError {
    /// Its address.
    pub door: String,
    /// What it said.
    pub why: String,
}

/// What became of a delivery: all of it that is not named here is durable.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivered {
    pub(crate) accepted: u64,
    /// Delivered before.
    pub(crate) duplicates: u64,
    /// Refused, each by its place in the delivery, in order.
    pub(crate) refused: Vec<(usize, Rejection)>,
}

/// Waiting that a stop signal ends.
pub(crate) struct Pause<'a> {
    pub(crate) stop: &'a watch::Receiver<bool>,
}

impl Pause<'_> {
    /// Whether whoever delivers was told to stop.
    pub(crate) fn is_over(&self) -> bool {
        *self.stop.borrow()
    }

    #[expect(clippy::disallowed_methods, reason = "the pace of a delivery is time itself")]
    pub(crate) fn sleep(&self, span: Duration) {
        let until = Instant::now() + span;
        while !self.is_over() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
    }
}
