//! Where clusters were taken apart. A cluster has a new key each time it forms, so a parting knows it by its rule and its
//! place: what happens here is not what happens there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vigiles_model::Position;

use super::apart::PartingSide;

/// Metres of a degree of latitude, which is never less.
const DEGREE_M: f64 = 110_500.0;

/// The place of a cluster's alarm, and the radius of its rule when people took it apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Spot {
    /// Number of the rule's name.
    pub(super) rule: u32,
    pub(super) place: Position,
    pub(super) radius_m: f64,
}

/// The sides of partings that alarms of clusters are on, by place: in the order of the partings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PartedPlaces(Vec<(Spot, PartingSide)>);

impl Spot {
    /// The distance of a place within the radius.
    fn reaches(&self, place: Position) -> Option<f64> {
        if (self.place.lat - place.lat).abs() * DEGREE_M > self.radius_m {
            return None;
        }
        Some(self.place.distance_m(place)).filter(|distance_m| *distance_m <= self.radius_m)
    }

    /// Whether a rule cannot tell the two places apart.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        self.rule == other.rule && self.reaches(other.place).is_some()
    }
}

impl PartedPlaces {
    pub(super) fn add(&mut self, spot: &Spot, side: PartingSide) {
        self.0.push((*spot, side));
    }

    pub(super) fn append(&mut self, mut later: Self) {
        self.0.append(&mut later.0);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The oldest parting that places are known of.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.0.first().map(|(_, side)| side.parting)
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&Spot, &PartingSide) -> bool) {
        self.0.retain(|(spot, side)| keep(spot, side));
    }

    /// The side that a cluster of the rule at a place is on, of each parting: that of the nearest place in reach, of
    /// equally near ones the side that left.
    pub(super) fn sides(&self, rule: u32, place: Position) -> impl Iterator<Item = PartingSide> {
        let mut nearest: BTreeMap<u64, (f64, bool)> = BTreeMap::new();
        for (spot, side) in self.0.iter().filter(|(spot, _)| spot.rule == rule) {
            let Some(distance_m) = spot.reaches(place) else { continue };
            let best = nearest.entry(side.parting).or_insert((distance_m, side.left));
            if distance_m < best.0 || (distance_m <= best.0 && side.left) {
                *best = (distance_m, side.left);
            }
        }
        nearest.into_iter().map(|(parting, (_, left))| PartingSide { parting, left })
    }
}
