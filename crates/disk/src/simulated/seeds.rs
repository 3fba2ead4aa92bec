//! Tests that are run once for each seed.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many seeds are run instead of the test's own count.
const COUNT: &str = "VIGILES_SEEDS";
/// The one seed that is run: the way to see a failure again.
const ONE: &str = "VIGILES_SEED";

/// A seed, and what it failed with.
type Failure = (u64, Box<dyn Any + Send>);

/// Runs a test for `count` seeds, or as many as the environment says, one after the other, and names the first that fails.
pub fn seeds(count: u64, test: impl Fn(u64)) {
    let range = chosen(count);
    tell(&range, range.clone().find_map(|seed| attempt(seed, &test)));
}

/// The same with several under way at once, for tests that wait more than they work. After a failure no other is begun.
pub fn seeds_at_once(at_once: usize, count: u64, test: impl Fn(u64) + Sync) {
    let range = chosen(count);
    tell(&range, first_failure(at_once, &range, &test));
}

fn chosen(count: u64) -> Range<u64> {
    let set = |name| std::env::var(name).ok().and_then(|text: String| text.parse().ok());
    set(ONE).map_or_else(|| 0..set(COUNT).unwrap_or(count), |one| one..one + 1)
}

fn attempt(seed: u64, test: &impl Fn(u64)) -> Option<Failure> {
    catch_unwind(AssertUnwindSafe(|| test(seed))).err().map(|panic| (seed, panic))
}

fn first_failure(at_once: usize, range: &Range<u64>, test: &(impl Fn(u64) + Sync)) -> Option<Failure> {
    let (next, failed) = (AtomicU64::new(range.start), Mutex::new(None));
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                let seeds = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
                for seed in seeds.take_while(|seed| range.contains(seed)) {
                    if let Some(failure) = attempt(seed, test) {
                        next.store(range.end, Ordering::Relaxed);
                        failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
                        return;
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "who runs thousands of seeds reads on the terminal how it went"
)]
fn tell(range: &Range<u64>, failed: Option<Failure>) {
    if let Some((seed, panic)) = failed {
        eprintln!("seed {seed} fails; again with {ONE}={seed}");
        resume_unwind(panic);
    }
    println!("{} seeds, from {}: none failed", range.end - range.start, range.start);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn check(at_once: usize, failing: Option<u64>) {
        let seen = Mutex::new(BTreeSet::new());
        let failed = first_failure(at_once, &(5..45), &|seed| {
            assert!(seen.lock().unwrap().insert(seed), "{seed} was run twice");
            assert!(Some(seed) != failing, "it fails");
        });
        assert_eq!(failed.map(|(seed, _)| seed), failing);
        if failing.is_none() {
            assert_eq!(seen.into_inner().unwrap(), (5..45).collect());
        }
    }

    #[test]
    fn each_seed_is_run_once_and_a_failure_is_named() {
        for at_once in [1, 4] {
            check(at_once, None);
            check(at_once, Some(17));
        }
    }
}
