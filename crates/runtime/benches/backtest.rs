//! `make bench NAME=backtest`: rules tried over history, reading of history included, on one core, by the time that the
//! thread spends on it. Ten million readings of 5,000 sensors over twelve days lie in sealed files.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints its figure and may fail loudly")]

use std::collections::BTreeMap;
use std::time::Duration as Span;

use vigiles_engine::Rule;
use vigiles_engine::backtest::{Report, Setting, Trial, Tried};
use vigiles_engine::rule::{AlarmText, Condition, Detector, Threshold};
use vigiles_history::{Embedded, History, Options, Query};
use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{
    AgencyId, AssetId, Duration, Geometry, KindId, Observation, ObservationId, ObservationKind, Origin, Position,
    Quality, RuleId, Severity, SourceId, Timestamp, Value,
};
use vigiles_trust::Context;

const CONTEXT: Context = Context::system("backtest");
const SENSORS: u64 = 5_000;
const FRAME: usize = 500;
/// 2026-03-01T00:00:00Z.
const START: i64 = 1_772_323_200_000_000;
/// A reading of each sensor every ten minutes.
const SPACING: i64 = 600_000_000;
/// So many rounds of all sensors are in one day.
const ROUNDS_A_DAY: i64 = 86_400_000_000 / SPACING;

fn main() {
    let count: u64 = std::env::var("BENCH_STORED").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000_000);
    let dir = tempfile::tempdir().unwrap();
    let history = Embedded::open(dir.path(), Options::default()).unwrap();
    fill(&history, count);
    history.flush().unwrap();
    history.merge_all().unwrap();
    let condition = |expression: &str| {
        Detector::Condition(Condition { expression: expression.to_owned(), for_s: 0.0, clear_for_s: 0.0 })
    };
    let limit = Threshold { above: Some(75.0), clear: Some(60.0), for_s: 600.0, ..Threshold::default() };
    let rates = [
        ("an expression", run(&history, condition("value > 75.0 && time.hour >= 22"))),
        ("a window of two hours", run(&history, condition("window(\"2h\").mean > 60.0"))),
        ("an anomaly", run(&history, Detector::Anomaly(serde_json::from_str("{}").unwrap()))),
        ("a limit with duration", run(&history, Detector::Threshold(limit))),
    ];
    for (what, rate) in rates {
        println!("{what}: {rate:.0} observations/s per core");
    }
    let slowest = rates.iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    println!("backtest: {:.0} observations/s per core, of the slowest: {}", slowest.1, slowest.0);
}

fn fill(history: &Embedded, count: u64) {
    let (mut seed, mut frame, mut offset) = (0x9e37_79b9_7f4a_7c15_u64, Vec::with_capacity(FRAME), 0);
    for n in 0..count {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let (sensor, round) = (n % SENSORS, (n / SENSORS) as i64);
        // A day's wave, and one in five thousand readings far above.
        let wave = 30.0 + 20.0 * (round as f64 / ROUNDS_A_DAY as f64 * std::f64::consts::TAU).sin();
        let high = if seed.is_multiple_of(5_000) { 60.0 } else { 0.0 };
        frame.push(reading(sensor, round, wave + high + (seed % 100) as f64 / 10.0, u128::from(n)));
        if frame.len() == FRAME {
            history.write(&CONTEXT, offset, &frame).unwrap();
            offset += 1;
            frame.clear();
        }
    }
    history.write(&CONTEXT, offset, &frame).unwrap();
}

fn reading(sensor: u64, round: i64, value: f64, id: u128) -> Observation {
    let time = Timestamp(START + round * SPACING + sensor as i64 * (SPACING / SENSORS as i64));
    let place = Position { lon: 24.8 + (sensor % 100) as f64 / 400.0, lat: 60.1 + (sensor / 100) as f64 / 400.0 };
    Observation {
        id: ObservationId(id),
        kind: kind(),
        source: SourceId::new("feed").unwrap(),
        asset: Some(AssetId::new(format!("sensor-{sensor}")).unwrap()),
        time,
        arrived: time,
        place: Some(Geometry::Point(place)),
        value: Value::Number((value * 10.0).round() / 10.0),
        quality: Quality::Good,
        origin: Origin::Live,
        attributes: Vec::new(),
    }
}

fn kind() -> KindId {
    KindId::new("air.pm25").unwrap()
}

fn setting() -> Setting {
    let kind = ObservationKind {
        id: kind(),
        name: "Fine dust".into(),
        quantity: "concentration".into(),
        unit: "ug/m3".into(),
        value_type: ValueType::Number,
        min: None,
        max: None,
        retention: Duration::from_secs(86_400),
        personal: false,
        overload: Overload::Wait,
    };
    Setting { kinds: BTreeMap::from([(kind.id.clone(), kind)]), ..Setting::default() }
}

/// Observations a second of one trial over everything.
fn run(history: &Embedded, detector: Detector) -> f64 {
    let agency = AgencyId::new("city").unwrap();
    let alarm = AlarmText::new("{asset}: {value} {unit}", Severity::Moderate);
    let rule = Rule::new(RuleId::new("tried").unwrap(), agency, vec![kind()], detector, alarm);
    let start = cpu();
    let mut trial = Trial::new(setting(), &rule).unwrap();
    let query = Query { kinds: vec![kind()], ..Query::default() };
    history.scan(&CONTEXT, &query, &mut |series, o| trial.take(series, o)).unwrap();
    let observations = trial.observations();
    let end = Timestamp(START + observations as i64 / SENSORS as i64 * SPACING);
    let data = trial.stretches(Timestamp(START), end);
    let tried = Tried { from: Timestamp(START), to: end, data: &data, utc_offset_s: &|_| 0 };
    let report = Report::of(&trial.finish(end), &[], tried);
    let spent = cpu().saturating_sub(start);
    println!("{observations} readings, {} alarms in {:.2} s", report.alarms, spent.as_secs_f64());
    observations as f64 / spent.as_secs_f64()
}

/// Time this thread has spent on a core, so that other work on the machine does not count.
fn cpu() -> Span {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Span::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}
