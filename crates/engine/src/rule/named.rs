//! Which zones a rule is about.

use super::check::UnitOf;
use super::{Detector, Rule};
use crate::expression::{Expression, Mentioned, Scope};

impl Rule {
    /// Whether its geofence or one of its expressions names this zone: without it the rule would raise nothing more.
    pub fn names_zone(&self, zone: &str, units: UnitOf<'_>) -> bool {
        let unit = self.unit_in_use(units);
        let is_named = |text: &str, unit: Option<&str>| {
            let compiled = Expression::compile(text, Scope::stored(true, unit));
            compiled.is_ok_and(|e| e.mentions.iter().any(|named| named.what == Mentioned::Zone && named.id == zone))
        };
        let of_detector = match &self.detector {
            Detector::Geofence(g) => g.zones.iter().any(|own| own.as_str() == zone),
            Detector::Condition(c) => is_named(&c.expression, unit.as_deref()),
            _ => false,
        };
        let of_part = || {
            self.detector.parts().into_iter().any(|part| {
                let unit = self.unit_of_part(part, units);
                part.when.as_deref().is_some_and(|when| is_named(when, unit.as_deref()))
            })
        };
        of_detector || self.when.as_deref().is_some_and(|when| is_named(when, unit.as_deref())) || of_part()
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
