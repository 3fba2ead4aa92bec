//! Forgetting what has not been heard of for long.

use rustc_hash::FxHashSet;

use crate::compiled::Compiled;
use crate::live::Live;
use crate::rule::{Detector, Key};
use crate::series_table::SeriesKey;
use crate::slot::{Address, Memory, NEVER, NONE, Phase, Scope, Slot};
use crate::turn::Turn;

const DAY: i64 = 86_400 * 1_000_000;
/// Microseconds without a reading after which a series is forgotten.
const SERIES_LIFE: i64 = 7 * DAY;
/// The same where a detector has learned what is usual for it, which takes weeks.
const LEARNED_LIFE: i64 = 31 * DAY;

impl Turn<'_> {
    /// Forgets series without readings for long, and what rules remember of them. States with an alarm or a timer stay.
    pub(crate) fn sweep_series(&mut self, now: i64) {
        if !self.live.forget_series(now) {
            return;
        }
        let owners: FxHashSet<Scope> = self.live.series.list().iter().map(|s| s.key.owner).collect();
        for index in 0..self.live.slots().room() {
            let Some(slot) = self.live.slot(index) else { continue };
            let rule = self.book.rule(slot.address.rule);
            if rule.is_some_and(|rule| is_left(slot, rule, now) && !self.live.has_series(slot.address, &owners)) {
                self.live.drop_slot(index);
            }
        }
    }

    /// Forgets the readings of neighbours that no reading of today would be compared with.
    pub(crate) fn sweep_neighbours(&mut self, now: i64) {
        for rule in self.config.rules.values() {
            let Detector::Drift(drift) = &rule.detector else { continue };
            let before = now.saturating_sub(DAY.max((drift.fresh_s * 1e6) as i64));
            let name = |text: &str| self.live.names.number(text);
            let of = |rule, kind| Address { rule, kind, scope: Scope::All, zone: NONE };
            let Some(id) = name(rule.id.as_str()) else { continue };
            let addresses: Vec<Address> = rule.kinds.iter().filter_map(|k| Some(of(id, name(k.as_str())?))).collect();
            for address in addresses {
                let index = self.live.find_slot(&address);
                if let Some(Slot { memory: Memory::Neighbourhood(all), .. }) =
                    index.and_then(|index| self.live.slot_mut(index))
                {
                    all.forget_before(before);
                }
            }
        }
    }
}

/// Whether the state belongs to a series, and nothing but a reading of it can change the state.
fn is_left(slot: &Slot, rule: &Compiled, now: i64) -> bool {
    rule.rule.key == Key::Asset
        && matches!(slot.address.scope, Scope::Asset(_) | Scope::Source(_))
        && slot.phase == Phase::Idle
        && slot.quiet_until <= now
        && slot.due(rule.timing) == NEVER
}

impl Live {
    /// Whether a series that the state could belong to is known; `owners` are those of all series.
    fn has_series(&self, address: Address, owners: &FxHashSet<Scope>) -> bool {
        match address.kind {
            NONE => owners.contains(&address.scope),
            kind => self.series.contains(SeriesKey { kind, owner: address.scope }),
        }
    }

    /// Says whether series were forgotten.
    fn forget_series(&mut self, now: i64) -> bool {
        if self.series.list().iter().all(|s| s.seen.saturating_add(SERIES_LIFE) > now) {
            return false;
        }
        let learned = self.slots().iter().filter(|slot| matches!(slot.memory, Memory::Statistic(_)));
        let learned = learned.map(|slot| SeriesKey { kind: slot.address.kind, owner: slot.address.scope });
        let learned: FxHashSet<SeriesKey> = learned.collect();
        let before = self.series.len();
        self.series.retain(|s| {
            let life = if learned.contains(&s.key) { LEARNED_LIFE } else { SERIES_LIFE };
            s.seen.saturating_add(life) > now
        });
        self.series.len() != before
    }
}
