//! What the expressions of a rule say, and which zones it is about.

use super::check::UnitOf;
use super::{Detector, Part, Rule};
use crate::expression::{Expression, Mentioned, Scope};

impl Rule {
    /// Whether its geofence or one of its expressions names this zone: without it the rule would raise nothing more.
    pub fn names_zone(&self, zone: &str, units: UnitOf<'_>) -> bool {
        matches!(&self.detector, Detector::Geofence(g) if g.zones.iter().any(|own| own.as_str() == zone))
            || self.any_expression(units, |e| {
                e.mentions.iter().any(|named| named.what == Mentioned::Zone && named.id == zone)
            })
    }

    /// Whether this holds for one of its expressions: its own condition, its detector's, those of the parts of a pattern.
    pub(super) fn any_expression(&self, units: UnitOf<'_>, holds: impl Fn(&Expression) -> bool) -> bool {
        let is_so = |text: &str, unit: Option<String>| {
            Expression::compile(text, Scope::stored(true, unit.as_deref())).is_ok_and(|e| holds(&e))
        };
        let own = |text: &str| is_so(text, self.unit_in_use(units));
        let of_part =
            |part: &Part| part.when.as_deref().is_some_and(|when| is_so(when, self.unit_of_part(part, units)));
        matches!(&self.detector, Detector::Condition(c) if own(&c.expression))
            || self.when.as_deref().is_some_and(own)
            || self.detector.parts().into_iter().any(of_part)
    }
}

#[cfg(test)]
mod tests {
    use vigiles_model::{AgencyId, KindId, RuleId, Severity};

    use crate::rule::{AlarmText, Rule};

    /// Whether the rule names the zone `harbour`.
    fn check(detector: &str, when: Option<&str>, expected: bool) {
        let (agency, kinds) = (AgencyId::new("city").unwrap(), vec![KindId::new("k").unwrap()]);
        let (id, alarm) = (RuleId::new("r").unwrap(), AlarmText::new("t", Severity::Minor));
        let rule = Rule::new(id, agency, kinds, toml::from_str(detector).unwrap(), alarm);
        let rule = Rule { when: when.map(str::to_owned), ..rule };
        assert_eq!(rule.names_zone("harbour", &|_| Some("ug/m3".to_owned())), expected, "{detector} {when:?}");
    }

    #[test]
    fn a_zone_is_named_by_a_geofence_and_by_every_expression() {
        check("[geofence]\nzones = ['port', 'harbour']\non = 'enter'", None, true);
        check("[geofence]\nzones = ['port']\non = 'enter'", None, false);
        check("[threshold]\nabove = 1.0", None, false);
        check("[threshold]\nabove = 1.0", Some("'harbour' in zones"), true);
        check("[threshold]\nabove = 1.0", Some("'harbour' == source"), false);
        let condition = "value > quantity(1, \"mg/m3\") && !(\"harbour\" in zones)";
        check(&format!("[condition]\nexpression = '{condition}'"), None, true);
        let parts = "parts = [{}, {when = '\"harbour\" in zones'}]\nwithin_s = 60";
        check(&format!("[sequence]\n{parts}"), None, true);
        check(&format!("[cooccurrence]\n{parts}"), None, true);
    }
}
