//! Readings held back for rules with an allowed lateness, so that they are judged in the order of phenomenon time.
//!
//! Invariant: of two logs that hold the same readings in another order, each within the allowed lateness, such a rule
//! makes the same alarms: each reading has its turn at a platform time that follows from its phenomenon time alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vigiles_model::{Observation, ObservationId};

use crate::compiled::Compiled;
use crate::partition::TurnOf;
use crate::shares::may_take;
use crate::turn::Turn;

/// Most readings held back, each once for all rules of one lateness: some 300 MB.
const MAX_HELD: usize = 1_000_000;

/// When a reading has its turn: platform time, then phenomenon time, then identity, then the rule that waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Due {
    pub(crate) at: i64,
    time: i64,
    id: ObservationId,
    pub(crate) rule: u32,
}

/// All readings held back, in the order of their turns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(BTreeMap<(i64, i64, ObservationId), Arc<Waiting>>);

/// A reading, and the rules that wait for its turn, in order.
#[derive(Debug, Clone)]
struct Waiting {
    o: Arc<Observation>,
    rules: Vec<u32>,
}

impl Held {
    /// Whether a rule was not waiting for this reading yet.
    pub(crate) fn add(&mut self, due: Due, o: impl FnOnce() -> Arc<Observation>) -> bool {
        let fresh = || Arc::new(Waiting { o: o(), rules: Vec::with_capacity(1) });
        let waiting = Arc::make_mut(self.0.entry((due.at, due.time, due.id)).or_insert_with(fresh));
        let place = waiting.rules.binary_search(&due.rule);
        if let Err(place) = place {
            waiting.rules.insert(place, due.rule);
        }
        place.is_err()
    }

    /// Forgets what is not to be kept for a rule; gives the rule of each.
    pub(crate) fn retain(&mut self, keep: impl Fn(u32, &Observation) -> bool) -> Vec<u32> {
        let mut dropped = Vec::new();
        self.0.retain(|_, waiting| {
            let (kept, gone): (Vec<u32>, Vec<u32>) = waiting.rules.iter().partition(|rule| keep(**rule, &waiting.o));
            dropped.extend(&gone);
            if !gone.is_empty() {
                Arc::make_mut(waiting).rules = kept;
            }
            !waiting.rules.is_empty()
        });
        dropped
    }

    /// For each rule by itself, in the order of turns.
    pub(crate) fn each(self) -> impl Iterator<Item = (Due, Arc<Observation>)> {
        self.0.into_iter().flat_map(|((at, time, id), waiting)| {
            let Waiting { o, rules } = Arc::unwrap_or_clone(waiting);
            rules.into_iter().map(move |rule| (Due { at, time, id, rule }, Arc::clone(&o)))
        })
    }
}

impl Turn<'_> {
    /// Keeps a reading until its turn. One that comes later than is allowed is counted and left out.
    pub(crate) fn hold_back(&mut self, rule: &Compiled, o: &Observation, now: i64) {
        let at = o.time.0.saturating_add(rule.lateness);
        if at < now {
            self.live.counters.late += 1;
            return;
        }
        let due = Due { at, time: o.time.0, id: o.id, rule: rule.name };
        // What is held for another rule anyway takes no room.
        let roomy = self.live.held.0.contains_key(&(due.at, due.time, due.id))
            || may_take(self.live.shares.held(rule.name), self.live.held.0.len(), MAX_HELD, rule.rule.stage);
        if roomy {
            self.live.add_held(due, || Arc::new(o.clone()));
        } else {
            self.live.counters.refused += 1;
        }
    }

    /// The platform time of the next turn of a reading, here or at a judge.
    pub(crate) fn next_held(&self) -> Option<i64> {
        self.next_release().map(|(at, ..)| at)
    }

    /// Platform time, phenomenon time and identity of the next.
    fn next_release(&self) -> Option<(i64, i64, ObservationId)> {
        let of_judges = self.live.judgements.turns().filter_map(|turn| match turn {
            TurnOf::Held(at, time, id) => Some((at, time, id)),
            TurnOf::Timers(_) | TurnOf::Entry(_) => None,
        });
        self.live.held.0.keys().next().copied().into_iter().chain(of_judges).min()
    }

    /// Judges the reading whose turn is next, by each rule that waited for it, in the order of their ids.
    pub(crate) fn release(&mut self) {
        let Some((at, time, id)) = self.next_release() else { return };
        let turn = TurnOf::Held(at, time, id);
        self.live.judgements.turn = turn;
        if let Some(waiting) = self.live.held.0.remove(&(at, time, id)) {
            let mut rules = waiting.rules.clone();
            rules.sort_by_key(|rule| self.live.names.text(*rule));
            for rule in rules {
                self.hear_before(turn, rule);
                self.live.shares.give_held(rule);
                self.observe_held(rule, &waiting.o, at);
            }
        }
        self.hear(turn, None);
    }
}

#[cfg(test)]
mod tests {
    use vigiles_model::{KindId, Origin, Quality, SourceId, Timestamp, Value};

    use super::*;

    fn reading(id: u128) -> Arc<Observation> {
        Arc::new(Observation {
            id: ObservationId(id),
            kind: KindId::new("air.pm25").unwrap(),
            source: SourceId::new("feed").unwrap(),
            asset: None,
            time: Timestamp(0),
            arrived: Timestamp(0),
            place: None,
            value: Value::Number(1.0),
            quality: Quality::Good,
            origin: Origin::Live,
            attributes: Vec::new(),
        })
    }

    /// Turns as (at, id, rule), and how many readings are held for them.
    fn check(turns: &[(i64, u128, u32)], readings: usize, expected: &[(i64, u128, u32)]) {
        let mut held = Held::default();
        for &(at, id, rule) in turns {
            let due = Due { at, time: 0, id: ObservationId(id), rule };
            assert!(held.add(due, || reading(id)), "{due:?}");
            assert!(!held.add(due, || panic!("it is there")), "{due:?}");
        }
        assert_eq!(held.0.len(), readings);
        let found: Vec<_> = held.each().map(|(due, o)| (due.at, o.id.0, due.rule)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_reading_is_held_once_for_all_rules_of_a_lateness() {
        check(&[(60, 7, 2), (60, 7, 1), (60, 7, 3)], 1, &[(60, 7, 1), (60, 7, 2), (60, 7, 3)]);
        check(&[(60, 8, 1), (30, 8, 2), (60, 7, 2)], 3, &[(30, 8, 2), (60, 7, 2), (60, 8, 1)]);
    }
}
