//! Times as foreign messages write them.

use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{Offset, TimeZone};
use vigiles_model::Timestamp;

use super::{MappingError, Time};

/// How to read a time's text.
#[derive(Debug, Clone)]
pub(super) enum Clock {
    Rfc3339,
    /// A number since 1970, and how many microseconds one is.
    Epoch(f64),
    /// A strptime pattern, and the zone of times without an offset.
    Pattern(String, TimeZone),
}

impl Clock {
    pub(super) fn new(config: &Time) -> Result<Self, MappingError> {
        match config.format.as_str() {
            "rfc3339" => Ok(Self::Rfc3339),
            "epoch_s" => Ok(Self::Epoch(1e6)),
            "epoch_ms" => Ok(Self::Epoch(1e3)),
            pattern if pattern.contains('%') => Ok(Self::Pattern(pattern.to_owned(), zone(config.zone.as_deref())?)),
            other => Err(MappingError::new(
                "time.format",
                format_args!("{other:?} is not rfc3339, epoch_s, epoch_ms or a pattern with % signs"),
            )),
        }
    }

    /// Reads a time; the error says what the text should have been.
    pub(super) fn read(&self, text: &str) -> Result<Timestamp, String> {
        match self {
            Self::Rfc3339 => text.parse().map_err(|e| format!("{text:?} is {e}")),
            Self::Epoch(micros) => {
                let number: f64 = text.parse().map_err(|_| format!("{text:?} is not a number since 1970"))?;
                let scaled = number * micros;
                if scaled.is_finite() && scaled.abs() < 9e18 {
                    Ok(Timestamp(scaled.round() as i64))
                } else {
                    Err(format!("{text:?} is not a time"))
                }
            }
            Self::Pattern(pattern, zone) => {
                read_pattern(pattern, zone, text).map_err(|e| format!("{text:?} is not written as {pattern:?}: {e}"))
            }
        }
    }
}

fn read_pattern(pattern: &str, zone: &TimeZone, text: &str) -> Result<Timestamp, jiff::Error> {
    let parsed = BrokenDownTime::parse(pattern, text)?;
    let instant = if parsed.offset().is_some() || parsed.timestamp().is_some() {
        parsed.to_timestamp()?
    } else {
        let civil: DateTime = parsed.to_datetime().or_else(|_| parsed.to_date().map(|date| date.at(0, 0, 0, 0)))?;
        civil.to_zoned(zone.clone())?.timestamp()
    };
    Ok(Timestamp(instant.as_microsecond()))
}

fn zone(name: Option<&str>) -> Result<TimeZone, MappingError> {
    let Some(name) = name else {
        return Ok(TimeZone::UTC);
    };
    if let Some(offset) = offset(name) {
        return Ok(TimeZone::fixed(offset));
    }
    TimeZone::get(name).map_err(|e| MappingError::new("time.zone", e))
}

/// `+02:00` or `-0330`.
fn offset(text: &str) -> Option<Offset> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    let number: i32 = digits.parse().ok().filter(|_| digits.len() == 4)?;
    Offset::from_seconds(sign * (number / 100 * 3600 + number % 100 * 60)).ok()
}
