//! Finding and making the state of a rule for a key.

use super::Reading;
use crate::compiled::Compiled;
use crate::series_table::Shortcut;
use crate::slot::{Address, Memory, NONE};
use crate::turn::Turn;

impl Turn<'_> {
    /// Settles a detector whose state exists only while its condition holds or its alarm is active.
    pub(crate) fn settle_fleeting(
        &mut self,
        reading: &Reading<'_>,
        rule: &Compiled,
        (address, shortcut): (Address, Option<usize>),
        found: Option<u32>,
        holds: bool,
        figure: f64,
    ) {
        if found.is_none() && !holds {
            return;
        }
        if let Some(index) = self.find_or_make(found, address, (reading.series, shortcut), || Memory::Nothing) {
            self.settle(rule, index, holds, figure, reading.o, reading.now);
        }
    }

    /// The state of an address, by the series' shortcut where it has one.
    pub(crate) fn find(&mut self, address: Address, series: u32, shortcut: Option<usize>) -> Option<u32> {
        let Some(i) = shortcut else { return self.live.find_slot(&address) };
        match self.live.series.found(series).shortcuts[i] {
            Shortcut::Absent => return None,
            Shortcut::At(index) if self.live.slot(index).is_some_and(|s| s.address == address) => return Some(index),
            _ => {}
        }
        let found = self.live.find_slot(&address);
        // Only a state that belongs to this series alone can be known to be absent.
        self.live.series.found_mut(series).shortcuts[i] = match found {
            Some(index) => Shortcut::At(index),
            None if address.kind == NONE => Shortcut::Unknown,
            None => Shortcut::Absent,
        };
        found
    }

    /// The state found, or a new one, which the series' shortcut then knows.
    pub(crate) fn find_or_make(
        &mut self,
        found: Option<u32>,
        address: Address,
        (series, shortcut): (u32, Option<usize>),
        memory: impl FnOnce() -> Memory,
    ) -> Option<u32> {
        if found.is_some() {
            return found;
        }
        let made = self.make_slot(address, memory)?;
        if let Some(i) = shortcut {
            self.live.series.found_mut(series).shortcuts[i] = Shortcut::At(made);
        }
        Some(made)
    }
}
