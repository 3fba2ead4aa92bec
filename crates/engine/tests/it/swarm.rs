//! Patterns and clusters of place on a recorded series: a week of earthquakes (`tests/fixtures/README.md`), most of them at
//! The Geysers, where some come within minutes and metres of each other. The expected figures are those of a separate
//! program, which compares every pair of the recorded events.

use vigiles_engine::Input;
use vigiles_model::Timestamp;

use crate::recorded::line;
use crate::rig::{Rig, reading};

const QUAKES: &str = include_str!("../fixtures/quakes_california_2015-02.csv");

/// Plays the week, the magnitude as the figure, and compares the alarms as "key raised..cleared reason (readings)".
fn check(rule: &str, expected: &[&str]) {
    let mut rig = Rig::with_rules(&[rule]);
    for row in csv::Reader::from_reader(QUAKES.as_bytes()).records() {
        let row = row.unwrap();
        let time: Timestamp = format!("{}Z", row[0].replace(' ', "T")).parse().unwrap();
        rig.now = time.0 / 1_000_000;
        let o = reading(&format!("{} - vehicle {} {} {}", rig.now, &row[3], &row[1], &row[2]));
        rig.step(&Input::Observations(vec![o]));
    }
    let told = rig.alarms().into_iter().map(|alarm| format!("{} {}", alarm.key, line(&alarm)));
    assert_eq!(told.collect::<Vec<_>>(), expected, "{rule}");
}

/// Such an event, then such another within five minutes and 200 m.
fn one_then_the_other(first: &str, second: &str) -> String {
    format!(
        "kinds = ['vehicle']\nkey = 'all'\n[detector.sequence]\nwithin_s = 300\nwithin_m = 200\nparts = [{{ when = '{first}' }}, {{ when = '{second}' }}]"
    )
}

#[test]
fn a_larger_then_a_smaller_one_at_the_same_place() {
    check(
        &one_then_the_other("value >= 1.0", "value < 1.0"),
        &[
            "all 2015-02-02T03:21:53Z..2015-02-02T03:30:55Z vehicle 1.67 ug/m3, then vehicle 0.85 ug/m3 115 s later, 89 m away (3 readings)",
            "all 2015-02-03T22:46:46Z..2015-02-03T22:51:46Z vehicle 1.96 ug/m3, then vehicle 0.43 ug/m3 276 s later, 172 m away (2 readings)",
            "all 2015-02-05T03:31:03Z..2015-02-05T03:36:03Z vehicle 1.05 ug/m3, then vehicle 0.38 ug/m3 57 s later, 181 m away (2 readings)",
            "all 2015-02-05T19:52:17Z..2015-02-05T19:57:17Z vehicle 2.12 ug/m3, then vehicle 0.28 ug/m3 162 s later, 93 m away (2 readings)",
        ],
    );
}

#[test]
fn the_other_way_round_is_another_pattern() {
    // Of the same week: what comes first decides, not what is there.
    check(
        &one_then_the_other("value < 1.0", "value >= 1.0"),
        &[
            "all 2015-02-02T03:23:38Z..2015-02-02T03:28:38Z vehicle 0.85 ug/m3, then vehicle 1.19 ug/m3 105 s later, 165 m away (2 readings)",
        ],
    );
}

#[test]
fn swarms_each_at_its_place() {
    // The second and the third are under way at once, five hundred kilometres apart.
    check(
        "kinds = ['vehicle']\nkey = 'all'\n[detector.count]\nwindow_s = 3600\nat_least = 5\nradius_m = 2000",
        &[
            "cluster-0 2015-02-02T03:21:05Z..2015-02-02T04:22:01Z 5 readings in 3600 s within 2000 m, at least 5 (13 readings)",
            "cluster-1 2015-02-03T12:19:36Z..2015-02-03T12:58:06Z 5 readings in 3600 s within 2000 m, at least 5 (5 readings)",
            "cluster-2 2015-02-03T12:30:54Z..2015-02-03T12:56:34Z 5 readings in 3600 s within 2000 m, at least 5 (5 readings)",
            "cluster-3 2015-02-04T02:23:36Z..2015-02-04T02:30:02Z 5 readings in 3600 s within 2000 m, at least 5 (5 readings)",
            "cluster-4 2015-02-05T03:31:03Z..2015-02-05T04:28:25Z 5 readings in 3600 s within 2000 m, at least 5 (6 readings)",
        ],
    );
}
