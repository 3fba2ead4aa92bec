//! The engine in this process, on one core, by the time that its thread spends on it:
//! `make bench NAME=engine-threshold`, `engine-cel`, `engine-many-rules`, `engine-state`.
//!
//! Readings come in batches of 512, as the log brings them. Making them is not counted.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints its figure and may fail loudly")]

mod city;

use std::hint::black_box;
use std::time::Duration;

use city::{City, Feed, Sort};
use vigiles_engine::Engine;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let all = ["engine-threshold", "engine-cel", "engine-many-rules", "engine-state"];
    for name in all.iter().filter(|name| asked.is_empty() || asked.iter().any(|a| a == *name)) {
        match *name {
            "engine-threshold" => threshold(),
            "engine-cel" => cel(),
            "engine-many-rules" => many_rules(),
            _ => state(),
        }
    }
}

/// 100 threshold rules that all concern the one kind, keyed over 100,000 assets: each reading meets each rule.
fn threshold() {
    let city = City { kinds: 1, rules: 100, rules_of_a_kind: 100, assets: 100_000, detector: Sort::Limit };
    println!("engine-threshold: {:.0} observations/s per core", rate(&city, 6));
}

/// 100 rules with a window each, of four lengths, that all concern the one kind.
fn cel() {
    let city = City { kinds: 1, rules: 100, rules_of_a_kind: 100, assets: 1_000, detector: Sort::Window };
    let trees = rate(&City { detector: Sort::WindowOr, ..city }, 6);
    println!("with an alternative in each, so that it is computed as a tree: {trees:.0} observations/s per core");
    println!("engine-cel: {:.0} observations/s per core", rate(&city, 6));
}

/// 10,000 rules, 100 for each of 100 kinds, against 100 rules for one of them: what a reading of that kind costs.
fn many_rules() {
    let few = City { kinds: 100, rules: 100, rules_of_a_kind: 100, assets: 10_000, detector: Sort::Limit };
    let many = City { rules: 10_000, ..few };
    let (few, many) = (rate(&few, 4), rate(&many, 4));
    println!("100 rules: {few:.0} observations/s per core; 10,000 rules: {many:.0}");
    println!("engine-many-rules: {:.2} times the cost of 100 rules", few / many);
}

/// A million keys of a rule that remembers something for each: memory, how long the stream stands still, and the longest
/// step while what was frozen is still there, so that each part of the state is copied before it changes.
fn state() {
    let before = resident_bytes();
    let city = City { kinds: 1, rules: 1, rules_of_a_kind: 1, assets: 1_000_000, detector: Sort::Limit };
    let mut engine = city.engine_with_memory();
    longest_step(&mut engine, Feed::new(&city, 0), city.assets);
    let bytes = resident_bytes().saturating_sub(before);
    let usual = longest_step(&mut engine, Feed::new(&city, 1), city.assets);
    let start = cpu();
    let frozen = engine.freeze();
    let stopped = cpu().saturating_sub(start);
    let in_order = longest_step(&mut engine, Feed::new(&city, 2), city.assets);
    let again = engine.freeze();
    let scattered = longest_step(&mut engine, Feed::scattered(&city, 3), city.assets);
    drop(again);
    let start = cpu();
    let snapshot = frozen.to_bytes();
    let written = stopped + cpu().saturating_sub(start);
    let start = cpu();
    let restored = Engine::restore(&snapshot).unwrap();
    let restored_in = cpu().saturating_sub(start);
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "{} keys: {} MiB resident; snapshot of {} MiB in {:.2} s, the stream stood still for {:.1} ms; restored in {:.2} s",
        restored.statistics().states,
        bytes >> 20,
        snapshot.len() >> 20,
        written.as_secs_f64(),
        ms(stopped),
        restored_in.as_secs_f64()
    );
    println!(
        "longest step of {} readings: {:.1} ms; after a freeze, asset after asset: {:.1} ms; each of another part: {:.1} ms",
        city::BATCH,
        ms(usual),
        ms(in_order),
        ms(scattered)
    );
    assert_eq!(restored.snapshot(), snapshot);
    println!("engine-state: {} MiB", bytes >> 20);
}

/// The longest step that takes a batch, until as many readings as asked for are taken.
fn longest_step(engine: &mut Engine, feed: Feed, readings: usize) -> Duration {
    let mut effects = Vec::new();
    let mut longest = Duration::ZERO;
    for batch in feed.take(readings / city::BATCH + 1) {
        let start = cpu();
        engine.step(&batch.input, batch.now, &mut effects);
        longest = longest.max(cpu().saturating_sub(start));
        effects.clear();
    }
    longest
}

/// Observations a second, after a first round that fills the state.
fn rate(city: &City, rounds: u64) -> f64 {
    let mut engine = city.engine();
    let (mut effects, mut spent, mut total) = (Vec::new(), Duration::ZERO, 0usize);
    for round in 0..=rounds {
        let batches: Vec<_> = Feed::new(city, round).take(city.assets.max(100_000) / city::BATCH).collect();
        let start = cpu();
        for batch in &batches {
            engine.step(&batch.input, batch.now, &mut effects);
        }
        if round > 0 {
            spent += cpu().saturating_sub(start);
            total += batches.len() * city::BATCH;
        }
    }
    let statistics = engine.statistics();
    let alarms = black_box(&effects).len();
    println!("{} judged, {} series, {alarms} effects", statistics.evaluated, statistics.series);
    total as f64 / spent.as_secs_f64()
}

/// Time this thread has spent on a core, so that other work on the machine does not count.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
