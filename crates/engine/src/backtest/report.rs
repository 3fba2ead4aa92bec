//! What a trial has shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vigiles_model::{Alarm, Geometry, Position, Timestamp};

use super::coverage::{Stretch, covered};
use super::typical::typical;

pub(super) const DAY: i64 = 86_400_000_000;
const HOUR: i64 = 3_600_000_000;
const WEEK_HOURS: i64 = 168;
/// Most buckets of time: hours of three months. Longer spans have longer buckets, up to weeks and their doubles.
const MAX_BUCKETS: i64 = 24 * 92;
/// Most places and keys that are told apart.
const MAX_PLACES: usize = 500;
const MAX_KEYS: usize = 50;
const TYPICAL: usize = 10;

/// What a trial has shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Alarms in all.
    pub alarms: u64,
    /// Seconds of the span that have readings.
    pub data_s: f64,
    /// Alarms a day of the time that has readings. None where that is less than a day.
    pub per_day: Option<f64>,
    /// Most alarms raised within ten minutes.
    pub peak_10_min: u64,
    /// Length of a bucket in seconds.
    pub bucket_s: i64,
    /// Every bucket of the span in order.
    pub buckets: Vec<Bucket>,
    /// Alarms by the hour of the day on the city's clocks, from midnight on.
    pub hours: [u64; 24],
    /// Where alarms were raised, most first.
    pub places: Vec<PlaceCount>,
    /// What they were raised for, most first.
    pub keys: Vec<KeyCount>,
    /// The alarms that stand for most others, at most ten.
    pub typical: Vec<Alarm>,
}

/// The span that a rule was tried on.
#[derive(Clone, Copy)]
pub struct Tried<'a> {
    /// First moment.
    pub from: Timestamp,
    /// Moment after the last.
    pub to: Timestamp,
    /// Its stretches that have readings.
    pub data: &'a [Stretch],
    /// Seconds that the city's clocks were ahead of UTC at a moment.
    pub utc_offset_s: &'a dyn Fn(Timestamp) -> i32,
}

/// Alarms in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its first moment.
    pub start: Timestamp,
    /// Alarms of the rule on trial.
    pub alarms: u64,
    /// Alarms that the rules of the city raised then.
    pub present: u64,
    /// Seconds of it that have readings.
    pub data_s: i64,
}

/// Alarms at a place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlaceCount {
    /// Where, to about ten metres.
    pub place: Position,
    /// How many of the rule on trial.
    pub alarms: u64,
    /// How many the rules of the city raised.
    pub present: u64,
}

/// Alarms for a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCount {
    /// An asset, a source, a zone.
    pub key: String,
    /// How many.
    pub alarms: u64,
}

impl Report {
    /// Counts alarms raised in the span beside those that the rules of the city raised.
    pub fn of(alarms: &[Alarm], present: &[Alarm], tried: Tried<'_>) -> Self {
        let Tried { from, to, data, .. } = tried;
        let covered = covered(data, from.0, to.0);
        let bucket = bucket(from, to);
        let mut keys: BTreeMap<String, u64> = BTreeMap::new();
        for alarm in alarms {
            *keys.entry(alarm.key.clone()).or_default() += 1;
        }
        let mut keys: Vec<KeyCount> = keys.into_iter().map(|(key, alarms)| KeyCount { key, alarms }).collect();
        keys.sort_by_key(|k| std::cmp::Reverse(k.alarms));
        keys.truncate(MAX_KEYS);
        Self {
            alarms: alarms.len() as u64,
            data_s: covered as f64 / 1e6,
            per_day: per_day(alarms.len() as u64, covered),
            peak_10_min: peak(alarms),
            bucket_s: bucket / 1_000_000,
            buckets: buckets(alarms, present, tried, bucket),
            hours: hours(alarms, tried.utc_offset_s),
            places: places(alarms, present),
            keys,
            typical: typical(alarms, TYPICAL).into_iter().map(|i| alarms[i].clone()).collect(),
        }
    }
}

/// Alarms a day over so many microseconds with readings; less than a day tells nothing of a day.
pub(super) fn per_day(alarms: u64, covered: i64) -> Option<f64> {
    (covered >= DAY).then(|| alarms as f64 / (covered as f64 / DAY as f64))
}

fn bucket(from: Timestamp, to: Timestamp) -> i64 {
    let hours = to.0.saturating_sub(from.0) / HOUR;
    let weeks = (0..=16).map(|doubled| WEEK_HOURS << doubled);
    let fits = |length: &i64| hours / length <= MAX_BUCKETS;
    [1, 6, 24].into_iter().chain(weeks).find(fits).unwrap_or(WEEK_HOURS << 16) * HOUR
}

fn hours(alarms: &[Alarm], utc_offset_s: &dyn Fn(Timestamp) -> i32) -> [u64; 24] {
    let mut hours = [0; 24];
    for alarm in alarms {
        let local = alarm.raised.0 / 1_000_000 + i64::from(utc_offset_s(alarm.raised));
        hours[(local.div_euclid(3_600)).rem_euclid(24) as usize] += 1;
    }
    hours
}

fn buckets(alarms: &[Alarm], present: &[Alarm], tried: Tried<'_>, length: i64) -> Vec<Bucket> {
    let Tried { from, to, data, .. } = tried;
    let first = from.0.div_euclid(length);
    let last = to.0.saturating_sub(1).max(from.0).div_euclid(length);
    let empty = |number: i64| {
        let start = number * length;
        let data_s = covered(data, start, start + length) / 1_000_000;
        Bucket { start: Timestamp(start), alarms: 0, present: 0, data_s }
    };
    let mut buckets: Vec<Bucket> = (first..=last).map(empty).collect();
    let at = |alarm: &Alarm| usize::try_from(alarm.raised.0.div_euclid(length) - first).ok();
    for place in alarms.iter().filter_map(at) {
        if let Some(bucket) = buckets.get_mut(place) {
            bucket.alarms += 1;
        }
    }
    for place in present.iter().filter_map(at) {
        if let Some(bucket) = buckets.get_mut(place) {
            bucket.present += 1;
        }
    }
    buckets
}

fn places(alarms: &[Alarm], present: &[Alarm]) -> Vec<PlaceCount> {
    let mut counts: BTreeMap<(i64, i64), (u64, u64)> = BTreeMap::new();
    let cell = |alarm: &Alarm| {
        let place = alarm.place.as_ref().map(Geometry::centre)?;
        Some(((place.lon * 1e4).round() as i64, (place.lat * 1e4).round() as i64))
    };
    for cell in alarms.iter().filter_map(cell) {
        counts.entry(cell).or_default().0 += 1;
    }
    for cell in present.iter().filter_map(cell) {
        counts.entry(cell).or_default().1 += 1;
    }
    let place = |((lon, lat), (alarms, present)): ((i64, i64), (u64, u64))| PlaceCount {
        place: Position { lon: lon as f64 / 1e4, lat: lat as f64 / 1e4 },
        alarms,
        present,
    };
    let mut places: Vec<PlaceCount> = counts.into_iter().map(place).collect();
    places.sort_by_key(|p| std::cmp::Reverse((p.alarms, p.present)));
    places.truncate(MAX_PLACES);
    places
}

/// Most alarms raised within ten minutes; they come in the order of raising.
fn peak(alarms: &[Alarm]) -> u64 {
    let mut first = 0;
    let mut most = 0;
    for (i, alarm) in alarms.iter().enumerate() {
        while alarms[first].raised.0 + 600_000_000 <= alarm.raised.0 {
            first += 1;
        }
        most = most.max(i - first + 1);
    }
    most as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_span_has_longer_buckets_and_never_more_of_them_than_are_drawn() {
        let check = |days: i64, hours: i64| {
            let (from, to) = (Timestamp(0), Timestamp(days * DAY));
            assert_eq!(bucket(from, to), hours * HOUR, "{days} days");
            let none = Tried { from, to, data: &[], utc_offset_s: &|_| 0 };
            let count = buckets(&[], &[], none, bucket(from, to)).len() as i64;
            assert!((1..=MAX_BUCKETS + 1).contains(&count), "{days} days: {count}");
        };
        check(0, 1);
        check(30, 1);
        check(366, 6);
        check(2_000, 24);
        check(10 * 366, 168);
        check(50 * 366, 336);
        check(10_000 * 366, 168 * 256);
    }
}
