//! Things that enter, leave or are inside zones.

use vigiles_model::Observation;

use crate::compiled::Compiled;
use crate::judge::Reading;
use crate::rule::Crossing;
use crate::slot::{Address, Memory, Slot};
use crate::turn::Turn;

impl Turn<'_> {
    /// One state remembers the zones the thing is in; each zone that raises or may clear has a state of its own.
    pub(crate) fn judge_geofence(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        zones: &[u32],
        on: Crossing,
        address: Address,
    ) {
        let inside = self.zones_inside(reading, zones);
        let first = self.live.find_slot(&address).is_none();
        let fresh = || Memory::Inside { zones: Vec::new(), open: Vec::new() };
        let Some(index) = self.make_slot(address, fresh) else { return };
        let Some(Slot { memory: Memory::Inside { zones: known, open }, .. }) = self.live.slot_mut(index) else {
            return;
        };
        let (before, mut concerned) = (std::mem::replace(known, inside.clone()), std::mem::take(open));
        let raising = |zone: &u32| match on {
            Crossing::Inside => inside.contains(zone),
            Crossing::Enter => !first && inside.contains(zone) && !before.contains(zone),
            Crossing::Leave => !first && !inside.contains(zone) && before.contains(zone),
        };
        concerned.extend(zones.iter().copied().filter(raising));
        concerned.sort_unstable();
        concerned.dedup();
        for zone in &concerned {
            let holds = inside.contains(zone) != (on == Crossing::Leave);
            self.settle_zone(rule, Address { zone: *zone, ..address }, holds, reading.o, reading.now);
        }
        concerned.retain(|zone| self.live.find_slot(&Address { zone: *zone, ..address }).is_some());
        if let Some(Slot { memory: Memory::Inside { open, .. }, .. }) = self.live.slot_mut(index) {
            *open = concerned;
        }
    }

    fn settle_zone(&mut self, rule: &Compiled, address: Address, holds: bool, o: &Observation, now: i64) {
        if let Some(index) = self.make_slot(address, || Memory::Nothing) {
            self.settle(rule, index, holds, 0.0, o, now);
        }
    }

    /// The zones of the rule, ascending, that the place lies in, as names.
    fn zones_inside(&self, reading: &Reading<'_>, zones: &[u32]) -> Vec<u32> {
        let positions = &self.live.series.found(reading.series).zones;
        let ids = positions.iter().filter_map(|p| self.zones.zones.get(*p as usize));
        ids.filter_map(|z| self.live.names.number(z.id.as_str())).filter(|n| zones.binary_search(n).is_ok()).collect()
    }
}
