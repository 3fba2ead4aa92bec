//! What ties a new alarm or call to open incidents: each pair is compared by every rule that is about both.

use std::collections::BTreeSet;

use vigiles_model::{Alarm, AlarmId, CorrelationId, Relation};

use super::Case;
use super::apart::PartingSide;
use super::reach::{Reach, Reaches, near_told};
use super::sighting::{Seen, Sighting};
use super::view::View;
use crate::correlation::{Correlates, JOIN_AT, Pair, Ready, SAME_ASSET, Side, builtin_bits, score};
use crate::rule::IncidentSpec;

/// Most incidents that a new alarm or call is related to: the likeliest.
const MAX_RELATED_FOUND: usize = 8;

/// Most pairs of alarms that are compared for a new one, one rule counted as one pair: twice what its rule may take for a
/// reading. A rule that raises and clears with every reading takes so much each time, and no flood ends it.
const MAX_COMPARED: usize = 20_000;

/// What the new alarm or call is to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    SameEvent,
    Effect,
    Cause,
}

/// A reason for which an alarm or a call belongs to an incident, or has to do with it.
#[derive(Debug)]
pub(super) struct Tie {
    pub(super) case: u64,
    pub(super) score: f64,
    pub(super) role: Role,
    /// None for the radius, window and asset of the alarm's own rule, and for the reach of what people tell.
    pub(super) rule: Option<CorrelationId>,
    /// The alarm it was compared with.
    pub(super) other: Option<AlarmId>,
    pub(super) why: String,
}

impl Tie {
    /// What the incident found is to that of the new alarm or call.
    pub(super) fn relation(&self) -> Relation {
        match self.role {
            Role::SameEvent => Relation::SameEvent,
            Role::Effect => Relation::Cause,
            Role::Cause => Relation::Effect,
        }
    }
}

/// All that was found for an alarm.
#[derive(Debug, Default)]
pub(super) struct Ties {
    /// The incident it joins.
    pub(super) join: Option<Tie>,
    /// The likeliest cause or effect in each incident, the likeliest first.
    pub(super) causes: Vec<Tie>,
    /// Incidents of which people told the same event, the likeliest first.
    pub(super) told: Vec<Tie>,
    /// Pairs that were compared.
    pub(super) compared: usize,
}

/// A rule that is about the new alarm, and what the other alarm must be for it.
struct Applicable<'a> {
    ready: Ready<'a>,
    other: &'a Side,
    role: Role,
}

/// A pair of alarms that belongs together.
#[derive(Clone, Copy)]
pub(super) struct Match<'a> {
    pub(super) case: u64,
    pub(super) bits: f64,
    pub(super) role: Role,
    pub(super) grounds: Grounds<'a>,
    pub(super) other: Option<&'a Sighting>,
    pub(super) distance_m: Option<f64>,
    /// Seconds from the other alarm to the new one.
    pub(super) gap_s: f64,
}

/// The likeliest matches of something new with one incident.
#[derive(Clone, Copy, Default)]
struct Best<'a> {
    /// For which a new alarm joins it.
    join: Option<Match<'a>>,
    /// That is cause and effect.
    cause: Option<Match<'a>>,
    /// That is the same event, where a person told at least one of the two.
    told: Option<Match<'a>>,
}

/// Something new, and what is near it.
struct New<'a> {
    own: &'a Sighting,
    rules: &'a [Applicable<'a>],
    /// None for what a person tells.
    spec: Option<&'a IncidentSpec>,
    reaches: Option<&'a Reaches>,
}

#[derive(Clone, Copy)]
pub(super) enum Grounds<'a> {
    Asset,
    /// The radius and window of the alarm's own rule.
    Near(Reach),
    /// The reach of what people tell.
    Told(Reach),
    Rule(&'a Ready<'a>),
}

impl View<'_> {
    /// Compares a new alarm with the open incidents that come into question.
    ///
    /// `sides` are those of partings that the alarm is on.
    pub(super) fn ties(&self, seen: &Seen, alarm: &Alarm, sides: &BTreeSet<PartingSide>, spec: &IncidentSpec) -> Ties {
        let own = &seen.sighting;
        let rules = self.applicable(own);
        let reach = rules.iter().map(|r| r.ready.rule.within_m).fold(spec.radius_m, f64::max);
        let cases = &self.live.cases;
        let mut join = self.same_asset(alarm, sides, spec);
        let (mut causes, mut told): (Vec<Match<'_>>, Vec<Match<'_>>) = (Vec::new(), Vec::new());
        let mut candidates = cases.candidates(own.place, reach, &own.facts);
        let reaches = cases.any_told().then(|| self.book.reaches());
        if let (Some(reaches), Some(place)) = (reaches, own.place) {
            candidates.extend(cases.told_of(place, reaches.radius_m(&own.incident_type)));
            candidates.sort_unstable();
            candidates.dedup();
        }
        let new = New { own, rules: &rules, spec: Some(spec), reaches };
        let mut compared = 0;
        for (case, of_each) in self.at_hand(&candidates, rules.len()) {
            compared += case.sightings.len().min(of_each) * (rules.len() + 1);
            if case.keeps_out(sides) {
                continue;
            }
            let best = self.best_of(case, &new, of_each);
            causes.extend(best.cause);
            told.extend(best.told);
            // Candidates come in the order of their numbers, so of equal ones the oldest stays.
            join = match (join, best.join) {
                (Some(best), Some(new)) if (best.bits, new.case) >= (new.bits, best.case) => Some(best),
                (best, new) => new.or(best),
            };
        }
        let tie = |found: Match<'_>| self.tie(found, seen, Some(alarm));
        let ties = |found: Vec<Match<'_>>| likeliest(found).into_iter().map(tie).collect();
        Ties { join: join.map(tie), causes: ties(causes), told: ties(told), compared }
    }

    /// Compares what a person tells with the open incidents that come into question, the likeliest first. Where an
    /// incident has both, the same event counts before its cause or effect.
    pub(super) fn ties_of_told(&self, seen: &Seen) -> Vec<Tie> {
        let own = &seen.sighting;
        let (rules, reaches) = (self.applicable(own), self.book.reaches());
        let reach = rules.iter().map(|r| r.ready.rule.within_m).fold(reaches.radius_m(&own.incident_type), f64::max);
        let candidates = self.live.cases.candidates(own.place, reach, &own.facts);
        let new = New { own, rules: &rules, spec: None, reaches: Some(reaches) };
        let found = self.at_hand(&candidates, rules.len()).filter_map(|(case, of_each)| {
            let best = self.best_of(case, &new, of_each);
            best.told.or(best.cause)
        });
        likeliest(found.collect()).into_iter().map(|found| self.tie(found, seen, None)).collect()
    }

    /// The candidates, each with how many of its latest alarms are compared: as many of each.
    fn at_hand(&self, candidates: &[u64], rules: usize) -> impl Iterator<Item = (&Case, usize)> {
        let of_each = (MAX_COMPARED / (rules + 1) / candidates.len().max(1)).max(1);
        let found: Vec<&Case> = candidates.iter().filter_map(|number| self.live.cases.get(*number)).collect();
        found.into_iter().map(move |case| (case, of_each))
    }

    /// The likeliest pairs of something new with what an incident has.
    fn best_of<'a>(&'a self, case: &'a Case, new: &New<'a>, latest: usize) -> Best<'a> {
        let mut best = Best::default();
        let own = new.own;
        for other in &case.sightings[case.sightings.len().saturating_sub(latest)..] {
            let distance_m = own.place.zip(other.place).map(|(a, b)| a.distance_m(b));
            let near = new.spec.and_then(|spec| near(own, other, distance_m, spec));
            let is_told = own.is_told() || other.is_told();
            let told = new.reaches.filter(|_| is_told).and_then(|reaches| {
                let reach = reaches.of(&other.incident_type);
                let (bits, gap_s) = near_told(own, other, distance_m, reach, self.held_until(own, other))?;
                Some((bits, gap_s, Role::SameEvent, Grounds::Told(reach)))
            });
            let by_rule = new.rules.iter().filter_map(|rule| {
                let (bits, gap_s) = rule.compare(own, other, distance_m)?;
                Some((bits, gap_s, rule.role, Grounds::Rule(&rule.ready)))
            });
            for (bits, gap_s, role, grounds) in near.into_iter().chain(told).chain(by_rule) {
                if score(bits) >= JOIN_AT {
                    let number = case.incident.number;
                    best.take(Match { case: number, bits, role, grounds, other: Some(other), distance_m, gap_s }, own);
                }
            }
        }
        best
    }

    /// Until when the condition of the other held, as far as it is known when something new comes.
    pub(super) fn held_until(&self, own: &Sighting, other: &Sighting) -> i64 {
        let number = other.alarm.as_ref().and_then(|id| self.live.alarm_numbers.get(id));
        let record = number.and_then(|n| self.live.alarms.get(n));
        record.map_or(other.at, |record| record.alarm.cleared.map_or(own.at, |cleared| cleared.0))
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
    fn same_asset(&self, alarm: &Alarm, sides: &BTreeSet<PartingSide>, spec: &IncidentSpec) -> Option<Match<'_>> {
        let cases = &self.live.cases;
        let asset = alarm.asset.as_ref()?;
        let numbers = cases.open_by_asset.get(&(spec.incident_type.clone(), asset.clone()))?;
        let fits = |n: &&u64| cases.get(**n).is_some_and(|case| !case.keeps_out(sides));
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
}

/// The likeliest of all, of equal ones the oldest incident first.
fn likeliest(mut found: Vec<Match<'_>>) -> Vec<Match<'_>> {
    found.sort_by(|a, b| b.bits.total_cmp(&a.bits).then(a.case.cmp(&b.case)));
    found.truncate(MAX_RELATED_FOUND);
    found
}

impl<'a> Best<'a> {
    /// Keeps a match where it is likelier than those before it.
    fn take(&mut self, found: Match<'a>, own: &Sighting) {
        let keep = |best: &mut Option<Match<'a>>| {
            if best.is_none_or(|best| found.bits > best.bits) {
                *best = Some(found);
            }
        };
        if found.joins() {
            keep(&mut self.join);
        }
        if found.role != Role::SameEvent {
            keep(&mut self.cause);
        } else if own.is_told() || found.other.is_some_and(Sighting::is_told) {
            keep(&mut self.told);
        }
    }
}

impl Match<'_> {
    /// A cause that comes after its effect joins it only where the rule expects that; else it has an incident, and a
    /// playbook, of its own.
    fn joins(&self) -> bool {
        match self.grounds {
            Grounds::Rule(ready) => self.role != Role::Cause || ready.rule.late_s > 0.0,
            Grounds::Asset | Grounds::Near(_) => true,
            Grounds::Told(_) => false,
        }
    }
}

/// The radius and window of the alarm's own rule, by the clock of the platform.
fn near<'a>(
    own: &Sighting,
    other: &Sighting,
    distance_m: Option<f64>,
    spec: &IncidentSpec,
) -> Option<(f64, f64, Role, Grounds<'a>)> {
    if spec.radius_m <= 0.0 || other.incident_type != own.incident_type {
        return None;
    }
    let reach = Reach { radius_m: spec.radius_m, window_s: spec.window_s };
    let gap_s = own.at.saturating_sub(other.at) as f64 / 1e6;
    let bits = builtin_bits(distance_m?, reach.radius_m, gap_s, reach.window_s)?;
    Some((bits, gap_s, Role::SameEvent, Grounds::Near(reach)))
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
