//! Which rules a reading may concern: most readings break no limit, and most conditions do not hold.

use vigiles_model::Quality;

use super::Reading;
use crate::expression::Env;
use crate::series_table::Shortcut;
use crate::slot::{Address, NONE};
use crate::turn::Turn;

impl Turn<'_> {
    /// The rules that may have something to do: not the limits that are not broken, nor the conditions that do not hold
    /// and have no state. In the order of the plan.
    pub(super) fn find_concerned(&mut self, reading: &Reading<'_>, calm: bool, concerned: &mut Vec<usize>) {
        concerned.clear();
        let plan = reading.plan;
        plan.looked.add(1);
        let (series, found) = (self.live.series.get(reading.series), self.live.series.found(reading.series));
        let asset = reading.o.asset.as_ref().filter(|_| plan.assets).and_then(|id| self.config.assets.get(id));
        let mut env = Env {
            observation: reading.o,
            number: reading.o.number(),
            unit: &plan.unit,
            asset,
            zones: &found.zones,
            zone_table: &self.zones.zones,
            windows: &series.windows,
            places: None,
            utc_offset_s: self.utc_offset_s,
        };
        let mut rests = |i: usize| {
            let entry = &plan.rules[i];
            if found.shortcuts[i] != Shortcut::Absent {
                return false;
            }
            let flat = entry.conjunction.as_ref().and_then(|flat| flat.holds(env.number, env.windows));
            if let Some(holds) = flat {
                return !holds;
            }
            let Some(condition) = entry.condition() else { return false };
            env.places = entry.shared.as_deref();
            condition.holds(&env) == Ok(false)
        };
        if calm {
            concerned.extend(plan.others.iter().copied().filter(|i| !rests(*i)));
        } else {
            concerned.extend((0..plan.rules.len()).filter(|i| !rests(*i)));
        }
        self.live.counters.evaluated += (plan.rules.len() - concerned.len()) as u64;
    }

    /// The windows that rules share take the reading, whichever rules then ask them.
    pub(super) fn fill_windows(&mut self, reading: &Reading<'_>) {
        if reading.plan.windows.is_empty() {
            return;
        }
        if let (Some(value), false, Quality::Good | Quality::Doubtful) =
            (reading.o.number(), reading.late, reading.o.quality)
        {
            for window in &mut self.live.series.both_mut(reading.series).0.windows {
                window.add(reading.o.time.0, value);
                reading.plan.summed.add(window.len());
            }
        }
    }

    /// Whether no plain limit has a state for the series of the reading.
    pub(super) fn is_calm(&self, reading: &Reading<'_>) -> bool {
        let shortcuts = &self.live.series.found(reading.series).shortcuts;
        reading.plan.plain.iter().all(|i| match shortcuts[*i] {
            Shortcut::Unknown => false,
            Shortcut::Absent => true,
            Shortcut::At(index) => {
                let rule = reading.plan.rules[*i].rule.name;
                let address = Address { rule, kind: reading.plan.kind, scope: reading.owner, zone: NONE };
                self.live.slot(index).is_none_or(|slot| slot.address != address)
            }
        })
    }
}

/// Whether a plain limit may be broken. A reading that no limit looks at breaks none.
pub(super) fn breaks_a_limit(reading: &Reading<'_>) -> bool {
    let (low, high) = reading.plan.band;
    let looked_at = reading.in_order && reading.o.quality != Quality::Implausible;
    looked_at && reading.o.number().is_some_and(|value| value < low || value > high)
}
