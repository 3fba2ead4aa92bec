use std::sync::Arc;

use vigiles_postgres::cluster::Cluster;
use vigiles_store::contract_tests::Opened;
use vigiles_store::postgres::check;
use vigiles_store::{Clock, Finding};

/// Every case ends with a check of what it left.
struct Held(Cluster);

impl Drop for Held {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(check(&self.0.url()).unwrap(), Vec::<Finding>::new());
        }
    }
}

fn open(clock: Clock) -> Opened {
    let cluster = Cluster::start();
    let store = super::open_with(&cluster.url(), clock).unwrap();
    Opened { store: Arc::new(store), held: Box::new(Held(cluster)) }
}

vigiles_store::contract_suite!(open);
