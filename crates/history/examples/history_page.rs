//! The named figure `history-page`: fills a history with many observations as a city makes them, then measures the
//! first page of one zone's day.
//!
//! `cargo run --release -p vigiles-history --example history_page -- --observations 50000000 --dir DIR`
#![allow(clippy::print_stdout, reason = "a measurement is for reading")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use vigiles_history::{Embedded, History, Options, Query, SeriesQuery};
use vigiles_model::{
    AssetId, BoundingBox, Geometry, KindId, Observation, ObservationId, Origin, Position, Quality, SourceId, Timestamp,
    Value,
};
use vigiles_trust::Context;

const SENSORS: u64 = 5_000;
const DAYS: i64 = 31;
const ZONES_ACROSS: u64 = 4;
const ZONES: u64 = 12;
/// Observations of one log entry.
const FRAME: usize = 500;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// 2026-03-01T00:00:00Z.
const START: i64 = 1_772_323_200 * SECOND;
const WEST: f64 = 24.80;
const SOUTH: f64 = 60.14;
const ZONE_DEGREES: f64 = 0.05;
const PAGE: usize = 200;
const KINDS: [&str; 8] = [
    "air.pm25",
    "air.no2",
    "weather.temperature",
    "noise.level",
    "traffic.flow",
    "traffic.speed",
    "water.level",
    "lighting.power",
];
const CONTEXT: Context = Context::system("history-page");

/// A small generator of even numbers of chance (splitmix64), so that every run is the same.
fn chance(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

struct Sensor {
    template: Observation,
    level: f64,
}

fn sensors() -> Result<Vec<Sensor>, Box<dyn Error>> {
    let sensor = |n: u64| -> Result<Sensor, Box<dyn Error>> {
        let zone = n % ZONES;
        let within = |salt: u64| (chance(n ^ salt << 40) % 50_000) as f64 / 1e6;
        let lon = WEST + (zone % ZONES_ACROSS) as f64 * ZONE_DEGREES + within(1);
        let lat = SOUTH + (zone / ZONES_ACROSS) as f64 * ZONE_DEGREES + within(2);
        let micro = |degrees: f64| (degrees * 1e6).round() / 1e6;
        let template = Observation {
            id: ObservationId(0),
            kind: KindId::new(KINDS[(n / ZONES) as usize % KINDS.len()])?,
            source: SourceId::new(format!("feed-{}", n % 20))?,
            asset: Some(AssetId::new(format!("sensor-{n:05}"))?),
            time: Timestamp(0),
            arrived: Timestamp(0),
            place: Some(Geometry::Point(Position { lon: micro(lon), lat: micro(lat) })),
            value: Value::Number(0.0),
            quality: Quality::Good,
            origin: Origin::Simulated,
            attributes: Vec::new(),
        };
        Ok(Sensor { template, level: 20.0 })
    };
    (0..SENSORS).map(sensor).collect()
}

fn fill(history: &Embedded, observations: u64) -> Result<(), Box<dyn Error>> {
    let mut sensors = sensors()?;
    let rounds = observations.div_ceil(SENSORS);
    let step = DAYS * DAY / rounds as i64;
    let (mut frame, mut offset) = (Vec::with_capacity(FRAME), 0);
    let (mut writing, mut writing_cpu) = (Duration::ZERO, 0);
    let (began, process_before, main_before) = (Instant::now(), process_cpu_ns(), thread_cpu_ns());
    for number in 0..observations {
        let (round, which) = (number / SENSORS, number % SENSORS);
        let dice = chance(number);
        let sensor = &mut sensors[which as usize];
        sensor.level = (sensor.level + (dice % 21) as f64 / 10.0 - 1.0).clamp(0.0, 60.0);
        let mut observation = sensor.template.clone();
        let jitter = (dice >> 8) as i64 % 200 * 1_000;
        observation.time =
            Timestamp(START + round as i64 * step + which as i64 * (step / SENSORS as i64) / 1_000 * 1_000 + jitter);
        observation.arrived = Timestamp(observation.time.0 + 40_000 + (dice >> 20) as i64 % 400_000);
        observation.value = Value::Number((sensor.level * 10.0).round() / 10.0);
        observation.id = ObservationId(u128::from(chance(number ^ 7)) << 64 | u128::from(dice));
        frame.push(observation);
        if frame.len() == FRAME || number + 1 == observations {
            let (start, cpu) = (Instant::now(), thread_cpu_ns());
            history.write(&CONTEXT, offset, &frame)?;
            writing += start.elapsed();
            writing_cpu += thread_cpu_ns() - cpu;
            offset += 1;
            frame.clear();
        }
    }
    history.flush()?;
    let filled = began.elapsed();
    history.merge_all()?;
    let behind = (process_cpu_ns() - process_before).saturating_sub(thread_cpu_ns() - main_before);
    let each = |total: f64| total / observations as f64;
    println!(
        "filled {observations} in {:.1} s, {:.0} observations/s with the generator",
        filled.as_secs_f64(),
        observations as f64 / filled.as_secs_f64()
    );
    println!(
        "write: {:.3} us CPU, {:.3} us waiting included, each",
        each(writing_cpu as f64 / 1e3),
        each(writing.as_secs_f64() * 1e6)
    );
    println!("sealing and merging behind it: {:.3} us CPU each", each(behind as f64 / 1e3));
    println!("{:?}", history.statistics());
    Ok(())
}

/// CPU time of this thread in nanoseconds, 0 where the system does not tell.
fn thread_cpu_ns() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

/// CPU time of all threads in nanoseconds (in steps of 10 ms).
fn process_cpu_ns() -> u64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10_000_000
}

fn memory_peak() -> String {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    text.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM unknown").to_owned()
}

fn zone_day(zone: u64, day: i64) -> Query {
    let west = WEST + (zone % ZONES_ACROSS) as f64 * ZONE_DEGREES;
    let south = SOUTH + (zone / ZONES_ACROSS) as f64 * ZONE_DEGREES;
    Query {
        area: Some(BoundingBox { west, south, east: west + ZONE_DEGREES, north: south + ZONE_DEGREES }),
        from: Some(Timestamp(START + day * DAY)),
        to: Some(Timestamp(START + (day + 1) * DAY)),
        limit: PAGE,
        ..Query::default()
    }
}

fn time_page(history: &Embedded, query: &Query) -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    let page = history.page(&CONTEXT, query)?;
    let took = start.elapsed().as_secs_f64() * 1e3;
    if page.observations.is_empty() {
        return Err("the zone's day is empty: nothing was measured".into());
    }
    Ok(took)
}

fn measure(directory: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let history = Embedded::open(directory, Options::default())?;
    println!("opened in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    let first = time_page(&history, &zone_day(5, 17))?;
    let mut warm = Vec::new();
    for round in 0..120 {
        warm.push(time_page(&history, &zone_day(round % ZONES, round as i64 % DAYS))?);
    }
    warm.sort_by(f64::total_cmp);
    println!(
        "first page after opening {first:.2} ms; 120 others: median {:.2} ms, p99 {:.2} ms, worst {:.2} ms",
        warm[60], warm[118], warm[119]
    );
    let mut whole = zone_day(5, 17);
    (whole.area, whole.from, whole.to) = (None, None, None);
    println!("newest page of everything: {:.2} ms", time_page(&history, &whole)?);
    whole.assets = vec![AssetId::new("sensor-01234")?];
    println!("newest page of one asset: {:.2} ms", time_page(&history, &whole)?);
    let start = Instant::now();
    let latest = history.latest(&CONTEXT, Timestamp(START + 12 * DAY + DAY / 3), None)?;
    println!(
        "latest of {} series at a past moment: {:.2} ms",
        latest.observations.len(),
        start.elapsed().as_secs_f64() * 1e3
    );
    let chart = SeriesQuery {
        kind: KindId::new(KINDS[(1234 / ZONES) as usize % KINDS.len()])?,
        series: "sensor-01234".to_owned(),
        from: Timestamp(START),
        to: Timestamp(START + 7 * DAY),
        buckets: 500,
    };
    let start = Instant::now();
    let buckets = history.series(&CONTEXT, &chart)?;
    println!("chart of a week, {} buckets: {:.2} ms", buckets.len(), start.elapsed().as_secs_f64() * 1e3);
    println!("{}", memory_peak());
    println!("history-page: {:.2} ms", first.max(warm[118]));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1));
    let observations: u64 = value("--observations").map_or(Ok(10_000_000), |text| text.parse())?;
    let directory = PathBuf::from(value("--dir").ok_or("--dir DIR is missing")?);
    if !directory.join("manifest").exists() {
        let history = Embedded::open(&directory, Options::default())?;
        fill(&history, observations)?;
    }
    measure(&directory)
}
