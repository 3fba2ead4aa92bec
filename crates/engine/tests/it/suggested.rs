//! Limits suggested for a wanted number of alarms a day, on readings with a course over the day.

use std::f64::consts::TAU;

use vigiles_engine::Rule;
use vigiles_engine::backtest::{Setting, Suggestion, Suggestions};
use vigiles_model::{Observation, Timestamp};

use crate::learned::setting;
use crate::rig::{reading, rule};

const DAYS: i64 = 20;
const STEP_S: i64 = 600;

/// Four stations, each ten minutes: 40 and up to 20 more or less over the day, and up to 4 that nobody knows beforehand.
fn readings() -> Vec<Observation> {
    let mut noise = 1u64;
    let mut of = |at: i64, station: &str| {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let known = 40.0 + 20.0 * (TAU * at as f64 / 86_400.0).sin();
        let value = known + 8.0 * ((noise >> 33) as f64 / f64::from(1u32 << 31) - 0.5);
        reading(&format!("{at} {station} air.pm25 {value:.2}"))
    };
    (0..DAYS * 86_400 / STEP_S).flat_map(|i| ["a", "b", "c", "d"].map(|station| of(i * STEP_S, station))).collect()
}

fn suggested(rule: &Rule, wanted: f64, setting: &Setting) -> Suggestion {
    let readings = readings();
    let span = (Timestamp(0), Timestamp(DAYS * 86_400_000_000));
    let mut values: Vec<f64> = readings.iter().filter_map(Observation::number).collect();
    values.sort_by(f64::total_cmp);
    let mut suggestions = Suggestions::new(rule, wanted, &[span]).unwrap();
    for _ in 0..2 {
        let mut trial = suggestions.trial(setting.clone(), &values);
        for (i, o) in readings.iter().enumerate() {
            assert!(trial.take(i % 4, o));
        }
        suggestions.take(&trial, &values);
    }
    suggestions.best().unwrap().clone()
}

/// Bounds of the limit and of the alarms a day that are suggested.
fn check(text: &str, wanted: f64, limit: (f64, f64), per_day: (f64, f64)) {
    let found = suggested(&rule(text), wanted, &setting());
    let is_within = |(low, high): (f64, f64), value: f64| (low..=high).contains(&value);
    assert!(is_within(limit, found.value) && is_within(per_day, found.per_day), "{text}: {wanted}: {found:?}");
}

#[test]
fn a_limit_lies_beyond_what_is_usual_not_where_the_alarm_always_stands() {
    let top = (58.0, 66.0);
    for wanted in [0.5, 2.0, 10.0] {
        let near = (wanted * 0.75, wanted * 1.25);
        check("[detector.threshold]\nabove = 60.0", wanted, top, near);
        check("[detector.threshold]\nabove = 12.0", wanted, top, near);
        check("[detector.condition]\nexpression = 'value > 60'", wanted, top, near);
        check("[detector.threshold]\nbelow = 20.0", wanted, (14.0, 22.0), near);
        check("[detector.threshold]\nbelow = 60.0", wanted, (14.0, 22.0), near);
    }
    let hourly = "[detector.condition]\nexpression = 'window(\"1h\").mean > 61'";
    check(hourly, 2.0, (58.0, 64.0), (1.0, 3.0));
}

#[test]
fn a_limit_that_gives_what_is_wanted_stays() {
    check("[detector.threshold]\nabove = 70.0", 0.0, (70.0, 70.0), (0.0, 0.0));
    check("[detector.silent]\nafter_s = 3600", 0.2, (3600.0, 3600.0), (0.0, 0.2));
}

#[test]
fn no_alarms_are_wanted_so_the_limit_moves_no_farther_than_it_must() {
    check("[detector.threshold]\nabove = 30.0", 0.0, (63.0, 64.5), (0.0, 0.0));
}
