//! What happens by the clock: ticks and the city's offset from UTC into the log, rates, expiry of what is past its retention.

use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::{Duration as Span, Instant};

use vigiles_formats::observation::Registry as _;
use vigiles_history::Expired;
use vigiles_model::{Duration, KindId, Timestamp};
use vigiles_store::{AuditNote, Outcome};
use vigiles_trust::Context;

use crate::platform::Platform;
use crate::{doors, record};

/// Time between two expiries.
const EXPIRY: Duration = Duration::from_secs(900);
/// A clock that differs by so many milliseconds from what has passed has jumped.
const CLOCK_JUMP_MS: i64 = 2000;
/// Time between two measurements of what is stored.
const MEASURE: Duration = Duration::from_secs(10);
/// How long revisions of documents are kept: as far back as the time scrubber reaches.
const REVISIONS: Duration = Duration::from_secs(30 * 86_400);
/// In whose name things are forgotten.
const RETENTION: Context = Context::system("retention");
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
    /// The same moment by a clock that cannot be set.
    steady: Option<Instant>,
    accepted: u64,
    expired: Timestamp,
    measured: Timestamp,
    /// When a door gave its last sign of life; its first is given at its start.
    signed: Option<Timestamp>,
}

impl State {
    /// Counts a clock that was set, or that stood still while the machine slept.
    fn watch_clock(&mut self, platform: &Platform, now: Timestamp) {
        let steady = Instant::now();
        if let Some(before) = self.steady.replace(steady) {
            let jump = now.since(self.at).as_millis() - steady.duration_since(before).as_millis() as i64;
            if jump.abs() > CLOCK_JUMP_MS {
                platform.intake.counters.clock_jumps.add(1);
                tracing::warn!(jump_ms = jump, "the clock jumped; the log's time never goes back");
            }
        }
    }

    fn beat(&mut self, platform: &Platform) {
        let now = platform.now();
        let seconds = now.since(self.at).as_secs_f64().clamp(0.1, 10.0);
        self.watch_clock(platform, now);
        self.at = now;
        let is_door = platform.parts.seat.door().is_some();
        if !is_door {
            platform.log_utc_offset();
            tick(platform, now);
        }
        let accepted = platform.intake.counters.accepted.get();
        let rate = (accepted - self.accepted) as f64 / seconds;
        self.accepted = accepted;
        platform.rate_per_s.store(rate.to_bits(), Ordering::Relaxed);
        platform.intake.sources.sample(seconds);
        if now.since(self.measured) >= MEASURE {
            self.measured = now;
            platform.measure();
        }
        if now.since(*self.signed.get_or_insert(now)) >= doors::SIGN_EVERY {
            self.signed = Some(now);
            platform.give_sign();
        }
        if !is_door && now.since(self.expired) >= EXPIRY {
            self.expired = now;
            expire(platform, now);
        }
    }
}

/// That observations were forgotten is a change as any other.
fn note_expired(platform: &Platform, expired: &Expired) {
    tracing::info!(observations = expired.observations, bytes = expired.bytes, "observations expired");
    let note = AuditNote {
        action: "expire".to_owned(),
        resource: "observations".to_owned(),
        outcome: Outcome::Allowed,
        detail: format!("{} observations past their retention", expired.observations),
    };
    if let Err(error) = platform.store().record(&RETENTION, note) {
        tracing::error!(%error, "the expiry of observations was not noted in the audit log");
    }
}

/// Puts the passing of time into the log, unless something else did within the last second.
fn tick(platform: &Platform, now: Timestamp) {
    let last = Timestamp(platform.progress.time.load(Ordering::Relaxed) as i64);
    if now.since(last) < Duration::from_millis(900) {
        return;
    }
    let takeover = platform.takeover.clone();
    let done = Box::new(move |result| {
        if let Err(error) = result {
            takeover.note_log(&error);
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
    match platform.history().expire(&RETENTION, &retention, now) {
        Ok(expired) if expired.files > 0 => note_expired(platform, &expired),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "observations could not be expired; tried again later"),
    }
    if let Err(error) = platform.store().prune(&RETENTION, now - REVISIONS) {
        tracing::warn!(%error, "old revisions could not be pruned; tried again later");
    }
}
