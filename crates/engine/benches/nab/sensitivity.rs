//! What other settings would have given: the setting was chosen on these very series, so this says how much luck it has.

use vigiles_engine::series::{AnomalySettings, Season};

use crate::corpus::{Series, TRAFFIC};
use crate::scorer::{Score, normalised};
use crate::{judge, points};

/// Settings among which the leave-one-out choice is made.
const LIMITS: [f64; 11] = [3.0, 3.5, 3.75, 4.0, 4.25, 4.5, 4.75, 5.0, 5.25, 5.5, 6.0];
const WEIGHTS: [f64; 6] = [0.0, 1.0, 2.0, 3.0, 5.0, 10.0];
const SHARES: [f64; 6] = [0.0, 0.3, 0.4, 0.5, 0.6, 0.7];
const QUIETS: [u32; 5] = [5, 10, 15, 20, 30];

/// Prints the points when each setting is moved alone, and when the setting is chosen without the series it is scored on.
pub(crate) fn print(all: &[Series]) {
    println!("\none setting moved         traffic  others     ten");
    for (label, settings) in moved() {
        let scores: Vec<Score> = all.iter().map(|s| judge(s, &settings)).collect();
        let (traffic, others, ten) = points(all, &scores);
        println!("{label:24} {traffic:8.1} {others:7.1} {ten:7.1}");
    }
    leave_one_out(&all[..TRAFFIC]);
}

fn moved() -> Vec<(String, AnomalySettings)> {
    let chosen = AnomalySettings::default();
    let mut all = Vec::new();
    all.extend(LIMITS.map(|v| (format!("limit_sigmas {v}"), AnomalySettings { limit_sigmas: v, ..chosen })));
    all.extend(WEIGHTS.map(|v| (format!("slot_weight {v}"), AnomalySettings { slot_weight: v, ..chosen })));
    all.extend(SHARES.map(|v| (format!("carried {v}"), AnomalySettings { carried: v, ..chosen })));
    all.extend(QUIETS.map(|v| (format!("quiet {v}"), AnomalySettings { quiet: v, ..chosen })));
    let memories = [1_000, 2_000, 5_000, 20_000];
    all.extend(memories.map(|v| (format!("memory {v}"), AnomalySettings { memory: v, ..chosen })));
    all.extend([5, 10, 20, 40].map(|v| (format!("slot_memory {v}"), AnomalySettings { slot_memory: v, ..chosen })));
    all.extend([25, 50, 100, 150].map(|v| (format!("learning {v}"), AnomalySettings { learning: v, ..chosen })));
    let most = [4.0, 6.0, 8.0, 1e9];
    all.extend(most.map(|v| (format!("learned_sigmas {v}"), AnomalySettings { learned_sigmas: v, ..chosen })));
    let week = Season::HOURS_OF_WEEK;
    all.extend([28, 84, 168, 336].map(|slots| {
        (format!("slots of a week {slots}"), AnomalySettings { season: Season { slots, ..week }, ..chosen })
    }));
    all.push(("hours of a day".into(), AnomalySettings { season: Season::HOURS_OF_DAY, ..chosen }));
    all.push(("no season".into(), AnomalySettings { season: Season { slots: 1, ..week }, ..chosen }));
    all
}

/// The settings of the grid, the last list changing fastest.
fn grid() -> Vec<AnomalySettings> {
    let mut grid = Vec::new();
    for limit_sigmas in LIMITS {
        for slot_weight in WEIGHTS {
            for carried in SHARES {
                for quiet in QUIETS {
                    let chosen = AnomalySettings::default();
                    grid.push(AnomalySettings { limit_sigmas, slot_weight, carried, quiet, ..chosen });
                }
            }
        }
    }
    grid
}

/// A setting and those one step away from it in one of the lists.
fn neighbourhood(setting: usize) -> Vec<usize> {
    let mut near = vec![setting];
    let mut stride = 1;
    for length in [QUIETS.len(), SHARES.len(), WEIGHTS.len(), LIMITS.len()] {
        let place = setting / stride % length;
        if place > 0 {
            near.push(setting - stride);
        }
        if place + 1 < length {
            near.push(setting + stride);
        }
        stride *= length;
    }
    near
}

/// For each series the setting that is best on the others, alone and with those around it; its score on the series.
fn leave_one_out(traffic: &[Series]) {
    let grid = grid();
    let raws: Vec<Vec<f64>> = grid.iter().map(|g| traffic.iter().map(|s| judge(s, g).raw).collect()).collect();
    let windows = traffic.iter().map(|s| s.windows.len()).sum();
    for (label, around) in [("best setting", false), ("best neighbourhood", true)] {
        println!("\nleft out: {label:20} limit  weight  carried  quiet     raw");
        let mut total = 0.0;
        for (left_out, series) in traffic.iter().enumerate() {
            let others = |setting: usize| raws[setting].iter().sum::<f64>() - raws[setting][left_out];
            let worth = |setting: usize| {
                let near = if around { neighbourhood(setting) } else { vec![setting] };
                near.iter().map(|n| others(*n)).sum::<f64>() / near.len() as f64
            };
            let best = (0..grid.len()).max_by(|a, b| worth(*a).total_cmp(&worth(*b))).unwrap();
            let (g, raw) = (&grid[best], raws[best][left_out]);
            let numbers = format!("{:7} {:7} {:8} {:6}", g.limit_sigmas, g.slot_weight, g.carried, g.quiet);
            println!("{:28} {numbers} {raw:7.3}", series.name);
            total += raw;
        }
        println!("leave one series out by {label}: {:.1} points on traffic", normalised(total, windows));
    }
    let share = raws.iter().filter(|row| normalised(row.iter().sum(), windows) >= 86.9).count();
    println!("{share} of {} settings of that grid reach 86.9 on traffic", grid.len());
}
