//! What the states of rules take in memory: never more than is counted, and never more for a key than was said before the
//! rule was saved.

use std::fmt::Write;

use vigiles_engine::{Engine, Input};
use vigiles_model::{Observation, RuleId};

use crate::allocated;
use crate::rig::{City, Rig, reading, rule};

const KEYS: usize = 64;

/// As many attributes as a reading is taken to have.
fn fat(line: &str) -> Observation {
    reading(&format!("{line} detail={}", "x".repeat(200)))
}

/// Bytes that an engine grows by when it takes these readings of every key, those counted for its states, and the most
/// that was said of a key.
fn grown(text: &str, script: &str) -> (i64, u64, u64) {
    let text = format!("id = 'r'\nstage = 'silent'\n{text}");
    let mut rig = Rig::with_rules(&[&text]);
    rig.effects = Vec::new();
    let before = allocated::bytes();
    for line in script.lines() {
        if let Some(second) = line.strip_prefix("tick ") {
            rig.now = second.parse().unwrap();
            rig.step(&Input::Tick);
            continue;
        }
        for key in 0..KEYS {
            let o = fat(&line.replace("KEY", &format!("asset-{key}")));
            rig.now = rig.now.max(o.time.0 / 1_000_000);
            rig.step(&Input::Observations(vec![o]));
        }
    }
    rig.effects = Vec::new();
    let truth = allocated::bytes() - before;
    let statistics = rig.engine.statistics();
    assert_eq!(statistics.rule_bytes.values().sum::<u64>(), statistics.state_bytes);
    // What is counted follows from the contents alone.
    let restored = Engine::restore(&rig.engine.snapshot()).unwrap().statistics();
    assert_eq!(restored.rule_bytes, statistics.rule_bytes);
    let counted = statistics.rule_bytes.get(&RuleId::new("r").unwrap()).copied().unwrap_or(0);
    (truth, counted, rule(&text).bytes_per_key(&|_| Some("ug/m3".into())))
}

/// Series, names and remembered ids grow by the readings too: by as much under a rule that keeps no states.
///
/// `full`: which part of what was said the script fills at least. A bound that nothing comes near would refuse rules for
/// nothing.
fn check(text: &str, script: &str, full: f64) {
    let (others, none, _) = grown("kinds = ['air.pm25']\n[detector.threshold]\nabove = 1e9", script);
    let (truth, counted, of_key) = grown(&format!("kinds = ['air.pm25']\n{text}"), script);
    let keys = if text.contains("key = 'all'") { 1 } else { KEYS };
    let (truth, said) = (truth - others, of_key * keys as u64);
    assert_eq!(none, 0);
    assert!(truth > 0 && truth as u64 <= counted, "{text}: {truth} held, {counted} counted");
    assert!(counted <= said, "{text}: {counted} counted, {said} said");
    assert!(counted as f64 >= full * said as f64, "{text}: only {counted} counted of the {said} said");
}

fn every(seconds: std::ops::Range<i32>, value: &str) -> String {
    seconds.fold(String::new(), |mut script, second| {
        let _ = writeln!(script, "{second} KEY air.pm25 {value} 0.2 0.2");
        script
    })
}

#[test]
fn limits_and_counts_take_no_more_than_is_counted_for_them() {
    check("[detector.threshold]\nabove = 0\nfor_s = 1000", &every(0..40, "1"), 0.5);
    let rises = (0..40).map(|i| every(i..i + 1, &(if i < 4 { i % 2 } else { i }).to_string())).collect::<String>();
    check("cooldown_s = 1000\n[detector.rate_of_change]\nabove = 0", &rises, 0.5);
    check("[detector.silent]\nafter_s = 100", &every(0..10, "1"), 0.5);
    check("cooldown_s = 1000\n[detector.flat_line]\nfor_s = 5", &(every(0..9, "1") + &every(9..60, "2")), 0.05);
    check("[detector.geofence]\nzones = ['harbour']\non = 'inside'\nfor_s = 1000", &every(0..40, "1"), 0.5);
    check("[detector.count]\nwindow_s = 600\nat_least = 40", &every(0..200, "1"), 0.5);
    check("[detector.count]\nwindow_s = 128\nat_least = 400", &every(0..200, "1"), 0.5);
    let windows = "window(\"1h\").max > 5 && window(\"2h\").mean > 2";
    check(&format!("when = 'value > 0'\n[detector.condition]\nexpression = '{windows}'"), &every(0..300, "1"), 0.5);
}

#[test]
fn patterns_take_no_more_than_is_counted_for_them() {
    let parts = "within_s = 5000\nparts = [{when = 'value == 1'}, {when = 'value == 2'}, {when = 'value == 3'}]";
    let both = every(0..140, "1") + &every(140..280, "2");
    check(&format!("[detector.sequence]\n{parts}"), &both, 0.5);
    check(&format!("[detector.cooccurrence]\n{parts}"), &both, 0.5);
    let absence = "within_s = 300\nfirst = {when = 'value == 1'}\nthen = {when = 'value == 2'}";
    check(
        &format!("[detector.absence]\n{absence}"),
        &(every(0..140, "1") + "tick 900\n" + &every(901..1_041, "1")),
        0.5,
    );
}

#[test]
fn what_is_learned_takes_no_more_than_is_counted_for_it() {
    for detector in ["baseline", "forecast", "change_point", "anomaly", "drift]\nwithin_m = 100\n[alarm"] {
        let alarm = if detector.contains("alarm") { "title = 'x'\nseverity = 'minor'" } else { "" };
        check(&format!("[detector.{detector}]\n{alarm}"), &every(0..20, "1"), 0.05);
    }
}

#[test]
fn clusters_take_no_more_than_is_counted_for_them() {
    // Each of 256 places with more readings than its cluster keeps, and a full pool beside.
    let script = (0..300).fold(String::new(), |mut script, place| {
        let _ = writeln!(script, "1 KEY air.pm25 1 {} 0.2", f64::from(place) / 10.0);
        script
    });
    check("key = 'all'\n[detector.count]\nwindow_s = 600\nat_least = 20\nradius_m = 5", &script, 0.5);
}

#[test]
fn a_rule_whose_key_would_take_too_much_is_not_saved() {
    let refused = |text: &str| {
        let found = rule(text).check(&City(&|_| Some("ug/m3".into())));
        found.into_iter().map(|d| format!("{}: {}", d.field, d.message)).collect::<Vec<_>>().join("; ")
    };
    let cluster = |at_least: u32| {
        refused(&format!("key = 'all'\n[detector.count]\nwindow_s = 60\nat_least = {at_least}\nradius_m = 5"))
    };
    assert_eq!(cluster(255), "");
    let expected = "detector.count.at_least: takes up to 41830 kB of memory for one key, the most is 33555 kB: ask for fewer \
        readings";
    assert_eq!(cluster(500), expected);
}
