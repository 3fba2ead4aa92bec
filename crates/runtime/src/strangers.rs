//! Refused tokens in the audit log: each is worth an entry, and a flood of them must not fill it.

use std::net::IpAddr;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use vigiles_model::{Duration, Timestamp};
use vigiles_store::{AuditNote, Outcome};
use vigiles_trust::limiter::{Rate, RateLimiter};

use crate::door::{Knock, Refusal};

/// Entries of one address at once, and then one each so often.
const RATE: Rate = Rate { burst: 5, refill: Duration::from_secs(60) };
/// Addresses remembered.
const MOST: usize = 4096;

/// Decides which refused tokens are noted, and counts the others into the next entry of the same address.
pub(crate) struct Strangers(Mutex<Book>);

struct Book {
    limiter: RateLimiter<Option<IpAddr>>,
    unwritten: FxHashMap<Option<IpAddr>, u64>,
}

impl Strangers {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Book { limiter: RateLimiter::new(RATE, MOST), unwritten: FxHashMap::default() }))
    }

    /// The entry to be written about a refused token; none where its address has had enough of them.
    pub(crate) fn note(&self, from: &Knock, refusal: &Refusal, now: Timestamp) -> Option<AuditNote> {
        let mut book = self.0.lock();
        if book.limiter.take(&from.from, now).is_err() {
            if book.unwritten.len() < MOST || book.unwritten.contains_key(&from.from) {
                *book.unwritten.entry(from.from).or_default() += 1;
            }
            return None;
        }
        let more = match book.unwritten.remove(&from.from) {
            Some(n) => format!("; {n} more since the entry before"),
            None => String::new(),
        };
        let address = from.from.map_or_else(|| "an unknown address".to_owned(), |address| address.to_string());
        Some(AuditNote {
            action: "authenticate".to_owned(),
            resource: format!("door/{}", from.door),
            outcome: Outcome::Refused,
            detail: format!("from {address}: {refusal}{more}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(book: &Strangers, host: u8, second: i64, expected: Option<&str>) {
        let from = Knock { door: "http", from: Some(IpAddr::from([10, 0, 0, host])) };
        let note = book.note(&from, &Refusal::Expired, Timestamp::from_secs(second));
        assert_eq!(note.map(|note| note.detail).as_deref(), expected, "host {host} at {second} s");
    }

    #[test]
    fn a_flood_is_counted_into_the_next_entry() {
        let book = Strangers::new();
        let first = Some("from 10.0.0.1: the token has expired or was revoked");
        for _ in 0..5 {
            check(&book, 1, 0, first);
        }
        for _ in 0..100 {
            check(&book, 1, 1, None);
        }
        check(&book, 2, 1, Some("from 10.0.0.2: the token has expired or was revoked"));
        check(
            &book,
            1,
            61,
            Some("from 10.0.0.1: the token has expired or was revoked; 100 more since the entry before"),
        );
        check(&book, 1, 121, first);
    }
}
