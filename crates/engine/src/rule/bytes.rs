//! How much memory one key of a rule may take, at most: known before it is saved.

use std::collections::BTreeSet;
use std::mem::size_of;

use vigiles_model::Observation;
use vigiles_model::alarm::MAX_CAUSES;

use super::check::UnitOf;
use super::findings::Findings;
use super::{Count, Detector, Rule};
use crate::absence::Unanswered;
use crate::bytes::{USUAL_BESIDE, grown, list};
use crate::clusters::MAX_CLUSTERS;
use crate::compiled::{is_per_kind, learning};
use crate::counter::{Counter, Tally};
use crate::counting::{EXACT, MAX_POOL, cap};
use crate::expression::{Expression, Scope};
use crate::large_counter::LargeCounter;
use crate::pattern::{MAX_OPEN, Pattern};
use crate::slot::Evidence;
use crate::statistic::Statistic;
use crate::weight::{EMPTY, MAX_STATE_BYTES};
use crate::window::Window;

/// Most bytes that one key of a rule may take: of what all rules share one part in 64. The first rule, which may have
/// half, then has room for 32 keys at their fullest.
pub const MAX_BYTES_PER_KEY: u64 = MAX_STATE_BYTES / 64;

/// What a rule needs, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// Steps for one reading.
    pub steps: u32,
    /// Bytes for one key.
    pub bytes_per_key: u64,
}

impl Rule {
    /// What it needs for one reading and one key, where the zones of a place take so many steps to find.
    pub fn needs(&self, units: UnitOf<'_>, zone_steps: u32) -> Needs {
        let zones = if self.reads_zones(units) { zone_steps } else { 0 };
        Needs { steps: self.cost(units).saturating_add(zones), bytes_per_key: self.bytes_per_key(units) }
    }

    /// Most bytes that the states of one key take, where no reading needs more than usual beside its fields. Of a drift
    /// without the latest readings of all assets, which its keys share.
    pub fn bytes_per_key(&self, units: UnitOf<'_>) -> u64 {
        let kinds = if is_per_kind(&self.detector) { self.kinds.iter().collect::<BTreeSet<_>>().len() } else { 1 };
        (kinds * self.bytes_of_state(units)) as u64
    }

    /// Of one state with what belongs to it: of a geofence those of its zones, of a count with a radius its clusters.
    fn bytes_of_state(&self, units: UnitOf<'_>) -> usize {
        let pending = evidence(MAX_CAUSES);
        let own = match &self.detector {
            Detector::Threshold(_) | Detector::RateOfChange(_) | Detector::FlatLine(_) | Detector::OutOfRange(_) => {
                pending
            }
            Detector::Silent(_) => size_of::<Observation>() + USUAL_BESIDE,
            Detector::Geofence(g) => {
                let zones = g.zones.len();
                2 * grown::<u32>(zones) + zones * (EMPTY + pending)
            }
            Detector::Count(c) => bytes_of_count(c),
            Detector::Condition(c) => {
                let unit = self.unit_in_use(units);
                let compiled = Expression::compile(&c.expression, Scope::stored(true, unit.as_deref()));
                pending + compiled.map_or(0, |e| e.windows.len() * (size_of::<Window>() + Window::most_bytes()))
            }
            Detector::Sequence(s) => {
                let before = s.parts.len().saturating_sub(1);
                size_of::<Pattern>() + Pattern::most_bytes(MAX_OPEN, before) + pending
            }
            Detector::Cooccurrence(c) => {
                size_of::<Pattern>() + Pattern::most_bytes(c.parts.len() * MAX_OPEN, 1) + pending
            }
            Detector::Absence(_) => size_of::<Unanswered>() + Unanswered::most_bytes(),
            Detector::Baseline(_)
            | Detector::Forecast(_)
            | Detector::ChangePoint(_)
            | Detector::Drift(_)
            | Detector::Anomaly(_) => {
                size_of::<Statistic>() + learning(&self.detector).map_or(0, |(_, kernel)| kernel.bytes()) + pending
            }
        };
        EMPTY + own
    }

    pub(super) fn check_bytes(&self, units: UnitOf<'_>, found: &mut Findings<'_>) {
        let bytes = self.bytes_per_key(units);
        if bytes <= MAX_BYTES_PER_KEY {
            return;
        }
        let field = match &self.detector {
            Detector::Count(_) => "detector.count.at_least",
            _ => "detector",
        };
        let message = format!(
            "takes up to {} kB of memory for one key, the most is {} kB: ask for fewer readings",
            kb(bytes),
            kb(MAX_BYTES_PER_KEY)
        );
        found.say(field, message);
    }
}

fn bytes_of_count(c: &Count) -> usize {
    let at_least = c.at_least as usize;
    let text = if c.distinct.is_some() { USUAL_BESIDE } else { 0 };
    // One too many, before the oldest leaves.
    let of = |most: usize| {
        let newest = MAX_CAUSES * (size_of::<Observation>() + USUAL_BESIDE);
        size_of::<Counter>() + list::<Tally>(most + 1, usize::MAX >> 1) + most * text + newest
    };
    match c.radius_m {
        Some(_) => {
            let cluster = EMPTY + evidence(MAX_CAUSES) + of(cap(at_least));
            of(MAX_POOL) + grown::<u32>(MAX_CLUSTERS) + MAX_CLUSTERS * cluster
        }
        None if c.distinct.is_none() && at_least > EXACT => {
            size_of::<LargeCounter>() + LargeCounter::most_bytes() + evidence(MAX_CAUSES)
        }
        None => of(cap(at_least)) + evidence(MAX_CAUSES),
    }
}

fn evidence(causes: usize) -> usize {
    size_of::<Evidence>() + grown::<Observation>(causes) + causes * USUAL_BESIDE
}

fn kb(bytes: u64) -> u64 {
    bytes.div_ceil(1000)
}
