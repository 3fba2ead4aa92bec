//! A log that is shipped is a log: it keeps the contract of all of them.

use std::path::PathBuf;
use std::sync::Arc;

use vigiles_backup::{Acknowledge, Repository, Shipped};
use vigiles_bus::contract_tests::{self, Factory};
use vigiles_bus::{Clock, Embedded, Options, Topic};

use crate::fixture::in_directory;

struct InDirectory {
    folder: PathBuf,
    repository: Arc<Repository>,
    acknowledge: Acknowledge,
    /// Which topic is shipped.
    topic: &'static str,
}

impl Factory for InDirectory {
    type Bus = Shipped;
    fn open(&self, name: &str, clock: Arc<dyn Clock>) -> Shipped {
        let data = self.folder.join(name);
        let options = Options { segment_bytes: 2_000, cache_bytes: 300, ..Options::default() };
        let log = Arc::new(Embedded::open(&data.join("log"), options, clock).unwrap());
        let topic = Topic::new(self.topic).unwrap();
        Shipped::start(log, topic, self.repository.clone(), &data, self.acknowledge).unwrap()
    }
}

fn check_contract(acknowledge: Acknowledge, topic: &'static str) {
    let folder = tempfile::tempdir().unwrap();
    let repository = in_directory(&folder.path().join("repository"));
    let folder = folder.path().join("data");
    contract_tests::run(&InDirectory { folder, repository, acknowledge, topic });
}

#[test]
fn acknowledged_by_the_repository() {
    check_contract(Acknowledge::Repository, "t");
}

#[test]
fn acknowledged_by_the_log() {
    // Another topic than those of the contract: whether one is trimmed at once depends on how far it was shipped.
    check_contract(Acknowledge::Log, "shipped");
}
