//! Detectors of one series: limits, rates, silence, conditions.

use crate::compiled::{Compiled, Judge};
use crate::expression::Expression;
use crate::judge::Reading;
use crate::slot::{Address, Memory, Slot};
use crate::turn::Turn;
use crate::window::Window;

impl Turn<'_> {
    pub(crate) fn judge_threshold(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        address: Address,
        shortcut: Option<usize>,
    ) {
        let Judge::Threshold { above, below, clear_above, clear_below } = &rule.judge else { return };
        let (Some(value), true) = (reading.figure, reading.in_order) else { return };
        let found = self.find(address, reading.series, shortcut);
        let active = found.and_then(|i| self.live.slot(i)).is_some_and(Slot::is_active);
        let holds =
            if active { value > *clear_above || value < *clear_below } else { value > *above || value < *below };
        self.settle_fleeting(reading, rule, (address, shortcut), found, holds, value);
    }

    pub(crate) fn judge_rate(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        (above, below, per_s): (f64, f64, f64),
        address: Address,
        shortcut: Option<usize>,
    ) {
        let o = reading.o;
        let (Some(value), true) = (reading.figure, reading.in_order) else { return };
        let now_then = Memory::Previous { time: o.time.0, value };
        let known = self.find(address, reading.series, shortcut);
        let fresh = || now_then.clone();
        let Some(index) = self.find_or_make(known, address, (reading.series, shortcut), fresh) else { return };
        let Some(slot) = self.live.slot_mut(index) else { return };
        let Memory::Previous { time, value: before } = slot.memory else { return };
        if o.time.0 <= time {
            if known.is_none() {
                slot.compare_with(o, 1);
            }
            return;
        }
        let rate = (value - before) / ((o.time.0 - time) as f64 / 1e6) * per_s;
        slot.memory = now_then;
        self.settle(rule, index, rate > above || rate < below, rate, o, reading.now);
        if let Some(slot) = self.live.slot_mut(index) {
            slot.compare_with(o, 1);
        }
    }

    pub(crate) fn judge_silent(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        address: Address,
        shortcut: Option<usize>,
    ) {
        if !reading.in_order {
            return;
        }
        let o = reading.o;
        let known = self.find(address, reading.series, shortcut);
        let last = || Memory::Last { at: reading.now, observation: Box::new(o.clone()) };
        let Some(index) = self.find_or_make(known, address, (reading.series, shortcut), last) else { return };
        if let Some(Slot { memory: Memory::Last { at, observation }, .. }) = self.live.slot_mut(index) {
            *at = reading.now;
            observation.as_mut().clone_from(o);
        }
        self.settle(rule, index, false, 0.0, o, reading.now);
    }

    pub(crate) fn judge_condition(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        e: &Expression,
        address: Address,
        shortcut: Option<usize>,
    ) {
        rule.spent.add(e.nodes());
        let found = self.find(address, reading.series, shortcut);
        let figure = reading.figure.unwrap_or(0.0);
        if e.windows.is_empty() || reading.shared.is_some() {
            if !reading.in_order {
                return;
            }
            return match self.evaluate(e, reading, &[]) {
                Ok(holds) => self.settle_fleeting(reading, rule, (address, shortcut), found, holds, figure),
                Err(_) => self.count_error(rule),
            };
        }
        let fresh = || Memory::Windows(e.windows.iter().map(|length| Window::new(*length)).collect());
        let Some(index) = self.find_or_make(found, address, (reading.series, shortcut), fresh) else { return };
        let Some(Slot { memory: Memory::Windows(windows), .. }) = self.live.slot_mut(index) else { return };
        if let (Some(value), false) = (reading.figure, reading.late) {
            for window in windows.iter_mut() {
                window.add(reading.o.time.0, value);
            }
        }
        if !reading.in_order {
            return;
        }
        let windows = std::mem::take(windows);
        let result = self.evaluate(e, reading, &windows);
        if let Some(slot) = self.live.slot_mut(index) {
            slot.memory = Memory::Windows(windows);
        }
        match result {
            Ok(holds) => self.settle(rule, index, holds, figure, reading.o, reading.now),
            Err(_) => self.count_error(rule),
        }
    }
}
