//! The steps that rules really take: never more than their cost said, however they are met, and bounded for what alarms
//! are compared with.

use std::fmt::Write;

use vigiles_engine::{Engine, Input};
use vigiles_model::{Observation, RuleId};

use crate::rig::{Rig, reading, rule};

fn steps(engine: &Engine, rule: &str) -> u64 {
    engine.steps().get(&RuleId::new(rule).unwrap()).copied().unwrap_or(0)
}

/// Readings of one asset that meet every part and break every limit.
fn all(count: usize) -> Vec<Observation> {
    (0..count).map(|i| reading(&format!("{i} a air.pm25 {} 0.2 0.2", 1 + i % 3))).collect()
}

/// How much of its cost a rule took, at most for one reading and on the whole.
fn check(text: &str) {
    let text = format!("stage = 'silent'\n{text}");
    // The boxes of the rig's three zones, and the two upright edges of the one that the readings lie in.
    let cost = u64::from(rule(&text).needs(&|_| Some("ug/m3".into()), 5).steps);
    let mut rig = Rig::with_rules(&[&text]);
    let mut before = 0;
    for o in all(300) {
        rig.now = rig.now.max(o.time.0 / 1_000_000);
        rig.step(&Input::Observations(vec![o]));
        let now = steps(&rig.engine, "r");
        assert!(now > before && now - before <= cost, "{text}: {} steps, the cost is {cost}", now - before);
        before = now;
    }
}

#[test]
fn a_rule_takes_no_more_steps_than_its_cost_says() {
    check("when = 'value > 0'\n[detector.threshold]\nabove = 0");
    check("[detector.rate_of_change]\nabove = 0");
    check("[detector.flat_line]\nfor_s = 60");
    check("[detector.silent]\nafter_s = 60");
    check("[detector.geofence]\nzones = ['harbour', 'far']\non = 'inside'");
    check("[detector.count]\nwindow_s = 600\nat_least = 50");
    check("[detector.count]\nwindow_s = 600\nat_least = 500");
    check("key = 'all'\n[detector.count]\nwindow_s = 600\nat_least = 50\nradius_m = 50");
    check("when = 'value > 0'\n[detector.condition]\nexpression = 'window(\"1h\").max > 5 && value > 2'");
    check("[detector.sequence]\nwithin_s = 600\nparts = [{}, {}, {}]");
    check("[detector.cooccurrence]\nwithin_s = 600\nparts = [{}, {when = 'value > 1'}, {when = 'value > 2'}]");
    check("[detector.absence]\nwithin_s = 600\nfirst = {when = 'value < 3'}\nthen = {when = 'value == 3'}");
    for detector in ["baseline", "forecast", "change_point", "anomaly"] {
        check(&format!("[detector.{detector}]"));
    }
}

#[test]
fn conditions_that_are_looked_at_together_are_charged_to_each() {
    let of = |id: &str, text: &str| format!("id = '{id}'\n[detector.condition]\nexpression = '{text}'");
    let (short, long) =
        (of("short", "value > 1000"), of("long", "value > 1000 && value < 2000 && quality == \"good\""));
    let mut rig = Rig::with_rules(&[&short, &long]);
    rig.step(&Input::Observations(all(100)));
    let (short, long) = (steps(&rig.engine, "short"), steps(&rig.engine, "long"));
    assert!(short >= 300 && long >= 2 * short, "{short}, {long}");
    // Another rule of the kind is saved: what was counted together until then is not lost.
    let more = rule("id = 'more'\n[detector.threshold]\nabove = 1e9");
    rig.command(vigiles_engine::CommandBody::PutRule(Box::new(more))).unwrap();
    assert_eq!((steps(&rig.engine, "short"), steps(&rig.engine, "long")), (short, long));
}

/// A rule that raises with every other reading and clears with the next, among incidents full of alarms that fifty
/// correlation rules relate to it: no flood ends it, since only one of its alarms is open.
#[test]
fn what_an_alarm_is_compared_with_is_bounded() {
    let rule_of = |id: &str, kind: &str, radius_m: u32| {
        format!(
            "id = '{id}'\nkinds = ['{kind}']\n[detector.threshold]\nabove = 0\n[alarm]\ntitle = 'x'\nseverity = 'minor'\n\
             [incident]\nincident_type = '{id}'\npriority = 'p3'\nradius_m = {radius_m}\nwindow_s = 36000"
        )
    };
    let (many, flaps) = (rule_of("many", "vehicle", 200), rule_of("flaps", "air.pm25", 0));
    let related: Vec<String> = (0..50)
        .map(|i| {
            format!(
                "id = 'c{i}'\nname = 'x'\nrelation = 'same_event'\nwithin_m = 20000\nwithin_s = 36000\nweight = -20"
            )
        })
        .collect();
    let related: Vec<&str> = related.iter().map(String::as_str).collect();
    let mut rig = Rig::with_correlations(&[&many, &flaps], &related);
    // Ten places, a kilometre apart, with sixty alarms each.
    let mut script = String::new();
    for i in 0..600 {
        let _ = writeln!(script, "{i} a{i} vehicle 1 0.2 {}", 0.2 + f64::from(i % 10) / 100.0);
    }
    rig.feed(&script);
    let alarms: usize = rig.incidents().iter().map(|incident| incident.alarms.len().min(64)).sum();
    let mut dearest = 0;
    for i in 600..620 {
        let before = steps(&rig.engine, "flaps");
        rig.feed(&format!("{i} b air.pm25 {} 0.2 0.2", i % 2));
        dearest = dearest.max(steps(&rig.engine, "flaps") - before);
    }
    // All pairs would be as many as alarms, for each rule and the alarm's own.
    assert!(alarms * 51 > 25_000, "{alarms} alarms");
    assert!((10_000..=20_100).contains(&dearest), "{dearest} steps for a reading, with {alarms} alarms at hand");
}
