//! What people took apart stays apart: rules and keys on two sides of a parting never meet in one incident again by
//! themselves, whichever incidents they belong to later. Clusters are known by rule and place.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vigiles_model::incident::TimelineEvent;
use vigiles_model::{AlarmId, Geometry, IncidentId, Position};

use super::lifecycle::{Answer, Asked};
use super::parted_places::{PartedPlaces, Spot};
use super::regroup::Mover;
use super::{Case, Cases};
use crate::command::CommandError;
use crate::rule::Detector;
use crate::slot::{Address, Scope};
use crate::turn::Turn;

/// Most memberships of a rule and key, or of a place, in a parting; beyond, the oldest partings are forgotten.
const MAX_MEMBERSHIPS: usize = 100_000;

/// One side of a parting: those that stayed, or those that left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct PartingSide {
    pub(super) parting: u64,
    pub(super) left: bool,
}

/// Every decision to take alarms apart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Partings {
    /// Number of the latest.
    last: u64,
    /// The sides that each rule and key is on.
    of: BTreeMap<Address, BTreeSet<PartingSide>>,
    /// The sides that clusters are on, by place. A snapshot keeps them with its documents: the form of the rest is fixed.
    #[serde(skip)]
    pub(crate) places: PartedPlaces,
}

/// What a parting knows alarms by: their rules and keys, and of clusters the places too.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownBy {
    keys: BTreeSet<Address>,
    spots: Vec<Spot>,
}

impl PartingSide {
    pub(super) fn opposite(self) -> Self {
        Self { left: !self.left, ..self }
    }
}

impl KnownBy {
    pub(super) fn add_keys(&mut self, keys: impl Iterator<Item = Address>) {
        self.keys.extend(keys);
    }

    /// These without what the others are known by: a key, or a place of a rule, that is on both sides left.
    fn without(&self, others: &Self) -> Self {
        let apart = |spot: &&Spot| !others.spots.iter().any(|other| other.is_same_place(spot));
        Self {
            keys: self.keys.difference(&others.keys).copied().collect(),
            spots: self.spots.iter().filter(apart).copied().collect(),
        }
    }
}

impl Partings {
    /// One decision alone.
    fn of_one(parting: u64, stay: &KnownBy, leave: &KnownBy) -> Self {
        let mut one = Self { last: parting, ..Self::default() };
        for (known, left) in [(stay, false), (leave, true)] {
            let side = PartingSide { parting, left };
            for key in &known.keys {
                one.of.entry(*key).or_default().insert(side);
            }
            known.spots.iter().for_each(|spot| one.places.add(spot, side));
        }
        one
    }

    /// The sides that an alarm is on: by its rule and key, and one of a cluster by where it is.
    pub(super) fn sides(&self, key: &Address, place: Option<Position>) -> BTreeSet<PartingSide> {
        let mut sides: BTreeSet<PartingSide> = self.of.get(key).cloned().unwrap_or_default();
        if let (Scope::Cluster(_), Some(place)) = (key.scope, place) {
            for side in self.places.sides(key.rule, place) {
                // The same cluster may have moved since: it stays on the side that it was put on.
                if !sides.contains(&side.opposite()) {
                    sides.insert(side);
                }
            }
        }
        sides
    }

    /// Takes in a later decision.
    fn append(&mut self, one: Self) {
        self.last = one.last;
        for (key, sides) in one.of {
            self.of.entry(key).or_default().extend(sides);
        }
        self.places.append(one.places);
        self.trim(MAX_MEMBERSHIPS);
    }

    /// Forgets the oldest partings beyond the bound.
    fn trim(&mut self, most: usize) {
        while self.of.values().map(BTreeSet::len).sum::<usize>() + self.places.len() > most {
            let by_key = self.of.values().filter_map(BTreeSet::first).map(|side| side.parting).min();
            let Some(oldest) = by_key.into_iter().chain(self.places.oldest()).min() else { return };
            self.forget(|side| side.parting == oldest);
        }
    }

    fn forget(&mut self, which: impl Fn(&PartingSide) -> bool) {
        self.of.retain(|_, sides| {
            sides.retain(|side| !which(side));
            !sides.is_empty()
        });
        self.places.retain(|_, side| !which(side));
    }
}

impl Cases {
    /// Keeps the alarms that left an incident apart from those that stayed in it. `others` are alarms of the same rules,
    /// each with the number of its incident: older ones may lie elsewhere.
    pub(super) fn part(
        &mut self,
        stay: (u64, &KnownBy),
        leave: (Option<u64>, &KnownBy),
        others: &[(u64, Address, Option<Position>)],
    ) {
        let parting = self.partings.last + 1;
        let one = Partings::of_one(parting, &stay.1.without(leave.1), leave.1);
        let mut sides = vec![(stay.0, PartingSide { parting, left: false })];
        sides.extend(leave.0.map(|number| (number, PartingSide { parting, left: true })));
        let elsewhere = others.iter().filter(|(number, ..)| *number != stay.0 && Some(*number) != leave.0);
        for (number, key, place) in elsewhere {
            sides.extend(one.sides(key, *place).into_iter().map(|side| (*number, side)));
        }
        self.partings.append(one);
        for (number, side) in sides {
            self.edit(number, |case| case.sides.insert(side));
        }
    }

    /// Keeps keys out of an incident for good.
    pub(crate) fn keep_out(&mut self, number: u64, keys: &BTreeSet<Address>) {
        let leave = KnownBy { keys: keys.clone(), spots: Vec::new() };
        self.part((number, &KnownBy::default()), (None, &leave), &[]);
    }

    /// People brought both sides of a parting together in this incident: for its keys and places the parting is over.
    pub(super) fn heal(&mut self, number: u64, known: &KnownBy) {
        let Some(case) = self.get(number) else { return };
        let both: BTreeSet<u64> =
            case.sides.iter().filter(|side| case.sides.contains(&side.opposite())).map(|side| side.parting).collect();
        self.edit(number, |case| case.sides.retain(|side| !both.contains(&side.parting)));
        for key in &known.keys {
            if let Some(sides) = self.partings.of.get_mut(key) {
                sides.retain(|side| !both.contains(&side.parting));
            }
        }
        self.partings.of.retain(|_, sides| !sides.is_empty());
        let is_here = |spot: &Spot| known.spots.iter().any(|healed| healed.is_same_place(spot));
        self.partings.places.retain(|spot, side| !both.contains(&side.parting) || !is_here(spot));
    }

    /// Clusters of states that ended give their numbers to others: what is known by these keys is so no more.
    pub(crate) fn forget_clusters(&mut self, ended: impl Fn(&Address) -> bool) {
        let stays = |key: &Address| !matches!(key.scope, Scope::Cluster(_)) || !ended(key);
        self.bound.retain(|key, _| stays(key));
        self.partings.of.retain(|key, _| stays(key));
    }
}

impl Case {
    /// Whether people took alarms of the two incidents apart.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        self.keeps_out(&other.sides)
    }

    /// Whether people took what is on these sides apart from alarms of the incident.
    pub(super) fn keeps_out(&self, sides: &BTreeSet<PartingSide>) -> bool {
        sides.iter().any(|side| self.sides.contains(&side.opposite()))
    }
}

impl Turn<'_> {
    /// Takes one alarm out of an incident. It stands alone, and alarms of its rule and key, or of a cluster its rule and
    /// place, never join what stayed.
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
        let key = leaver.address;
        self.part((number, &staying), (None, &leaving));
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

    /// Keeps alarms that leave an incident apart from those that stay, for good.
    pub(super) fn part(&mut self, stay: (u64, &[Mover]), leave: (Option<u64>, &[Mover])) {
        let (staying, leaving) = (self.known_by(stay.1), self.known_by(leave.1));
        let rules: BTreeSet<u32> = stay.1.iter().chain(leave.1).map(|mover| mover.address.rule).collect();
        let concerned = self.live.alarms.values().filter(|record| rules.contains(&record.address.rule));
        let others = concerned.filter_map(|record| {
            let number = self.live.cases.number(record.alarm.incident.as_ref()?)?;
            Some((number, record.address, record.alarm.place.as_ref().map(Geometry::centre)))
        });
        let others: Vec<(u64, Address, Option<Position>)> = others.collect();
        self.live.cases.part((stay.0, &staying), (leave.0, &leaving), &others);
    }

    /// What alarms are known by.
    pub(super) fn known_by(&self, alarms: &[Mover]) -> KnownBy {
        let spot = |mover: &Mover| {
            let (Scope::Cluster(_), Some(place)) = (mover.address.scope, &mover.alarm.place) else { return None };
            let Detector::Count(count) = &self.config.rules.get(&mover.alarm.rule)?.detector else { return None };
            Some(Spot { rule: mover.address.rule, place: place.centre(), radius_m: count.radius_m? })
        };
        KnownBy { keys: alarms.iter().map(|m| m.address).collect(), spots: alarms.iter().filter_map(spot).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot::NONE;

    #[test]
    fn the_oldest_decisions_are_forgotten_with_their_places() {
        let spot = |lon| Spot { rule: 1, place: Position { lon, lat: 0.0 }, radius_m: 100.0 };
        let key = |cluster| Address { rule: 1, kind: NONE, scope: Scope::Cluster(cluster), zone: NONE };
        let known = |cluster: u32| KnownBy { keys: [key(cluster)].into(), spots: vec![spot(f64::from(cluster))] };
        let mut all = Partings::default();
        for parting in 1..=3u64 {
            let first = parting as u32 * 2;
            all.append(Partings::of_one(parting, &known(first), &known(first + 1)));
        }
        // Two keys and two places each.
        all.trim(9);
        let parted = |cluster: u32| all.sides(&key(99), Some(spot(f64::from(cluster)).place)).len();
        assert_eq!([2, 3, 4, 5, 6, 7].map(parted), [0, 0, 1, 1, 1, 1]);
        assert_eq!([2, 4, 6].map(|cluster| all.sides(&key(cluster), None).len()), [0, 1, 1]);
    }
}
