//! Detectors on recorded series; where they come from is told in `tests/fixtures/README.md`. Those that learn stand in
//! `learned.rs`, the geofence in `geofence_ride.rs`.

use vigiles_engine::Input;
use vigiles_model::{Alarm, Timestamp};

use crate::rig::{Rig, reading};

/// A recorded column that is played as readings of a kind of the rig.
pub(crate) struct Column {
    kind: &'static str,
    place: usize,
}

pub(crate) const SPEEDS: (&str, &[Column]) =
    (include_str!("../fixtures/speed_7578.csv"), &[Column { kind: "vehicle", place: 1 }]);
/// Occupancy in percent and speed of the same loop.
const LOOP: (&str, &[Column]) = (
    include_str!("../fixtures/loop_t4013.csv"),
    &[Column { kind: "air.pm10", place: 1 }, Column { kind: "vehicle", place: 2 }],
);
/// Micrograms in a cubic metre; -200 stands for a sensor that did not work.
const BENZENE: (&str, &[Column]) =
    (include_str!("../fixtures/benzene_italy_2004-04.csv"), &[Column { kind: "air.pm25", place: 1 }]);

fn play((text, columns): (&str, &[Column]), rule: &str) -> String {
    let mut rig = Rig::with_rules(&[rule]);
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    for row in rows.records() {
        let row = row.unwrap();
        let time: Timestamp = format!("{}Z", row[0].replace(' ', "T")).parse().unwrap();
        rig.now = time.0 / 1_000_000;
        for Column { kind, place } in columns.iter().filter(|column| !row[column.place].is_empty()) {
            let quality = if row[*place].starts_with('-') { "implausible" } else { "" };
            // Given as text too, for what counts different values.
            let o = reading(&format!("{} a {kind} {1} {quality} figure={1}", rig.now, &row[*place]));
            rig.step(&Input::Observations(vec![o]));
        }
    }
    rig.alarms().iter().map(|alarm| line(alarm) + "\n").collect()
}

/// An alarm as "raised..cleared reason (what it rests on)".
pub(crate) fn line(a: &Alarm) -> String {
    let cleared = a.cleared.map(|t| t.to_string()).unwrap_or_default();
    let before = a.basis.as_ref().map_or(0, |basis| basis.before.len());
    let kept = if before == 0 { String::new() } else { format!(", {before} before") };
    format!("{}..{} {} ({} readings{kept})", a.raised, cleared, a.reason, a.support)
}

pub(crate) fn check(series: (&str, &[Column]), rule: &str, expected: &[&str]) {
    let story = play(series, rule);
    assert_eq!(story.lines().collect::<Vec<_>>(), expected, "{rule}");
}

#[test]
fn standing_traffic() {
    let story = play(SPEEDS, "kinds = ['vehicle']\n[detector.threshold]\nbelow = 20\nclear = 45\nfor_s = 300");
    assert_eq!(story, include_str!("../fixtures/standing_traffic.txt"));
}

#[test]
fn slow_half_hours() {
    let rule = "kinds = ['vehicle']\nwhen = 'time.weekday <= 5'\n[detector.condition]
expression = 'window(\"30m\").count >= 3 && window(\"30m\").mean < 35'";
    assert_eq!(play(SPEEDS, rule), include_str!("../fixtures/slow_half_hours.txt"));
}

#[test]
fn sudden_braking() {
    check(
        SPEEDS,
        "kinds = ['vehicle']\n[detector.rate_of_change]\nper_s = 300\nbelow = -30",
        &[
            "2015-09-11T16:44:00Z..2015-09-11T16:49:00Z changed by -36 ug/m3 per 300 s, below -30; now 23 ug/m3 (2 readings, 1 before)",
            "2015-09-16T17:10:00Z..2015-09-16T17:15:00Z changed by -42 ug/m3 per 300 s, below -30; now 1 ug/m3 (2 readings, 1 before)",
        ],
    );
}

#[test]
fn long_gaps() {
    check(
        SPEEDS,
        "kinds = ['vehicle']\n[detector.silent]\nafter_s = 14400",
        &[
            "2015-09-09T05:16:00Z..2015-09-09T07:34:00Z no reading for 14400 s; the last was 58 ug/m3 (1 readings)",
            "2015-09-10T03:53:00Z..2015-09-10T05:33:00Z no reading for 14400 s; the last was 62 ug/m3 (1 readings)",
            "2015-09-11T03:47:00Z..2015-09-11T05:27:00Z no reading for 14400 s; the last was 61 ug/m3 (1 readings)",
            "2015-09-13T03:31:00Z..2015-09-13T06:31:00Z no reading for 14400 s; the last was 59 ug/m3 (1 readings)",
            "2015-09-14T04:33:00Z..2015-09-14T05:53:00Z no reading for 14400 s; the last was 68 ug/m3 (1 readings)",
            "2015-09-15T02:50:00Z..2015-09-15T03:45:00Z no reading for 14400 s; the last was 70 ug/m3 (1 readings)",
        ],
    );
}

#[test]
fn the_same_speed_for_long() {
    check(
        SPEEDS,
        "kinds = ['vehicle']\n[detector.flat_line]\nfor_s = 900\ntolerance = 0.0",
        &[
            "2015-09-09T12:33:00Z..2015-09-09T12:48:00Z stuck at 65 ug/m3 for 900 s (3 readings, 1 before)",
            "2015-09-10T14:57:00Z..2015-09-10T15:02:00Z stuck at 69 ug/m3 for 900 s (4 readings, 1 before)",
            "2015-09-13T12:53:00Z..2015-09-13T12:58:00Z stuck at 66 ug/m3 for 900 s (3 readings, 1 before)",
            "2015-09-14T18:20:00Z..2015-09-14T18:25:00Z stuck at 66 ug/m3 for 900 s (3 readings)",
            "2015-09-14T21:35:00Z..2015-09-14T21:45:00Z stuck at 65 ug/m3 for 900 s (3 readings, 1 before)",
            "2015-09-15T09:36:00Z..2015-09-15T09:41:00Z stuck at 63 ug/m3 for 900 s (3 readings, 1 before)",
            "2015-09-16T19:25:00Z..2015-09-16T19:30:00Z stuck at 64 ug/m3 for 900 s (3 readings)",
        ],
    );
}

#[test]
fn many_slow_readings() {
    let rule = "kinds = ['vehicle']\nwhen = 'value < 50'\n[detector.count]\nwindow_s = 7200\nat_least = 9";
    check(
        SPEEDS,
        rule,
        &[
            "2015-09-16T14:29:00Z..2015-09-16T16:09:00Z 9 readings in 7200 s, at least 9 (13 readings)",
            "2015-09-16T17:40:00Z..2015-09-16T18:45:00Z 9 readings in 7200 s, at least 9 (9 readings)",
            "2015-09-17T14:05:00Z.. 9 readings in 7200 s, at least 9 (9 readings)",
        ],
    );
}

#[test]
fn different_slow_speeds() {
    // The same readings, of which each speed counts once.
    let rule = "kinds = ['vehicle']\nwhen = 'value < 50'\n[detector.count]\nwindow_s = 7200\nat_least = 9\ndistinct = 'figure'";
    check(
        SPEEDS,
        rule,
        &[
            "2015-09-16T14:35:00Z..2015-09-16T15:54:00Z 9 different values of figure in 7200 s, at least 9 (11 readings)",
            "2015-09-16T17:40:00Z..2015-09-16T18:45:00Z 9 different values of figure in 7200 s, at least 9 (9 readings)",
        ],
    );
}

#[test]
fn a_sensor_that_did_not_work() {
    check(
        BENZENE,
        "[detector.out_of_range]\nfor_s = 7200\nclear_for_s = 3600",
        &[
            "2004-04-01T16:00:00Z..2004-04-01T18:00:00Z -200 ug/m3 is outside the plausible range -inf to inf for 7200 s (3 readings)",
            "2004-04-09T01:00:00Z..2004-04-10T00:00:00Z -200 ug/m3 is outside the plausible range -inf to inf for 7200 s (24 readings)",
        ],
    );
}

const PARTS: &str = "[{ kinds = ['air.pm10'], when = 'value > 20.0' }, { kinds = ['vehicle'], when = 'value < 50.0' }]";

#[test]
fn a_full_road_then_slow_traffic() {
    let head = "kinds = ['air.pm10', 'vehicle']\n[detector.sequence]\nwithin_s = 1800";
    check(
        LOOP,
        &format!("{head}\nparts = {PARTS}"),
        &[
            "2015-09-01T17:15:00Z..2015-09-01T17:50:00Z air.pm10 21.33 ug/m3, then vehicle 38 ug/m3 0 s later (3 readings)",
            "2015-09-02T06:45:00Z..2015-09-02T07:40:00Z air.pm10 21.72 ug/m3, then vehicle 35 ug/m3 0 s later (4 readings)",
            "2015-09-02T08:30:00Z..2015-09-02T09:00:00Z air.pm10 21.22 ug/m3, then vehicle 47 ug/m3 0 s later (2 readings)",
            "2015-09-02T09:10:00Z.. air.pm10 20.17 ug/m3, then vehicle 46 ug/m3 0 s later (2 readings)",
        ],
    );
}

#[test]
fn a_full_road_and_slow_traffic() {
    let head = "kinds = ['air.pm10', 'vehicle']\n[detector.cooccurrence]\nwithin_s = 300";
    check(
        LOOP,
        &format!("{head}\nparts = {PARTS}"),
        &[
            "2015-09-01T17:15:00Z..2015-09-01T17:20:00Z air.pm10 21.33 ug/m3, then vehicle 38 ug/m3 0 s later (2 readings)",
            "2015-09-01T17:20:00Z..2015-09-01T17:25:00Z vehicle 38 ug/m3, then air.pm10 21.61 ug/m3 300 s later (3 readings)",
            "2015-09-01T17:25:00Z..2015-09-01T17:30:00Z air.pm10 21.61 ug/m3, then vehicle 33 ug/m3 300 s later (2 readings)",
            "2015-09-02T06:45:00Z..2015-09-02T06:50:00Z air.pm10 21.72 ug/m3, then vehicle 35 ug/m3 0 s later (2 readings)",
            "2015-09-02T07:05:00Z..2015-09-02T07:10:00Z air.pm10 25.61 ug/m3, then vehicle 34 ug/m3 0 s later (2 readings)",
            "2015-09-02T07:10:00Z..2015-09-02T07:15:00Z vehicle 34 ug/m3, then air.pm10 25.78 ug/m3 300 s later (3 readings)",
            "2015-09-02T08:30:00Z..2015-09-02T08:35:00Z air.pm10 21.22 ug/m3, then vehicle 47 ug/m3 0 s later (2 readings)",
            "2015-09-02T09:10:00Z..2015-09-02T09:15:00Z air.pm10 20.17 ug/m3, then vehicle 46 ug/m3 0 s later (2 readings)",
            "2015-09-02T09:15:00Z..2015-09-02T09:20:00Z vehicle 46 ug/m3, then air.pm10 21.56 ug/m3 300 s later (2 readings)",
        ],
    );
}

#[test]
fn a_full_road_without_slow_traffic() {
    let rule = "kinds = ['air.pm10', 'vehicle']\n[detector.absence]\nwithin_s = 900
first = { kinds = ['air.pm10'], when = 'value > 20.0' }\nthen = { kinds = ['vehicle'], when = 'value < 50.0' }";
    check(
        LOOP,
        rule,
        &[
            "2015-09-01T14:25:00Z..2015-09-01T17:15:00Z air.pm10 25.89 ug/m3, and what should follow did not within 900 s (2 readings)",
            "2015-09-02T09:30:00Z.. air.pm10 21.56 ug/m3, and what should follow did not within 900 s (1 readings)",
        ],
    );
}
