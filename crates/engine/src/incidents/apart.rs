//! What people took apart stays apart: rules and keys on two sides of a parting never meet in one incident again by
//! themselves, whichever incidents they belong to later.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vigiles_model::incident::TimelineEvent;
use vigiles_model::{AlarmId, IncidentId};

use super::lifecycle::{Answer, Asked};
use super::{Case, Cases};
use crate::command::CommandError;
use crate::slot::Address;
use crate::turn::Turn;

/// Most memberships of a rule and key in a parting; beyond, the oldest partings are forgotten.
const MAX_MEMBERSHIPS: usize = 100_000;

/// One side of a parting: those that stayed, or those that left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct PartingSide {
    parting: u64,
    left: bool,
}

/// Every decision to take alarms apart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Partings {
    /// Number of the latest.
    last: u64,
    /// The sides that each rule and key is on.
    of: BTreeMap<Address, BTreeSet<PartingSide>>,
}

impl PartingSide {
    fn opposite(self) -> Self {
        Self { left: !self.left, ..self }
    }
}

impl Partings {
    /// The sides that a rule and key is on.
    pub(super) fn sides(&self, key: &Address) -> impl Iterator<Item = PartingSide> {
        self.of.get(key).into_iter().flatten().copied()
    }

    /// Whether people took the key apart from alarms of the incident.
    pub(super) fn keep_out(&self, case: &Case, key: &Address) -> bool {
        self.sides(key).any(|side| case.sides.contains(&side.opposite()))
    }

    fn add(&mut self, stay: &BTreeSet<Address>, leave: &BTreeSet<Address>) -> u64 {
        self.last += 1;
        let staying = stay.iter().map(|key| (key, false));
        for (key, left) in staying.chain(leave.iter().map(|key| (key, true))) {
            self.of.entry(*key).or_default().insert(PartingSide { parting: self.last, left });
        }
        self.last
    }

    /// Forgets the oldest partings beyond the bound.
    fn trim(&mut self) {
        while self.of.values().map(BTreeSet::len).sum::<usize>() > MAX_MEMBERSHIPS {
            let Some(oldest) = self.of.values().filter_map(BTreeSet::first).map(|side| side.parting).min() else {
                return;
            };
            self.of.retain(|_, sides| {
                sides.retain(|side| side.parting != oldest);
                !sides.is_empty()
            });
        }
    }
}

impl Cases {
    /// Keeps the keys that left an incident apart from those that stayed in it. `alarms` says which incident holds
    /// alarms of which key: older ones may lie in other incidents.
    pub(super) fn part(
        &mut self,
        stay: (u64, &BTreeSet<Address>),
        leave: (Option<u64>, &BTreeSet<Address>),
        alarms: &[(u64, Address)],
    ) {
        let staying: BTreeSet<Address> = stay.1.difference(leave.1).copied().collect();
        let parting = self.partings.add(&staying, leave.1);
        self.partings.trim();
        let mut sides = vec![(stay.0, PartingSide { parting, left: false })];
        sides.extend(leave.0.map(|number| (number, PartingSide { parting, left: true })));
        let side_of = |key: &Address| {
            let left = leave.1.contains(key);
            (left || staying.contains(key)).then_some(PartingSide { parting, left })
        };
        let elsewhere = alarms.iter().filter(|(number, _)| *number != stay.0 && Some(*number) != leave.0);
        sides.extend(elsewhere.filter_map(|(number, key)| Some((*number, side_of(key)?))));
        for (number, side) in sides {
            self.edit(number, |case| case.sides.insert(side));
        }
    }

    /// Keeps keys out of an incident for good.
    pub(crate) fn keep_out(&mut self, number: u64, keys: &BTreeSet<Address>) {
        self.part((number, &BTreeSet::new()), (None, keys), &[]);
    }

    /// People brought both sides of a parting together in this incident: for its keys the parting is over.
    pub(super) fn heal(&mut self, number: u64, keys: &BTreeSet<Address>) {
        let Some(case) = self.get(number) else { return };
        let both: BTreeSet<u64> =
            case.sides.iter().filter(|side| case.sides.contains(&side.opposite())).map(|side| side.parting).collect();
        self.edit(number, |case| case.sides.retain(|side| !both.contains(&side.parting)));
        for key in keys {
            if let Some(sides) = self.partings.of.get_mut(key) {
                sides.retain(|side| !both.contains(&side.parting));
            }
        }
        self.partings.of.retain(|_, sides| !sides.is_empty());
    }
}

impl Case {
    /// Whether people took alarms of the two incidents apart.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        self.sides.iter().any(|side| other.sides.contains(&side.opposite()))
    }
}

impl Turn<'_> {
    /// Takes one alarm out of an incident. It stands alone, and alarms of its rule and key never join what stayed.
    pub(crate) fn detach(&mut self, asked: Asked<'_>, id: &IncidentId, alarm: &AlarmId) -> Answer {
        let number = self.number_of(id, asked.expected)?;
        let Some(case) = self.live.cases.get(number) else { return self.answer(number) };
        if let Some(into) = &case.incident.merged_into {
            return Err(CommandError::NotAllowed { why: format!("the incident was merged into {into}") });
        }
        let (leave, stay): (Vec<_>, Vec<_>) = case.incident.alarms.iter().cloned().partition(|a| a == alarm);
        let (leaving, staying) = (self.movers(&leave), self.movers(&stay));
        let Some(leaver) = leaving.first() else {
            return Err(CommandError::NotFound { what: "alarm of the incident".to_owned(), id: alarm.to_string() });
        };
        let (key, keys) = (leaver.address, staying.iter().map(|m| m.address).collect());
        self.part(number, &keys, None, &BTreeSet::from([key]));
        self.live.cases.change(number, |case| {
            case.give_up(&stay, &staying);
            case.note(asked.at, asked.by, TimelineEvent::AlarmLeft { alarm: alarm.clone() });
            case.touch(asked.at);
        });
        if self.live.cases.bound.get(&key) == Some(&number) {
            self.live.cases.bound.remove(&key);
        }
        self.stand_alone(leaver.number);
        self.show_case(number);
        self.answer(number)
    }

    /// The alarm belongs to no incident any more; one that has cleared leaves memory.
    fn stand_alone(&mut self, number: u64) {
        let Some(record) = self.live.alarm_mut(number) else { return };
        record.alarm.incident = None;
        let over = record.alarm.cleared.is_some();
        self.show_moved(number);
        if over {
            self.forget_alarm(number);
        }
    }

    pub(super) fn part(
        &mut self,
        stay: u64,
        stay_keys: &BTreeSet<Address>,
        leave: Option<u64>,
        leave_keys: &BTreeSet<Address>,
    ) {
        let records = self.live.alarms.values();
        let concerned = records.filter(|r| stay_keys.contains(&r.address) || leave_keys.contains(&r.address));
        let held = concerned.filter_map(|r| Some((self.live.cases.number(r.alarm.incident.as_ref()?)?, r.address)));
        let alarms: Vec<(u64, Address)> = held.collect();
        self.live.cases.part((stay, stay_keys), (leave, leave_keys), &alarms);
    }
}
