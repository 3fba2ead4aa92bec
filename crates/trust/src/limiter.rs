//! Limits how often something may be tried: one token bucket for each key, in bounded memory.

use std::collections::HashMap;
use std::hash::Hash;

use vigiles_model::{Duration, Timestamp};

/// How often each key may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Tries that may come at once.
    pub burst: u32,
    /// The time after which one more try is free.
    pub refill: Duration,
}

/// The buckets. Sign-in takes one for the account's name and one for the address, so that neither one
/// address trying many names nor many addresses trying one name gets far.
#[derive(Debug)]
pub struct RateLimiter<K> {
    rate: Rate,
    capacity: usize,
    buckets: HashMap<K, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Microseconds of refill in stock; a try costs `rate.refill`.
    stock: i64,
    at: Timestamp,
}

impl<K: Hash + Eq + Clone> RateLimiter<K> {
    /// No tries yet. At most `capacity` keys (at least 2) are remembered.
    pub fn new(rate: Rate, capacity: usize) -> Self {
        let rate = Rate { burst: rate.burst.max(1), refill: Duration(rate.refill.0.max(1)) };
        Self { rate, capacity: capacity.max(2), buckets: HashMap::new() }
    }

    /// Takes one try of `key`, or says after which time there is one. A clock that steps back refills nothing.
    pub fn take(&mut self, key: &K, now: Timestamp) -> Result<(), Duration> {
        if !self.buckets.contains_key(key) && self.buckets.len() >= self.capacity {
            self.forget_mildest(now);
        }
        let rate = self.rate;
        let bucket = self.buckets.entry(key.clone()).or_insert(Bucket { stock: full(rate), at: now });
        bucket.refill(rate, now);
        if bucket.stock < rate.refill.0 {
            return Err(Duration(rate.refill.0 - bucket.stock));
        }
        bucket.stock -= rate.refill.0;
        Ok(())
    }

    /// Gives all tries back, after a success.
    pub fn forgive(&mut self, key: &K) {
        self.buckets.remove(key);
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether no key is remembered.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// Forgets the half with the most stock: a flood of new keys cannot free a key that tries hard.
    fn forget_mildest(&mut self, now: Timestamp) {
        let rate = self.rate;
        for bucket in self.buckets.values_mut() {
            bucket.refill(rate, now);
        }
        let mut stocks: Vec<i64> = self.buckets.values().map(|bucket| bucket.stock).collect();
        stocks.sort_unstable();
        let middle = stocks[stocks.len() / 2];
        let mut room = self.capacity / 2;
        self.buckets.retain(|_, bucket| {
            let keep = bucket.stock < middle || (bucket.stock == middle && bucket.stock < full(rate) && room > 0);
            room = room.saturating_sub(usize::from(keep));
            keep
        });
    }
}

impl Bucket {
    fn refill(&mut self, rate: Rate, now: Timestamp) {
        if now > self.at {
            self.stock = self.stock.saturating_add(now.since(self.at).0).min(full(rate));
            self.at = now;
        }
    }
}

fn full(rate: Rate) -> i64 {
    i64::from(rate.burst).saturating_mul(rate.refill.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, refill: Duration::from_secs(10) };

    fn check(tries: &[(&'static str, i64)], expected: &[Result<(), i64>]) {
        let mut limiter = RateLimiter::new(RATE, 100);
        let found: Vec<_> = tries
            .iter()
            .map(|(key, second)| {
                limiter.take(key, Timestamp::from_secs(*second)).map_err(|wait| wait.as_millis() / 1000)
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_key_has_a_burst_and_then_a_rate() {
        check(
            &[("a", 0), ("a", 0), ("a", 0), ("a", 4), ("b", 4), ("a", 10), ("a", 11)],
            &[Ok(()), Ok(()), Ok(()), Err(6), Ok(()), Ok(()), Err(9)],
        );
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing() {
        check(&[("a", 100), ("a", 100), ("a", 100), ("a", 0), ("a", 101)], &[Ok(()), Ok(()), Ok(()), Err(10), Err(9)]);
    }

    #[test]
    fn success_gives_the_tries_back() {
        let mut limiter = RateLimiter::new(RATE, 100);
        for _ in 0..3 {
            limiter.take(&"a", Timestamp(0)).unwrap();
        }
        limiter.forgive(&"a");
        assert_eq!(limiter.take(&"a", Timestamp(0)), Ok(()));
    }

    #[test]
    fn a_flood_of_keys_neither_grows_nor_frees_the_worst() {
        let mut limiter = RateLimiter::new(RATE, 64);
        let now = Timestamp(0);
        for _ in 0..3 {
            limiter.take(&u32::MAX, now).unwrap();
        }
        for key in 0..10_000 {
            limiter.take(&key, now).unwrap();
            assert!(limiter.len() <= 64);
            assert!(limiter.take(&u32::MAX, now).is_err(), "freed after {key}");
        }
    }
}
