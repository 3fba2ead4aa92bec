//! What `docs/rules.md` says of rules that need an allowed lateness, and of those that do without.

use crate::rig::Rig;

/// Alarms as "raised..cleared", of a rule as it is and with an allowed lateness of 100 s.
fn check(rule: &str, series: &str, without: &[&str], with: &[&str]) {
    let told = |rule: &str| {
        let mut rig = Rig::with_rules(&[rule]);
        rig.feed(series);
        let second = |time: vigiles_model::Timestamp| (time.0 / 1_000_000).to_string();
        let line =
            |a: &vigiles_model::Alarm| format!("{}..{}", second(a.raised), a.cleared.map_or(String::new(), second));
        rig.alarms().iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(told(rule), without, "{rule}");
    assert_eq!(told(&format!("lateness_s = 100\n{rule}")), with, "{rule}");
}

#[test]
fn a_sequence_misses_a_first_part_that_comes_after_the_second() {
    let rule = "kinds = ['door.open', 'vehicle']\nkey = 'all'\n[detector.sequence]\nwithin_s = 300\n\
        parts = [{ kinds = ['door.open'] }, { kinds = ['vehicle'] }]";
    check(rule, "60 b vehicle 60\n ?0 a door.open true\n tick 900", &[], &["160..460"]);
}

#[test]
fn an_absence_tells_of_what_came_late() {
    let rule = "kinds = ['report', 'door.open']\nkey = 'all'\n[detector.absence]\nwithin_s = 120\n\
        first = { kinds = ['report'] }\nthen = { kinds = ['door.open'] }";
    check(rule, "0 a report help\n tick 130\n ?50 b door.open true\n tick 900", &["120..130"], &[]);
}

#[test]
fn a_cooccurrence_wants_its_parts_to_come_before_others_of_a_later_time() {
    let rule = "kinds = ['air.pm25', 'report']\nkey = 'all'\n[detector.cooccurrence]\nwithin_s = 60\n\
        parts = [{ kinds = ['air.pm25'] }, { kinds = ['report'] }]";
    check(rule, "30 b air.pm25 80\n ?0 a report smoke\n tick 900", &["30..90"], &["130..190"]);
    check(rule, "30 b air.pm25 80\n 100 b air.pm25 80\n ?0 a report smoke\n tick 900", &[], &["130..190"]);
}

#[test]
fn of_one_series_a_reading_that_was_overtaken_counts_nowhere_but_in_counts_and_windows() {
    let late = "0 a air.pm25 10\n 90 a air.pm25 10\n ?50 a air.pm25 90\n tick 900";
    check("[detector.threshold]\nabove = 50", late, &[], &["150..190"]);
    check("[detector.rate_of_change]\nper_s = 50\nabove = 50", late, &[], &["150..190"]);
    check("[detector.condition]\nexpression = 'value > 50.0'", late, &[], &["150..190"]);
    check("[detector.count]\nwindow_s = 200\nat_least = 3", late, &["90..200"], &["190..300"]);
    // A window has it when the next one comes.
    let window = "[detector.condition]\nexpression = 'window(\"100s\").max > 50.0'";
    check(window, &late.replace("tick", "95 a air.pm25 10\n tick"), &["95.."], &["150.."]);
}

#[test]
fn a_key_of_many_series_goes_by_the_order_of_arrival() {
    let rule = "key = 'all'\n[detector.threshold]\nabove = 50";
    check(rule, "10 b air.pm25 10\n ?0 a air.pm25 90\n tick 900", &["10.."], &["100..110"]);
}

#[test]
fn silence_is_about_arrival() {
    let rule = "[detector.silent]\nafter_s = 60";
    // The reading of 50 s came at 70 s. With a lateness the silence is told so much later.
    check(rule, "0 a air.pm25 1\n tick 70\n ?50 a air.pm25 1\n tick 100", &["60..70"], &[]);
    check(rule, "0 a air.pm25 1\n tick 900", &["60.."], &["160.."]);
}
