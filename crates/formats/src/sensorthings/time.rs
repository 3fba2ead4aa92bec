//! Instants, intervals and durations of ISO 8601, as the standard writes them.

use std::fmt;

use vigiles_model::{Duration, Timestamp};

/// A moment, or the time between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// A moment.
    Instant(Timestamp),
    /// From a moment to a later one.
    Interval(Timestamp, Timestamp),
}

impl Time {
    /// Reads `2026-11-23T03:00:00Z`, or two of them with a slash between.
    pub fn parse(text: &str) -> Result<Self, String> {
        let instant = |text: &str| instant(text.trim());
        match text.split_once('/') {
            None => Ok(Self::Instant(instant(text)?)),
            Some((start, end)) => {
                let (start, end) = (instant(start)?, instant(end)?);
                if start > end {
                    return Err(format!("the interval {text:?} ends before it begins"));
                }
                Ok(Self::Interval(start, end))
            }
        }
    }

    /// Its first moment.
    pub const fn start(self) -> Timestamp {
        match self {
            Self::Instant(at) | Self::Interval(at, _) => at,
        }
    }

    /// Its last moment.
    pub const fn end(self) -> Timestamp {
        match self {
            Self::Instant(at) | Self::Interval(_, at) => at,
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant(at) => write!(f, "{at}"),
            Self::Interval(start, end) => write!(f, "{start}/{end}"),
        }
    }
}

/// A moment; a date alone is its first moment in UTC, a time without a zone is read as UTC.
fn instant(text: &str) -> Result<Timestamp, String> {
    let parsed = match text.len() {
        10 => format!("{text}T00:00:00Z").parse(),
        _ if text.parse::<jiff::civil::DateTime>().is_ok() && !has_zone(text) => format!("{text}Z").parse(),
        _ => text.parse(),
    };
    parsed.map_err(|e: vigiles_model::time::TimeError| e.to_string())
}

/// Whether a date with a time says its distance from UTC.
fn has_zone(text: &str) -> bool {
    let time = text.get(10..).unwrap_or_default();
    time.contains(['Z', 'z', '+', '-', '['])
}

/// Reads `P1DT2H`; years and months have no fixed length and are refused.
pub fn duration(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration = text.parse().map_err(|e: jiff::Error| e.to_string()).or_else(|error| {
        // A day is 24 hours here: moments have no zone.
        let span: jiff::Span = text.parse().map_err(|_| error)?;
        let relative = jiff::SpanRelativeTo::days_are_24_hours();
        span.to_duration(relative).map_err(|e| e.to_string())
    })?;
    i64::try_from(span.as_micros()).map(Duration).map_err(|_| format!("{text:?} is too long"))
}

/// Writes a duration in seconds: `PT93.5S`.
pub fn write_duration(span: Duration) -> String {
    let (sign, micros) = if span.0 < 0 { ("-", span.0.unsigned_abs()) } else { ("", span.0.unsigned_abs()) };
    let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
    if rest == 0 { format!("{sign}PT{seconds}S") } else { format!("{sign}PT{seconds}.{rest:06}S") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown = Time::parse(text).map_or_else(|e| format!("! {e}"), |time| time.to_string());
        assert!(shown.starts_with(expected), "{text}: {shown}");
    }

    #[test]
    fn times() {
        check("2026-11-23T03:00:00Z", "2026-11-23T03:00:00Z");
        check("2026-11-23T03:00:00.25+02:00", "2026-11-23T01:00:00.25Z");
        check("2026-11-23", "2026-11-23T00:00:00Z");
        check("2026-11-23T03:00:00", "2026-11-23T03:00:00Z");
        check("2026-11-23T03:00:00Z/2026-11-24T03:00:00Z", "2026-11-23T03:00:00Z/2026-11-24T03:00:00Z");
        check("2026-11-24T03:00:00Z/2026-11-23T03:00:00Z", "! the interval");
        check("yesterday", "! not an RFC 3339 time");
    }

    #[test]
    fn durations() {
        for (text, expected) in
            [("PT1H30M", "PT5400S"), ("P1D", "PT86400S"), ("PT0.5S", "PT0.500000S"), ("-PT1S", "-PT1S")]
        {
            assert_eq!(write_duration(duration(text).unwrap()), expected, "{text}");
        }
        assert!(duration("P1M").is_err());
    }
}
