//! Observations per second through `Engine::step` on one core: 5,000 assets, 10 kinds, 100 threshold rules.
//! Run with `cargo run --release -p vigiles-engine --example engine_rate`.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example prints its figure and may fail loudly")]

use std::time::{Duration as Span, Instant};

use vigiles_engine::rule::{AlarmText, Condition, Detector, Threshold};
use vigiles_engine::{Command, CommandBody, Effect, Engine, Input, Rule};
use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{
    AgencyId, AssetId, Duration, Geometry, KindId, Observation, ObservationId, ObservationKind, Origin, Position,
    Quality, RuleId, Severity, SourceId, Timestamp, Value,
};

const KINDS: usize = 10;
const RULES: usize = 100;
const SERIES: usize = 5_000;
const BATCH: usize = 512;

fn main() {
    for (name, condition) in [("threshold", false), ("condition", true)] {
        let mut engine = city(condition);
        let mut effects = Vec::new();
        let mut total = 0usize;
        let mut spent = Span::ZERO;
        for round in 0..6 {
            let batches = readings(round);
            let start = cpu();
            for (i, batch) in batches.iter().enumerate() {
                engine.step(batch, Timestamp::from_millis(round * 1_000_000 + i as i64), &mut effects);
            }
            let elapsed = cpu().saturating_sub(start);
            // The first round fills the series.
            if round > 0 {
                spent += elapsed;
                total += batches.len() * BATCH;
            }
        }
        let rate = total as f64 / spent.as_secs_f64();
        let statistics = engine.statistics();
        let start = Instant::now();
        let snapshot = engine.snapshot();
        println!(
            "{name}: {} effects, {} rule evaluations, snapshot of {} bytes in {:.0} ms",
            effects.len(),
            statistics.evaluated,
            snapshot.len(),
            start.elapsed().as_secs_f64() * 1000.0
        );
        println!("engine-rate-{name}: {rate:.0} observations/s per core");
    }
}

/// Time this thread has spent on a core, so that other work on the machine does not count.
fn cpu() -> Span {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Span::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}

fn city(condition: bool) -> Engine {
    let mut engine = Engine::new();
    let mut effects = Vec::new();
    let mut put = |body| {
        let command = Command { by: None, agency: AgencyId::new("city").unwrap(), expected_version: None, body };
        engine.step(&Input::Command(command), Timestamp(0), &mut effects);
        assert!(matches!(effects.last(), Some(Effect::CommandDone(Ok(_)))), "{:?}", effects.last());
    };
    for k in 0..KINDS {
        put(CommandBody::PutKind(Box::new(ObservationKind {
            id: kind(k),
            name: format!("Kind {k}"),
            quantity: "concentration".into(),
            unit: "ug/m3".into(),
            value_type: ValueType::Number,
            min: None,
            max: None,
            retention: Duration::from_secs(86_400),
            personal: false,
            overload: Overload::Wait,
        })));
    }
    for r in 0..RULES {
        let limit = 90.0 + r as f64 / 10.0;
        let detector = if condition {
            Detector::Condition(Condition {
                expression: format!("value > {limit} && quality == 'good'"),
                for_s: 0.0,
                clear_for_s: 0.0,
            })
        } else {
            Detector::Threshold(Threshold { above: Some(limit), clear: Some(limit - 5.0), ..Threshold::default() })
        };
        put(CommandBody::PutRule(Box::new(Rule {
            id: RuleId::new(format!("rule-{r}")).unwrap(),
            name: format!("Rule {r}"),
            description: String::new(),
            enabled: true,
            version: 0,
            agency: AgencyId::new("city").unwrap(),
            author: None,
            kinds: vec![kind(r % KINDS)],
            when: None,
            key: vigiles_engine::rule::Key::Asset,
            detector,
            alarm: AlarmText { title: "{asset}: {value} {unit}".into(), severity: Severity::Moderate },
            cooldown_s: 0.0,
            incident: None,
        })));
    }
    engine
}

fn kind(k: usize) -> KindId {
    KindId::new(format!("air.kind{k}")).unwrap()
}

/// 200 batches; about one reading in ten thousand is above some limit.
fn readings(round: i64) -> Vec<Input> {
    let mut seed = 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(round as u64 + 1);
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let reading = |n: usize, random: &mut dyn FnMut() -> u64| {
        let series = n % SERIES;
        let high = random().is_multiple_of(10_000);
        Observation {
            id: ObservationId(u128::from(random()) << 64 | u128::from(random())),
            kind: kind(series % KINDS),
            source: SourceId::new("feed").unwrap(),
            asset: Some(AssetId::new(format!("station-{series}")).unwrap()),
            time: Timestamp::from_millis(round * 1_000_000 + (n / SERIES) as i64 * 1000),
            arrived: Timestamp(0),
            place: Some(Geometry::Point(Position { lon: 24.9, lat: 60.2 })),
            value: Value::Number(if high { 120.0 } else { (random() % 80) as f64 }),
            quality: Quality::Good,
            origin: Origin::Live,
            attributes: Vec::new(),
        }
    };
    (0..200).map(|b| Input::Observations((0..BATCH).map(|i| reading(b * BATCH + i, &mut random)).collect())).collect()
}
