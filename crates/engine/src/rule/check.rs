//! Whether a rule may be saved.

use std::collections::BTreeSet;

use vigiles_model::{KindId, unit};

use super::findings::{Diagnostic, Findings, Read};
use super::known::{Known, Named};
use super::{Detector, IncidentSpec, MAX_COST, Part, Rule};

/// Longest name, title or description, in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 2000;
/// Most kinds or zones of one rule.
pub(super) const MAX_REFERENCES: usize = 500;
/// Longest span in seconds: 31 days.
pub(super) const MAX_SPAN_S: f64 = 31.0 * 86_400.0;
/// Longest allowed lateness in seconds.
const MAX_LATENESS_S: f64 = 3_600.0;

/// The UCUM code of a registered kind's unit, empty for booleans and texts; none for a kind that is not registered.
pub type UnitOf<'a> = &'a dyn Fn(&KindId) -> Option<String>;

impl Rule {
    /// What is wrong with this rule in a city that has this; empty when it may be saved.
    pub fn check(&self, known: &dyn Known) -> Vec<Diagnostic> {
        self.found(&|kind: &KindId| known.unit(kind), Findings::to_save(known))
    }

    /// What is wrong with this rule in the log. A rule that was saved is taken again whenever the log is replayed: what
    /// [`Rule::check`] has learned to refuse since the first logs were written is not asked here.
    pub(crate) fn check_logged(&self, units: UnitOf<'_>) -> Vec<Diagnostic> {
        self.found(units, Findings::logged())
    }

    fn found(&self, units: UnitOf<'_>, mut found: Findings<'_>) -> Vec<Diagnostic> {
        found.text("name", &self.name);
        found.text("alarm.title", &self.alarm.title);
        found.no_longer("description", &self.description);
        found.no_longer("reason", &self.reason);
        found.title("alarm.title", &self.alarm.title);
        found.named("agency", Named::Agency, self.agency.as_str());
        self.check_kinds(units, &mut found);
        if self.check_values(&mut found) {
            self.check_unit(units, &mut found);
        }
        let unit = self.unit_in_use(units);
        if let Some(text) = &self.when {
            found.expression("when", text, false, &self.read(&self.kinds, unit.as_deref(), units));
        }
        found.span("cooldown_s", self.cooldown_s, 0.0, MAX_SPAN_S);
        found.span("lateness_s", self.lateness_s, 0.0, MAX_LATENESS_S);
        self.check_detector(unit.as_deref(), units, &mut found);
        if let Some(incident) = &self.incident {
            check_incident(incident, &mut found);
        }
        if found.is_empty() {
            self.check_cost(units, &mut found);
        }
        if found.is_empty() && found.is_to_save() {
            self.check_zones(units, &mut found);
            self.check_bytes(units, &mut found);
        }
        found.all()
    }

    fn check_cost(&self, units: UnitOf<'_>, found: &mut Findings<'_>) {
        let cost = self.cost(units);
        if cost > MAX_COST {
            let advice = "ask for fewer readings or a smaller window";
            found.say("detector", format!("costs {cost} steps for a reading, the most is {MAX_COST}: {advice}"));
        }
    }

    /// The same with the steps to the zones of a place. One that others were drawn for since can still be disabled.
    fn check_zones(&self, units: UnitOf<'_>, found: &mut Findings<'_>) {
        let zones = if self.enabled && self.reads_zones(units) { found.zone_steps() } else { 0 };
        let cost = self.cost(units);
        if cost.saturating_add(zones) > MAX_COST {
            let message = format!(
                "costs {cost} steps for a reading, and to find its zones takes up to {zones}, the most is {MAX_COST}: draw \
                 zones with fewer corners, or fewer over each other"
            );
            found.say("detector", message);
        }
    }

    fn check_kinds(&self, units: UnitOf<'_>, found: &mut Findings<'_>) {
        if self.kinds.is_empty() || self.kinds.len() > MAX_REFERENCES {
            found.say("kinds", format!("expected 1 to {MAX_REFERENCES} kinds, found {}", self.kinds.len()));
        }
        for (i, kind) in self.kinds.iter().enumerate() {
            if units(kind).is_none() {
                found.missing(&format!("kinds[{i}]"), Named::Kind, kind.as_str());
            }
        }
    }

    /// The unit of the rule's figures: its own, or that of all its kinds. None where these differ.
    pub(crate) fn unit_in_use(&self, units: UnitOf<'_>) -> Option<String> {
        if self.unit.is_some() {
            return self.unit.clone();
        }
        common(&self.kinds, units)
    }

    /// The unit of the readings that a part of a pattern means.
    pub(crate) fn unit_of_part(&self, part: &Part, units: UnitOf<'_>) -> Option<String> {
        if part.kinds.is_empty() || self.unit.is_some() {
            return self.unit_in_use(units);
        }
        common(&part.kinds, units)
    }

    /// The readings of these kinds, as the rule's expressions see them. `unit` is that of their figures.
    pub(super) fn read<'a>(&self, kinds: &'a [KindId], unit: Option<&'a str>, units: UnitOf<'_>) -> Read<'a> {
        let all = match &self.unit {
            Some(unit) => BTreeSet::from([unit.clone()]),
            None => kinds.iter().filter_map(units).filter(|unit| !unit.is_empty()).collect(),
        };
        Read { kinds, unit, units: all, implausible: matches!(self.detector, Detector::OutOfRange(_)) }
    }

    fn check_unit(&self, units: UnitOf<'_>, found: &mut Findings<'_>) {
        if let Some(unit) = &self.unit {
            for kind in &self.kinds {
                if let Some(Err(error)) = units(kind).map(|of| unit::convert(0.0, &of, unit)) {
                    return found.say("unit", format!("kind `{kind}`: {error}"));
                }
            }
        } else if self.reads_figures() && self.unit_in_use(units).is_none() {
            let named: Vec<String> =
                self.kinds.iter().filter_map(|k| units(k).map(|u| format!("`{k}` ({u})"))).collect();
            if named.len() == self.kinds.len() && !named.is_empty() {
                found.say("unit", format!("the kinds have different units: {}; expected the unit that the figures of this rule are written in", named.join(", ")));
            }
        }
    }

    /// Whether the detector compares the readings themselves with figures of the rule.
    fn reads_figures(&self) -> bool {
        matches!(
            self.detector,
            Detector::Threshold(_) | Detector::RateOfChange(_) | Detector::FlatLine(_) | Detector::Drift(_)
        )
    }
}

/// The unit that all of these kinds have.
fn common(kinds: &[KindId], units: UnitOf<'_>) -> Option<String> {
    let mut all = kinds.iter().filter_map(units);
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

fn check_incident(incident: &IncidentSpec, found: &mut Findings<'_>) {
    if let Some(playbook) = &incident.playbook {
        found.named("incident.playbook", Named::Playbook, playbook.as_str());
    }
    found.text("incident.incident_type", &incident.incident_type);
    found.span("incident.radius_m", incident.radius_m, 0.0, 100_000.0);
    found.span("incident.window_s", incident.window_s, 0.0, MAX_SPAN_S);
    if let Some(title) = &incident.title {
        found.text("incident.title", title);
        found.title("incident.title", title);
    }
}
