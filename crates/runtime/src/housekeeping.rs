//! What happens by the clock: ticks and the city's offset from UTC into the log, rates, expiry of what is past its retention.

use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration as Span;

use vigiles_formats::observation::Registry as _;
use vigiles_model::{Duration, KindId, Timestamp};
use vigiles_trust::Context;

use crate::platform::Platform;
use crate::record;

/// Time between two expiries.
const EXPIRY: Duration = Duration::from_secs(900);
/// Time between two measurements of what is stored.
const MEASURE: Duration = Duration::from_secs(10);
/// How long revisions of documents are kept: as far back as the time scrubber reaches.
const REVISIONS: Duration = Duration::from_secs(30 * 86_400);
/// Kept when a kind is no longer registered.
const UNKNOWN_KIND: Duration = Duration::from_secs(30 * 86_400);

/// Runs once a second until the platform is gone or stopping.
pub(crate) fn run(platform: &Weak<Platform>) {
    let mut last = State::default();
    loop {
        std::thread::park_timeout(Span::from_secs(1));
        let Some(platform) = platform.upgrade() else { return };
        if platform.stop.load(Ordering::Relaxed) {
            return;
        }
        last.beat(&platform);
    }
}

#[derive(Default)]
struct State {
    at: Timestamp,
    accepted: u64,
    expired: Timestamp,
    measured: Timestamp,
}

impl State {
    fn beat(&mut self, platform: &Platform) {
        let now = platform.now();
        let seconds = now.since(self.at).as_secs_f64().clamp(0.1, 10.0);
        self.at = now;
        platform.log_utc_offset();
        tick(platform, now);
        let accepted = platform.intake.counters.accepted.get();
        let rate = (accepted - self.accepted) as f64 / seconds;
        self.accepted = accepted;
        platform.rate_per_s.store(rate.to_bits(), Ordering::Relaxed);
        platform.intake.sources.sample(seconds);
        if now.since(self.measured) >= MEASURE {
            self.measured = now;
            platform.measure();
        }
        if now.since(self.expired) >= EXPIRY {
            self.expired = now;
            expire(platform, now);
        }
    }
}

/// Puts the passing of time into the log, unless something else did within the last second.
fn tick(platform: &Platform, now: Timestamp) {
    let last = Timestamp(platform.progress.time.load(Ordering::Relaxed) as i64);
    if now.since(last) < Duration::from_millis(900) {
        return;
    }
    let done = Box::new(|result| {
        if let Err(error) = result {
            tracing::warn!(%error, "the passing of time could not be logged");
        }
    });
    if let Err(error) = platform.parts.bus.append_async(&platform.intake.topic, vec![record::tick()], done) {
        tracing::debug!(%error, "no tick");
    }
}

fn expire(platform: &Platform, now: Timestamp) {
    let catalogue = platform.intake.catalogue.get();
    let retention = |kind: &KindId| catalogue.kind(kind.as_str()).map_or(UNKNOWN_KIND, |k| k.retention);
    match platform.history().expire(&retention, now) {
        Ok(expired) if expired.files > 0 => {
            tracing::info!(observations = expired.observations, bytes = expired.bytes, "observations expired");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "observations could not be expired; tried again later"),
    }
    if let Err(error) = platform.store().prune(&Context::system("retention"), now - REVISIONS) {
        tracing::warn!(%error, "old revisions could not be pruned; tried again later");
    }
}
