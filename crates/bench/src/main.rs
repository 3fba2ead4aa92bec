//! The benchmarks that drive the real binary through its doors, each run alone by `make bench NAME=x`.
//!
//! Invariant: a benchmark talks to the platform as its users do, over HTTP, SSE and MQTT on the loopback address, and
//! knows nothing of its rooms but the words and how their tests start servers. What it starts it ends, and its data folder
//! is its own.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the results are read on the terminal")]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

mod city;
mod clock;
mod drive;
mod http;
mod ingest;
mod kill;
mod latency;
mod load;
mod mqtt;
mod node_red;
mod percentile;
mod process;
mod scaled;
mod server;
mod sse;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const USAGE: &str = "usage: vigiles-bench ingest-durable|scaled-ingest|alarm-latency|kill-restart|node-red BINARY
  BENCH_SECONDS=60       how long the load lasts
  BENCH_ROUNDS=100       kills of kill-restart
  BENCH_STORED=10000000  observations stored before the last restart of kill-restart; 0: no such restart
  BENCH_DATA=DIR         where kill-restart makes its data directory, on the disk that is to be tried
  BENCH_CONFIG=FILE      the configuration of the platform that kill-restart kills: a log and a store of its own
  NODE_RED=DIR           where Node-RED is installed (node-red only)";

/// What one benchmark is given.
#[derive(Debug, Clone)]
struct Settings {
    /// The `vigiles` binary.
    binary: PathBuf,
    /// How long the load lasts.
    seconds: u64,
    /// How often the server is killed.
    rounds: u64,
    /// Observations stored before the timed restart.
    stored: u64,
    /// The data directory of kill-restart; none: a temporary one.
    data: Option<PathBuf>,
    /// The configuration file of the server.
    config: Option<PathBuf>,
    /// Node-RED's folder.
    node_red: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, binary] = words.as_slice() else { bail!(USAGE) };
    let settings = Settings {
        binary: PathBuf::from(binary).canonicalize().with_context(|| format!("no binary at {binary}"))?,
        seconds: number("SECONDS", 60)?,
        rounds: number("ROUNDS", 100)?,
        stored: number("STORED", 10_000_000)?,
        data: std::env::var_os("BENCH_DATA").map(PathBuf::from),
        config: std::env::var_os("BENCH_CONFIG").map(PathBuf::from),
        node_red: std::env::var_os("NODE_RED").map(PathBuf::from),
    };
    match name.as_str() {
        "ingest-durable" => ingest::run(&settings),
        "scaled-ingest" => scaled::run(&settings),
        "alarm-latency" => latency::run(&settings),
        "kill-restart" => kill::run(&settings),
        "node-red" => node_red::run(&settings),
        _ => bail!(USAGE),
    }
}

/// A setting from the environment, such as `BENCH_SECONDS`.
fn number(name: &str, otherwise: u64) -> Result<u64> {
    let Ok(text) = std::env::var(format!("BENCH_{name}")) else { return Ok(otherwise) };
    text.parse().with_context(|| format!("BENCH_{name}={text} is not a number"))
}
