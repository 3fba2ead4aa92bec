//! What an alarm keeps of the readings that caused it, and where it says that the others are.

use std::fmt::Write as _;

use proptest::prelude::*;

use vigiles_model::alarm::{MAX_BEFORE, MAX_CAUSES, MAX_NAMED};
use vigiles_model::{Alarm, BoundingBox, Observation};

use crate::determinism::{busy_script, city};
use crate::rig::{Rig, cases};

fn times(observations: &[Observation]) -> String {
    let seconds: Vec<String> = observations.iter().map(|o| (o.time.0 / 1_000_000).to_string()).collect();
    seconds.join(" ")
}

/// "before | causes | from..to kinds of whom (support)"; seconds are cut, so that a window that leaves out its first
/// moment begins with the second before.
fn line(alarm: &Alarm) -> String {
    let kept = times(&alarm.causes);
    let Some(basis) = &alarm.basis else { return format!("| {kept} | ({})", alarm.support) };
    let assets = basis.assets.iter().map(ToString::to_string);
    let source = basis.source.iter().map(|source| format!("source {source}"));
    let zone = basis.zone.iter().map(|zone| format!("zone {zone}"));
    let whose: Vec<String> = assets.chain(source).chain(zone).collect();
    let kinds: Vec<&str> = basis.kinds.iter().map(vigiles_model::KindId::as_str).collect();
    let second = |t: vigiles_model::Timestamp| t.0.div_euclid(1_000_000);
    let (from, to, whose, kinds) = (second(basis.from), second(basis.to), whose.join(", "), kinds.join(" "));
    let text = format!("{} | {kept} | {from}..{to} {kinds} of {whose} ({})", times(&basis.before), alarm.support);
    text.trim().to_owned()
}

fn alarms(rule: &str, script: &str) -> Vec<String> {
    let mut rig = Rig::with_rules(&[rule]);
    rig.feed(script);
    rig.alarms().iter().map(line).collect()
}

fn check(rule: &str, script: &str, expected: &[&str]) {
    assert_eq!(alarms(rule, script), expected, "{rule}");
}

#[test]
fn a_rate_keeps_the_reading_that_it_began_at() {
    let rule = "[detector.rate_of_change]\nabove = 1";
    check(rule, "0 a air.pm25 10\n 10 a air.pm25 90", &["0 | 10 | 0..10 air.pm25 of a (2)"]);
    check(
        rule,
        "0 a air.pm25 10\n 10 a air.pm25 10\n 20 a air.pm25 90\n 30 a air.pm25 90\n 40 a air.pm25 190",
        &["10 | 20 | 10..20 air.pm25 of a (2)", "30 | 40 | 30..40 air.pm25 of a (2)"],
    );
}

#[test]
fn a_rate_that_waits_for_its_cool_down_keeps_what_it_began_at() {
    check(
        "cooldown_s = 100\n[detector.rate_of_change]\nabove = 1",
        "0 a air.pm25 0\n 10 a air.pm25 50\n 20 a air.pm25 50\n 30 a air.pm25 90\n 40 a air.pm25 130\n tick 300",
        &["0 | 10 | 0..10 air.pm25 of a (2)", "20 | 30 40 | 20..40 air.pm25 of a (3)"],
    );
}

#[test]
fn a_flat_line_counts_all_of_it_and_keeps_some() {
    let rule = "[detector.flat_line]\nfor_s = 100\ntolerance = 1";
    check(
        rule,
        "0 a air.pm25 9\n 10 a air.pm25 5\n 40 a air.pm25 5\n 60 a air.pm25 5\n 70 a air.pm25 5\n 90 a air.pm25 5\n 110 a air.pm25 5",
        &["60 90 | 110 | 10..110 air.pm25 of a (6)"],
    );
    check(rule, "0 a air.pm25 5\n 20 a air.pm25 5\n 200 a air.pm25 5", &["| 200 | 0..200 air.pm25 of a (3)"]);
    // Readings of a line that moved belong to no later one.
    check(
        rule,
        "0 a air.pm25 5\n 60 a air.pm25 5\n 70 a air.pm25 50\n 130 a air.pm25 50\n 170 a air.pm25 50",
        &["130 | 170 | 70..170 air.pm25 of a (3)"],
    );
}

#[test]
fn a_condition_says_which_span_its_longest_window_has() {
    check(
        "[detector.condition]\nexpression = 'window(\"60s\").mean > 30 && window(\"20s\").count >= 1'",
        "0 a air.pm25 0\n 100 a air.pm25 10\n 120 a air.pm25 20\n 140 a air.pm25 90",
        &["| 140 | 80..140 air.pm25 of a (1)"],
    );
    check(
        "key = 'zone'\n[detector.condition]\nexpression = 'window(\"60s\").mean > 30'\nfor_s = 30",
        "100 a air.pm25 90 0.2 0.5\n 120 b air.pm25 95 0.3 0.5\n 140 c air.pm25 90 0.3 0.5",
        &["| 100 120 | 40..120 air.pm25 of zone harbour (2)"],
    );
    check(
        "key = 'source'\n[detector.condition]\nexpression = 'window(\"60s\").mean > 30'",
        "100 s2/- air.pm25 90 0.2 0.5",
        &["| 100 | 40..100 air.pm25 of source s2 (1)"],
    );
}

#[test]
fn a_count_says_its_window() {
    check(
        "kinds = ['report', 'vehicle']\nkey = 'all'\n[detector.count]\nwindow_s = 60\nat_least = 2",
        "0 - report noise\n 30 a vehicle 5",
        &["| 0 30 | -60..30 report vehicle of  (2)"],
    );
}

#[test]
fn an_absence_says_until_when_nothing_followed() {
    check(
        "kinds = ['vehicle', 'air.pm25']\n[detector.absence]\nwithin_s = 30\nfirst = { kinds = ['vehicle'] }\nthen = { kinds = ['air.pm25'] }",
        "10 a vehicle 5\n tick 100",
        &["| 10 | 10..40 vehicle air.pm25 of a (1)"],
    );
}

#[test]
fn a_change_point_knows_where_it_began() {
    let mut script = String::new();
    for second in 0..120 {
        let value = f64::from(second * 7919 % 13) / 4.0 + if second < 100 { 0.0 } else { 60.0 };
        writeln!(script, "{second} a air.pm25 {value}").unwrap();
    }
    let rule = "[detector.change_point]\nclear_for_s = 3600";
    check(rule, &script, &["| 104 | 100..104 air.pm25 of a (1)"]);
}

#[test]
fn a_drift_names_the_neighbours_it_was_compared_with() {
    let mut script = String::new();
    for round in 0..150 {
        let at = round * 10;
        let own = if round < 20 { 10 + round % 2 } else { 60 };
        write!(script, "{at} b air.pm25 10 0.21 0.5\n{at} c air.pm25 10 0.201 0.5\n{at} a air.pm25 {own} 0.2 0.5\n")
            .unwrap();
    }
    let rule =
        "[detector.drift]\nwithin_m = 5000\nneighbours = 2\nfresh_s = 60\nlearning = 10\nsigmas = 1.5\nat_least = 1";
    let found = alarms(rule, &script);
    assert!(found[0].contains("air.pm25 of a, c, b ("), "{found:?}");
}

#[test]
fn what_learns_a_season_says_the_last_one() {
    let mut script = String::new();
    for hour in 0..24 * 12 {
        let value = if hour == 24 * 11 + 5 { 500 } else { 10 + hour % 24 + hour / 24 % 2 };
        writeln!(script, "{} a air.pm25 {value}", hour * 3600).unwrap();
    }
    let at = (24 * 11 + 5) * 3600;
    let rule = "[detector.baseline]\nseason = 'day'\nlearning = 5";
    check(rule, &script, &[&format!("| {at} | {}..{at} air.pm25 of a (1)", at - 86_400)]);
}

#[test]
fn a_cluster_keeps_the_window_and_the_box_around_it() {
    let mut rig = Rig::with_rules(&[
        "kinds = ['vehicle']\nkey = 'all'\n[detector.count]\nwindow_s = 900\nat_least = 2\nradius_m = 500",
    ]);
    rig.feed("0 a vehicle 1 0.2 0.2\n 5 b vehicle 1 0.201 0.2");
    rig.feed("6 c vehicle 1 0.3 0.3");
    let area = |alarm: &Alarm| alarm.basis.as_ref().and_then(|basis| basis.area);
    let found: Vec<_> = rig.alarms().iter().map(|alarm| (line(alarm), area(alarm))).collect();
    let own = BoundingBox::new(0.2, 0.2, 0.201, 0.2).unwrap();
    assert_eq!(found, [("| 0 5 | -900..5 vehicle of  (2)".to_owned(), Some(own))]);
}

#[test]
fn one_that_stands_for_others_has_none() {
    let rule = "kinds = ['vehicle']\nkey = 'all'\n[detector.count]\nwindow_s = 9\nat_least = 2\nradius_m = 5";
    let mut rig = Rig::with_rules(&[rule]);
    for n in 0..257 {
        let lon = 0.01 * f64::from(n);
        rig.feed(&format!("0 a vehicle 1 {lon} 0.2\n 0 b vehicle 1 {lon} 0.2"));
    }
    let (others, clusters): (Vec<_>, Vec<_>) = rig.alarms().into_iter().partition(|a| a.key == "others");
    assert_eq!((others.len(), clusters.len()), (1, 256));
    assert_eq!((others[0].basis.is_none(), clusters[0].basis.is_some()), (true, true));
}

proptest! {
    #![proptest_config(cases(12))]

    /// Of every detector, after a restart in the middle too: what is kept is bounded, in order and within the span.
    #[test]
    fn what_is_kept_lies_within_the_span(from in 0..300_usize, length in 60..240_usize, restart: bool) {
        let mut rig = city();
        rig.feed(&busy_script(from..from + length / 2));
        if restart {
            rig.engine = crate::kinds::restore(&rig.engine.snapshot()).unwrap();
        }
        rig.feed(&busy_script(from + length / 2..from + length));
        rig.feed(&format!("tick {}", from + length + 3000));
        for alarm in rig.alarms() {
            prop_assert!(alarm.causes.len() <= MAX_CAUSES);
            let Some(basis) = &alarm.basis else { continue };
            prop_assert!(basis.before.len() <= MAX_BEFORE && basis.assets.len() <= MAX_NAMED);
            prop_assert!(basis.kinds.len() <= MAX_NAMED && basis.from <= basis.to);
            let first = alarm.causes.first().map(|o| o.time);
            for o in &basis.before {
                prop_assert!(Some(o.time) <= first && o.time >= basis.from, "{alarm:?}");
            }
            // What came while it was active came later.
            prop_assert!(first.is_none_or(|first| first >= basis.from && first <= basis.to), "{alarm:?}");
            prop_assert!(alarm.support >= alarm.causes.len().min(1) as u64);
        }
    }
}
