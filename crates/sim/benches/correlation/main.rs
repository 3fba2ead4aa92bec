//! Which alarms the engine puts together, against the truth of the scenarios: pairwise F1, beside the plain rule of
//! radius and window at its best.
//!
//! The weights of `correlations.toml` and the settings of the plain rule were both chosen on the training seeds;
//! both are measured on seeds that neither has seen. `cargo bench -p vigiles-sim --bench correlation [-- --training]`
//! (with `--training` only what the training seeds say, for who changes the rules).
#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

mod pairs;
mod peer;
mod run;

use vigiles_sim::scenarios::Scenario;

use crate::pairs::Pairs;
use crate::peer::Stream;
use crate::run::{Correlations, Judged, Rules};

/// Seeds of which rules and settings may know.
const TRAINING: std::ops::Range<u64> = 1..61;
/// Seeds that only the measurement sees.
const UNSEEN: std::ops::Range<u64> = 10_001..10_201;

fn main() {
    let rules: Rules = toml::from_str(include_str!("rules.toml")).expect("rules.toml holds rules");
    let correlations: Correlations =
        toml::from_str(include_str!("correlations.toml")).expect("correlations.toml holds correlation rules");
    let judge = |seed: u64| run::run(&Scenario::new(seed), &rules, &correlations);

    let training: Vec<Vec<Judged>> = TRAINING.map(judge).collect();
    let streams: Vec<Stream> = training.iter().map(|judged| Stream::of(judged)).collect();
    let (plain, trained) = peer::best(&streams);
    println!("peer: radius {} m, window {} s, same type {}", plain.radius_m, plain.window_s, plain.same_type);
    println!("training: peer {trained:.4} F1, engine {:.4} F1", all(&training).f1());
    if std::env::args().any(|argument| argument == "--training") {
        return explain(&training);
    }

    let unseen: Vec<Vec<Judged>> = UNSEEN.map(judge).collect();
    let streams: Vec<Stream> = unseen.iter().map(|judged| Stream::of(judged)).collect();
    let (engine, peer) = (all(&unseen), peer::over(&streams, plain));
    let alarms: usize = unseen.iter().map(Vec::len).sum();
    println!("unseen: {} scenarios, {alarms} alarms", unseen.len());
    println!("engine: precision {:.4}, recall {:.4}", engine.precision(), engine.recall());
    println!("peer: precision {:.4}, recall {:.4}", peer.precision(), peer.recall());
    println!("peer: {:.4} F1, ratio {:.2}", peer.f1(), engine.f1() / peer.f1());
    println!("correlation: {:.4} F1", engine.f1());
}

fn all(scenarios: &[Vec<Judged>]) -> Pairs {
    let mut sum = Pairs::default();
    for judged in scenarios {
        sum.add(Pairs::of(&judged.iter().map(|j| (j.event, j.incident)).collect::<Vec<_>>()));
    }
    sum
}

/// Which sorts of alarms are put together wrongly, and which are missed.
fn explain(scenarios: &[Vec<Judged>]) {
    let mut counts: std::collections::BTreeMap<(String, &str), u64> = std::collections::BTreeMap::new();
    for judged in scenarios {
        for (i, a) in judged.iter().enumerate() {
            for b in &judged[..i] {
                let (truth, found) = (a.event == b.event, a.incident == b.incident);
                let outcome = match (truth, found) {
                    (true, true) => "right",
                    (true, false) => "missed",
                    (false, true) => "wrong",
                    (false, false) => continue,
                };
                let (x, y) = (
                    a.alarm.rule.as_str().min(b.alarm.rule.as_str()),
                    a.alarm.rule.as_str().max(b.alarm.rule.as_str()),
                );
                *counts.entry((format!("{x} + {y}"), outcome)).or_default() += 1;
            }
        }
    }
    for ((sorts, outcome), count) in counts {
        println!("{count:>8} {outcome:<7} {sorts}");
    }
}
