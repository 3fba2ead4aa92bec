//! How near in place and time something that a person told must be to what it may belong to.

use std::collections::BTreeMap;

use vigiles_model::alarm::Stage;

use super::sighting::Sighting;
use crate::correlation::builtin_bits;
use crate::rule::Rule;

/// Metres and seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reach {
    pub(super) radius_m: f64,
    pub(super) window_s: f64,
}

/// What people tell is as far off as callers commonly are, in place and time. Where rules of the type reach farther,
/// that holds.
const TOLD: Reach = Reach { radius_m: 300.0, window_s: 1800.0 };

/// The reach of each type that some rule in force opens incidents of.
#[derive(Debug)]
pub(crate) struct Reaches(BTreeMap<String, Reach>);

impl Reaches {
    /// Those of these rules.
    pub(crate) fn of_rules<'a>(rules: impl Iterator<Item = &'a Rule>) -> Self {
        let mut found: BTreeMap<String, Reach> = BTreeMap::new();
        for spec in
            rules.filter(|rule| rule.enabled && rule.stage == Stage::Live).filter_map(|rule| rule.incident.as_ref())
        {
            let reach = found.entry(spec.incident_type.clone()).or_insert(TOLD);
            reach.radius_m = reach.radius_m.max(spec.radius_m);
            reach.window_s = reach.window_s.max(spec.window_s);
        }
        Self(found)
    }

    pub(super) fn of(&self, incident_type: &str) -> Reach {
        self.0.get(incident_type).copied().unwrap_or(TOLD)
    }

    /// The widest radius in which something of the type may be; of any type where it is not known yet.
    pub(super) fn radius_m(&self, incident_type: &str) -> f64 {
        match incident_type {
            "" => self.0.values().map(|reach| reach.radius_m).fold(TOLD.radius_m, f64::max),
            known => self.of(known).radius_m,
        }
    }
}

/// The evidence in bits, and the seconds from the other to the new one, of two of which a person told one or both.
/// `until`: when the condition of the other last held, by the clock of the platform.
pub(super) fn near_told(
    own: &Sighting,
    other: &Sighting,
    distance_m: Option<f64>,
    reach: Reach,
    until: i64,
) -> Option<(f64, f64)> {
    let alike = own.incident_type.is_empty() || own.incident_type == other.incident_type;
    if !alike {
        return None;
    }
    let gap_s = own.at.saturating_sub(until).max(0) as f64 / 1e6;
    Some((builtin_bits(distance_m?, reach.radius_m, gap_s, reach.window_s)?, gap_s))
}
