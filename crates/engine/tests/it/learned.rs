//! Detectors that learn what is usual, through rules, on recorded series (`tests/fixtures/README.md`).
//!
//! In the speeds of one road over nine days the benchmark that they come from marks four events: around 16:44 on 11 September,
//! 14:34 on the 15th, 14:14 and 17:10 on the 16th. Each of the three that know the hour tells all four.

use vigiles_engine::backtest::{Setting, Trial as BackTest};
use vigiles_engine::{CommandBody, Input};
use vigiles_model::{Alarm, Observation, Timestamp};

use crate::recorded::{SPEEDS, check, line};
use crate::rig::{Rig, reading, rule};

#[test]
fn a_road_of_which_nothing_is_known() {
    check(
        SPEEDS,
        "kinds = ['vehicle']\n[detector.anomaly]",
        &[
            "2015-09-11T12:14:00Z..2015-09-11T13:39:00Z 81 ug/m3, expected 62.1 ± 18.8 ug/m3; 4.54 sigmas above (1 readings)",
            "2015-09-11T16:44:00Z..2015-09-11T17:49:00Z 23 ug/m3, expected 61.9 ± 18.9 ug/m3; 9.28 sigmas below (1 readings)",
            "2015-09-14T17:05:00Z..2015-09-14T18:15:00Z 36 ug/m3, expected 61.5 ± 20.4 ug/m3; 5.62 sigmas below (2 readings)",
            "2015-09-15T04:55:00Z..2015-09-15T06:26:00Z 90 ug/m3, expected 62.7 ± 22 ug/m3; 5.58 sigmas above (1 readings)",
            "2015-09-15T14:24:00Z..2015-09-15T15:34:00Z 25 ug/m3, expected 50.9 ± 22.8 ug/m3; 5.12 sigmas below (2 readings)",
            "2015-09-16T13:54:00Z..2015-09-16T15:55:00Z 24 ug/m3, expected 48.1 ± 23.6 ug/m3; 4.59 sigmas below (5 readings)",
            "2015-09-16T16:45:00Z..2015-09-16T18:15:00Z 30 ug/m3, expected 59.6 ± 26.7 ug/m3; 4.99 sigmas below (3 readings)",
            "2015-09-17T14:00:00Z.. 19 ug/m3, expected 50.5 ± 28.3 ug/m3; 5.01 sigmas below (1 readings)",
        ],
    );
}

#[test]
fn slower_than_usual_for_the_hour() {
    check(
        SPEEDS,
        "kinds = ['vehicle']\n[detector.baseline]\nseason = 'day'\nside = 'below'\nclear_for_s = 1800",
        &[
            "2015-09-09T17:08:00Z..2015-09-09T18:08:00Z 55 ug/m3, usual at this hour 66.1 ± 9.68 ug/m3; 5.71 sigmas below (4 readings)",
            "2015-09-11T16:44:00Z..2015-09-11T17:19:00Z 23 ug/m3, usual at this hour 66.2 ± 13.7 ug/m3; 15.8 sigmas below (1 readings)",
            "2015-09-13T14:28:00Z..2015-09-13T15:08:00Z 59 ug/m3, usual at this hour 67.7 ± 7.6 ug/m3; 5.74 sigmas below (1 readings)",
            "2015-09-14T14:15:00Z..2015-09-14T14:50:00Z 57 ug/m3, usual at this hour 67.3 ± 8.25 ug/m3; 6.23 sigmas below (1 readings)",
            "2015-09-14T17:05:00Z..2015-09-14T18:15:00Z 36 ug/m3, usual at this hour 65.9 ± 17.3 ug/m3; 8.63 sigmas below (3 readings)",
            "2015-09-15T14:04:00Z..2015-09-15T15:14:00Z 43 ug/m3, usual at this hour 67.1 ± 8.69 ug/m3; 13.9 sigmas below (7 readings)",
            "2015-09-16T13:49:00Z..2015-09-16T15:20:00Z 34 ug/m3, usual at this hour 64.7 ± 19.4 ug/m3; 7.92 sigmas below (13 readings)",
            "2015-09-16T16:45:00Z..2015-09-16T17:55:00Z 30 ug/m3, usual at this hour 65.3 ± 12.6 ug/m3; 14.1 sigmas below (7 readings)",
            "2015-09-17T07:05:00Z..2015-09-17T08:05:00Z 38 ug/m3, usual at this hour 67.9 ± 11.2 ug/m3; 13.4 sigmas below (3 readings)",
            "2015-09-17T13:45:00Z.. 33 ug/m3, usual at this hour 60.6 ± 26 ug/m3; 5.31 sigmas below (4 readings)",
        ],
    );
}

#[test]
fn slower_than_forecast() {
    check(
        SPEEDS,
        "kinds = ['vehicle']\n[detector.forecast]\nseason = 'day'\nside = 'below'\nclear_for_s = 1800",
        &[
            "2015-09-11T16:44:00Z..2015-09-11T17:19:00Z 23 ug/m3, forecast 64.2 ± 15.8 ug/m3; 13.1 sigmas below (1 readings)",
            "2015-09-14T17:05:00Z..2015-09-14T18:15:00Z 36 ug/m3, forecast 64.3 ± 16.8 ug/m3; 8.43 sigmas below (3 readings)",
            "2015-09-15T14:04:00Z..2015-09-15T15:09:00Z 43 ug/m3, forecast 63 ± 18.6 ug/m3; 5.38 sigmas below (4 readings)",
            "2015-09-16T13:49:00Z..2015-09-16T15:15:00Z 34 ug/m3, forecast 62.5 ± 19.9 ug/m3; 7.18 sigmas below (12 readings)",
            "2015-09-16T16:45:00Z..2015-09-16T17:50:00Z 30 ug/m3, forecast 62.5 ± 25.1 ug/m3; 6.48 sigmas below (5 readings)",
            "2015-09-17T07:05:00Z..2015-09-17T07:40:00Z 38 ug/m3, forecast 63.5 ± 24.4 ug/m3; 5.23 sigmas below (1 readings)",
            "2015-09-17T13:50:00Z.. 23 ug/m3, forecast 51.3 ± 24.2 ug/m3; 5.84 sigmas below (2 readings)",
        ],
    );
}

#[test]
fn the_mean_has_shifted() {
    check(
        SPEEDS,
        "kinds = ['vehicle']\n[detector.change_point]\nshift_sigmas = 2.0",
        &[
            "2015-09-15T14:19:00Z..2015-09-15T15:19:00Z mean shifted by -13.1 ug/m3 from 66.3; now 42 ug/m3 (1 readings)",
            "2015-09-16T14:14:00Z..2015-09-16T15:14:00Z mean shifted by -35.3 ug/m3 from 62.7; now 32 ug/m3 (1 readings)",
        ],
    );
}

const PARTICULATES: &str = include_str!("../fixtures/beijing_pm25_2014-01.csv");
const DRIFT: &str = "[detector.drift]\nwithin_m = 20000";

/// Alarms of five stations in a smoggy month, where the first is made to drift by so much a reading from reading 500 on. Its
/// reading comes before those of the others, so it is compared with theirs of the hour before.
fn stations(per_reading: f64) -> Vec<String> {
    let mut rig = Rig::with_rules(&[DRIFT]);
    let names = ["dongsi", "tiantan", "guanyuan", "nongzhanguan", "wanshouxigong"];
    for (number, row) in csv::Reader::from_reader(PARTICULATES.as_bytes()).records().enumerate() {
        let row = row.unwrap();
        let time: Timestamp = format!("{}Z", row[0].replace(' ', "T")).parse().unwrap();
        rig.now = time.0 / 1_000_000;
        for (place, name) in names.iter().enumerate() {
            let added = if place == 0 { per_reading * number.saturating_sub(500) as f64 } else { 0.0 };
            let value: f64 = row[place + 1].parse().unwrap();
            let east = 116.40 + 0.02 * place as f64;
            let line = format!("{} {name} air.pm25 {} {east} 39.92", rig.now, value + added);
            rig.step(&Input::Observations(vec![reading(&line)]));
        }
    }
    rig.alarms().iter().map(|alarm| format!("{} {}", alarm.key, line(alarm))).collect()
}

#[test]
fn a_station_that_leaves_its_neighbours() {
    assert_eq!(stations(0.0), Vec::<String>::new());
    assert_eq!(
        stations(0.5),
        [
            "dongsi 2014-01-29T15:00:00Z.. drifted by 33.6 ug/m3 from its neighbours, more than 33.4; 239.5 ug/m3, expected 146 (32 readings)"
        ]
    );
}

/// The kinds of the city.
pub(crate) fn setting() -> Setting {
    let kinds = crate::rig::city().into_iter().filter_map(|body| match body {
        CommandBody::PutKind(kind) => Some((kind.id.clone(), *kind)),
        _ => None,
    });
    Setting { kinds: kinds.collect(), ..Setting::default() }
}

fn trial(text: &str) -> BackTest {
    BackTest::new(setting(), &rule(text)).unwrap()
}

/// The speeds as readings, with the bounds of their time.
fn speeds() -> (Vec<Observation>, Timestamp, Timestamp) {
    let rows = csv::Reader::from_reader(SPEEDS.0.as_bytes()).into_records().map(|row| {
        let row = row.unwrap();
        let time: Timestamp = format!("{}Z", row[0].replace(' ', "T")).parse().unwrap();
        reading(&format!("{} a vehicle {}", time.0 / 1_000_000, &row[1]))
    });
    let all: Vec<Observation> = rows.collect();
    let (from, to) = (all[0].time, all.last().unwrap().time);
    (all, from, to)
}

/// A rule tried on the speeds: readings, those that only served to learn, conditions that failed, and seconds judged.
fn tried(text: &str) -> (u64, u64, u64, i64) {
    let (mut trial, (readings, from, to)) = (trial(text), speeds());
    for o in &readings {
        trial.take(0, o);
    }
    let judged: i64 = trial.stretches(from, to).iter().map(|(from, to)| to.since(*from).0 / 1_000_000).sum();
    (trial.observations(), trial.learning(), trial.errors(), judged)
}

#[test]
fn a_trial_does_not_count_the_time_in_which_it_only_learns() {
    let check = |rule: &str, expected| assert_eq!(tried(&format!("kinds = ['vehicle']\n{rule}")), expected, "{rule}");
    check("[detector.threshold]\nabove = 90.0", (1127, 0, 0, 644_880));
    check("[detector.forecast]\nseason = 'day'", (1127, 100, 0, 566_820));
    check("[detector.baseline]\nseason = 'day'", (1127, 216, 0, 427_800));
    check("[detector.baseline]\nseason = 'week'", (1127, 918, 0, 160_860));
}

#[test]
fn a_trial_tells_how_often_its_condition_failed() {
    let rule = "[detector.condition]\nexpression = 'value < 50.0 && asset.attributes.lanes == \"2\"'";
    assert_eq!(tried(&format!("kinds = ['vehicle']\n{rule}")), (1127, 0, 46, 644_880));
}

/// Alarms of a trial of the speeds from a moment on, readings of the span, and those that only served to learn; warmed up
/// with what came before, or not. The readings of the span come as another series, as from a scan of their own.
fn tried_from(text: &str, from: Timestamp, warm: bool) -> (Vec<Alarm>, u64, u64) {
    let (mut trial, (readings, _, to)) = (trial(text), speeds());
    let (before, span): (Vec<_>, Vec<_>) = readings.iter().partition(|o| o.time < from);
    if warm {
        for o in before {
            trial.warm_up(7, o);
        }
        trial.begin(from);
        assert_eq!(trial.warmed_up() + span.len() as u64, readings.len() as u64);
    }
    for o in span {
        trial.take(3, o);
    }
    let (observations, learning) = (trial.observations(), trial.learning());
    (trial.finish(to), observations, learning)
}

#[test]
fn a_trial_that_is_warmed_up_raises_what_one_over_all_of_the_time_raises_in_the_span() {
    let check = |text: &str, from: &str, alarms: usize, learning: (u64, u64)| {
        let (text, from) = (format!("kinds = ['vehicle']\n{text}"), from.parse::<Timestamp>().unwrap());
        let whole = tried_from(&text, Timestamp(0), false).0;
        let expected: Vec<Alarm> = whole.into_iter().filter(|alarm| alarm.raised >= from).collect();
        let (warm, of_span, learned) = tried_from(&text, from, true);
        assert_eq!((&warm, warm.len(), learned), (&expected, alarms, learning.0), "{text}");
        let (cold, same, learned) = tried_from(&text, from, false);
        assert_eq!((learned, same), (learning.1, of_span), "{text}");
        assert_ne!(cold, warm, "{text}");
    };
    // Of the events that are marked the first was at 16:44 on the 11th, on the first day of this span: the ninth reading of its
    // hour, too early for a baseline that begins with the span.
    let day = "2015-09-11T00:00:00Z";
    let baseline = "[detector.baseline]\nseason = 'day'\nside = 'below'\nclear_for_s = 1800";
    let forecast = "[detector.forecast]\nseason = 'day'\nside = 'below'\nclear_for_s = 1800";
    check(baseline, day, 9, (70, 214));
    check(forecast, day, 7, (0, 100));
    check("[detector.anomaly]", day, 8, (0, 50));
    // An alarm that stood when the span began is none of it, and raises no second one.
    check(forecast, "2015-09-11T16:50:00Z", 6, (0, 100));
}
