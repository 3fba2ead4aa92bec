//! The clock and the only waits of the load generators.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use vigiles_model::Timestamp;

/// The time of the city, now.
#[expect(
    clippy::disallowed_methods,
    reason = "a load generator stands for the devices, which have clocks of their own"
)]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    Timestamp(i64::try_from(since.as_micros()).expect("a time before the year 294,000"))
}

/// Waits: the pace of a load is time itself.
#[expect(clippy::disallowed_methods, reason = "the pace of a load is time itself")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Waits until `due`; returns at once where it has passed.
pub(crate) fn until(due: Instant) {
    pause(due.saturating_duration_since(Instant::now()));
}
