//! More alarms than a rule may have: one alarm then stands for those that are not raised.
//!
//! ISA-18.2 and IEC 62682 call it an alarm flood when more come than an operator can answer. A rule whose every asset
//! is in alarm tells nothing by the thousandth that the first did not; it must not keep the alarm of another rule out.

use vigiles_model::Timestamp;
use vigiles_model::alarm::Stage;

use crate::alarms::MAX_ALARMS;
use crate::clusters::MAX_CLUSTERS;
use crate::compiled::{Compiled, Judge};
use crate::grounds::Grounds;
use crate::slot::{Address, Memory, NONE, Phase, Scope, Slot};
use crate::turn::Turn;

/// Most open alarms of a rule.
const MAX_OPEN: usize = 1_000;
/// Most alarms in memory of rules in shadow.
const MAX_SHADOW: usize = 10_000;

/// Most open alarms of this rule.
pub(crate) fn most_open(rule: &Compiled) -> usize {
    match rule.judge {
        Judge::Count { radius_m: Some(_), .. } => MAX_CLUSTERS,
        _ => MAX_OPEN,
    }
}

fn address_of(rule: u32) -> Address {
    Address { rule, kind: NONE, scope: Scope::Flood, zone: NONE }
}

impl Turn<'_> {
    /// Whether the rule may raise one more alarm. Those of live rules make room by forgetting ended incidents.
    pub(crate) fn has_room_for_alarm(&mut self, rule: &Compiled) -> bool {
        if self.live.shares.open_alarms(rule.name) >= most_open(rule) {
            return false;
        }
        let in_shadow = self.live.shares.shadow_alarms();
        if rule.rule.stage == Stage::Shadow {
            in_shadow < MAX_SHADOW
        } else {
            self.live.alarms.len() - in_shadow < MAX_ALARMS || self.make_room_for_alarms()
        }
    }

    /// Counts an alarm that is not raised on the one that stands for all of them. There is at most one for each rule,
    /// so that no bound on alarms keeps it out.
    pub(crate) fn flood(&mut self, rule: &Compiled, grounds: Grounds, at: Timestamp) {
        self.live.counters.refused += 1;
        if rule.rule.stage == Stage::Silent {
            return;
        }
        let address = address_of(rule.name);
        let found = self.live.find_slot(&address);
        let index = found.unwrap_or_else(|| self.live.add_slot(Slot::new(address, Memory::Nothing)));
        if let Some(Phase::Active { alarm, .. }) = self.live.slot(index).map(|slot| slot.phase) {
            if let Some(o) = grounds.evidence.causes.last() {
                self.support(alarm, o, at);
            }
            return;
        }
        let alarm = self.admit(rule, address, grounds, at);
        if let Some(slot) = self.live.slot_mut(index) {
            slot.phase = Phase::Active { alarm, over: None };
        }
    }

    /// Ends the flood of a rule that has room again, a tenth of what it may have, so that it does not come and go.
    pub(crate) fn ebb(&mut self, rule: u32, at: Timestamp) {
        let address = address_of(rule);
        let Some(index) = self.live.find_slot(&address) else { return };
        let Some(rule) = self.book.rule(rule) else { return };
        let in_shadow = self.live.shares.shadow_alarms();
        let (held, most) = match rule.rule.stage {
            Stage::Shadow => (in_shadow, MAX_SHADOW),
            Stage::Silent | Stage::Live => (self.live.alarms.len() - in_shadow, MAX_ALARMS),
        };
        let roomy = |held: usize, most: usize| held <= most / 10 * 9;
        if !roomy(self.live.shares.open_alarms(rule.name), most_open(rule)) || !roomy(held, most) {
            return;
        }
        let phase = self.live.slot(index).map(|slot| slot.phase);
        self.live.drop_slot(index);
        if let Some(Phase::Active { alarm, .. }) = phase {
            self.clear(alarm, at);
        }
    }

    /// Ends every flood that is over, also where other rules had taken the room.
    pub(crate) fn sweep_floods(&mut self, now: i64) {
        for address in self.live.addresses(|a| a.scope == Scope::Flood) {
            self.ebb(address.rule, Timestamp(now));
        }
    }

    /// Title and reason of the alarm that stands for the others.
    pub(crate) fn flood_texts(&self, rule: &Compiled) -> (String, String) {
        let (open, most) = (self.live.shares.open_alarms(rule.name), most_open(rule));
        let reason = if open >= most {
            format!("{open} alarms of this rule are open, the most it may have: further ones are counted here")
        } else {
            "there are as many alarms as the engine can hold: further ones of this rule are counted here".to_owned()
        };
        (format!("{}: too many alarms", rule.rule.name), reason)
    }
}
