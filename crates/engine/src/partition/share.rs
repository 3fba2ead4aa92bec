//! What of the state of one engine belongs to a seat, so that several can go on where one was.

use vigiles_model::{Observation, Reality};

use super::{Partition, Seat};
use crate::book::Book;
use crate::engine::Engine;
use crate::incidents::Cases;
use crate::live::{Counters, Live};
use crate::names::Names;
use crate::slot::{Address, Scope};

impl Engine {
    /// Drops what another seat goes on with. Of its own state a seat drops nothing.
    pub(super) fn keep_share(&mut self) {
        let (seat, book, live) = (self.seat, &self.book, &mut self.live);
        match seat {
            Seat::Whole => {}
            Seat::Lead => {
                drop_slots(live, |address, _| is_judged(book, seat, address.rule));
                drop_held(live, |rule, _| is_judged(book, seat, rule));
            }
            Seat::Judge(partition) => {
                let is_here = move |address: &Address, names: &Names| {
                    is_judged(book, seat, address.rule) && holds(partition, address.scope, names)
                };
                drop_slots(live, is_here);
                drop_held(live, |rule, o| is_judged(book, seat, rule) && partition.holds(o));
                drop_alarms(live, is_here);
                let names = &live.names;
                live.series.retain(|series| holds(partition, series.key.owner, names));
                // What people handle is the lead's, and so are exercises and what was counted until now.
                live.cases = Cases::of(Reality::Actual);
                live.counters = Counters::default();
                self.drill = None;
            }
        }
    }
}

/// Whether a rule, by the number of its name, is judged in the seat. One that is gone is judged nowhere.
fn is_judged(book: &Book, seat: Seat, rule: u32) -> bool {
    book.rule(rule).is_some_and(|rule| seat.judges(rule))
}

fn holds(partition: Partition, scope: Scope, names: &Names) -> bool {
    match scope {
        Scope::Asset(name) | Scope::Source(name) => partition.holds_series(names.text(name)),
        Scope::All | Scope::Zone(_) | Scope::Cluster(_) | Scope::Flood => false,
    }
}

fn drop_slots(live: &mut Live, keep: impl Fn(&Address, &Names) -> bool) {
    for index in 0..live.slots().room() {
        if live.slot(index).is_some_and(|slot| !keep(&slot.address, &live.names)) {
            live.drop_slot(index);
        }
    }
}

fn drop_held(live: &mut Live, keep: impl Fn(u32, &Observation) -> bool) {
    for rule in live.held.retain(keep) {
        live.shares.give_held(rule);
    }
}

/// A judge forgets an alarm when it is cleared.
fn drop_alarms(live: &mut Live, keep: impl Fn(&Address, &Names) -> bool) {
    let names = &live.names;
    let is_kept = |record: &crate::alarms::Record| record.alarm.cleared.is_none() && keep(&record.address, names);
    let dropped: Vec<u64> =
        live.alarms.iter().filter(|(_, record)| !is_kept(record)).map(|(number, _)| *number).collect();
    for number in dropped {
        live.drop_alarm(number);
    }
}
