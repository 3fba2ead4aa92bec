//! How much work a rule is for one reading, at most: known before it is saved.

use super::{Count, Detector, Part, Rule};
use crate::counting::{EXACT, MAX_POOL, cap};
use crate::expression::cost as expression_cost;
use crate::pattern::MAX_OPEN;
use crate::statistic::MAX_ASKED;

/// Most steps of one rule for one reading. A step is the visit of a node of an expression, of an entry of a window, or
/// the comparison with one earlier reading: some nanoseconds.
pub const MAX_COST: u32 = 10_000;

impl Rule {
    /// Most steps for one reading: what the engine does at worst, not on average.
    pub fn cost(&self) -> u32 {
        let when = self.when.as_deref().map_or(0, expression_cost);
        1 + when
            + match &self.detector {
                Detector::Threshold(_)
                | Detector::RateOfChange(_)
                | Detector::Silent(_)
                | Detector::FlatLine(_)
                | Detector::OutOfRange(_) => 1,
                Detector::Geofence(g) => g.zones.len() as u32,
                Detector::Count(c) => count(c),
                Detector::Condition(c) => expression_cost(&c.expression),
                Detector::Sequence(s) => parts(&s.parts) + (s.parts.len() * MAX_OPEN) as u32,
                Detector::Absence(a) => part(&a.first) + part(&a.then),
                Detector::Baseline(_) | Detector::Forecast(_) | Detector::ChangePoint(_) | Detector::Anomaly(_) => 8,
                Detector::Drift(_) => 2 * MAX_ASKED as u32,
                Detector::Cooccurrence(c) => parts(&c.parts) + (c.parts.len() * MAX_OPEN) as u32,
            }
    }
}

fn count(c: &Count) -> u32 {
    let at_least = c.at_least as usize;
    let compared = match (&c.distinct, c.radius_m) {
        (_, Some(_)) => MAX_POOL + cap(at_least),
        (None, None) if at_least > EXACT => 16,
        (_, None) => cap(at_least),
    };
    compared as u32
}

fn parts(parts: &[Part]) -> u32 {
    parts.iter().map(part).sum()
}

fn part(part: &Part) -> u32 {
    1 + part.when.as_deref().map_or(0, expression_cost)
}
