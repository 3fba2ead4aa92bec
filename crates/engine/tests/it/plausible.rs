//! Limits beyond every plausible reading are not saved.

use vigiles_engine::CommandBody;
use vigiles_model::KindId;

use crate::findings::check_found;
use crate::rig::{City, Rig, rule};

/// Kinds with the ranges of the rig: dust from 0 to 1000 and from 0 to 2000 ug/m3, water from -2 Cel on.
fn check(text: &str, expected: &[&str]) {
    let unit = |kind: &KindId| match kind.as_str() {
        "dust.fine" | "dust.coarse" | "air.pm25" => Some("ug/m3".to_owned()),
        "water" => Some("Cel".to_owned()),
        _ => None,
    };
    check_found(text, &rule(text).check(&City(&unit)), expected);
}

fn check_threshold(head: &str, limits: &str, expected: &[&str]) {
    check(&format!("{head}\n[detector.threshold]\n{limits}"), expected);
}

fn check_condition(head: &str, expression: &str, expected: &[&str]) {
    check(&format!("{head}\n[detector.condition]\nexpression = '''{expression}'''"), expected);
}

const FINE: &str = "kinds = ['dust.fine']";
const BOTH: &str = "kinds = ['dust.fine', 'dust.coarse']";

#[test]
fn a_threshold_lies_where_readings_are_plausible() {
    let of = |name: &str, said: &str| format!("detector.threshold.{name} {said}, they are from 0 to 1000 ug/m3");
    let check_fine = |limits: &str, expected: &[&str]| check_threshold(FINE, limits, expected);
    check_fine("above = 999.9", &[]);
    check_fine("above = 0.0", &[]);
    check_fine("below = 1000.0", &[]);
    check_fine("above = 900.0\nbelow = 1.0", &[]);
    let none =
        |found: &str| format!("expected less than 1000 ug/m3, found {found}: no plausible reading raises the alarm");
    check_fine("above = 5000.0", &[&of("above", &none("5000"))]);
    check_fine("above = 1000.0", &[&of("above", &none("1000"))]);
    let every = "expected at least 0 ug/m3, found -1: every plausible reading raises the alarm";
    check_fine("above = -1.0", &[&of("above", every)]);
    let none =
        |found: &str| format!("expected more than 0 ug/m3, found {found}: no plausible reading raises the alarm");
    check_fine("below = -1.0", &[&of("below", &none("-1"))]);
    check_fine("below = 0.0", &[&of("below", &none("0"))]);
    let every = "expected at most 1000 ug/m3, found 1001: every plausible reading raises the alarm";
    check_fine("below = 1001.0", &[&of("below", every)]);
}

#[test]
fn the_widest_of_the_kinds_counts_in_the_unit_of_the_rule() {
    check_threshold(BOTH, "above = 1500.0", &[]);
    check_threshold(BOTH, "above = 2000.0", &["detector.threshold.above expected less than 2000 ug/m3, found 2000"]);
    // A kind without a range has every reading.
    check_threshold("kinds = ['dust.fine', 'air.pm25']", "above = 5000.0", &[]);
    let milligrams = format!("{BOTH}\nunit = 'mg/m3'");
    check_threshold(&milligrams, "above = 1.5", &[]);
    check_threshold(&milligrams, "above = 2.5", &["detector.threshold.above expected less than 2 mg/m3, found 2.5"]);
    let kelvin = "kinds = ['water']\nunit = 'K'";
    check_threshold(kelvin, "above = 5000.0", &[]);
    check_threshold(kelvin, "below = 271.0", &["detector.threshold.below expected more than 271.15 K, found 271"]);
}

#[test]
fn a_reading_is_compared_with_what_is_plausible() {
    let range = "`value` is a plausible reading, from 0 to 1000 ug/m3";
    let never = format!("this never holds: {range}");
    let of = |said: &str| format!("detector.condition.expression 1:{said}");
    for fine in ["value > 999", "value >= 1000", "value <= 0", "value > quantity(0.5, 'mg/m3')", "value * 10 > 5000"] {
        check_condition(FINE, fine, &[]);
    }
    check_condition(FINE, "value > 5000", &[&of(&format!("9 {never}"))]);
    check_condition(FINE, "value > 1000", &[&of(&format!("9 {never}"))]);
    check_condition(FINE, "value < 0", &[&of(&format!("9 {never}"))]);
    check_condition(FINE, "value >= 0", &[&of(&format!("10 this always holds: {range}"))]);
    check_condition(FINE, "value > quantity(35, 'mg/m3')", &[&of(&format!("9 {never}"))]);
    check_condition(FINE, "quantity(35, 'mg/m3') < value", &[&of(&format!("1 {never}"))]);
    check_condition(
        FINE,
        "value == 1001",
        &[&of("10 `value` is never 1001: expected a plausible reading, from 0 to 1000 ug/m3")],
    );
    check_condition(BOTH, "kind == 'dust.fine' && value > 1500", &[]);
    let milligrams = format!("{FINE}\nunit = 'mg/m3'");
    check_condition(
        &milligrams,
        "value > 35",
        &[&of("9 this never holds: `value` is a plausible reading, from 0 to 1 mg/m3")],
    );
    check_condition(
        "kinds = ['water']",
        "value < -2",
        &[&of("9 this never holds: `value` is a plausible reading, from -2 on Cel")],
    );
    check_condition("kinds = ['water']", "value > 1e9", &[]);
}

/// Parts of a pattern mean their own kinds, and an `out_of_range` is for what lies outside.
#[test]
fn each_detector_goes_by_the_readings_that_come_to_it() {
    let part = "[[detector.sequence.parts]]\nkinds = ['dust.fine']\nwhen = 'value > 1500'\n\
                [[detector.sequence.parts]]\nkinds = ['dust.coarse']\nwhen = 'value > 1500'";
    check(
        &format!("{BOTH}\n[detector.sequence]\nwithin_s = 60\n{part}"),
        &["detector.sequence.parts[0].when 1:9 this never holds"],
    );
    let outside = |when: &str| format!("{FINE}\nwhen = '''{when}'''\n[detector.out_of_range]");
    check(&outside("value > 5000"), &[]);
    check(&outside("quality == 'implausible'"), &[]);
    check(
        &format!("{FINE}\nwhen = '''quality == 'implausible''''\n[detector.threshold]\nabove = 3.0"),
        &[
            "when 1:12 `quality` is never \"implausible\": expected one of good, doubtful; an implausible reading comes to an \
           `out_of_range` only",
        ],
    );
}

/// A rule of before the check is replayed as it was, and runs.
#[test]
fn the_log_takes_them_as_before() {
    let mut rig = Rig::new();
    let text = "[detector.condition]\nexpression = '''value > 3 && quality != 'implausible''''";
    check(text, &["detector.condition.expression 1:25 `quality` is never"]);
    let old = rule(text);
    rig.command(CommandBody::PutRule(Box::new(old))).unwrap();
    rig.feed("1 a air.pm25 9");
    assert_eq!(rig.alarms().len(), 1);
}
