//! Walks every role through every action and compares with the table kept in `testdata/policy.txt`.
//! `BLESS=1` writes it anew; the difference is then read by people.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod agencies;
mod table;
