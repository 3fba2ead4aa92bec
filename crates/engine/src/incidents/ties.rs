//! What ties a new alarm to open incidents: each pair of alarms is compared by every rule that is about both.

use vigiles_model::{Alarm, AlarmId, CorrelationId};

use super::Case;
use super::sighting::{Seen, Sighting};
use crate::alarms::figure_text;
use crate::correlation::{Correlates, JOIN_AT, Pair, Ready, SAME_ASSET, Side, builtin_bits, score};
use crate::rule::IncidentSpec;
use crate::slot::Address;
use crate::turn::Turn;

/// Most incidents whose causes or effects a new alarm is linked to: the likeliest.
const MAX_CAUSES_FOUND: usize = 8;

/// Most pairs of alarms that are compared for a new one, one rule counted as one pair: some milliseconds.
const MAX_COMPARED: usize = 200_000;

/// What the new alarm is to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    SameEvent,
    Effect,
    Cause,
}

/// A reason for which an alarm belongs to an incident.
#[derive(Debug)]
pub(super) struct Tie {
    pub(super) case: u64,
    pub(super) score: f64,
    pub(super) role: Role,
    /// None for the radius, window and asset of the alarm's own rule.
    pub(super) rule: Option<CorrelationId>,
    /// The alarm it was compared with.
    pub(super) other: Option<AlarmId>,
    pub(super) why: String,
}

/// All that was found for an alarm.
#[derive(Debug, Default)]
pub(super) struct Ties {
    /// The incident it joins.
    pub(super) join: Option<Tie>,
    /// The likeliest cause or effect in each incident, the likeliest first.
    pub(super) causes: Vec<Tie>,
}

/// A rule that is about the new alarm, and what the other alarm must be for it.
struct Applicable<'a> {
    ready: Ready<'a>,
    other: &'a Side,
    role: Role,
}

/// A pair of alarms that belongs together.
#[derive(Clone, Copy)]
struct Match<'a> {
    case: u64,
    bits: f64,
    role: Role,
    grounds: Grounds<'a>,
    other: Option<&'a Sighting>,
    distance_m: Option<f64>,
    /// Seconds from the other alarm to the new one.
    gap_s: f64,
}

#[derive(Clone, Copy)]
enum Grounds<'a> {
    Asset,
    Near,
    Rule(&'a Ready<'a>),
}

impl Turn<'_> {
    /// Compares a new alarm with the open incidents that come into question.
    pub(super) fn ties(&self, seen: &Seen, alarm: &Alarm, address: Address, spec: &IncidentSpec) -> Ties {
        let own = &seen.sighting;
        let rules = self.applicable(own);
        let reach = rules.iter().map(|r| r.ready.rule.within_m).fold(spec.radius_m, f64::max);
        let cases = &self.live.cases;
        let mut join = self.same_asset(alarm, address, spec);
        let mut causes: Vec<Match<'_>> = Vec::new();
        let candidates = cases.candidates(own.place, reach, &own.facts);
        // Of each incident as many, the latest.
        let of_each = (MAX_COMPARED / (rules.len() + 1) / candidates.len().max(1)).max(1);
        for number in candidates {
            let Some(case) = cases.get(number).filter(|c| !cases.partings.keep_out(c, &address)) else { continue };
            let (any, cause) = best_of(case, own, &rules, spec, of_each);
            causes.extend(cause);
            // Candidates come in the order of their numbers, so of equal ones the oldest stays.
            join = match (join, any) {
                (Some(best), Some(new)) if (best.bits, new.case) >= (new.bits, best.case) => Some(best),
                (best, new) => new.or(best),
            };
        }
        causes.sort_by(|a, b| b.bits.total_cmp(&a.bits).then(a.case.cmp(&b.case)));
        causes.truncate(MAX_CAUSES_FOUND);
        let tie = |found: Match<'_>| self.tie(found, seen, alarm, spec);
        Ties { join: join.map(tie), causes: causes.into_iter().map(tie).collect() }
    }

    fn applicable(&self, own: &Sighting) -> Vec<Applicable<'_>> {
        let mut found = Vec::new();
        for rule in self.config.correlations.values().filter(|rule| rule.enabled) {
            let (first, second) = (&rule.first, rule.other_side());
            let is_on = |side: &Side| side.takes(&own.incident_type, own.kind.as_ref());
            let mut add = |other, role| found.push(Applicable { ready: Ready::new(rule), other, role });
            match rule.relation {
                Correlates::SameEvent => {
                    if is_on(first) {
                        add(second, Role::SameEvent);
                    }
                    if first != second && is_on(second) {
                        add(first, Role::SameEvent);
                    }
                }
                Correlates::Cause => {
                    if is_on(second) {
                        add(first, Role::Effect);
                    }
                    if is_on(first) {
                        add(second, Role::Cause);
                    }
                }
            }
        }
        found
    }

    /// The oldest open incident of the type with an alarm of the same asset.
    fn same_asset(&self, alarm: &Alarm, address: Address, spec: &IncidentSpec) -> Option<Match<'_>> {
        let cases = &self.live.cases;
        let asset = alarm.asset.as_ref()?;
        let numbers = cases.open_by_asset.get(&(spec.incident_type.clone(), asset.clone()))?;
        let fits = |n: &&u64| cases.get(**n).is_some_and(|case| !cases.partings.keep_out(case, &address));
        let case = *numbers.iter().find(fits)?;
        Some(Match {
            case,
            bits: SAME_ASSET,
            role: Role::SameEvent,
            grounds: Grounds::Asset,
            other: None,
            distance_m: None,
            gap_s: 0.0,
        })
    }

    fn tie(&self, found: Match<'_>, seen: &Seen, alarm: &Alarm, spec: &IncidentSpec) -> Tie {
        let rule = match found.grounds {
            Grounds::Rule(ready) => Some(ready.rule.id.clone()),
            Grounds::Asset | Grounds::Near => None,
        };
        let score = score(found.bits);
        let why = format!("score {score}: {}", self.words(&found, seen, alarm, spec));
        let other = found.other.and_then(|s| s.alarm.clone());
        Tie { case: found.case, score, role: found.role, rule, other, why }
    }

    fn words(&self, found: &Match<'_>, seen: &Seen, alarm: &Alarm, spec: &IncidentSpec) -> String {
        let (within_m, within_s) = match found.grounds {
            Grounds::Asset => {
                let name = alarm.asset.as_ref().map(|id| self.asset_name(id)).unwrap_or_default();
                return format!("same type and same asset {name}");
            }
            Grounds::Near => (spec.radius_m, spec.window_s),
            Grounds::Rule(ready) => (ready.rule.within_m, ready.rule.within_s),
        };
        let mut parts = Vec::new();
        match found.role {
            Role::SameEvent => {}
            Role::Effect => parts.push(format!("effect of {}", self.title_of(found.other))),
            Role::Cause => parts.push(format!("cause of {}", self.title_of(found.other))),
        }
        if matches!(found.grounds, Grounds::Near) {
            parts.push("same type".to_owned());
        }
        if let Some(distance) = found.distance_m {
            let of = if within_m > 0.0 { format!(" (of {})", figure_text(within_m)) } else { String::new() };
            parts.push(format!("{distance:.0} m away{of}"));
        }
        let side = if found.gap_s < 0.0 { "before" } else { "after" };
        parts.push(format!("{:.0} s {side} (of {})", found.gap_s.abs(), figure_text(within_s)));
        if let Grounds::Rule(ready) = found.grounds {
            let theirs = found.other.map_or(&[][..], |s| &s.facts);
            let compared = |fact: &crate::correlation::Fact| ready.compares(fact.tag) && theirs.contains(fact);
            parts.extend(seen.words.iter().filter(|(fact, _)| compared(fact)).map(|(_, word)| word.clone()));
            return format!("{}; rule `{}`", parts.join(", "), ready.rule.id);
        }
        parts.join(", ")
    }

    fn title_of(&self, other: Option<&Sighting>) -> String {
        let number = other.and_then(|s| s.alarm.as_ref()).and_then(|id| self.live.alarm_numbers.get(id));
        let record = number.and_then(|n| self.live.alarms.get(n));
        record.map_or_else(|| "what opened the incident".to_owned(), |r| format!("\"{}\"", r.alarm.title))
    }
}

/// The likeliest pair of the new alarm with one of the incident, and the likeliest that is cause and effect.
fn best_of<'a>(
    case: &'a Case,
    own: &Sighting,
    rules: &'a [Applicable<'a>],
    spec: &IncidentSpec,
    latest: usize,
) -> (Option<Match<'a>>, Option<Match<'a>>) {
    let (mut any, mut cause): (Option<Match<'_>>, Option<Match<'_>>) = (None, None);
    for other in &case.sightings[case.sightings.len().saturating_sub(latest)..] {
        let distance_m = own.place.zip(other.place).map(|(a, b)| a.distance_m(b));
        let near =
            near(own, other, distance_m, spec).map(|(bits, gap_s)| (bits, gap_s, Role::SameEvent, Grounds::Near));
        let by_rule = rules.iter().filter_map(|rule| {
            let (bits, gap_s) = rule.compare(own, other, distance_m)?;
            Some((bits, gap_s, rule.role, Grounds::Rule(&rule.ready)))
        });
        for (bits, gap_s, role, grounds) in near.into_iter().chain(by_rule) {
            if score(bits) < JOIN_AT {
                continue;
            }
            let found =
                Match { case: case.incident.number, bits, role, grounds, other: Some(other), distance_m, gap_s };
            if found.joins() && any.is_none_or(|best| bits > best.bits) {
                any = Some(found);
            }
            if role != Role::SameEvent && cause.is_none_or(|best| bits > best.bits) {
                cause = Some(found);
            }
        }
    }
    (any, cause)
}

impl Match<'_> {
    /// A cause that comes after its effect joins it only where the rule expects that; else it has an incident, and a
    /// playbook, of its own.
    fn joins(&self) -> bool {
        match self.grounds {
            Grounds::Rule(ready) => self.role != Role::Cause || ready.rule.late_s > 0.0,
            Grounds::Asset | Grounds::Near => true,
        }
    }
}

/// The radius and window of the alarm's own rule, by the clock of the platform.
fn near(own: &Sighting, other: &Sighting, distance_m: Option<f64>, spec: &IncidentSpec) -> Option<(f64, f64)> {
    if spec.radius_m <= 0.0 || other.incident_type != own.incident_type {
        return None;
    }
    let gap_s = own.at.saturating_sub(other.at) as f64 / 1e6;
    Some((builtin_bits(distance_m?, spec.radius_m, gap_s, spec.window_s)?, gap_s))
}

impl Applicable<'_> {
    /// The evidence in bits, and the seconds from the other alarm to the new one.
    fn compare(&self, own: &Sighting, other: &Sighting, distance_m: Option<f64>) -> Option<(f64, f64)> {
        if !self.other.takes(&other.incident_type, other.kind.as_ref()) {
            return None;
        }
        let after_s = own.began.saturating_sub(other.began) as f64 / 1e6;
        let gap_s = match self.role {
            Role::SameEvent => after_s.abs(),
            Role::Effect => in_order(after_s, self.ready.rule.late_s)?,
            Role::Cause => in_order(-after_s, self.ready.rule.late_s)?,
        };
        let pair = Pair { distance_m, gap_s, ours: &own.facts, theirs: &other.facts };
        Some((self.ready.bits(pair)?, after_s))
    }
}

/// Seconds from the cause to the effect; none where the effect was seen too early.
fn in_order(seconds: f64, late_s: f64) -> Option<f64> {
    (seconds >= -late_s).then(|| seconds.max(0.0))
}
