//! The Numenta Anomaly Benchmark for the engine's anomaly detector: ten series, one setting, one threshold.
//! Scored are the alarms that the rule `anomaly` raises with its defaults; settings are compared by the kernel's episodes.
//!
//! `cargo bench -p vigiles-engine --bench nab` prints the score of each series beside those published, and as its last
//! line that of the seven traffic series; with `-- sensitivity` also what other settings would have given. The corpus is
//! read from `NAB_DATA`, or from `../shared/data/environment/nab` beside the repository: `NAME.csv`, `windows.json`
//! (github numenta/NAB, `data/` and `labels/combined_windows.json`) and `published_scores.csv` (from its `results/`).
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints its figures and may fail loudly")]

mod alarms;
mod corpus;
mod gaussian;
mod scorer;
mod sensitivity;

use std::path::PathBuf;
use std::time::Instant;

use corpus::{Published, SERIES, Series, TRAFFIC};
use scorer::{Score, normalised, score};
use vigiles_engine::series::{Anomaly, AnomalySettings};

fn main() {
    let folder = std::env::var_os("NAB_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/environment/nab")),
        PathBuf::from,
    );
    let all = corpus::read(&folder);
    let published = corpus::published(&folder);
    gaussian::check_error_function();
    check_scorer(&all, &published);

    let start = Instant::now();
    let episodes: Vec<Score> = all.iter().map(|s| judge(s, &AnomalySettings::default())).collect();
    let readings: usize = all.iter().map(|s| s.values.len()).sum();
    println!("{readings} readings, {:.0} ns each\n", start.elapsed().as_nanos() as f64 / readings as f64);
    let scores: Vec<Score> = all.iter().map(|s| score(&alarms::raised(&s.times, &s.values), &s.windows)).collect();
    println!("series                               windows     raw  tp  fp    fn");
    for (series, s) in all.iter().zip(&scores) {
        let (windows, name) = (series.windows.len(), series.name);
        let counts = (s.true_positives, s.false_positives, s.false_negatives);
        println!("{name:36} {windows:7} {:7.4} {:3} {:3} {:5}", s.raw, counts.0, counts.1, counts.2);
    }
    print_published(&all, &published);
    let (traffic, others, ten) = points(&all, &scores);
    println!("{:24} {traffic:7.1} {others:7.1} {ten:7.1}", "Vigiles");
    let (of_episodes, others, ten) = points(&all, &episodes);
    println!("{:24} {of_episodes:7.1} {others:7.1} {ten:7.1}", "its kernel's episodes");
    if std::env::args().any(|argument| argument == "sensitivity") {
        sensitivity::print(&all);
    }
    println!("nab: {traffic:.1} points");
}

/// Runs the detector over a series and scores the beginnings of its episodes.
fn judge(series: &Series, settings: &AnomalySettings) -> Score {
    let mut anomaly = Anomaly::new(settings);
    let readings = series.times.iter().zip(&series.values);
    let detected: Vec<bool> = readings.map(|(t, v)| anomaly.take(*t, *v).is_some_and(|v| v.begins)).collect();
    score(&detected, &series.windows)
}

/// Points of the traffic series, of the others, and of all.
fn points(all: &[Series], scores: &[Score]) -> (f64, f64, f64) {
    let over = |range: std::ops::Range<usize>| {
        let windows = all[range.clone()].iter().map(|s| s.windows.len()).sum();
        normalised(scores[range].iter().map(|s| s.raw).sum(), windows)
    };
    (over(0..TRAFFIC), over(TRAFFIC..all.len()), over(0..all.len()))
}

/// The scorer is only worth something if it gives the published results for detectors whose detections are known.
fn check_scorer(all: &[Series], published: &Published) {
    for series in all {
        let nothing = score(&vec![false; series.values.len()], &series.windows);
        agree(nothing, published["null"][series.name], "null", series.name);
        let gaussian = score(&gaussian::detect(&series.values), &series.windows);
        agree(gaussian, published["windowedGaussian"][series.name], "windowedGaussian", series.name);
    }
    println!("scorer: the published results of null and windowedGaussian are reproduced on {} series\n", all.len());
}

fn agree(found: Score, expected: Score, detector: &str, series: &str) {
    let counts = |s: Score| (s.true_positives, s.false_positives, s.false_negatives);
    assert_eq!(counts(found), counts(expected), "{detector} on {series}: tp, fp, fn");
    assert!((found.raw - expected.raw).abs() < 1e-6, "{detector} on {series}: {} not {}", found.raw, expected.raw);
}

/// The published detectors that have results for every series, normalised in the same way, best first.
fn print_published(all: &[Series], published: &Published) {
    println!("\npoints                   traffic  others     ten");
    let complete = published.iter().filter(|(_, scores)| SERIES.iter().all(|name| scores.contains_key(*name)));
    let mut lines: Vec<(f64, f64, f64, &str)> = complete
        .map(|(detector, scores)| {
            let scores: Vec<Score> = SERIES.iter().map(|name| scores[*name]).collect();
            let (traffic, others, ten) = points(all, &scores);
            (traffic, others, ten, detector.as_str())
        })
        .collect();
    lines.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (traffic, others, ten, detector) in lines {
        println!("{detector:24} {traffic:7.1} {others:7.1} {ten:7.1}");
    }
}
