//! The contract on a real PostgreSQL server, and what only a server can do: many processes, lost answers, a crash.

mod archive;
mod contract;
mod crash;
mod lost_answer;
mod processes;

use std::sync::Arc;

use vigiles_model::Timestamp;
use vigiles_store::contract_tests::KINDS;
use vigiles_store::postgres::Options;
use vigiles_store::{Clock, PostgresStore, StoreError};

fn open_with(url: &str, clock: Clock) -> Result<PostgresStore, StoreError> {
    PostgresStore::open(url, Options { kinds: KINDS, clock })
}

/// At second 1000 for ever.
fn open(url: &str) -> PostgresStore {
    open_with(url, Arc::new(|| Timestamp::from_secs(1000))).unwrap()
}
