//! The platform in one binary: an enum of commands, one module each.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

mod backends;
mod backups;
mod city;
mod cmds;
mod config;
mod control;
mod roles;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Observations are made by the threads of the doors and freed by that of the engine: jemalloc takes less time over that
/// than the system's allocator (docs/benchmarks.md), and gives memory back.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The exit status of a platform that another process has shut out, for whoever would start it again.
const TAKEN_OVER: u8 = 3;
/// The exit status of an import of which some rows were rejected.
const ROWS_REJECTED: u8 = 4;

/// Vigiles, the open city-safety platform.
#[derive(Debug, Parser)]
#[command(name = "vigiles", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the platform: every role in one process and one data directory, or some roles on servers.
    Run(cmds::run::Arguments),
    /// Verify a data directory: say what is wrong and where.
    Check(cmds::check::Arguments),
    /// Back up a platform, and look after its backups.
    Backup(cmds::backup::Arguments),
    /// Bring a platform back from its backups, into a new data directory.
    Restore(cmds::backup::RestoreArguments),
    /// The page that opens when the platform does not: its key, and whether a page is true.
    Continuity(cmds::continuity::Arguments),
    /// Put what the engine was given, and what came of it, into one file for whoever looks for a fault.
    Bundle(cmds::support::BundleArguments),
    /// Play such a file: the same alarms and incidents must come of it.
    Reproduce(cmds::support::ReproduceArguments),
    /// Play a recording through the doors of a running platform.
    Replay(cmds::replay::Arguments),
    /// Put recorded observations into a running platform, with their own times.
    Import(cmds::import::Arguments),
    /// Make bearer tokens for devices, sources and scripts.
    Token(cmds::token::Arguments),
    /// Print a one-time sign-in link for an account, or for the first administrator.
    Link(cmds::link::Arguments),
    /// Print the OpenAPI document of the API.
    Openapi,
    /// Make a base map from an OpenStreetMap extract.
    Basemap(cmds::basemap::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("VIGILES_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::env::var("VIGILES_LOG_FORMAT").is_ok_and(|format| format == "json") {
        subscriber.json().init();
    } else {
        subscriber.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The causes in one line: where in the code an error arose says nothing to whoever must mend it.
            drop(writeln!(std::io::stderr(), "vigiles: {error:#}"));
            if error.is::<cmds::run::TakenOver>() {
                ExitCode::from(TAKEN_OVER)
            } else if error.is::<cmds::import::RowsRejected>() {
                ExitCode::from(ROWS_REJECTED)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run(arguments) => cmds::run::run(&arguments),
        Command::Check(arguments) => cmds::check::run(&arguments),
        Command::Backup(arguments) => cmds::backup::run(&arguments),
        Command::Restore(arguments) => cmds::backup::run_restore(&arguments),
        Command::Continuity(arguments) => cmds::continuity::run(&arguments),
        Command::Bundle(arguments) => cmds::support::bundle(&arguments),
        Command::Reproduce(arguments) => cmds::support::reproduce(&arguments),
        Command::Replay(arguments) => cmds::replay::run(arguments),
        Command::Import(arguments) => cmds::import::run(&arguments),
        Command::Token(arguments) => cmds::token::run(arguments),
        Command::Link(arguments) => cmds::link::run(arguments),
        Command::Openapi => cmds::openapi::run(),
        Command::Basemap(arguments) => cmds::basemap::run(&arguments),
    }
}
