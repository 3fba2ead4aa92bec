//! Chores of the repository that need code. `cargo xtask tidy` checks its shape.

use std::path::PathBuf;
use std::process::ExitCode;

use xtask::{TidyError, tidy};

const USAGE: &str = "usage: cargo xtask tidy    check the shape of the repository (docs/architecture.md)";

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool answers on the terminal")]
fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words != ["tidy"] {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    match run() {
        Ok(findings) if findings.is_empty() => {
            println!("tidy: nothing to mend");
            ExitCode::SUCCESS
        }
        Ok(findings) => {
            for finding in &findings {
                println!("{finding}");
            }
            println!("tidy: {} to mend", findings.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("tidy: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Vec<xtask::Finding>, TidyError> {
    // Asked at run time: clones that share a build cache share this binary too.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).ok_or(TidyError::NoRoot)?;
    let root = own.parent().map(PathBuf::from).ok_or(TidyError::NoRoot)?;
    tidy(&root)
}
