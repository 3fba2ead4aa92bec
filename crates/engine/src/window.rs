//! A sliding window over the readings of one key, with bounded memory.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::expression::Aggregate;

/// Most entries of a window. A window with more readings joins neighbours in pairs, which then leave together;
/// mean, sum and count stay exact for what is inside.
pub(crate) const MAX_ENTRIES: usize = 256;

/// Mean, minimum, maximum, sum and count of nothing.
const EMPTY: [f64; 5] = [f64::NAN, f64::NAN, f64::NAN, 0.0, 0.0];

/// Readings of the last `length` microseconds of phenomenon time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Window {
    length: i64,
    newest: i64,
    /// Shared with frozen copies: copying the part of the list that a series is in copies none of these.
    entries: Arc<VecDeque<Entry>>,
    /// By [`Aggregate`], not a number where there is none. Made anew with each reading: many rules ask, and the order
    /// of the sum is always the same.
    #[serde(skip)]
    totals: [f64; 5],
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Entry {
    time: i64,
    count: u32,
    sum: f64,
    min: f64,
    max: f64,
}

impl Window {
    pub(crate) fn new(length: i64) -> Self {
        Self { length, newest: i64::MIN, entries: Arc::default(), totals: EMPTY }
    }

    /// Its length in microseconds.
    pub(crate) fn length(&self) -> i64 {
        self.length
    }

    /// Takes a reading, in any order; one older than the window is left out.
    pub(crate) fn add(&mut self, time: i64, value: f64) {
        self.take_in(time, value);
        self.sum_up();
    }

    fn take_in(&mut self, time: i64, value: f64) {
        self.newest = self.newest.max(time);
        let oldest = self.newest.saturating_sub(self.length);
        let entries = Arc::make_mut(&mut self.entries);
        while entries.front().is_some_and(|e| e.time <= oldest) {
            entries.pop_front();
        }
        if time <= oldest {
            return;
        }
        if entries.len() == MAX_ENTRIES {
            join_pairs(entries);
        }
        let at = entries.iter().rposition(|e| e.time <= time).map_or(0, |i| i + 1);
        entries.insert(at, Entry { time, count: 1, sum: value, min: value, max: value });
    }

    /// Makes the totals, which a snapshot leaves out.
    pub(crate) fn sum_up(&mut self) {
        self.totals = self.entries.iter().copied().reduce(Entry::join).map_or(EMPTY, |all| {
            let count = f64::from(all.count);
            let mut totals = EMPTY;
            totals[Aggregate::Mean as usize] = all.sum / count;
            totals[Aggregate::Min as usize] = all.min;
            totals[Aggregate::Max as usize] = all.max;
            totals[Aggregate::Sum as usize] = all.sum;
            totals[Aggregate::Count as usize] = count;
            totals
        });
    }

    /// The aggregate; none for the mean, minimum and maximum of an empty window.
    pub(crate) fn aggregate(&self, aggregate: Aggregate) -> Option<f64> {
        let total = self.totals[aggregate as usize];
        (!total.is_nan()).then_some(total)
    }
}

fn join_pairs(entries: &mut VecDeque<Entry>) {
    let mut old = std::mem::take(entries).into_iter();
    while let Some(first) = old.next() {
        entries.push_back(match old.next() {
            Some(second) => first.join(second),
            None => first,
        });
    }
}

impl Entry {
    fn join(self, later: Self) -> Self {
        Self {
            time: later.time,
            count: self.count.saturating_add(later.count),
            sum: self.sum + later.sum,
            min: self.min.min(later.min),
            max: self.max.max(later.max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(readings: &[(i64, f64)], aggregate: Aggregate, expected: Option<f64>) {
        let mut window = Window::new(10);
        for (time, value) in readings {
            window.add(*time, *value);
        }
        assert_eq!(window.aggregate(aggregate), expected);
    }

    #[test]
    fn readings_leave_after_the_length() {
        check(&[], Aggregate::Mean, None);
        check(&[], Aggregate::Count, Some(0.0));
        check(&[(0, 1.0), (5, 2.0), (10, 6.0)], Aggregate::Mean, Some(4.0));
        check(&[(5, 2.0), (10, 6.0), (7, 1.0), (0, 100.0)], Aggregate::Sum, Some(9.0));
        check(&[(5, 2.0), (10, 6.0), (7, 1.0)], Aggregate::Min, Some(1.0));
        check(&[(5, 2.0), (10, 6.0), (7, 1.0)], Aggregate::Max, Some(6.0));
    }

    #[test]
    fn many_readings_stay_bounded_and_counted() {
        let mut window = Window::new(1_000_000);
        for i in 0..10_000 {
            window.add(i, 1.0);
        }
        assert!(window.entries.len() <= MAX_ENTRIES);
        assert_eq!(window.aggregate(Aggregate::Count), Some(10_000.0));
    }
}
