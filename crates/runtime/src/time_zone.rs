//! What the city's clocks show: a named zone with its summer time, or a plain offset from UTC.
//!
//! Invariant: the engine learns an offset from the log alone. The zone is read by the platform, which logs the offset
//! at each start and whenever it changes, so that a replay judges `time.hour` as the first run did.

use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::tz::{Offset, TimeZone as Zone};
use vigiles_model::Timestamp;

use crate::platform::Platform;
use crate::record;

/// Largest plain offset: no clock on Earth differs more.
const MOST_HOURS: i32 = 14;

/// A time zone. The rules of named ones come with the program, not from the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZone(Zone);

/// A text that is no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is neither a zone of the IANA database, such as \"Europe/Monaco\", nor an offset from UTC from -14:00 to +14:00, such as \"+01:00\""
)]
pub struct TimeZoneError(String);

impl Default for TimeZone {
    /// UTC.
    fn default() -> Self {
        Self(Zone::UTC)
    }
}

impl FromStr for TimeZone {
    type Err = TimeZoneError;

    fn from_str(text: &str) -> Result<Self, TimeZoneError> {
        let zone = match plain_offset(text) {
            Some(seconds) => Offset::from_seconds(seconds).ok().map(Zone::fixed),
            None => jiff::tz::TimeZoneDatabase::bundled().get(text).ok(),
        };
        zone.map(Self).ok_or_else(|| TimeZoneError(text.to_owned()))
    }
}

impl TimeZone {
    /// Seconds that the city's clocks are ahead of UTC at a moment, east positive.
    pub fn offset_s(&self, at: Timestamp) -> i32 {
        jiff::Timestamp::from_microsecond(at.0).map_or(0, |at| self.0.to_offset(at).seconds())
    }
}

/// `+01:00` in seconds; none for what is not written like that or lies outside the bound.
fn plain_offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':')?;
    let number = |t: &str| (t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse::<i32>().ok())?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let seconds = hours * 3600 + minutes * 60;
    (minutes < 60 && seconds <= MOST_HOURS * 3600).then_some(sign * seconds)
}

/// The offset that was logged last by this process.
#[derive(Debug)]
pub(crate) struct Logged(AtomicI64);

/// No offset: one lies within a day.
const NONE: i64 = i64::MAX;

impl Default for Logged {
    fn default() -> Self {
        Self(AtomicI64::new(NONE))
    }
}

impl Platform {
    /// Seconds that the city's clocks are ahead of UTC at a moment, east positive.
    pub fn utc_offset_s(&self, at: Timestamp) -> i32 {
        self.parts.time_zone.offset_s(at)
    }

    /// Logs the city's offset from UTC where it is not the one logged last; what failed is tried again at the next
    /// call.
    pub(crate) fn log_utc_offset(&self) {
        let seconds = self.parts.time_zone.offset_s(self.now());
        let logged = self.utc_offset.0.swap(i64::from(seconds), Ordering::Relaxed);
        if logged == i64::from(seconds) {
            return;
        }
        let Err(error) = self.parts.bus.append(&self.intake.topic, vec![record::utc_offset(seconds)]) else { return };
        self.takeover.note_log(&error);
        self.utc_offset.0.store(logged, Ordering::Relaxed);
        tracing::warn!(%error, seconds, "the city's offset from UTC could not be logged; tried again in a second");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, at: &str, expected: Option<i32>) {
        let at: Timestamp = at.parse().unwrap();
        assert_eq!(text.parse::<TimeZone>().ok().map(|zone| zone.offset_s(at)), expected, "{text} at {at}");
    }

    #[test]
    fn a_zone_has_summer_time_and_an_offset_has_none() {
        check("Europe/Monaco", "2026-01-15T12:00:00Z", Some(3600));
        check("Europe/Monaco", "2026-03-29T00:59:59Z", Some(3600));
        check("Europe/Monaco", "2026-03-29T01:00:00Z", Some(7200));
        check("+01:00", "2026-07-15T12:00:00Z", Some(3600));
        check("-03:30", "2026-07-15T12:00:00Z", Some(-12_600));
        check("UTC", "2026-07-15T12:00:00Z", Some(0));
        for wrong in ["Europe/Nowhere", "", "+1:00", "+01", "+15:00", "+14:01", "+01:60", "++1:00", "+01:0\u{e9}"] {
            check(wrong, "2026-07-15T12:00:00Z", None);
        }
    }
}
