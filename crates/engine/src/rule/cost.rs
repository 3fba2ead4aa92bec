//! How much work a rule is for one reading, at most: known before it is saved.

use super::check::UnitOf;
use super::{Count, Detector, Key, Part, Rule};
use crate::clusters::MAX_NEAR;
use crate::counting::{EXACT, MAX_POOL, cap};
use crate::expression::cost as expression_cost;
use crate::matching;
use crate::pattern::MAX_OPEN;
use crate::statistic::{MAX_ASKED, MAX_LOOKED_AT};

/// Most steps of one rule for one reading. A step is the visit of a node of an expression, of an entry of a window, or
/// the comparison with one earlier reading, or a look at an edge of a zone: some nanoseconds.
pub const MAX_COST: u32 = 10_000;

/// Most steps of all rules for one reading of a kind: about a millisecond.
pub(crate) const MAX_KIND_COST: u64 = 200_000;
/// Most zones at a place that a rule keyed by zone judges a reading for, in the order of their ids.
pub(crate) const MAX_ZONES: usize = 8;

impl Rule {
    /// Most steps for one reading: what the engine does at worst, not on average. Quantities need the units of the kinds
    /// to become numbers. Without the steps to the zones of a place, which change with the zones of the city.
    pub fn cost(&self, units: UnitOf<'_>) -> u32 {
        let unit = self.unit_in_use(units);
        let when = self.when.as_deref().map_or(0, |when| expression_cost(when, unit.as_deref()));
        let keys = if self.key == Key::Zone { MAX_ZONES as u32 } else { 1 };
        let parts = self.detector.parts().into_iter().map(|part| self.cost_of_part(part, units)).sum::<u32>();
        (1 + when + parts).saturating_add(self.cost_of_key(unit.as_deref()).saturating_mul(keys))
    }

    /// Whether it asks which zones a reading lies in.
    pub(crate) fn reads_zones(&self, units: UnitOf<'_>) -> bool {
        matches!(&self.detector, Detector::Geofence(_))
            || self.any_expression(units, |e| e.zones)
            || self.key == Key::Zone
            || self.alarm.title.contains("{zone}")
    }

    /// The same for each key that the reading is judged for.
    fn cost_of_key(&self, unit: Option<&str>) -> u32 {
        match &self.detector {
            Detector::Threshold(_)
            | Detector::RateOfChange(_)
            | Detector::Silent(_)
            | Detector::FlatLine(_)
            | Detector::OutOfRange(_) => 1,
            Detector::Geofence(g) => g.zones.len() as u32,
            Detector::Count(c) => count(c),
            Detector::Condition(c) => expression_cost(&c.expression, unit),
            Detector::Sequence(s) => (s.parts.len() * MAX_OPEN) as u32,
            Detector::Absence(_) => 2 * MAX_OPEN as u32,
            Detector::Baseline(_) | Detector::Forecast(_) | Detector::ChangePoint(_) | Detector::Anomaly(_) => 8,
            Detector::Drift(_) => (MAX_LOOKED_AT + MAX_ASKED) as u32,
            Detector::Cooccurrence(c) => {
                let n = c.parts.len();
                (n * MAX_OPEN + matching::cost(n)) as u32
            }
        }
    }

    fn cost_of_part(&self, part: &Part, units: UnitOf<'_>) -> u32 {
        let unit = self.unit_of_part(part, units);
        1 + part.when.as_deref().map_or(0, |when| expression_cost(when, unit.as_deref()))
    }
}

fn count(c: &Count) -> u32 {
    let at_least = c.at_least as usize;
    let compared = match (&c.distinct, c.radius_m) {
        // The pool is counted and perhaps taken from; the cells of the cluster it joins are made again.
        (_, Some(_)) => 2 * MAX_POOL + (MAX_NEAR + 1) * cap(at_least),
        (None, None) if at_least > EXACT => 16,
        (_, None) => cap(at_least),
    };
    compared as u32
}
