//! Readings that do not move any more.

use serde::{Deserialize, Serialize};
use vigiles_model::alarm::MAX_BEFORE;

use crate::compiled::Compiled;
use crate::judge::Reading;
use crate::slot::{Memory, Slot};
use crate::turn::Turn;

/// Fewest readings that make a line.
const FEWEST: u32 = 3;

/// Where the readings have stayed, since when (phenomenon time) and how many of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Level {
    pub(crate) since: i64,
    pub(crate) value: f64,
    pub(crate) count: u32,
}

impl Level {
    pub(crate) fn at(time: i64, value: f64) -> Self {
        Self { since: time, value, count: 1 }
    }

    /// Takes the next reading; says whether the line has been flat for `span` microseconds.
    fn take(&mut self, time: i64, value: f64, span: i64, tolerance: f64) -> bool {
        if (value - self.value).abs() > tolerance {
            *self = Self::at(time, value);
            return false;
        }
        self.count = self.count.saturating_add(1);
        self.count >= FEWEST && time.saturating_sub(self.since) >= span
    }
}

impl Turn<'_> {
    pub(crate) fn judge_flat_line(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        (span, tolerance): (i64, f64),
        index: u32,
    ) {
        let (time, Some(value)) = (reading.o.time.0, reading.figure) else { return };
        let Some(Slot { memory: Memory::Level(level), .. }) = self.live.slot_mut(index) else { return };
        let holds = level.take(time, value, span, tolerance);
        let (figure, lasted, moved) = (level.value, time.saturating_sub(level.since), level.count == 1);
        self.settle(rule, index, holds, figure, reading.o, reading.now);
        let Some(slot) = self.live.slot_mut(index) else { return };
        if moved {
            slot.evidence = None;
        } else if lasted >= span / 2 {
            // Readings are kept of what is likely to become an alarm: most lines do not last, and there are many keys.
            slot.compare_with(reading.o, MAX_BEFORE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(readings: &[(i64, f64)], tolerance: f64, expected: &[bool]) {
        let mut level = Level::at(readings[0].0, readings[0].1);
        let found: Vec<bool> = readings[1..].iter().map(|(t, v)| level.take(*t, *v, 100, tolerance)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn flat_after_the_span_and_three_readings() {
        check(&[(0, 5.0), (50, 5.0), (100, 5.0), (150, 5.1)], 0.0, &[false, true, false]);
        check(&[(0, 5.0), (500, 5.0), (600, 5.0)], 0.0, &[false, true]);
        check(&[(0, 5.0), (50, 5.2), (100, 4.9), (160, 5.3)], 0.25, &[false, true, false]);
    }
}
