//! Tests that are run once for each seed.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// How many seeds are run instead of the test's own count.
const COUNT: &str = "VIGILES_SEEDS";
/// The one seed that is run: the way to see a failure again.
const ONE: &str = "VIGILES_SEED";

/// Runs a test for `count` seeds, or as many as the environment says, and names the first that fails.
#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "who runs thousands of seeds reads on the terminal how it went"
)]
pub fn seeds(count: u64, test: impl Fn(u64)) {
    let set = |name| std::env::var(name).ok().and_then(|text: String| text.parse().ok());
    let (from, count) = set(ONE).map_or((0, set(COUNT).unwrap_or(count)), |one| (one, 1));
    for seed in from..from + count {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| test(seed))) {
            eprintln!("seed {seed} fails; again with {ONE}={seed}");
            resume_unwind(panic);
        }
    }
    println!("{count} seeds, from {from}: none failed");
}
