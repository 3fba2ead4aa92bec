//! What it takes to find the zones of a place is part of what a rule costs.

use vigiles_engine::rule::{Extent, Known, Named, zone_steps};
use vigiles_engine::{CommandBody, Diagnostic, Input, Rule};
use vigiles_model::kind::ValueType;
use vigiles_model::{AgencyId, Geometry, KindId, Position, RuleId, Zone, ZoneId};

use crate::rig::{City, Rig, reading, rule};

fn unit(kind: &KindId) -> Option<String> {
    (kind.as_str() == "air.pm25").then(|| "ug/m3".to_owned())
}

/// A city with these zones.
struct Drawn<'a>(&'a [Zone]);

impl Known for Drawn<'_> {
    fn unit(&self, kind: &KindId) -> Option<String> {
        unit(kind)
    }

    fn value_type(&self, kind: &KindId) -> Option<ValueType> {
        City(&unit).value_type(kind)
    }

    fn range(&self, kind: &KindId) -> (Option<f64>, Option<f64>) {
        City(&unit).range(kind)
    }

    fn zone_steps(&self) -> u32 {
        zone_steps(&self.0.iter().map(|zone| Extent::of(&zone.area)).collect::<Vec<_>>())
    }

    fn has(&self, what: Named, id: &str) -> bool {
        if what == Named::Zone { self.ids(what).iter().any(|known| known == id) } else { City(&unit).has(what, id) }
    }

    fn ids(&self, what: Named) -> Vec<String> {
        if what == Named::Zone {
            self.0.iter().map(|zone| zone.id.to_string()).collect()
        } else {
            City(&unit).ids(what)
        }
    }
}

fn zone(id: &str, mut ring: Vec<Position>) -> Zone {
    ring.extend(ring.first().copied());
    Zone {
        id: ZoneId::new(id).unwrap(),
        name: id.to_owned(),
        class: "district".into(),
        area: Geometry::Polygon(vec![ring]),
        agency: AgencyId::new("police").unwrap(),
    }
}

/// Around a place at 50 degrees east, where the rig has no zones.
fn round(id: &str, corners: usize) -> Zone {
    let at = |i: usize| std::f64::consts::TAU * i as f64 / corners as f64;
    zone(id, (0..corners).map(|i| Position { lon: 50.0 + at(i).cos(), lat: at(i).sin() }).collect())
}

/// Whose every second edge lies across all of its latitudes.
fn comb(id: &str, corners: usize) -> Zone {
    let corner = |i: usize| Position { lon: 50.0 + i as f64 / corners as f64, lat: (i % 2) as f64 };
    zone(id, (0..corners).map(corner).collect())
}

const GEOFENCE: &str = "stage = 'silent'\n[detector.geofence]\nzones = ['large']\non = 'leave'";

/// Most steps for one reading of a rule that asks for a zone, and those really taken by one that moves about.
fn check(large: Zone, expected: std::ops::RangeInclusive<u32>) {
    let zones = [large];
    let steps_of = |rig: &Rig| rig.engine.steps()[&RuleId::new("r").unwrap()];
    let asks = rule("stage = 'silent'\nwhen = \"'large' in zones\"\n[detector.silent]\nafter_s = 60");
    let cost = asks.needs(&unit, Drawn(&zones).zone_steps()).steps;
    assert!(expected.contains(&cost), "{cost}");
    let mut rig = Rig::new();
    rig.command(CommandBody::PutZone(Box::new(zones[0].clone()))).unwrap();
    rig.command(CommandBody::PutRule(Box::new(asks))).unwrap();
    let (mut before, mut dearest) = (0, 0);
    for i in 0..500 {
        let o = reading(&format!("{i} a air.pm25 1 {} {}", 49.9 + f64::from(i) / 500.0, f64::from(i % 21) / 20.0));
        rig.now = rig.now.max(o.time.0 / 1_000_000);
        rig.step(&Input::Observations(vec![o]));
        let now = steps_of(&rig);
        dearest = dearest.max(now - before);
        before = now;
    }
    // The zones of the rig lie at the same latitudes: their boxes are looked at too.
    assert!(dearest <= u64::from(cost) + 3 && dearest * 3 >= u64::from(cost), "{dearest} of {cost}");
}

#[test]
fn what_is_looked_at_of_a_zone_is_counted() {
    check(round("large", 9_900), 4..=200);
    check(comb("large", 2_000), 2_000..=2_010);
    check(round("large", 3), 4..=8);
}

fn found(rule: &Rule, zones: &[Zone]) -> Vec<Diagnostic> {
    rule.check(&Drawn(zones))
}

#[test]
fn a_rule_over_zones_that_take_too_long_is_not_saved() {
    let (dear, light) = (comb("large", 9_999), round("large", 9_999));
    assert_eq!(found(&rule(GEOFENCE), &[light]), []);
    let refused = found(&rule(GEOFENCE), std::slice::from_ref(&dear));
    let said: Vec<_> = refused.iter().map(|d| format!("{}: {}", d.field, d.message)).collect();
    let expected = "detector: costs 2 steps for a reading, and to find its zones takes up to 9999, the most is 10000";
    assert!(said.len() == 1 && said[0].starts_with(expected), "{said:?}");
    assert_eq!(found(&rule(&format!("enabled = false\n{GEOFENCE}")), std::slice::from_ref(&dear)), []);
    // Who asks for no zones does not pay for them, however they are asked for.
    let zones = [dear];
    let condition = |e: &str| rule(&format!("[detector.condition]\nexpression = '''{e}'''"));
    assert_eq!(found(&condition("value > quantity(3, 'ug/m3')"), &zones), []);
    assert_eq!(found(&condition("value > quantity(3, 'ug/m3') && 'large' in zones"), &zones).len(), 1);
    let silent = "[detector.silent]\nafter_s = 60";
    assert_eq!(found(&rule(&format!("when = \"'large' in zones\"\n{silent}")), &zones).len(), 1);
    assert_eq!(found(&rule(&format!("key = 'zone'\n{silent}")), &zones).len(), 1);
    let titled = format!("{silent}\n[alarm]\ntitle = 'in {{zone}}'\nseverity = 'minor'");
    assert_eq!(found(&rule(&titled), &zones).len(), 1);
    // What stands in the log is taken as it was.
    let mut rig = Rig::new();
    rig.command(CommandBody::PutZone(Box::new(zones[0].clone()))).unwrap();
    rig.command(CommandBody::PutRule(Box::new(rule(GEOFENCE)))).unwrap();
}
