//! A sliding window over the readings of one key, with bounded memory.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::bytes;
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

    /// Entries that it holds.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
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

    /// Bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<VecDeque<Entry>>() + bytes::list::<Entry>(self.entries.len(), MAX_ENTRIES)
    }

    /// Bytes that one holds at most.
    pub(crate) fn most_bytes() -> usize {
        size_of::<VecDeque<Entry>>() + bytes::list::<Entry>(MAX_ENTRIES, MAX_ENTRIES)
    }

    pub(crate) fn fit(&mut self) {
        if self.entries.capacity() > MAX_ENTRIES.min(4 * self.entries.len()) {
            bytes::fit(Arc::make_mut(&mut self.entries));
        }
    }

    /// Joins neighbours in pairs, as a full window does.
    pub(crate) fn shed(&mut self) -> bool {
        let spare = self.entries.len() > 1;
        if spare {
            join_pairs(Arc::make_mut(&mut self.entries));
        }
        spare
    }

    /// Makes the totals, which a snapshot leaves out.
    pub(crate) fn sum_up(&mut self) {
        if self.entries.is_empty() {
            self.totals = EMPTY;
            return;
        }
        let (front, back) = self.entries.as_slices();
        let mut lanes = Lanes::default();
        lanes.add(front);
        lanes.add(back);
        let (count, sum, min, max) = lanes.join();
        self.totals[Aggregate::Mean as usize] = sum / count;
        self.totals[Aggregate::Min as usize] = min;
        self.totals[Aggregate::Max as usize] = max;
        self.totals[Aggregate::Sum as usize] = sum;
        self.totals[Aggregate::Count as usize] = count;
    }

    /// The aggregate; none for the mean, minimum and maximum of an empty window.
    pub(crate) fn aggregate(&self, aggregate: Aggregate) -> Option<f64> {
        let total = self.totals[aggregate as usize];
        (!total.is_nan()).then_some(total)
    }
}

/// Totals in four lanes, each entry in the lane of its place in the window: four additions wait for one another no more
/// than one does. Which numbers are added to which follows from the entries alone, not from where their list wraps around, so
/// that a window read back from a snapshot has the same totals to the last bit.
#[derive(Debug)]
struct Lanes {
    /// Of the next entry first.
    lanes: [Lane; 4],
    /// Entries taken.
    taken: usize,
}

#[derive(Debug, Clone, Copy)]
struct Lane {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

impl Default for Lanes {
    fn default() -> Self {
        Self { lanes: [Lane { count: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }; 4], taken: 0 }
    }
}

impl Lanes {
    fn add(&mut self, entries: &[Entry]) {
        let (fours, rest) = entries.as_chunks::<4>();
        for four in fours {
            for (lane, entry) in self.lanes.iter_mut().zip(four) {
                lane.add(entry);
            }
        }
        for (lane, entry) in self.lanes.iter_mut().zip(rest) {
            lane.add(entry);
        }
        self.lanes.rotate_left(rest.len());
        self.taken += entries.len();
    }

    /// Count, sum, minimum and maximum.
    fn join(mut self) -> (f64, f64, f64, f64) {
        self.lanes.rotate_right(self.taken % 4);
        let [a, b, c, d] = self.lanes;
        let both = |a: Lane, b: Lane| Lane {
            count: a.count + b.count,
            sum: a.sum + b.sum,
            min: a.min.min(b.min),
            max: a.max.max(b.max),
        };
        let all = both(both(a, b), both(c, d));
        (all.count as f64, all.sum, all.min, all.max)
    }
}

impl Lane {
    fn add(&mut self, entry: &Entry) {
        self.count += u64::from(entry.count);
        self.sum += entry.sum;
        self.min = if entry.min < self.min { entry.min } else { self.min };
        self.max = if entry.max > self.max { entry.max } else { self.max };
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
    use proptest::prelude::*;

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

    proptest! {
        /// Where the list wraps around differs after a restart; the totals do not.
        #[test]
        fn totals_come_back_to_the_last_bit(readings in prop::collection::vec((0..400i64, -1e6..1e6f64), 1..400)) {
            let mut window = Window::new(100);
            for (time, value) in readings {
                window.add(time, value);
                let mut back: Window = postcard::from_bytes(&postcard::to_stdvec(&window).unwrap()).unwrap();
                back.sum_up();
                prop_assert_eq!(back.totals.map(f64::to_bits), window.totals.map(f64::to_bits));
            }
        }

        #[test]
        fn totals_are_those_of_a_plain_list(values in prop::collection::vec(-1e6..1e6f64, 1..200)) {
            let mut window = Window::new(1_000_000);
            values.iter().zip(0..).for_each(|(value, time)| window.add(time, *value));
            let sum: f64 = values.iter().sum();
            prop_assert!((window.aggregate(Aggregate::Sum).unwrap() - sum).abs() <= 1e-3);
            prop_assert_eq!(window.aggregate(Aggregate::Min), values.iter().copied().reduce(f64::min));
            prop_assert_eq!(window.aggregate(Aggregate::Max), values.iter().copied().reduce(f64::max));
            prop_assert_eq!(window.aggregate(Aggregate::Count), Some(values.len() as f64));
        }
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
